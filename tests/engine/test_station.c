/* A station whose camera is not there, and whose news meet a queue that is full. */
#include "station.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* cmocka's header wants these before it */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define WAIT_S 30

static struct lh_tenure *make_tenure(void)
{
    struct lh_findings findings = {0};
    struct lh_site *site = NULL;
    struct lh_tenure *tenure = NULL;
    char text[4096];
    const char *plugins = getenv("LINHUO_PLUGINS");
    (void)snprintf(text, sizeof text,
                   "detect: {plugin_folders: ['%s']}\n"
                   "detectors: [{name: t, plugin: template}]\n"
                   "cameras:\n  - {id: a, url: /nowhere/at-all.mp4}\n",
                   plugins ? plugins : "build/plugins");
    if (lh_site_parse("/x/site.yaml", text, strlen(text), &findings, &site) != LH_OK ||
        lh_tenure_create(&site, &findings, &tenure) != LH_OK)
        fail_msg("%s", findings.count ? findings.items[0].text : "no site");
    lh_findings_finish(&findings);
    return tenure;
}

static void pause_ms(long ms)
{
    const struct timespec pause = {.tv_nsec = ms * 1000000};
    (void)nanosleep(&pause, NULL);
}

static void wait_for_failure(struct lh_station *station)
{
    static struct lh_station_status status;
    for (int i = 0; i < WAIT_S * 100; i++) {
        lh_station_status(station, &status);
        if (status.camera.failures > 0)
            return;
        pause_ms(10);
    }
    fail_msg("the camera did not fail within %d s", WAIT_S);
}

/* What the detect thread does; empties the news as the alarm thread would, and counts those of health. */
static int drain(struct lh_station *station, struct lh_queue *news,
                 enum lh_health_state *ret_before, enum lh_health_state *ret_health)
{
    int told = 0;
    void *item;
    (void)lh_station_work(station);
    while (lh_queue_pop(news, 0, &item) == LH_OK) {
        const struct lh_news *piece = item;
        if (piece->kind == LH_NEWS_HEALTH) {
            assert_string_equal(piece->camera->id, "a");
            *ret_before = piece->health_before;
            *ret_health = piece->status->health;
            told++;
        }
        lh_news_destroy(item);
    }
    return told;
}

static void a_change_of_health_outlasts_a_full_queue(void **state)
{
    (void)state;
    const struct lh_queue_options options = {
        .policy = LH_QUEUE_REPLAY, .max_count = 1, .drop = lh_news_destroy};
    struct lh_queue *news = NULL;
    struct lh_bell *bell = NULL;
    struct lh_station *station = NULL;
    struct lh_fault fault = {0};
    struct lh_tenure *tenure = make_tenure();
    assert_int_equal(lh_queue_create(&options, &news), LH_OK);
    assert_int_equal(lh_bell_create(&bell), LH_OK);
    const struct lh_station_options post = {.tenure = tenure,
                                            .camera = &lh_tenure_site(tenure)->cameras[0],
                                            .clock = lh_clock_system(),
                                            .news = news,
                                            .bell = bell};
    assert_int_equal(lh_station_create(&post, &fault, &station), LH_OK);
    struct lh_news *stopper = calloc(1, sizeof *stopper);
    assert_non_null(stopper);
    stopper->kind = LH_NEWS_TENURE;
    assert_int_equal(lh_queue_push(news, stopper, 1, 0), LH_OK);

    assert_int_equal(lh_station_start(station), LH_OK);
    wait_for_failure(station);
    pause_ms(100); /* the failure is counted a moment before it is told */
    void *item = NULL;
    assert_int_equal(lh_queue_pop(news, 0, &item), LH_OK); /* the alarm thread wakes up */
    lh_news_destroy(item);
    enum lh_health_state before = LH_HEALTH_SEEING;
    enum lh_health_state health = LH_HEALTH_SEEING;
    int told = 0;
    for (int i = 0; i < WAIT_S * 100 && told == 0; i++, pause_ms(10))
        told += drain(station, news, &before, &health);
    assert_int_equal(told, 1);
    assert_int_equal(health, LH_HEALTH_DISCONNECTED);
    assert_int_not_equal(before, health);
    assert_int_equal(drain(station, news, &before, &health), 0); /* told once */

    lh_station_stop(station);
    lh_station_destroy(&station);
    lh_queue_destroy(&news);
    lh_bell_destroy(&bell);
    lh_tenure_unref(&tenure);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_change_of_health_outlasts_a_full_queue),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
