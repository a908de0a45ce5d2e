#include "video/av_input.h"

#include "video/av_log.h"

#include <ctype.h>
#include <libavformat/avformat.h>
#include <libavutil/opt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define GOODBYE_US (LH_SECOND_US / 3)
#define LATE_SLACK_US (LH_SECOND_US / 5)
#define SOCKET_BUFFER "1048576"
#define REORDER_DELAY_US "500000"
#define USER_AGENT "linhuo"
#define PROBE_US "5000000"

/* FFmpeg would take text files for ANSI art and playlists for leave to open other files. */
#define FILE_FORMATS                                                                               \
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,mpegvideo,h264,hevc,mjpeg,mpjpeg,flv,"  \
    "asf,m4v,ivf,ogg,obu,mxf,rm,wtv,dav,dhav,yuv4mpegpipe,nut,gif,jpeg_pipe,png_pipe"

static int interrupted(void *opaque)
{
    const struct lh_av_wait *wait = opaque;
    if (wait->heed_stop && wait->stop && atomic_load_explicit(wait->stop, memory_order_relaxed))
        return 1;
    return wait->deadline_us != INT64_MAX &&
           lh_clock_monotonic_us(wait->clock) >= wait->deadline_us;
}

static bool stopped(const struct lh_av_wait *wait)
{
    return wait->stop && atomic_load_explicit(wait->stop, memory_order_relaxed);
}

/* FFmpeg's own time-outs run to the same moment, and some of its readers hide them. */
static bool late(const struct lh_av_wait *wait)
{
    return wait->deadline_us != INT64_MAX &&
           lh_clock_monotonic_us(wait->clock) >= wait->deadline_us - LATE_SLACK_US;
}

static double passed_s(const struct lh_av_input *input, int64_t since_us)
{
    return (double)(lh_clock_monotonic_us(input->wait.clock) - since_us) / 1e6;
}

static int refuse(const struct lh_av_input *input, int code, struct lh_fault *fault,
                  const char *what)
{
    return lh_fail(fault, code, "%s: %s", input->shown, what);
}

/* Puts one of FFmpeg's errors into ours. */
static int explain(const struct lh_av_input *input, int error, struct lh_fault *fault)
{
    if (stopped(&input->wait))
        return refuse(input, LH_ECLOSED, fault, "stopped while waiting");
    switch (error) {
    case AVERROR_HTTP_UNAUTHORIZED:
        if (!input->camera->credentials.user || !*input->camera->credentials.user)
            return refuse(input, LH_EAUTH, fault,
                          "asks for a user and password (401), and none is configured; name a "
                          "credentials file");
        return refuse(input, LH_EAUTH, fault,
                      "user or password refused (401); check the credentials file");
    case AVERROR_HTTP_FORBIDDEN:
        return refuse(input, LH_EAUTH, fault,
                      "access forbidden (403); check the user's rights on the camera");
    case AVERROR_HTTP_NOT_FOUND:
        return refuse(input, LH_ENOTFOUND, fault,
                      "the camera knows no such stream (404); check the path of the URL");
    case AVERROR_EXIT:
    case AVERROR(ETIMEDOUT):
        return refuse(input, LH_ETIMEOUT, fault, "no answer in time");
    case AVERROR(ENOENT):
        return refuse(input, LH_ENOTFOUND, fault, "no such file");
    case AVERROR(EACCES):
    case AVERROR(EPERM):
        if (input->live) /* FFmpeg's -1, for want of a better word */
            break;
        return refuse(input, LH_EPERM, fault, "not permitted to read it");
    case AVERROR(ENOMEM):
        return refuse(input, LH_ENOMEM, fault, "out of memory");
    case AVERROR(ECONNREFUSED):
        return refuse(input, LH_ECONNECT, fault,
                      "connection refused; is the camera on, and is the port right?");
    case AVERROR(EHOSTUNREACH):
    case AVERROR(ENETUNREACH):
        return refuse(input, LH_ECONNECT, fault, "no way to this address; check the network");
    case AVERROR(EPROTONOSUPPORT):
        return refuse(input, LH_ECONNECT, fault,
                      "the camera does not offer this transport (461); set transport: auto");
    case AVERROR_PROTOCOL_NOT_FOUND:
    case AVERROR_DEMUXER_NOT_FOUND:
        return refuse(input, LH_EFORMAT, fault, "FFmpeg was built without what this needs");
    default:
        break;
    }
    if (input->live && late(&input->wait))
        return refuse(input, LH_ETIMEOUT, fault, "no answer in time");
    if (input->live && error == AVERROR(EPERM))
        return refuse(input, LH_ECONNECT, fault, "the camera did not go through with it");
    char words[AV_ERROR_MAX_STRING_SIZE] = "";
    (void)av_strerror(error, words, sizeof words);
    if (!input->live)
        return lh_fail(fault, error == AVERROR(EIO) ? LH_EIO : LH_EFORMAT,
                       "%s: not a video this program can read: %s", input->shown, words);
    if (error == AVERROR_INVALIDDATA)
        return lh_fail(fault, LH_EFORMAT, "%s: the answer makes no sense: %s", input->shown, words);
    return lh_fail(fault, LH_ECONNECT, "%s: cannot connect or connection lost: %s", input->shown,
                   words);
}

static bool has_option(const AVInputFormat *format, const char *name)
{
    const AVClass *class = format->priv_class;
    return class && av_opt_find((void *)&class, name, NULL, 0, AV_OPT_SEARCH_FAKE_OBJ) != NULL;
}

struct settings {
    AVDictionary *dictionary;
    int error; /* the first failure sticks */
};

static void set(struct settings *settings, const char *key, const char *value)
{
    if (settings->error >= 0)
        settings->error = av_dict_set(&settings->dictionary, key, value, 0);
}

static void set_number(struct settings *settings, const char *key, int64_t value)
{
    if (settings->error >= 0)
        settings->error = av_dict_set_int(&settings->dictionary, key, value, 0);
}

static void set_tls(struct settings *settings, const struct lh_camera_config *camera)
{
    set(settings, "tls_verify", camera->tls_verify ? "1" : "0");
    if (camera->tls_ca_path && *camera->tls_ca_path)
        set(settings, "ca_file", camera->tls_ca_path);
}

static void set_rtsp(struct settings *settings, enum lh_transport transport, int64_t timeout_us)
{
    set(settings, "rtsp_transport", transport == LH_TRANSPORT_UDP ? "udp" : "tcp");
    set(settings, "allowed_media_types", "video");
    set(settings, "buffer_size", SOCKET_BUFFER);
    set(settings, "max_delay", REORDER_DELAY_US);
    set(settings, "user_agent", USER_AGENT);
    set(settings, "protocol_whitelist", "tcp,tls,udp,rtp");
    set_number(settings, "timeout", timeout_us);
}

static void set_http(struct settings *settings, const struct lh_camera_config *camera,
                     int64_t timeout_us)
{
    set(settings, "user_agent", USER_AGENT);
    set(settings, "protocol_whitelist", "http,https,tcp,tls,httpproxy");
    set_number(settings, "timeout", timeout_us);
    set_tls(settings, camera);
}

static bool starts(const char *text, const char *start)
{
    return strncasecmp(text, start, strlen(start)) == 0;
}

/* An rtsps camera is never read unverified unless that was asked for. FFmpeg before 7 opens the TLS
 * connection of RTSP without passing any option on, so that it cannot be made to check. */
static int check_tls(const struct lh_av_input *input, const AVInputFormat *rtsp,
                     struct lh_fault *fault)
{
    if (!input->camera->tls_verify || (rtsp && has_option(rtsp, "tls_verify")))
        return LH_OK;
    return refuse(input, LH_EPERM, fault,
                  "this FFmpeg cannot check the certificate of an rtsps camera; set tls_verify: "
                  "false to accept any certificate, or reach the camera through a tunnel that "
                  "checks it");
}

static int choose(struct lh_av_input *input, const char *url, enum lh_transport transport,
                  int64_t timeout_us, struct settings *settings, const AVInputFormat **ret_format,
                  struct lh_fault *fault)
{
    const struct lh_camera_config *camera = input->camera;
    input->live = true;
    if (starts(url, "rtsp:") || starts(url, "rtsps:")) {
        const bool secure = starts(url, "rtsps:");
        const AVInputFormat *rtsp = av_find_input_format("rtsp");
        const int code = secure ? check_tls(input, rtsp, fault) : LH_OK;
        if (code != LH_OK)
            return code;
        set_rtsp(settings, transport, timeout_us);
        if (secure && rtsp && has_option(rtsp, "tls_verify"))
            set_tls(settings, camera);
        input->rtsp = true;
        input->words = transport == LH_TRANSPORT_UDP ? "rtsp over udp"
                       : secure                      ? "rtsps over tcp"
                                                     : "rtsp over tcp";
        *ret_format = rtsp;
    } else if (starts(url, "http:") || starts(url, "https:")) {
        set_http(settings, camera, timeout_us);
        set(settings, "format_whitelist", "mpjpeg,mjpeg,mpegts,jpeg_pipe");
        input->words = starts(url, "https:") ? "https" : "http";
    } else {
        input->live = false;
        input->words = "file";
        set(settings, "protocol_whitelist", "file");
        set(settings, "format_whitelist", FILE_FORMATS);
        set(settings, "analyzeduration", PROBE_US);
    }
    return settings->error < 0 ? refuse(input, LH_ENOMEM, fault, "out of memory") : LH_OK;
}

static int find_video(struct lh_av_input *input, struct lh_fault *fault)
{
    AVFormatContext *format = input->format;
    if (!input->live) {
        const int error = avformat_find_stream_info(format, NULL);
        if (error < 0)
            return explain(input, error, fault);
    }
    const int best = av_find_best_stream(format, AVMEDIA_TYPE_VIDEO, -1, -1, NULL, 0);
    if (best < 0)
        return refuse(input, LH_EFORMAT, fault,
                      input->live ? "the camera offers no video stream"
                                  : "there is no video in this file");
    input->stream = format->streams[best];
    for (unsigned i = 0; i < format->nb_streams; i++) {
        if ((int)i != best)
            format->streams[i]->discard = AVDISCARD_ALL;
    }
    return LH_OK;
}

static int prepare(struct lh_av_input *input, const struct lh_source_options *options,
                   int64_t deadline_us)
{
    *input = (struct lh_av_input){
        .camera = options->camera,
        .wait = {.clock = options->clock,
                 .stop = options->stop,
                 .deadline_us = deadline_us,
                 .heed_stop = true},
    };
    lh_av_log_take();
    input->shown = lh_url_redact(options->camera->url);
    return input->shown ? LH_OK : LH_ENOMEM;
}

static char *file_url(const char *path)
{
    static const char scheme[] = "file:";
    const size_t size = sizeof scheme + strlen(path);
    char *url = malloc(size);
    if (url)
        (void)snprintf(url, size, "%s%s", scheme, path);
    return url;
}

static int connect_to(struct lh_av_input *input, const char *url, const AVInputFormat *format,
                      struct settings *settings, struct lh_fault *fault)
{
    input->format = avformat_alloc_context();
    char *path = input->live ? NULL : file_url(url);
    if (!input->format || (!input->live && !path)) {
        free(path);
        return refuse(input, LH_ENOMEM, fault, "out of memory");
    }
    input->format->interrupt_callback = (AVIOInterruptCB){interrupted, &input->wait};
    /* FFmpeg's parsers forget the mark of a packet known to be damaged, and not every decoder sees it */
    input->format->flags |= AVFMT_FLAG_DISCARD_CORRUPT;
    /* frees the context on failure */
    const int error =
        avformat_open_input(&input->format, path ? path : url, format, &settings->dictionary);
    free(path);
    return error < 0 ? explain(input, error, fault) : LH_OK;
}

int lh_av_input_open(struct lh_av_input *input, const struct lh_source_options *options,
                     const char *url, enum lh_transport transport, int64_t deadline_us,
                     struct lh_fault *fault)
{
    struct settings settings = {0};
    const AVInputFormat *format = NULL;
    int code = prepare(input, options, deadline_us);
    if (code != LH_OK)
        return lh_fail(fault, code, "out of memory");
    const int64_t timeout_us = deadline_us - lh_clock_monotonic_us(options->clock);
    code =
        choose(input, url, transport, timeout_us > 1 ? timeout_us : 1, &settings, &format, fault);
    if (code == LH_OK)
        code = connect_to(input, url, format, &settings, fault);
    av_dict_free(&settings.dictionary);
    if (code == LH_OK)
        code = find_video(input, fault);
    input->wait.deadline_us = INT64_MAX;
    if (code != LH_OK)
        lh_av_input_close(input);
    return code;
}

void lh_av_input_close(struct lh_av_input *input)
{
    if (input->format) {
        input->wait.heed_stop = false;
        input->wait.deadline_us = lh_clock_monotonic_us(input->wait.clock) + GOODBYE_US;
        avformat_close_input(&input->format);
    }
    free(input->shown);
    *input = (struct lh_av_input){0};
}

static int explain_read(struct lh_av_input *input, int error, int64_t since_us,
                        struct lh_fault *fault)
{
    if (stopped(&input->wait))
        return refuse(input, LH_ECLOSED, fault, "stopped while waiting");
    if (error == AVERROR_EOF)
        return refuse(input, input->live ? LH_EIO : LH_EEOF, fault,
                      input->live ? "the camera ended the stream" : "end of the file");
    if (error == AVERROR_EXIT || error == AVERROR(ETIMEDOUT))
        return lh_fail(fault, LH_ETIMEOUT, "%s: no packet for %.1f s", input->shown,
                       passed_s(input, since_us));
    if (!input->live && error == AVERROR_INVALIDDATA)
        return LH_EAGAIN;
    char words[AV_ERROR_MAX_STRING_SIZE] = "";
    (void)av_strerror(error, words, sizeof words);
    return lh_fail(fault, error == AVERROR(ENOMEM) ? LH_ENOMEM : LH_EIO, "%s: reading failed: %s",
                   input->shown, words);
}

int lh_av_input_read(struct lh_av_input *input, AVPacket *packet, int64_t deadline_us,
                     struct lh_fault *fault)
{
    const int64_t since_us = lh_clock_monotonic_us(input->wait.clock);
    input->wait.deadline_us = deadline_us;
    int error = 0;
    do {
        av_packet_unref(packet);
        error = interrupted(&input->wait) ? AVERROR_EXIT : av_read_frame(input->format, packet);
    } while (error == AVERROR(EAGAIN) ||
             (error >= 0 && packet->stream_index != input->stream->index));
    input->wait.deadline_us = INT64_MAX;
    return error < 0 ? explain_read(input, error, since_us, fault) : LH_OK;
}

/* One HTTP exchange within the camera's time to open. Closes nothing where it fails. */
static int ask_http(struct lh_av_input *input, const struct lh_source_options *options,
                    const char *url, AVIOContext **ret_answer, struct lh_fault *fault)
{
    struct settings settings = {0};
    const int64_t timeout_us = (int64_t)(options->camera->open_timeout_s * 1e6);
    int code = prepare(input, options, lh_clock_monotonic_us(options->clock) + timeout_us);
    if (code != LH_OK)
        return lh_fail(fault, code, "out of memory");
    input->live = true;
    set_http(&settings, options->camera, timeout_us);
    const AVIOInterruptCB interrupt = {interrupted, &input->wait};
    const int error = settings.error < 0 ? settings.error
                                         : avio_open2(ret_answer, url, AVIO_FLAG_READ, &interrupt,
                                                      &settings.dictionary);
    if (error < 0)
        code = explain(input, error, fault);
    av_dict_free(&settings.dictionary);
    return code;
}

int lh_av_http_type(const struct lh_source_options *options, const char *url, char *type,
                    size_t type_size, struct lh_fault *fault)
{
    struct lh_av_input input = {0};
    AVIOContext *answer = NULL;
    const int code = ask_http(&input, options, url, &answer, fault);
    if (code == LH_OK) {
        uint8_t *found = NULL;
        (void)av_opt_get(answer, "mime_type", AV_OPT_SEARCH_CHILDREN, &found);
        (void)snprintf(type, type_size, "%s", found ? (const char *)found : "");
        for (char *c = type; *c; c++)
            *c = (char)tolower((unsigned char)*c);
        av_free(found);
        (void)avio_closep(&answer);
    }
    free(input.shown);
    return code;
}

static int read_body(struct lh_av_input *input, AVIOContext *answer, size_t max_bytes,
                     uint8_t **bytes, size_t *size, struct lh_fault *fault)
{
    size_t room = 0;
    for (;;) {
        if (*size == room) {
            room = room ? room * 2 : 65536;
            uint8_t *grown = realloc(*bytes, room);
            if (!grown)
                return lh_fail(fault, LH_ENOMEM, "out of memory");
            *bytes = grown;
        }
        const int got = avio_read_partial(answer, *bytes + *size, (int)(room - *size));
        if (got == AVERROR_EOF || got == 0)
            return LH_OK;
        if (got < 0)
            return explain(input, got, fault);
        *size += (size_t)got;
        if (*size > max_bytes)
            return lh_fail(fault, LH_ELIMIT, "%s: a picture of more than %zu MiB", input->shown,
                           max_bytes >> 20);
    }
}

int lh_av_http_fetch(const struct lh_source_options *options, const char *url, size_t max_bytes,
                     uint8_t **ret_bytes, size_t *ret_size, struct lh_fault *fault)
{
    struct lh_av_input input = {0};
    AVIOContext *answer = NULL;
    uint8_t *bytes = NULL;
    size_t size = 0;
    int code = ask_http(&input, options, url, &answer, fault);
    if (code == LH_OK) {
        code = read_body(&input, answer, max_bytes, &bytes, &size, fault);
        (void)avio_closep(&answer);
    }
    free(input.shown);
    if (code != LH_OK) {
        free(bytes);
        return code;
    }
    *ret_bytes = bytes;
    *ret_size = size;
    return LH_OK;
}
