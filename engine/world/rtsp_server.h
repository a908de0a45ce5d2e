/* The RTSP server that cameras are served by: GStreamer's, behind a face without GStreamer in it.
 *
 * A mount is one stream under one path. All clients of a mount watch the same stream. A mount wants
 * pictures from the first client's DESCRIBE until the last client has gone; it says so, and counts
 * its sessions, so that the camera behind it can rest unwatched and begin each session afresh, with a
 * keyframe.
 *
 * Times: each picture is pushed with the monotonic time of its capture, and the RTCP sender reports
 * tie RTP time to UTC such that a receiver gets exactly that moment (STANDARDS: RFC 3550, 6.4.1).
 *
 * A mount holds a few pictures at most. While it is full it wants no more; a client that reads too
 * slowly is dropped by the server and never holds up camera or other clients.
 *
 * Thread-safety: create, add, run and destroy by the main thread; the functions of a mount by one
 * camera thread; quit by any.
 */
#ifndef LH_WORLD_RTSP_SERVER_H
#define LH_WORLD_RTSP_SERVER_H

#include "base/error.h"
#include "world/encoder.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lh_rtsp_server_options {
    const char *bind;
    unsigned port;    /* 0: a free one */
    const char *user; /* NULL: anyone may watch */
    const char *password;
    const char *tls_certificate; /* PEM; NULL: plain RTSP */
    const char *tls_key;
};

struct lh_rtsp_mount_options {
    const char *id; /* path without its slash */
    enum lh_codec codec;
    uint32_t width_px;
    uint32_t height_px;
    double fps;
};

struct lh_rtsp_server;
struct lh_rtsp_mount;

int lh_rtsp_server_create(const struct lh_rtsp_server_options *options, struct lh_fault *fault,
                          struct lh_rtsp_server **ret_server);
/* The mount is owned by the server. */
int lh_rtsp_server_add(struct lh_rtsp_server *server, const struct lh_rtsp_mount_options *options,
                       struct lh_fault *fault, struct lh_rtsp_mount **ret_mount);
/* Opens the port. From now on clients are answered while lh_rtsp_server_run runs. */
int lh_rtsp_server_listen(struct lh_rtsp_server *server, struct lh_fault *fault);
/* Serves until SIGINT, SIGTERM, lh_rtsp_server_quit, or duration_s (0: no limit). */
void lh_rtsp_server_run(struct lh_rtsp_server *server, double duration_s);
/* Ends lh_rtsp_server_run, also one that has not begun, a moment later: what was pushed last still
 * reaches those who watch. */
void lh_rtsp_server_quit(struct lh_rtsp_server *server);
/* Accepts &NULL; leaves NULL. Disconnects all clients. No camera may use its mount any more. */
void lh_rtsp_server_destroy(struct lh_rtsp_server **server);

/* "rtsp://127.0.0.1:8554/tower-1". Valid after listen; owned by the mount. */
const char *lh_rtsp_mount_url(const struct lh_rtsp_mount *mount);

/* True while a client waits for pictures and there is room for one. A session that differs from the
 * one before has new readers: begin it with a keyframe. */
bool lh_rtsp_mount_wants(struct lh_rtsp_mount *mount, uint64_t *ret_session);

/* Waits until somebody begins to watch or lh_rtsp_mount_wake is called; LH_ETIMEOUT otherwise. */
int lh_rtsp_mount_wait(struct lh_rtsp_mount *mount, int64_t timeout_us);
void lh_rtsp_mount_wake(struct lh_rtsp_mount *mount);

/* Hands one packet over, by copy. LH_ECLOSED: the session has ended meanwhile. */
int lh_rtsp_mount_push(struct lh_rtsp_mount *mount, uint64_t session, const uint8_t *data,
                       size_t size, int64_t capture_monotonic_us);

/* Ends the stream for those who watch, and refuses new clients. */
void lh_rtsp_mount_end(struct lh_rtsp_mount *mount);

#endif
