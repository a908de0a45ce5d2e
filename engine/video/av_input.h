/* FFmpeg's input side for the video room only: opening a URL or file with bounded waits, reading
 * packets, and putting FFmpeg's errors into words that name a remedy.
 *
 * Every call that may wait takes a monotonic deadline. It is armed for the length of the call and
 * looked at by FFmpeg's interrupt callback, together with the owner's stop flag.
 *
 * FFmpeg's own log goes to ours at level debug, with every URL in it redacted.
 *
 * Thread: one owner.
 */
#ifndef LH_VIDEO_AV_INPUT_H
#define LH_VIDEO_AV_INPUT_H

#include "video/source.h"

struct AVFormatContext;
struct AVPacket;
struct AVStream;

struct lh_av_wait {
    const struct lh_clock *clock;
    const atomic_bool *stop; /* may be NULL */
    int64_t deadline_us;     /* INT64_MAX: none */
    bool heed_stop;
};

/* Init type; zero-initialised is closed. Fields may be read by av_source.c. */
struct lh_av_input {
    struct AVFormatContext *format;
    struct AVStream *stream; /* the one video stream that is read */
    struct lh_av_wait wait;
    const struct lh_camera_config *camera;
    char *shown;       /* the redacted URL, for faults */
    const char *words; /* "rtsp over tcp", "http", "file" */
    bool live;
    bool rtsp;
};

/* Opens url (which holds secrets) within the deadline. transport: for RTSP, not AUTO. */
int lh_av_input_open(struct lh_av_input *input, const struct lh_source_options *options,
                     const char *url, enum lh_transport transport, int64_t deadline_us,
                     struct lh_fault *fault);
/* Says goodbye to the camera, for at most a third of a second. */
void lh_av_input_close(struct lh_av_input *input);

/* Reads one packet of the video stream; those of other streams are passed over. LH_ETIMEOUT at the
 * deadline, LH_EEOF at the end of a file, LH_EAGAIN for one unreadable packet of a file; else the
 * connection is gone. fault is written for all but LH_EAGAIN. */
int lh_av_input_read(struct lh_av_input *input, struct AVPacket *packet, int64_t deadline_us,
                     struct lh_fault *fault);

/* The Content-Type of what a http(s) URL answers, in lower case, "" where it says none. */
int lh_av_http_type(const struct lh_source_options *options, const char *url, char *type,
                    size_t type_size, struct lh_fault *fault);

/* The body of what a http(s) URL answers, at most max_bytes (LH_ELIMIT beyond). Caller frees. */
int lh_av_http_fetch(const struct lh_source_options *options, const char *url, size_t max_bytes,
                     uint8_t **ret_bytes, size_t *ret_size, struct lh_fault *fault);

#endif
