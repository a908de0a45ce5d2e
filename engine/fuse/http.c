#include "fuse/http.h"

#include <curl/curl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct lh_http {
    struct lh_http_options options;
    CURL *handle;
    struct lh_http_answer answer;
    size_t room;
    bool oversize;
    bool no_memory;
    char complaint[CURL_ERROR_SIZE];
};

void lh_http_redact(char *text, const char *secret)
{
    const size_t length = secret ? strlen(secret) : 0;
    for (char *at = length > 0 ? strstr(text, secret) : NULL; at; at = strstr(at + length, secret))
        memset(at, '*', length);
}

static size_t on_body(char *bytes, size_t one, size_t count, void *context)
{
    struct lh_http *http = (struct lh_http *)context;
    const size_t size = one * count;
    if (size > http->options.max_bytes - http->answer.size) {
        http->oversize = true;
        return 0;
    }
    if (http->answer.size + size + 1 > http->room) {
        size_t room = http->room ? 2 * http->room : 65536;
        while (room < http->answer.size + size + 1)
            room *= 2;
        char *grown = realloc(http->answer.bytes, room);
        if (!grown) {
            http->no_memory = true;
            return 0;
        }
        http->answer.bytes = grown;
        http->room = room;
    }
    memcpy(http->answer.bytes + http->answer.size, bytes, size);
    http->answer.size += size;
    http->answer.bytes[http->answer.size] = '\0';
    return size;
}

static int on_progress(void *context, curl_off_t total, curl_off_t now, curl_off_t up_total,
                       curl_off_t up_now)
{
    const struct lh_http *http = (const struct lh_http *)context;
    (void)total;
    (void)now;
    (void)up_total;
    (void)up_now;
    return http->options.stop && atomic_load(http->options.stop);
}

static CURLcode configure(struct lh_http *http)
{
    CURL *handle = http->handle;
    CURLcode result = curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
    (void)curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 0L);
    (void)curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, on_body);
    (void)curl_easy_setopt(handle, CURLOPT_WRITEDATA, http);
    (void)curl_easy_setopt(handle, CURLOPT_NOPROGRESS, 0L);
    (void)curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, on_progress);
    (void)curl_easy_setopt(handle, CURLOPT_XFERINFODATA, http);
    (void)curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, http->complaint);
    (void)curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, (long)(1000 * http->options.timeout_s));
    (void)curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS,
                           (long)(1000 * http->options.timeout_s));
    (void)curl_easy_setopt(handle, CURLOPT_USERAGENT, "linhuo");
    if (result == CURLE_OK)
        result = curl_easy_setopt(handle, CURLOPT_ACCEPT_ENCODING, "");
    if (result == CURLE_OK && http->options.tls_ca_path && http->options.tls_ca_path[0])
        result = curl_easy_setopt(handle, CURLOPT_CAINFO, http->options.tls_ca_path);
    return result;
}

int lh_http_create(const struct lh_http_options *options, struct lh_fault *fault,
                   struct lh_http **ret_http)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return lh_fail(fault, LH_EIO, "libcurl cannot be set up");
    struct lh_http *http = calloc(1, sizeof *http);
    if (http)
        http->handle = curl_easy_init();
    if (!http || !http->handle) {
        lh_http_destroy(&http);
        curl_global_cleanup();
        return lh_fail(fault, LH_ENOMEM, "out of memory");
    }
    http->options = *options;
    const CURLcode result = configure(http);
    if (result != CURLE_OK) {
        lh_http_destroy(&http);
        return lh_fail(fault, LH_EIO, "libcurl: %s", curl_easy_strerror(result));
    }
    *ret_http = http;
    return LH_OK;
}

void lh_http_destroy(struct lh_http **http)
{
    if (!*http)
        return;
    if ((*http)->handle) {
        curl_easy_cleanup((*http)->handle);
        curl_global_cleanup();
    }
    lh_http_answer_finish(&(*http)->answer);
    free(*http);
    *http = NULL;
}

void lh_http_answer_finish(struct lh_http_answer *answer)
{
    free(answer->bytes);
    *answer = (struct lh_http_answer){0};
}

/* Only its host: the rest may repeat the key. */
static void note_location(struct lh_http *http)
{
    char *target = NULL;
    if (curl_easy_getinfo(http->handle, CURLINFO_REDIRECT_URL, &target) != CURLE_OK || !target)
        return;
    CURLU *parts = curl_url();
    char *host = NULL;
    if (parts && curl_url_set(parts, CURLUPART_URL, target, 0) == CURLUE_OK &&
        curl_url_get(parts, CURLUPART_HOST, &host, 0) == CURLUE_OK) {
        const size_t length = strnlen(host, sizeof http->answer.location - 1);
        memcpy(http->answer.location, host, length);
        http->answer.location[length] = '\0';
        lh_http_redact(http->answer.location, http->options.secret);
    }
    curl_free(host);
    curl_url_cleanup(parts);
}

static int code_of(const struct lh_http *http, CURLcode result, struct lh_fault *fault)
{
    char words[CURL_ERROR_SIZE];
    memcpy(words, http->complaint, sizeof words);
    words[sizeof words - 1] = '\0';
    lh_http_redact(words, http->options.secret);
    const char *why = words[0] ? words : curl_easy_strerror(result);
    switch (result) {
    case CURLE_WRITE_ERROR:
        if (http->no_memory)
            return lh_fail(fault, LH_ENOMEM, "out of memory");
        return lh_fail(fault, LH_ELIMIT, "the answer is larger than %zu bytes",
                       http->options.max_bytes);
    case CURLE_ABORTED_BY_CALLBACK:
        return lh_fail(fault, LH_ECLOSED, "stopped");
    case CURLE_OPERATION_TIMEDOUT:
        return lh_fail(fault, LH_ETIMEOUT, "no whole answer within %.3g s",
                       http->options.timeout_s);
    case CURLE_OUT_OF_MEMORY:
        return lh_fail(fault, LH_ENOMEM, "out of memory");
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CACERT_BADFILE:
        return lh_fail(fault, LH_ECONNECT, "TLS: %.200s", why);
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
        return lh_fail(fault, LH_ECONNECT, "%.200s", why);
    default:
        return lh_fail(fault, LH_EIO, "%.200s", why);
    }
}

int lh_http_get(struct lh_http *http, const char *url, struct lh_fault *fault,
                struct lh_http_answer *ret_answer)
{
    lh_http_answer_finish(&http->answer);
    http->room = 0;
    http->oversize = false;
    http->no_memory = false;
    http->complaint[0] = '\0';
    if (curl_easy_setopt(http->handle, CURLOPT_URL, url) != CURLE_OK)
        return lh_fail(fault, LH_ENOMEM, "out of memory");
    const CURLcode result = curl_easy_perform(http->handle);
    /* A body that was cut off after it began is worth what came of it. */
    const bool cut = (result == CURLE_PARTIAL_FILE || result == CURLE_RECV_ERROR ||
                      result == CURLE_HTTP2_STREAM) &&
                     http->answer.size > 0;
    if (result != CURLE_OK && !cut)
        return code_of(http, result, fault);
    curl_off_t retry_s = 0;
    (void)curl_easy_getinfo(http->handle, CURLINFO_RESPONSE_CODE, &http->answer.status);
    (void)curl_easy_getinfo(http->handle, CURLINFO_RETRY_AFTER, &retry_s);
    http->answer.retry_after_s = (double)retry_s;
    http->answer.truncated = cut;
    note_location(http);
    if (!http->answer.bytes) {
        http->answer.bytes = calloc(1, 1);
        if (!http->answer.bytes)
            return lh_fail(fault, LH_ENOMEM, "out of memory");
    }
    *ret_answer = http->answer;
    http->answer = (struct lh_http_answer){0};
    return LH_OK;
}
