#include "base/clock.h"
#include "base/log.h"
#include "world/cameras.h"
#include "world/feed.h"
#include "world/options.h"
#include "world/render.h"
#include "world/rtsp_server.h"
#include "world/truth.h"
#include "world/witnesses.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <libavutil/log.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    EXIT_DONE = 0,
    EXIT_FAILED = 1,
    EXIT_USAGE = 2,
};

#define PASSWORD_BYTES 256
#define DAY_S 86400.0

struct world {
    const struct lh_world_options *options;
    struct lh_world_cameras *cameras;
    struct lh_rtsp_server *server;
    struct lh_rtsp_mount **mounts;
    struct lh_feed **feeds;
    struct lh_witnesses *witnesses;
    struct lh_truth *truth;
    atomic_uint running; /* clips that are not over */
    char password[PASSWORD_BYTES];
};

/* The first line of a file that only its owner may read. */
static int read_password(const char *path, char *password, struct lh_fault *fault)
{
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    struct stat info;
    if (file < 0 || fstat(file, &info) != 0) {
        const int code = lh_error_from_errno(errno);
        if (file >= 0)
            (void)close(file);
        return lh_fail(fault, code, "%s: %s", path, lh_strerror(code));
    }
    const ssize_t got = read(file, password, PASSWORD_BYTES - 1);
    (void)close(file);
    if (info.st_mode & 077)
        return lh_fail(fault, LH_EPERM, "%s: others may read this password; chmod 600 it", path);
    if (got <= 0)
        return lh_fail(fault, LH_EFORMAT, "%s: no password on the first line", path);
    password[got] = '\0';
    password[strcspn(password, "\r\n")] = '\0';
    return LH_OK;
}

static int add_mounts(struct world *world, struct lh_fault *fault)
{
    const unsigned count = lh_world_cameras_count(world->cameras);
    world->mounts = calloc(count, sizeof(struct lh_rtsp_mount *));
    world->feeds = calloc(count, sizeof(struct lh_feed *));
    if (!world->mounts || !world->feeds)
        return lh_fail(fault, LH_ENOMEM, "out of memory");
    for (unsigned i = 0; i < count; i++) {
        const struct lh_rtsp_mount_options options = {
            .id = lh_world_cameras_id(world->cameras, i),
            .codec = world->options->codec,
            .width_px = lh_world_cameras_width_px(world->cameras, i),
            .height_px = lh_world_cameras_height_px(world->cameras, i),
            .fps = world->options->fps,
        };
        const int code = lh_rtsp_server_add(world->server, &options, fault, &world->mounts[i]);
        if (code != LH_OK)
            return code;
    }
    return LH_OK;
}

static int open_server(struct world *world, struct lh_fault *fault)
{
    const struct lh_world_options *options = world->options;
    if (options->user) {
        const int code = read_password(options->password_file, world->password, fault);
        if (code != LH_OK)
            return code;
    }
    const struct lh_rtsp_server_options server = {
        .bind = options->bind,
        .port = options->port,
        .user = options->user,
        .password = options->user ? world->password : NULL,
        .tls_certificate = options->tls_certificate,
        .tls_key = options->tls_key,
    };
    int code = lh_rtsp_server_create(&server, fault, &world->server);
    if (code == LH_OK)
        code = add_mounts(world, fault);
    return code == LH_OK ? lh_rtsp_server_listen(world->server, fault) : code;
}

static void on_clip_ended(void *opaque)
{
    struct world *world = opaque;
    if (atomic_fetch_sub(&world->running, 1) == 1)
        lh_rtsp_server_quit(world->server);
}

static int open_witnesses(struct world *world, int64_t epoch_utc_us, struct lh_fault *fault)
{
    const struct lh_world_options *options = world->options;
    const struct lh_witnesses_options witnesses = {
        .scene = lh_world_cameras_scene(world->cameras),
        .county = &options->scene,
        .folder = options->witnesses,
        .speed = options->speed,
        .epoch_utc_us = epoch_utc_us,
        .duration_s = options->duration_s > 0.0 ? options->duration_s : DAY_S,
        .first_pass_s = options->first_pass_s,
        .latency_s = options->latency_s,
    };
    return lh_witnesses_create(&witnesses, fault, &world->witnesses);
}

/* A day's witnesses, and the truth of it, without a picture. */
static int witness_at_once(struct world *world, struct lh_fault *fault)
{
    const struct lh_world_options *options = world->options;
    char path[4096];
    if (snprintf(path, sizeof path, "%s/truth.json", options->witnesses) >= (int)sizeof path)
        return lh_fail(fault, LH_ELIMIT, "%s: the path is too long", options->witnesses);
    int code = open_witnesses(world, options->scene.start_utc_us, fault);
    if (code == LH_OK)
        code = lh_witnesses_write(world->witnesses, INT64_MAX, fault);
    if (code != LH_OK)
        return code;
    const struct lh_truth_options truth = {
        .cameras = world->cameras,
        .witnesses = world->witnesses,
        .path = path,
        .speed = options->speed,
        .seed = options->scene.seed,
        .epoch_utc_us = options->scene.start_utc_us,
    };
    return lh_truth_create(&truth, fault, &world->truth);
}

static int start_feeds(struct world *world, struct lh_fault *fault)
{
    const struct lh_world_options *options = world->options;
    const unsigned count = lh_world_cameras_count(world->cameras);
    const int64_t monotonic_us = lh_clock_monotonic_us(lh_clock_system());
    const int64_t utc_us = lh_clock_utc_us(lh_clock_system());
    atomic_init(&world->running, count);
    int code = LH_OK;
    for (unsigned i = 0; i < count && code == LH_OK; i++) {
        const struct lh_feed_options feed = {
            .cameras = world->cameras,
            .camera = i,
            .mount = world->mounts[i],
            .codec = options->codec,
            .fps = options->fps,
            .gop_s = options->gop_s,
            .speed = options->speed,
            .epoch_monotonic_us = monotonic_us,
            .ended = on_clip_ended,
            .opaque = world,
        };
        code = lh_feed_create(&feed, fault, &world->feeds[i]);
    }
    if (code == LH_OK && options->witnesses)
        code = open_witnesses(world, utc_us, fault);
    if (code == LH_OK && options->witnesses)
        code = lh_witnesses_follow(world->witnesses, fault);
    if (code == LH_OK && options->truth) {
        const struct lh_truth_options truth = {
            .cameras = world->cameras,
            .witnesses = world->witnesses,
            .path = options->truth,
            .speed = options->speed,
            .seed = options->scene.seed,
            .epoch_utc_us = utc_us,
        };
        code = lh_truth_create(&truth, fault, &world->truth);
        if (code == LH_OK)
            code = lh_truth_follow(world->truth, monotonic_us, fault);
    }
    return code;
}

static void print_addresses(const struct world *world)
{
    const unsigned count = lh_world_cameras_count(world->cameras);
    if (world->options->list_json) {
        json_t *cameras = json_array();
        for (unsigned i = 0; i < count; i++)
            (void)json_array_append_new(
                cameras, json_pack("{s:s, s:s}", "id", lh_world_cameras_id(world->cameras, i),
                                   "url", lh_rtsp_mount_url(world->mounts[i])));
        json_t *root = json_pack("{s:o}", "cameras", cameras);
        (void)json_dumpf(root, stdout, JSON_COMPACT);
        (void)putchar('\n');
        json_decref(root);
    } else {
        for (unsigned i = 0; i < count; i++)
            (void)puts(lh_rtsp_mount_url(world->mounts[i]));
    }
    (void)fflush(stdout);
}

static void finish(struct world *world)
{
    lh_truth_destroy(&world->truth);
    lh_witnesses_destroy(&world->witnesses);
    for (unsigned i = 0; world->feeds && i < lh_world_cameras_count(world->cameras); i++)
        lh_feed_destroy(&world->feeds[i]);
    lh_rtsp_server_destroy(&world->server);
    free(world->feeds);
    free(world->mounts);
    if (world->cameras)
        lh_world_cameras_destroy(&world->cameras);
    explicit_bzero(world->password, sizeof world->password);
}

static int run(const struct lh_world_options *options, struct lh_fault *fault)
{
    struct world world = {.options = options};
    int code = lh_world_cameras_create(options, fault, &world.cameras);
    if (code == LH_OK && options->terrain_out)
        code = lh_scene_save_terrain(lh_world_cameras_scene(world.cameras), options->terrain_out,
                                     fault);
    if (code == LH_OK && options->at_once) {
        code = witness_at_once(&world, fault);
    } else if (code == LH_OK && options->render) {
        code = lh_render(options, world.cameras, fault);
    } else if (code == LH_OK) {
        code = open_server(&world, fault);
        if (code == LH_OK)
            code = start_feeds(&world, fault);
        if (code == LH_OK) {
            print_addresses(&world);
            lh_rtsp_server_run(world.server, options->duration_s);
        }
    }
    finish(&world);
    return code;
}

int main(int argc, char **argv)
{
    struct lh_world_options options;
    struct lh_fault fault = {0};
    if (lh_world_options_parse(argc, argv, &fault, &options) != LH_OK) {
        (void)fprintf(stderr, "linhuo world: %s; linhuo world --help\n", fault.text);
        return EXIT_USAGE;
    }
    if (options.help) {
        lh_world_options_print(stdout);
        lh_world_options_finish(&options);
        return EXIT_DONE;
    }
    (void)signal(SIGPIPE, SIG_IGN);
    av_log_set_level(options.verbose ? AV_LOG_INFO : AV_LOG_ERROR);
    lh_log_configure(options.verbose ? LH_LOG_DEBUG : LH_LOG_INFO, LH_LOG_TEXT);
    const int code = run(&options, &fault);
    if (code != LH_OK)
        (void)fprintf(stderr, "linhuo world: %s\n", *fault.text ? fault.text : lh_strerror(code));
    lh_world_options_finish(&options);
    return code == LH_OK ? EXIT_DONE : EXIT_FAILED;
}
