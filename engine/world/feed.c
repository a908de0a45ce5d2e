#include "world/feed.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/thread.h"

#include <math.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

struct lh_feed {
    struct lh_feed_options options;
    const char *id;
    int64_t gop_ticks;
    struct lh_thread thread;
    atomic_bool stopping;
    /* -- the thread's own */
    struct lh_encoder *encoder;
    uint64_t session; /* that the encoder was made for; 0: none yet */
    int64_t last_tick;
    int64_t next_keyframe;
    bool gap; /* what was encoded last did not go out */
    struct lh_complaint slow;
    struct lh_complaint broken;
};

static int64_t tick_time_us(const struct lh_feed *feed, int64_t tick)
{
    return feed->options.epoch_monotonic_us + llround((double)tick / feed->options.fps * 1e6);
}

static double scene_time_s(const struct lh_feed *feed, int64_t tick)
{
    return (double)tick / feed->options.fps * feed->options.speed;
}

/* The first picture of the grid that is not past yet. */
static int64_t coming_tick(const struct lh_feed *feed, int64_t now_us)
{
    const double passed_s = (double)(now_us - feed->options.epoch_monotonic_us) / 1e6;
    const int64_t tick = (int64_t)ceil(passed_s * feed->options.fps);
    return tick > feed->last_tick ? tick : feed->last_tick + 1;
}

/* The picture that a camera would have taken last. */
static int64_t due_tick(const struct lh_feed *feed, int64_t now_us)
{
    const double passed_s = (double)(now_us - feed->options.epoch_monotonic_us) / 1e6;
    return (int64_t)fmax(floor(passed_s * feed->options.fps), 0.0);
}

static bool session_is_new(const struct lh_feed *feed)
{
    uint64_t session;
    return lh_rtsp_mount_wants(feed->options.mount, &session) && session != feed->session;
}

/* Waits for the coming picture of the grid. A session that is new gets the one that is due at once:
 * at a picture a minute it would think the camera dead. False when the feed is to stop. */
static bool wait_for_tick(const struct lh_feed *feed, int64_t *ret_tick)
{
    const struct lh_clock *clock = lh_clock_system();
    int64_t tick = coming_tick(feed, lh_clock_monotonic_us(clock));
    while (!atomic_load(&feed->stopping)) {
        const int64_t now_us = lh_clock_monotonic_us(clock);
        if (session_is_new(feed)) {
            tick = due_tick(feed, now_us);
            break;
        }
        const int64_t left_us = tick_time_us(feed, tick) - now_us;
        if (left_us <= 0)
            break;
        (void)lh_rtsp_mount_wait(feed->options.mount, left_us);
    }
    *ret_tick = tick;
    return !atomic_load(&feed->stopping);
}

static int begin_session(struct lh_feed *feed, uint64_t session)
{
    if (feed->encoder && session == feed->session)
        return LH_OK;
    const struct lh_encoder_options options = {
        .codec = feed->options.codec,
        .width_px = lh_world_cameras_width_px(feed->options.cameras, feed->options.camera),
        .height_px = lh_world_cameras_height_px(feed->options.cameras, feed->options.camera),
        .fps = feed->options.fps,
    };
    lh_encoder_destroy(&feed->encoder);
    feed->session = session;
    feed->gap = true;
    return lh_encoder_create(&options, NULL, &feed->encoder);
}

static int show(struct lh_feed *feed, int64_t tick, uint64_t session)
{
    struct lh_scene_picture picture;
    int code = begin_session(feed, session);
    if (code == LH_OK)
        code = lh_encoder_picture(feed->encoder, &picture);
    if (code == LH_OK)
        code = lh_world_cameras_render(feed->options.cameras, feed->options.camera,
                                       scene_time_s(feed, tick), &picture);
    if (code != LH_OK)
        return code;
    const bool keyframe = feed->gap || tick >= feed->next_keyframe;
    const uint8_t *data;
    size_t size;
    code = lh_encoder_encode(feed->encoder, tick, keyframe, &data, &size);
    if (code != LH_OK)
        return code;
    if (keyframe)
        feed->next_keyframe = tick + feed->gop_ticks;
    feed->gap = false;
    return lh_rtsp_mount_push(feed->options.mount, session, data, size, tick_time_us(feed, tick));
}

static void report(struct lh_feed *feed, int code)
{
    const struct lh_clock *clock = lh_clock_system();
    if (code == LH_OK) {
        lh_recovered(&feed->broken, clock, "world", feed->id, "pictures again");
        return;
    }
    feed->gap = true;
    if (code != LH_ECLOSED)
        lh_complain(&feed->broken, clock, "world", feed->id, "no picture: %s", lh_strerror(code));
}

static void watch_pace(struct lh_feed *feed, int64_t tick)
{
    const struct lh_clock *clock = lh_clock_system();
    const int64_t left_out = tick - feed->last_tick - 1;
    if (left_out > 0)
        lh_complain(&feed->slow, clock, "world", feed->id,
                    "drawing takes too long, %lld pictures left out; a smaller --size or --fps, or "
                    "fewer --cameras helps",
                    (long long)left_out);
}

static void end(struct lh_feed *feed)
{
    lh_log(LH_LOG_INFO, "world", feed->id, "the clip is over");
    lh_rtsp_mount_end(feed->options.mount);
    if (feed->options.ended)
        feed->options.ended(feed->options.opaque);
}

static void work(void *opaque)
{
    struct lh_feed *feed = opaque;
    bool watched = false;
    int64_t tick;
    while (wait_for_tick(feed, &tick)) {
        uint64_t session;
        if (watched)
            watch_pace(feed, tick);
        feed->last_tick = tick;
        watched = lh_rtsp_mount_wants(feed->options.mount, &session);
        int code = LH_OK;
        if (lh_world_cameras_over(feed->options.cameras, feed->options.camera,
                                  scene_time_s(feed, tick)))
            code = LH_EEOF;
        else if (watched)
            code = show(feed, tick, session);
        if (code == LH_EEOF) {
            end(feed);
            break;
        }
        if (watched)
            report(feed, code);
    }
    lh_encoder_destroy(&feed->encoder);
}

int lh_feed_create(const struct lh_feed_options *options, struct lh_fault *fault,
                   struct lh_feed **ret_feed)
{
    struct lh_feed *feed = calloc(1, sizeof *feed);
    if (!feed)
        return lh_fail(fault, LH_ENOMEM, "out of memory");
    feed->options = *options;
    feed->id = lh_world_cameras_id(options->cameras, options->camera);
    feed->gop_ticks = llround(options->gop_s * options->fps);
    if (feed->gop_ticks < 1)
        feed->gop_ticks = 1;
    feed->last_tick = -1;
    atomic_init(&feed->stopping, false);
    const int code = lh_thread_start(&feed->thread, feed->id, work, feed);
    if (code != LH_OK) {
        free(feed);
        return lh_fail(fault, code, "%s", lh_strerror(code));
    }
    *ret_feed = feed;
    return LH_OK;
}

void lh_feed_destroy(struct lh_feed **feed_pointer)
{
    struct lh_feed *feed = *feed_pointer;
    if (!feed)
        return;
    atomic_store(&feed->stopping, true);
    lh_rtsp_mount_wake(feed->options.mount);
    lh_thread_join(&feed->thread);
    free(feed);
    *feed_pointer = NULL;
}
