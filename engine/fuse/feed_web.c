#include "base/credentials.h"
#include "fuse/feed_kind.h"
#include "fuse/http.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRMS_SERVER "https://firms.modaps.eosdis.nasa.gov"
#define DAY_US (86400 * LH_SECOND_US)
#define DAYS_MAX 5
#define RETRY_S 30.0
#define RETRY_MOST_S 3600.0
#define WINDOW_US (600 * LH_SECOND_US)
#define URL_BYTES 1536
#define KEY_BYTES_MAX 64

/* One address that is asked again and again. */
struct endpoint {
    const char *source; /* of FIRMS; "" else */
    int64_t next_us;    /* monotonic */
    int64_t success_us; /* UTC; LH_NO_TIME: never yet */
    unsigned failures;  /* in a row */
};

struct web {
    const struct lh_feed_config *config;
    const struct lh_clock *clock;
    struct lh_http *http;
    char *key;
    struct lh_geo_box box;
    struct endpoint *endpoints;
    size_t count;
    int64_t window_us; /* monotonic; when the ten minutes began that used counts */
    int used;
};

static const char *const standard_sources[] = {"VIIRS_SNPP_NRT", "VIIRS_NOAA20_NRT",
                                               "VIIRS_NOAA21_NRT", "MODIS_NRT"};

static void destroy(void *state)
{
    struct web *web = (struct web *)state;
    if (!web)
        return;
    lh_http_destroy(&web->http);
    lh_secret_destroy(&web->key);
    free(web->endpoints);
    free(web);
}

static int load_key(struct web *web, struct lh_fault *fault)
{
    struct lh_fault inner = {0};
    const int code = lh_secret_load(web->config->key_file, &inner, &web->key);
    if (code != LH_OK)
        return lh_fail(fault, code, "key_file %.400s", inner.text);
    const size_t length = strlen(web->key);
    if (length > KEY_BYTES_MAX ||
        strspn(web->key, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") !=
            length)
        return lh_fail(fault, LH_ECONFIG,
                       "key_file '%s' holds no MAP_KEY: that is one line of letters and digits",
                       web->config->key_file);
    return LH_OK;
}

static int set_box(struct web *web, const char *fallback, struct lh_fault *fault)
{
    const char *box = web->config->box[0] ? web->config->box : fallback;
    if (box && lh_geo_box_parse(box, &web->box) == LH_OK)
        return LH_OK;
    return lh_fail(fault, LH_ECONFIG,
                   "feed '%s' needs a 'box' of 'west,south,east,north' in degrees",
                   web->config->name);
}

static int make_endpoints(struct web *web)
{
    const bool firms = web->config->kind == LH_FEED_FIRMS;
    const bool named = web->config->source_count > 0;
    web->count = !firms  ? 1
                 : named ? web->config->source_count
                         : sizeof standard_sources / sizeof standard_sources[0];
    web->endpoints = calloc(web->count, sizeof *web->endpoints);
    if (!web->endpoints)
        return LH_ENOMEM;
    for (size_t i = 0; i < web->count; i++)
        web->endpoints[i] = (struct endpoint){
            .source = !firms  ? ""
                      : named ? web->config->sources[i]
                              : standard_sources[i],
            .next_us = lh_clock_monotonic_us(web->clock),
            .success_us = LH_NO_TIME,
        };
    return LH_OK;
}

static int create(const struct lh_feed_config *config, const struct lh_feed_options *options,
                  struct lh_fault *fault, void **ret_state)
{
    struct web *web = calloc(1, sizeof *web);
    if (!web)
        return lh_fail(fault, LH_ENOMEM, "out of memory");
    web->config = config;
    web->clock = options->clock;
    web->window_us = lh_clock_monotonic_us(options->clock);
    int code = make_endpoints(web);
    if (code == LH_OK && config->kind == LH_FEED_FIRMS) {
        code = load_key(web, fault);
        if (code == LH_OK)
            code = set_box(web, options->box, fault);
    }
    const struct lh_http_options http = {
        .tls_ca_path = config->tls_ca_path,
        .secret = web->key,
        .stop = options->stop,
        .timeout_s = config->timeout_s,
        .max_bytes = (size_t)(config->max_size_mib * 1048576),
    };
    if (code == LH_OK)
        code = lh_http_create(&http, fault, &web->http);
    if (code == LH_OK)
        *ret_state = web;
    else
        destroy(web);
    return code;
}

/* ---- what to ask, and when ---- */

static int64_t days_to_ask(const struct web *web, const struct endpoint *endpoint)
{
    if (endpoint->success_us == LH_NO_TIME)
        return web->config->days;
    const int64_t passed = lh_clock_utc_us(web->clock) / DAY_US - endpoint->success_us / DAY_US + 1;
    return passed < 1 ? 1 : passed > DAYS_MAX ? DAYS_MAX : passed;
}

static void make_url(const struct web *web, const struct endpoint *endpoint, int64_t days,
                     char url[URL_BYTES])
{
    if (web->config->kind == LH_FEED_HTTP) {
        (void)snprintf(url, URL_BYTES, "%s", web->config->url);
        return;
    }
    const char *server = web->config->url[0] ? web->config->url : FIRMS_SERVER;
    size_t length = strlen(server);
    while (length > 0 && server[length - 1] == '/')
        length--;
    (void)snprintf(url, URL_BYTES, "%.*s/api/area/csv/%s/%s/%.6g,%.6g,%.6g,%.6g/%d", (int)length,
                   server, web->key, endpoint->source, web->box.west_deg, web->box.south_deg,
                   web->box.east_deg, web->box.north_deg, (int)days);
}

static struct endpoint *next_endpoint(const struct web *web)
{
    struct endpoint *next = &web->endpoints[0];
    for (size_t i = 1; i < web->count; i++)
        if (web->endpoints[i].next_us < next->next_us)
            next = &web->endpoints[i];
    return next;
}

static int64_t next_us(const void *state)
{
    return next_endpoint((const struct web *)state)->next_us;
}

/* False, and the endpoint put off, where the ten minutes' transactions are spent. */
static bool may_ask(struct web *web, struct endpoint *endpoint, int64_t days, int64_t now_us)
{
    if (web->config->kind != LH_FEED_FIRMS)
        return true;
    if (now_us - web->window_us >= WINDOW_US) {
        web->window_us = now_us;
        web->used = 0;
    }
    if (web->used > 0 && web->used + days > web->config->max_requests) {
        endpoint->next_us = web->window_us + WINDOW_US;
        return false;
    }
    web->used += (int)days;
    return true;
}

static void put_off(const struct web *web, struct endpoint *endpoint, double at_least_s)
{
    const double first_s = fmin(RETRY_S, web->config->poll_interval_s);
    const unsigned doublings = endpoint->failures < 16 ? endpoint->failures : 16;
    double wait_s = fmin(first_s * (double)(1U << doublings), RETRY_MOST_S);
    wait_s = fmax(wait_s, fmin(at_least_s, RETRY_MOST_S));
    endpoint->failures++;
    endpoint->next_us =
        lh_clock_monotonic_us(web->clock) + (int64_t)(wait_s * (double)LH_SECOND_US);
}

/* ---- what the answer is ---- */

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* Statuses and texts that are no table. */
static int refuse(const struct web *web, struct endpoint *endpoint,
                  const struct lh_http_answer *answer, const char *words, struct lh_fault *fault)
{
    char said[200];
    (void)snprintf(said, sizeof said, "%.160s", words);
    lh_http_redact(said, web->key);
    int code = LH_EFORMAT;
    double wait_s = answer->retry_after_s;
    if (begins(said, "Invalid MAP_KEY") || answer->status == 401 || answer->status == 403) {
        code = LH_EAUTH;
        wait_s = RETRY_MOST_S;
    } else if (answer->status == 429 || strcasestr(said, "transaction limit")) {
        code = LH_ELIMIT;
        wait_s = fmax(wait_s, 600);
    } else if (answer->status >= 500 || answer->status == 408) {
        code = LH_EIO;
    }
    put_off(web, endpoint, wait_s);
    if (answer->status >= 300 && answer->status < 400)
        return lh_fail(fault, LH_EPERM,
                       "the server redirects (status %ld) to '%s'; it is not followed, because the "
                       "address may hold a key: if it is right, write it into the site file",
                       answer->status, answer->location);
    return lh_fail(fault, code, "the server answers with status %ld and %s%s%s", answer->status,
                   said[0] ? "'" : "nothing", said, said[0] ? "'" : "");
}

/* What stands in such an answer is read only to repeat its words. */
static int refuse_status(const struct web *web, struct endpoint *endpoint,
                         const struct lh_http_answer *answer,
                         const struct lh_hotspot_reading *reading, struct lh_fault *fault)
{
    struct lh_hotspots words = {0};
    struct lh_fault inner = {0};
    const char *said = "";
    if (lh_hotspots_read(answer->bytes, answer->size, reading, &inner, &words) == LH_OK)
        said = words.product != LH_PRODUCT_UNKNOWN ? "a table" : words.note;
    const int code = refuse(web, endpoint, answer, said, fault);
    lh_hotspots_finish(&words);
    return code;
}

static int read_answer(struct web *web, struct endpoint *endpoint,
                       const struct lh_http_answer *answer, struct lh_fault *fault,
                       struct lh_feed_batch *batch)
{
    struct lh_hotspot_reading reading = lh_feed_reading(web->config, web->clock);
    struct lh_fault inner = {0};
    size_t size = answer->size;
    /* Where the body was cut, the last line may look whole and not be. */
    while (answer->truncated && size > 0 && answer->bytes[size - 1] != '\n')
        size--;
    if (answer->status != 200)
        return refuse_status(web, endpoint, answer, &reading, fault);
    int code = lh_hotspots_read(answer->bytes, size, &reading, &inner, &batch->hotspots);
    if (code != LH_OK) {
        lh_http_redact(inner.text, web->key);
        put_off(web, endpoint, 0);
        return lh_fail(fault, code, "%.400s", inner.text);
    }
    if (batch->hotspots.state == LH_HOTSPOTS_TEXT)
        return refuse(web, endpoint, answer, batch->hotspots.note, fault);
    for (size_t i = 0; i < batch->hotspots.refused && i < LH_HOTSPOT_REFUSALS_MAX; i++)
        lh_http_redact(batch->hotspots.refusals[i].why, web->key);
    if (answer->truncated)
        batch->hotspots.state = LH_HOTSPOTS_TRUNCATED;
    if (batch->hotspots.state == LH_HOTSPOTS_TRUNCATED) {
        put_off(web, endpoint, 0);
        return LH_OK;
    }
    endpoint->failures = 0;
    endpoint->success_us = lh_clock_utc_us(web->clock);
    endpoint->next_us = lh_clock_monotonic_us(web->clock) +
                        (int64_t)(web->config->poll_interval_s * (double)LH_SECOND_US);
    return LH_OK;
}

static int step(void *state, struct lh_fault *fault, struct lh_feed_batch **ret_batch)
{
    struct web *web = (struct web *)state;
    struct endpoint *endpoint = next_endpoint(web);
    const int64_t now_us = lh_clock_monotonic_us(web->clock);
    const int64_t days = days_to_ask(web, endpoint);
    char url[URL_BYTES];
    *ret_batch = NULL;
    if (endpoint->next_us > now_us || !may_ask(web, endpoint, days, now_us))
        return LH_OK;
    struct lh_feed_batch *batch =
        lh_feed_batch_create(web->config, endpoint->source[0] ? endpoint->source : "url");
    if (!batch) {
        put_off(web, endpoint, 0);
        return lh_fail(fault, LH_ENOMEM, "out of memory");
    }
    make_url(web, endpoint, days, url);
    struct lh_http_answer answer = {0};
    struct lh_fault inner = {0};
    int code = lh_http_get(web->http, url, &inner, &answer);
    explicit_bzero(url, sizeof url);
    if (code != LH_OK)
        put_off(web, endpoint, 0);
    else
        code = read_answer(web, endpoint, &answer, &inner, batch);
    lh_http_answer_finish(&answer);
    if (code == LH_OK) {
        *ret_batch = batch;
        return LH_OK;
    }
    (void)lh_fail(fault, code, "%s%s%.400s", endpoint->source, endpoint->source[0] ? ": " : "",
                  inner.text);
    lh_feed_batch_destroy(&batch);
    return code;
}

const struct lh_feed_kind_table lh_feed_web = {
    .create = create,
    .destroy = destroy,
    .step = step,
    .next_us = next_us,
};
