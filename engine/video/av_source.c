#include "video/av_decode.h"
#include "video/av_input.h"
#include "video/cadence.h"
#include "video/capture_time.h"
#include "video/slices.h"
#include "video/source_kind.h"

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/avutil.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* More pictures than any decoder holds back (16 for H.264 and H.265), a power of two. */
#define TICKETS 64
#define RTP_TIMESTAMPS INT64_C(4294967296)
/* Waiting for a keyframe is forgiven longer than waiting for packets: encoders that save bandwidth
 * send one every ten seconds and more. */
#define KEYFRAME_PATIENCE_US (30 * LH_SECOND_US)
#define KEYFRAME_GAPS 3
#define MAX_STREAM_US (INT64_C(1) << 52)
#define MAX_UNREADABLE 1000
#define MAX_JOINED_BYTES (16 << 20) /* of a key picture that comes in several packets */

/* What is known of a packet, kept while the decoder has it; found again by picture->pts. */
struct ticket {
    int64_t number;
    int64_t capture_utc_us;
    int64_t arrival_us;
    enum lh_time_quality quality;
    bool keyframe;
    bool wanted; /* asked for by the cadence */
    bool burst;
};

enum run {
    RUN_ALONE,   /* wanted keyframes only, each by itself */
    RUN_WAITING, /* full rate from the next keyframe on */
    RUN_FULL,    /* every packet goes to the decoder */
    RUN_DRAINING /* the file is at its end, the decoder is not */
};

struct av_source {
    struct lh_source_options options;
    struct lh_av_input input;
    struct lh_av_decoder decoder;
    AVPacket *packet;
    AVPacket *ahead; /* read to see whether it goes on with packet; blank where none was */
    int64_t packet_arrival_us;
    int64_t packet_arrival_utc_us;
    bool in_parts; /* key pictures come in several packets, or that is not known yet */
    AVFrame *picture;
    struct ticket ready; /* of picture, where has_ready */
    bool has_ready;
    enum run run;
    atomic_llong burst_until_us;
    char description[128];

    struct lh_cadence cadence;
    struct ticket tickets[TICKETS];
    int64_t next_ticket;
    struct lh_source_counts counts;
    uint32_t generation;
    uint64_t next_number;
    int width_px;
    int height_px;
    int pixel_format;

    bool clock_trusted;
    struct lh_capture_smoother smoother;
    enum lh_time_quality file_quality;
    int64_t start_utc_us;
    int64_t first_stream_us; /* of a file; LH_NO_TIME before the first packet */
    int64_t last_stream_us;
    int64_t last_capture_us; /* of this generation; LH_NO_TIME: none yet */

    /* monotonic times; time spent outside next is added, for only active waits count */
    int64_t left_us;
    int64_t progress_us; /* the stream's clock last moved */
    int64_t keyframe_us; /* the last keyframe came */
    int64_t keyframe_gap_us;
    int64_t failing_us; /* decoding fails since, where failures > 0 */
    unsigned failures;  /* since then */
    unsigned unreadable;
};

static int64_t now_us(const struct av_source *source)
{
    return lh_clock_monotonic_us(source->options.clock);
}

static int64_t from_seconds(double seconds)
{
    return seconds > 0 ? (int64_t)(fmin(seconds, 1e9) * 1e6) : 0;
}

static int64_t stall_us(const struct av_source *source)
{
    return from_seconds(source->options.camera->stall_timeout_s);
}

/* ---- capture time ---- */

static int64_t stream_time(const struct av_source *source, const AVPacket *packet)
{
    const int64_t stamp = packet->pts != AV_NOPTS_VALUE ? packet->pts : packet->dts;
    if (stamp == AV_NOPTS_VALUE)
        return LH_NO_TIME;
    const int64_t time_us = av_rescale_q(stamp, source->input.stream->time_base, AV_TIME_BASE_Q);
    return time_us > -MAX_STREAM_US && time_us < MAX_STREAM_US ? time_us : LH_NO_TIME;
}

static void time_of_footage(struct av_source *source, int64_t stream_us, struct ticket *ticket)
{
    if (stream_us == LH_NO_TIME)
        stream_us = source->last_stream_us == LH_NO_TIME ? 0 : source->last_stream_us;
    if (source->first_stream_us == LH_NO_TIME)
        source->first_stream_us = stream_us;
    ticket->capture_utc_us = source->start_utc_us + (stream_us - source->first_stream_us);
    ticket->quality = source->file_quality;
}

static void time_of_live(struct av_source *source, int64_t stream_us, struct ticket *ticket)
{
    const int64_t arrival_us = source->packet_arrival_utc_us;
    const int64_t latency_us = from_seconds(source->options.camera->latency_s);
    const int64_t smooth_us = source->input.rtsp
                                  ? lh_capture_smooth(&source->smoother, stream_us, arrival_us)
                                  : arrival_us;
    size_t size = 0;
    const uint8_t *data = av_packet_get_side_data(source->packet, AV_PKT_DATA_PRFT, &size);
    struct lh_capture_judgement judged = {smooth_us - latency_us, LH_TIME_ARRIVAL, false};
    if (data && size >= sizeof(AVProducerReferenceTime)) {
        AVProducerReferenceTime sender;
        memcpy(&sender, data, sizeof sender);
        const int64_t wrap_us =
            av_rescale_q(RTP_TIMESTAMPS, source->input.stream->time_base, AV_TIME_BASE_Q);
        judged = lh_capture_judge(sender.wallclock, arrival_us, latency_us, wrap_us,
                                  source->clock_trusted);
        source->clock_trusted = judged.quality != LH_TIME_ARRIVAL;
        if (!source->clock_trusted)
            judged.capture_utc_us = smooth_us - latency_us;
        source->counts.clock_repairs += judged.repaired;
    }
    ticket->capture_utc_us = judged.capture_utc_us;
    ticket->quality = judged.quality;
}

static bool start_from_metadata(const AVDictionary *metadata, int64_t *ret_utc_us)
{
    const AVDictionaryEntry *entry = av_dict_get(metadata, "creation_time", NULL, 0);
    int64_t time_us = 0;
    /* muxers that know no time write 1970 or 1904 */
    if (!entry || lh_time_parse(entry->value, &time_us) != LH_OK || time_us <= 86400 * LH_SECOND_US)
        return false;
    *ret_utc_us = time_us;
    return true;
}

static void find_start(struct av_source *source)
{
    source->file_quality = LH_TIME_FILE;
    source->start_utc_us = source->options.start_utc_us;
    if (source->input.live || source->start_utc_us != LH_NO_TIME)
        return;
    if (start_from_metadata(source->input.stream->metadata, &source->start_utc_us) ||
        start_from_metadata(source->input.format->metadata, &source->start_utc_us) ||
        lh_capture_from_name(source->options.camera->url, &source->start_utc_us))
        return;
    source->file_quality = LH_TIME_NOMINAL;
    source->start_utc_us = 0;
}

/* ---- stalls ---- */

static int stalled(struct av_source *source, struct lh_fault *fault, int64_t now)
{
    const char *shown = source->input.shown;
    if (!source->input.live)
        return LH_OK;
    if (source->failures >= 2 && now - source->failing_us > stall_us(source))
        return lh_fail(fault, LH_EDECODE,
                       "%s: packets come, but none has given a clean picture for %.1f s%s", shown,
                       (double)(now - source->failing_us) / 1e6,
                       strstr(source->input.words, "udp") ? "; try transport: tcp" : "");
    if (now - source->progress_us > stall_us(source))
        return lh_fail(fault, LH_ESTALLED,
                       "%s: packets come, but their time has stood still for %.1f s", shown,
                       (double)(now - source->progress_us) / 1e6);
    const int64_t waited_us = now - source->keyframe_us;
    if (waited_us > stall_us(source) && waited_us > KEYFRAME_PATIENCE_US &&
        waited_us > KEYFRAME_GAPS * source->keyframe_gap_us)
        return lh_fail(
            fault, LH_EDECODE,
            "%s: packets come, but no keyframe for %.1f s; shorten the camera's keyframe "
            "interval",
            shown, (double)waited_us / 1e6);
    return LH_OK;
}

static void note_failure(struct av_source *source)
{
    source->counts.packets_damaged++;
    if (!source->failures++)
        source->failing_us = now_us(source);
    lh_cadence_again(&source->cadence);
}

static int too_large(const struct av_source *source, struct lh_fault *fault)
{
    return lh_fail(fault, LH_ELIMIT,
                   "%s: pictures of %ux%u are larger than max_width_px and max_height_px (%ux%u) "
                   "allow",
                   source->input.shown, source->decoder.refused_width_px,
                   source->decoder.refused_height_px, source->options.camera->max_width_px,
                   source->options.camera->max_height_px);
}

/* ---- decoding ---- */

static bool burst_asked(const struct av_source *source)
{
    const int64_t until_us = atomic_load(&source->burst_until_us);
    return until_us && now_us(source) < until_us;
}

/* Full rate because the camera asks for it, not for a burst. */
static bool always_full(const struct av_source *source)
{
    return !source->options.camera->keyframes_only && !source->decoder.intra_only;
}

static void enter(struct av_source *source, enum run run)
{
    if (source->run == run)
        return;
    if (source->run == RUN_FULL)
        lh_av_decode_reset(&source->decoder);
    source->run = run;
    const bool keyframes = run == RUN_ALONE && !source->decoder.intra_only;
    source->input.stream->discard = keyframes ? AVDISCARD_NONKEY : AVDISCARD_DEFAULT;
}

static void choose_run(struct av_source *source, bool keyframe)
{
    if (!always_full(source) && !burst_asked(source))
        enter(source, RUN_ALONE);
    else if (source->run == RUN_ALONE)
        enter(source, RUN_WAITING);
    if (source->run == RUN_WAITING && keyframe)
        enter(source, RUN_FULL);
}

static int open_decoder(struct av_source *source, struct lh_fault *fault)
{
    lh_av_decoder_close(&source->decoder);
    const AVCodecParameters *parameters = source->input.stream->codecpar;
    const int code =
        lh_av_decoder_open(&source->decoder, parameters, source->options.camera->max_width_px,
                           source->options.camera->max_height_px);
    if (code == LH_ELIMIT)
        return too_large(source, fault);
    if (code != LH_OK)
        return lh_fail(fault, code, "%s: no decoder for this video (%s)", source->input.shown,
                       avcodec_get_name(parameters->codec_id));
    return LH_OK;
}

static void describe(struct av_source *source)
{
    if (source->width_px)
        (void)snprintf(source->description, sizeof source->description, "%s %dx%d, %s",
                       lh_av_decoder_name(&source->decoder), source->width_px, source->height_px,
                       source->input.words);
    else
        (void)snprintf(source->description, sizeof source->description, "%s, %s",
                       lh_av_decoder_name(&source->decoder), source->input.words);
}

static void new_generation(struct av_source *source)
{
    source->generation++;
    source->last_capture_us = LH_NO_TIME;
}

static void compare_format(struct av_source *source)
{
    const AVFrame *picture = source->picture;
    if (picture->width == source->width_px && picture->height == source->height_px &&
        picture->format == source->pixel_format)
        return;
    if (source->width_px) {
        source->counts.format_changes++;
        new_generation(source);
    }
    source->width_px = picture->width;
    source->height_px = picture->height;
    source->pixel_format = picture->format;
    describe(source);
}

/* Decides about a decoded picture: ready for delivery, or of no interest. */
static void take_picture(struct av_source *source)
{
    const struct ticket *ticket = &source->tickets[source->picture->pts & (TICKETS - 1)];
    source->counts.pictures++;
    source->failures = 0;
    struct ticket taken = *ticket;
    const bool known = ticket->number == source->picture->pts;
    if (known && always_full(source))
        taken.wanted = lh_cadence_wants(&source->cadence, taken.capture_utc_us);
    if (!known || !(taken.wanted || taken.burst)) {
        av_frame_unref(source->picture);
        return;
    }
    compare_format(source);
    switch (lh_capture_order(source->last_capture_us, &taken.capture_utc_us)) {
    case LH_CAPTURE_ONWARD:
        break;
    case LH_CAPTURE_HELD:
        source->counts.clock_repairs++;
        break;
    case LH_CAPTURE_NEW_ERA:
        source->counts.clock_repairs++;
        new_generation(source);
        break;
    }
    source->last_capture_us = taken.capture_utc_us;
    source->ready = taken;
    source->has_ready = true;
}

/* Takes pictures from a run until one is ready. LH_EAGAIN: the decoder wants more. */
static int receive(struct av_source *source, struct lh_fault *fault)
{
    while (!source->has_ready) {
        const int code = lh_av_decode_receive(&source->decoder, source->picture);
        if (code == LH_OK)
            take_picture(source);
        else if (code == LH_EDECODE)
            note_failure(source);
        else if (code == LH_ELIMIT)
            return too_large(source, fault);
        else
            return code;
    }
    return LH_OK;
}

static int decode_alone(struct av_source *source, struct lh_fault *fault)
{
    const int code = lh_av_decode_alone(&source->decoder, source->packet, source->picture);
    if (code == LH_OK)
        take_picture(source);
    else if (code == LH_EDECODE)
        note_failure(source);
    else if (code == LH_ELIMIT)
        return too_large(source, fault);
    return code == LH_ENOMEM ? lh_fail(fault, code, "%s: out of memory", source->input.shown)
                             : LH_OK;
}

static int decode_run(struct av_source *source, struct lh_fault *fault)
{
    const int code = lh_av_decode_send(&source->decoder, source->packet);
    if (code == LH_ELIMIT)
        return too_large(source, fault);
    if (code == LH_ENOMEM)
        return lh_fail(fault, code, "%s: out of memory", source->input.shown);
    if (code != LH_OK)
        note_failure(source);
    const uint64_t damaged = source->counts.packets_damaged;
    const int received = code == LH_OK ? receive(source, fault) : LH_OK;
    /* what refers to a damaged picture is damaged too, and does not say so */
    if (code != LH_OK || source->counts.packets_damaged != damaged)
        enter(source, RUN_WAITING);
    return received == LH_EAGAIN || received == LH_EEOF ? LH_OK : received;
}

/* ---- packets ---- */

static int notice_codec(struct av_source *source, struct lh_fault *fault)
{
    if (source->input.stream->codecpar->codec_id == source->decoder.codec->codec_id)
        return LH_OK;
    source->counts.format_changes++;
    new_generation(source);
    enter(source, RUN_ALONE);
    source->width_px = source->height_px = 0;
    const int code = open_decoder(source, fault);
    if (code == LH_OK)
        describe(source);
    return code;
}

static void note_packet(struct av_source *source, int64_t stream_us, bool keyframe)
{
    const int64_t now = now_us(source);
    source->counts.packets++;
    source->counts.bytes += source->packet->size > 0 ? (uint64_t)source->packet->size : 0;
    if (stream_us == LH_NO_TIME || stream_us != source->last_stream_us)
        source->progress_us = now;
    if (keyframe) {
        source->keyframe_gap_us = now - source->keyframe_us;
        source->keyframe_us = now;
    }
}

static int take_packet(struct av_source *source, struct lh_fault *fault)
{
    AVPacket *packet = source->packet;
    const bool keyframe = packet->flags & AV_PKT_FLAG_KEY || source->decoder.intra_only;
    const int64_t stream_us = stream_time(source, packet);
    note_packet(source, stream_us, keyframe);
    struct ticket *ticket = &source->tickets[source->next_ticket & (TICKETS - 1)];
    *ticket = (struct ticket){.number = source->next_ticket++,
                              .arrival_us = source->packet_arrival_us,
                              .keyframe = keyframe};
    if (source->input.live)
        time_of_live(source, stream_us, ticket);
    else
        time_of_footage(source, stream_us, ticket);
    if (stream_us != LH_NO_TIME)
        source->last_stream_us = stream_us;
    choose_run(source, keyframe);
    if (keyframe && !always_full(source))
        ticket->wanted = lh_cadence_wants(&source->cadence, ticket->capture_utc_us);
    ticket->burst = source->run == RUN_FULL && burst_asked(source);
    packet->pts = packet->dts = ticket->number;
    if (packet->flags & AV_PKT_FLAG_CORRUPT && (source->run == RUN_FULL || ticket->wanted)) {
        note_failure(source);
        if (source->run == RUN_FULL)
            enter(source, RUN_WAITING);
        return LH_OK;
    }
    if (source->run == RUN_FULL)
        return decode_run(source, fault);
    if (source->run == RUN_ALONE && ticket->wanted)
        return decode_alone(source, fault);
    source->counts.packets_skipped++;
    return LH_OK;
}

static int end_of_file(struct av_source *source, struct lh_fault *fault)
{
    if (source->run == RUN_FULL && lh_av_decode_send(&source->decoder, NULL) == LH_OK)
        source->run = RUN_DRAINING;
    if (source->run == RUN_DRAINING) {
        const int code = receive(source, fault);
        if (code == LH_OK || code == LH_ELIMIT)
            return code;
    }
    return lh_fail(fault, LH_EEOF, "%s: end of the file", source->input.shown);
}

static enum lh_slice_syntax slice_syntax(const struct av_source *source)
{
    switch (source->input.stream->codecpar->codec_id) {
    case AV_CODEC_ID_H264:
        return LH_SLICES_H264;
    case AV_CODEC_ID_HEVC:
        return LH_SLICES_H265;
    default:
        return LH_SLICES_UNKNOWN;
    }
}

/* Appends ahead to packet where it is a part of the same picture. */
static bool join_ahead(struct av_source *source)
{
    AVPacket *packet = source->packet;
    AVPacket *part = source->ahead;
    const int size = packet->size;
    if (!lh_slices_continue(slice_syntax(source), part->data, (size_t)part->size) ||
        (packet->pts != AV_NOPTS_VALUE && part->pts != packet->pts) ||
        part->size > MAX_JOINED_BYTES - size || av_grow_packet(packet, part->size) < 0)
        return false;
    memcpy(packet->data + size, part->data, (size_t)part->size);
    if (packet->pts == AV_NOPTS_VALUE && packet->dts == AV_NOPTS_VALUE) {
        packet->pts = part->pts;
        packet->dts = part->dts;
    }
    av_packet_unref(part);
    return true;
}

/* Reads a packet, and where it is a key picture that may come in parts, all of them. To know the
 * last part the packet after it is read, which costs the picture one packet's delay: only streams that
 * have shown such pictures pay it, and the first key picture of every stream. */
static int read_whole(struct av_source *source, int64_t deadline_us, struct lh_fault *fault)
{
    AVPacket *packet = source->packet;
    if (source->ahead->data) {
        av_packet_unref(packet);
        av_packet_move_ref(packet, source->ahead);
    } else {
        const int code = lh_av_input_read(&source->input, packet, deadline_us, fault);
        if (code != LH_OK)
            return code;
    }
    source->packet_arrival_us = now_us(source);
    source->packet_arrival_utc_us = lh_clock_utc_us(source->options.clock);
    const enum lh_slice_syntax syntax = slice_syntax(source);
    if (syntax == LH_SLICES_UNKNOWN || !(packet->flags & AV_PKT_FLAG_KEY))
        return LH_OK;
    source->in_parts |= lh_slices_continue(syntax, packet->data, (size_t)packet->size);
    bool joined = false;
    while (source->in_parts) {
        /* what failed here fails again at the next read, when this picture is on its way */
        if (lh_av_input_read(&source->input, source->ahead, deadline_us, NULL) != LH_OK)
            break;
        if (!join_ahead(source)) {
            source->in_parts = joined;
            break;
        }
        joined = true;
    }
    return LH_OK;
}

/* One step on: reads one packet, with perhaps a picture ready after it. */
static int advance(struct av_source *source, int64_t deadline_us, struct lh_fault *fault)
{
    if (source->run == RUN_DRAINING)
        return end_of_file(source, fault);
    int code = read_whole(source, deadline_us, fault);
    if (code == LH_EAGAIN) {
        source->counts.packets_damaged++;
        return ++source->unreadable > MAX_UNREADABLE
                   ? lh_fail(fault, LH_EFORMAT, "%s: too much of the file cannot be read",
                             source->input.shown)
                   : LH_OK;
    }
    if (code == LH_EEOF)
        return end_of_file(source, fault);
    if (code != LH_OK)
        return code;
    code = notice_codec(source, fault);
    if (code == LH_OK)
        code = take_packet(source, fault);
    av_packet_unref(source->packet);
    return code;
}

/* ---- the kind ---- */

static int connect_once(struct av_source *source, const char *url, enum lh_transport transport,
                        int64_t deadline_us, struct lh_fault *fault)
{
    int code =
        lh_av_input_open(&source->input, &source->options, url, transport, deadline_us, fault);
    if (code != LH_OK)
        return code;
    code = open_decoder(source, fault);
    if (code != LH_OK)
        return code;
    find_start(source);
    describe(source);
    const int64_t now = now_us(source);
    source->progress_us = source->keyframe_us = now;
    source->failures = 0;
    source->in_parts = true;
    source->run = RUN_WAITING;
    choose_run(source, false);
    while (code == LH_OK && !source->has_ready)
        code = advance(source, deadline_us, fault);
    /* packets without a keyframe yet: the camera is there, its picture will come */
    if (code == LH_ETIMEOUT && source->counts.packets > 0)
        code = LH_OK;
    if (code == LH_EEOF && !source->counts.pictures)
        return lh_fail(fault, LH_EFORMAT, "%s: not a single picture in this file",
                       source->input.shown);
    return code == LH_EEOF ? LH_OK : code;
}

static void disconnect(struct av_source *source)
{
    lh_av_decoder_close(&source->decoder);
    lh_av_input_close(&source->input);
}

static bool may_try_tcp(int code)
{
    return code == LH_ETIMEOUT || code == LH_ECONNECT || code == LH_EFORMAT || code == LH_EIO;
}

static int connect_by(struct av_source *source, const char *url, struct lh_fault *fault)
{
    const enum lh_transport transport = source->options.camera->transport;
    const int64_t start = now_us(source);
    const int64_t open_us = from_seconds(source->options.camera->open_timeout_s);
    if (transport != LH_TRANSPORT_AUTO || strncmp(url, "rtsp:", 5) != 0)
        return connect_once(source, url, transport, start + open_us, fault);
    const int code = connect_once(source, url, LH_TRANSPORT_UDP, start + open_us / 2, fault);
    if (!may_try_tcp(code))
        return code;
    disconnect(source);
    av_packet_unref(source->ahead);
    return connect_once(source, url, LH_TRANSPORT_TCP, start + open_us, fault);
}

static void av_close(void *state)
{
    struct av_source *source = state;
    disconnect(source);
    av_packet_free(&source->packet);
    av_packet_free(&source->ahead);
    av_frame_free(&source->picture);
    free(source);
}

static int av_open(const struct lh_source_options *options, const char *url, struct lh_fault *fault,
                   void **ret_state)
{
    struct av_source *source = calloc(1, sizeof *source);
    if (!source)
        return lh_fail(fault, LH_ENOMEM, "out of memory");
    source->options = *options;
    source->generation = options->generation;
    source->next_number = options->first_number;
    source->next_ticket = 1;
    source->first_stream_us = source->last_stream_us = source->last_capture_us = LH_NO_TIME;
    source->packet = av_packet_alloc();
    source->ahead = av_packet_alloc();
    source->picture = av_frame_alloc();
    atomic_init(&source->burst_until_us, 0);
    lh_cadence_init(&source->cadence, options->camera->watch_interval_s);
    const int code = source->packet && source->ahead && source->picture
                         ? connect_by(source, url, fault)
                         : lh_fail(fault, LH_ENOMEM, "out of memory");
    if (code != LH_OK) {
        av_close(source);
        return code;
    }
    source->left_us = now_us(source);
    *ret_state = source;
    return LH_OK;
}

static int deliver(struct av_source *source, struct lh_fault *fault, struct lh_frame **ret_frame)
{
    const struct lh_frame_info info = {
        .camera = source->options.camera->id,
        .preset = source->options.camera->preset,
        .number = source->next_number,
        .generation = source->generation,
        .capture_utc_us = source->ready.capture_utc_us,
        .time_quality = source->ready.quality,
        .arrival_us = source->ready.arrival_us,
        .keyframe = source->ready.keyframe,
        .burst = !source->ready.wanted,
    };
    const int code = lh_frame_create(source->options.pool, source->picture, &info, ret_frame);
    if (code == LH_OK) {
        source->next_number++;
        source->has_ready = false;
        return LH_OK;
    }
    if (source->input.live) {
        av_frame_unref(source->picture);
        source->has_ready = false;
    }
    return lh_fail(fault, code, "%s: %s", source->input.shown,
                   code == LH_EAGAIN ? "too many pictures are still in use" : lh_strerror(code));
}

/* Time spent outside is not waiting: the marks move along with it. */
static void come_back(struct av_source *source)
{
    const int64_t away_us = now_us(source) - source->left_us;
    source->progress_us += away_us;
    source->keyframe_us += away_us;
    source->failing_us += away_us;
}

static int av_next(void *state, struct lh_fault *fault, struct lh_frame **ret_frame)
{
    struct av_source *source = state;
    come_back(source);
    int code = LH_OK;
    while (code == LH_OK && !source->has_ready) {
        const int64_t now = now_us(source);
        code = stalled(source, fault, now);
        if (code == LH_OK)
            code = advance(source, source->input.live ? now + stall_us(source) : INT64_MAX, fault);
    }
    if (code == LH_OK)
        code = deliver(source, fault, ret_frame);
    source->left_us = now_us(source);
    if (code == LH_ETIMEOUT && fault)
        fault->code = LH_ESTALLED;
    return code == LH_ETIMEOUT ? LH_ESTALLED : code;
}

static void av_burst_until(void *state, int64_t until_us)
{
    struct av_source *source = state;
    atomic_store(&source->burst_until_us, until_us);
}

static struct lh_source_counts av_counts(const void *state)
{
    const struct av_source *source = state;
    return source->counts;
}

static double av_progress(const void *state)
{
    const struct av_source *source = state;
    const AVFormatContext *format = source->input.format;
    if (source->input.live || format->duration <= 0 || source->last_stream_us == LH_NO_TIME)
        return -1;
    const double share =
        (double)(source->last_stream_us - source->first_stream_us) / (double)format->duration;
    return fmin(fmax(share, 0), 1);
}

static const char *av_description(const void *state)
{
    const struct av_source *source = state;
    return source->description;
}

const struct lh_source_kind lh_av_kind = {
    .name = "ffmpeg",
    .open = av_open,
    .close = av_close,
    .next = av_next,
    .burst_until = av_burst_until,
    .counts = av_counts,
    .progress = av_progress,
    .description = av_description,
};
