#include "duty.h"

#include "base/log.h"

#include <stdlib.h>

struct lh_duty {
    const struct lh_clock *clock;
    struct lh_desk *desk;
    struct lh_situation *situation;
    struct lh_cues *cues;
    struct lh_publisher *publisher; /* lent; NULL: cues are not published */
    const char *epoch;              /* lent */
    void (*on_cue)(void *context, const struct lh_cue *cue, const char *json);
    void *context;
    uint64_t cue_sequence;
    int code; /* the first failure of the desk in this moment */
    struct lh_complaint complaint;
};

static void send_cue(void *context, const struct lh_cue *cue)
{
    struct lh_duty *duty = context;
    char topic[LH_TOPIC];
    char *json = NULL;
    const struct lh_serial serial = {
        .epoch = duty->epoch, .stream = LH_STREAM_CUE, .sequence = ++duty->cue_sequence};
    if (lh_message_cue(cue, &serial, &json) == LH_OK) {
        lh_topic_cue(cue, topic);
        if (duty->publisher)
            (void)lh_publisher_send(duty->publisher, topic, &serial, json);
        if (duty->on_cue)
            duty->on_cue(duty->context, cue, json);
    }
    free(json);
}

int lh_duty_create(const struct lh_duty_options *options, struct lh_fault *fault,
                   struct lh_duty **ret_duty)
{
    struct lh_duty *duty = calloc(1, sizeof *duty);
    if (!duty)
        return lh_fail(fault, LH_ENOMEM, "out of memory");
    const struct lh_situation_options situation = {
        .site = options->desk.site,
        .vantage = options->vantage,
        .data_folder = options->data_folder,
    };
    duty->clock = options->desk.clock;
    duty->publisher = options->desk.publisher;
    duty->epoch = options->desk.epoch;
    duty->on_cue = options->on_cue;
    duty->context = options->desk.context;
    int code = lh_situation_create(&situation, fault, &duty->situation);
    if (code == LH_OK) {
        code = lh_cues_create(send_cue, duty, &duty->cues);
        if (code == LH_OK)
            lh_cues_set_site(duty->cues, options->desk.site, options->vantage);
        else
            (void)lh_fail(fault, code, "out of memory");
    }
    if (code == LH_OK) {
        code = lh_desk_create(&options->desk, &duty->desk);
        if (code != LH_OK)
            (void)lh_fail(fault, code, "the alarm desk: %s", lh_strerror(code));
    }
    if (code != LH_OK) {
        lh_duty_destroy(&duty);
        return code;
    }
    *ret_duty = duty;
    return LH_OK;
}

void lh_duty_destroy(struct lh_duty **duty)
{
    if (!*duty)
        return;
    lh_desk_destroy(&(*duty)->desk);
    lh_cues_destroy(&(*duty)->cues);
    lh_situation_destroy(&(*duty)->situation);
    free(*duty);
    *duty = NULL;
}

void lh_duty_set_site(struct lh_duty *duty, const struct lh_site *site,
                      const struct lh_vantage *vantage)
{
    struct lh_fault fault = {0};
    lh_desk_set_site(duty->desk, site);
    lh_cues_set_site(duty->cues, site, vantage);
    if (lh_situation_set_site(duty->situation, site, vantage, &fault) != LH_OK)
        lh_log(LH_LOG_ERROR, "fuse", NULL, "the areas of heat stay the old ones: %s", fault.text);
}

static void on_incident(void *context, enum lh_fusion_event event,
                        const struct lh_incident *incident, const struct lh_incident *other)
{
    struct lh_duty *duty = context;
    char place[LH_ALARM_PLACE] = "";
    if (event == LH_FUSION_OPENED || event == LH_FUSION_CHANGED)
        lh_vantage_describe(lh_situation_vantage(duty->situation), &incident->position, place);
    const struct lh_desk_news news = {
        .event = event, .incident = incident, .other = other, .place = place};
    const int code = lh_desk_hear(duty->desk, &news);
    const int cued = lh_cues_hear(duty->cues, event, incident, lh_clock_utc_us(duty->clock));
    if (duty->code == LH_OK)
        duty->code = code != LH_OK ? code : cued;
}

/* What follows of what came. */
static int settle(struct lh_duty *duty)
{
    duty->code = LH_OK;
    const int settled =
        lh_situation_settle(duty->situation, lh_clock_utc_us(duty->clock), on_incident, duty);
    const int concluded = lh_desk_conclude(duty->desk);
    if (settled != LH_OK)
        return settled;
    return duty->code != LH_OK ? duty->code : concluded;
}

int lh_duty_track(struct lh_duty *duty, const struct lh_desk_input *input)
{
    const struct lh_frame_info *info = input->frame ? lh_frame_info(input->frame) : input->info;
    int code = lh_desk_see(duty->desk, input);
    if (code == LH_OK && input->type != LH_TRACK_LOST) {
        const struct lh_situation_track seen = {
            .camera = input->camera,
            .preset = info && *info->preset ? info->preset : input->camera->preset,
            .track = &input->track,
            .width_px = info ? info->width_px : 0,
            .height_px = info ? info->height_px : 0,
        };
        code = lh_situation_track(duty->situation, &seen, lh_clock_utc_us(duty->clock));
    }
    const int settled = settle(duty);
    return code == LH_OK ? settled : code;
}

int lh_duty_evidence(struct lh_duty *duty, const struct lh_evidence *evidence)
{
    const int code = lh_situation_evidence(duty->situation, evidence, lh_clock_utc_us(duty->clock));
    return code == LH_OK ? settle(duty) : code;
}

int lh_duty_hotspots(struct lh_duty *duty, const struct lh_feed_batch *batch,
                     struct lh_fault *fault)
{
    const int code =
        lh_situation_hotspots(duty->situation, batch, lh_clock_utc_us(duty->clock), fault);
    const int settled = settle(duty);
    if (code == LH_OK && settled != LH_OK)
        return lh_fail(fault, settled, "%s", lh_strerror(settled));
    return code;
}

int lh_duty_look(struct lh_duty *duty, const struct lh_camera_config *camera, const char *preset,
                 double aspect, int64_t utc_us)
{
    return lh_situation_look(duty->situation, camera, preset, aspect, utc_us);
}

int lh_duty_ask(struct lh_duty *duty, const char *id, const char *why, struct lh_geo place)
{
    return lh_cues_ask(duty->cues, id, why, place, lh_clock_utc_us(duty->clock));
}

void lh_duty_tick(struct lh_duty *duty)
{
    const int code = settle(duty);
    if (code != LH_OK)
        lh_complain(&duty->complaint, duty->clock, "fuse", NULL,
                    "incidents are not brought up to date: %s", lh_strerror(code));
    else
        lh_recovered(&duty->complaint, duty->clock, "fuse", NULL,
                     "incidents are brought up to date again");
    lh_desk_tick(duty->desk);
}

struct lh_desk *lh_duty_desk(struct lh_duty *duty)
{
    return duty->desk;
}

struct lh_situation *lh_duty_situation(const struct lh_duty *duty)
{
    return duty->situation;
}
