#include "reception.h"

#include "alarm/json.h"
#include "base/log.h"
#include "base/url.h"
#include "fuse/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TURN_LETTERS 16
#define TURN_BYTES LH_REPORT_BYTES_MAX
#define REFUSALS_TOLD 60 /* in a minute; more are summed up */
#define MINUTE_US (60 * LH_SECOND_US)
#define POSE_AGE_US (60 * LH_SECOND_US)
#define HOUR_US (3600 * LH_SECOND_US)

struct lh_reception {
    struct lh_reception_options options;
    struct lh_inbox *inbox;
    int64_t minute_us; /* monotonic: when it began */
    uint64_t refusals; /* in it */
    uint64_t poses;
    struct lh_complaint refused;
    struct lh_complaint unkept;
};

/* What becomes of one letter. */
struct outcome {
    char id[LH_LETTER_ID];
    bool accepted;
    bool repeated;
    bool summed; /* not an entry of its own */
    struct lh_fault why;
    char incident[LH_INCIDENT_ID];
    char *body; /* owned; NULL: none is kept */
    char attachment[LH_ALARM_PATH];
};

int lh_reception_create(const struct lh_reception_options *options, struct lh_fault *fault,
                        struct lh_reception **ret_reception)
{
    struct lh_reception *reception = calloc(1, sizeof *reception);
    if (!reception)
        return lh_fail(fault, LH_ENOMEM, "out of memory");
    reception->options = *options;
    reception->minute_us = lh_clock_monotonic_us(options->clock);
    const int code = lh_inbox_create(&options->site->bus, fault, &reception->inbox);
    if (code != LH_OK) {
        lh_reception_destroy(&reception);
        return code;
    }
    if (!lh_endpoint_is_local(options->site->bus.inbox))
        lh_log(LH_LOG_WARN, "inbox", NULL,
               "%s can be reached from other machines, and keys cross the network as they are: use "
               "a closed network",
               lh_inbox_endpoint(reception->inbox));
    *ret_reception = reception;
    return LH_OK;
}

void lh_reception_destroy(struct lh_reception **reception)
{
    if (!*reception)
        return;
    lh_inbox_destroy(&(*reception)->inbox);
    free(*reception);
    *reception = NULL;
}

void lh_reception_set_site(struct lh_reception *reception, const struct lh_site *site)
{
    reception->options.site = site;
}

const char *lh_reception_endpoint(const struct lh_reception *reception)
{
    return lh_inbox_endpoint(reception->inbox);
}

/* ---- reports ---- */

static int refuse_evidence(struct lh_fault *fault, int code)
{
    switch (code) {
    case LH_ERANGE:
        return lh_fail(
            fault, code,
            "'observed' is too long ago, or in the future: is the sender's clock right?");
    case LH_ENOTFOUND:
        return lh_fail(fault, code, "no such incident is known, and the report has no 'place'");
    default:
        return lh_fail(fault, code, "the report cannot be used: %s", lh_strerror(code));
    }
}

/* The body as it is kept: without the photo, which is a file. */
static char *keep_body(const char *text, size_t length)
{
    json_t *root = json_loadb(text, length, 0, NULL);
    char *kept = NULL;
    (void)json_object_del(root, "photo");
    if (root)
        kept = json_dumps(root, LH_JSON_FLAGS);
    json_decref(root);
    return kept;
}

/* A report without its picture is a report all the same. */
static void keep_photo(struct lh_reception *reception, const struct lh_report *report,
                       int64_t now_us, struct outcome *outcome)
{
    char name[LH_LETTER_ID + 32];
    struct lh_fault fault = {0};
    const char *extension = strcmp(report->photo_type, "image/png") == 0 ? "png" : "jpg";
    if (report->photo_size == 0 || !reception->options.album)
        return;
    (void)snprintf(name, sizeof name, "report.%lld.%s", (long long)now_us, report->id);
    if (lh_album_keep(reception->options.album, name, extension, now_us, report->photo,
                      report->photo_size, outcome->attachment, &fault) != LH_OK)
        lh_log(LH_LOG_ERROR, "inbox", NULL, "the photo of a report is not kept: %s", fault.text);
}

static int take_parsed(struct lh_reception *reception, const struct lh_person_config *author,
                       const struct lh_report *report, struct outcome *outcome)
{
    const int64_t now_us = lh_clock_utc_us(reception->options.clock);
    struct lh_evidence evidence;
    if (strcmp(report->person, author->name) != 0)
        return lh_fail(&outcome->why, LH_EPERM, "the report's 'person' is not its sender");
    lh_report_evidence(report, author->trusted, now_us, &evidence);
    const int code = lh_duty_evidence(reception->options.duty, &evidence);
    if (code != LH_OK)
        return refuse_evidence(&outcome->why, code);
    (void)lh_situation_incident_of(lh_duty_situation(reception->options.duty), &evidence,
                                   outcome->incident);
    keep_photo(reception, report, now_us, outcome);
    lh_log(LH_LOG_INFO, "inbox", NULL, "'%s', says %s", lh_report_word_name(report->word),
           author->name);
    return LH_OK;
}

/* True where a letter of that id was taken before, in whatever run of the engine. */
static bool came_before(struct lh_reception *reception, const struct lh_letter *letter,
                        struct outcome *outcome)
{
    return lh_store_was_accepted(reception->options.store, letter->sender,
                                 lh_letter_kind_name(letter->kind), outcome->id,
                                 &outcome->repeated) == LH_OK &&
           outcome->repeated;
}

static int take_report(struct lh_reception *reception, const struct lh_letter *letter,
                       const struct lh_person_config *author, struct outcome *outcome)
{
    struct lh_report report;
    int code = lh_report_parse(letter->body, letter->body_size, &outcome->why, &report);
    if (code != LH_OK)
        return code;
    memcpy(outcome->id, report.id, sizeof outcome->id);
    if (!came_before(reception, letter, outcome)) {
        code = take_parsed(reception, author, &report, outcome);
        outcome->body = keep_body(letter->body, letter->body_size);
    }
    lh_report_finish(&report);
    return code;
}

/* ---- what stations and cameras say ---- */

static int take_pose(struct lh_reception *reception, const struct lh_letter *letter,
                     struct outcome *outcome)
{
    struct lh_pose_letter pose;
    int code = lh_pose_letter_parse(letter->body, letter->body_size, &outcome->why, &pose);
    if (code != LH_OK)
        return code;
    memcpy(outcome->id, pose.id, sizeof outcome->id);
    const int64_t age_us = lh_clock_utc_us(reception->options.clock) - pose.utc_us;
    if (age_us > POSE_AGE_US || age_us < -POSE_AGE_US)
        return lh_fail(&outcome->why, LH_ERANGE,
                       "the pose's 'time' is more than a minute from the engine's");
    code = reception->options.on_pose
               ? reception->options.on_pose(reception->options.context, &pose)
               : LH_ENOTFOUND;
    if (code != LH_OK)
        return lh_fail(&outcome->why, code, "there is no movable camera '%s'", pose.camera);
    outcome->summed = true;
    reception->poses++;
    return LH_OK;
}

static int take_danger(struct lh_reception *reception, const struct lh_letter *letter,
                       struct outcome *outcome)
{
    struct lh_danger *danger = lh_situation_danger(lh_duty_situation(reception->options.duty));
    struct lh_danger_letter told;
    int code = lh_danger_letter_parse(letter->body, letter->body_size, &outcome->why, &told);
    if (code != LH_OK)
        return code;
    memcpy(outcome->id, told.id, sizeof outcome->id);
    if (came_before(reception, letter, outcome))
        return LH_OK;
    outcome->body = keep_body(letter->body, letter->body_size);
    code = lh_danger_give(danger, told.level, told.from_utc_us, told.to_utc_us);
    return code == LH_OK ? code : lh_fail(&outcome->why, code, "the danger level cannot be used");
}

static int take_weather(struct lh_reception *reception, const struct lh_letter *letter,
                        struct outcome *outcome)
{
    struct lh_danger *danger = lh_situation_danger(lh_duty_situation(reception->options.duty));
    struct lh_weather_letter told;
    int code = lh_weather_letter_parse(letter->body, letter->body_size, &outcome->why, &told);
    if (code != LH_OK)
        return code;
    memcpy(outcome->id, told.id, sizeof outcome->id);
    if (came_before(reception, letter, outcome))
        return LH_OK;
    (void)snprintf(told.row.station, sizeof told.row.station, "%s", letter->sender);
    outcome->body = keep_body(letter->body, letter->body_size);
    code = lh_danger_hear(danger, &told.row);
    return code == LH_OK
               ? code
               : lh_fail(&outcome->why, code, "the reading cannot be used: %s", lh_strerror(code));
}

static int take_cue(struct lh_reception *reception, const struct lh_letter *letter,
                    struct outcome *outcome)
{
    struct lh_cue_letter asked;
    char why[161];
    int code = lh_cue_letter_parse(letter->body, letter->body_size, &outcome->why, &asked);
    if (code != LH_OK)
        return code;
    memcpy(outcome->id, asked.id, sizeof outcome->id);
    if (came_before(reception, letter, outcome))
        return LH_OK;
    (void)snprintf(why, sizeof why, "%s asks: %.80s", letter->sender, asked.note);
    outcome->body = keep_body(letter->body, letter->body_size);
    code = lh_duty_ask(reception->options.duty, asked.id, why, asked.place);
    return code == LH_OK ? code
                         : lh_fail(&outcome->why, code, "no camera with a pose can see that place");
}

static int take(struct lh_reception *reception, const struct lh_letter *letter,
                const struct lh_person_config *author, struct outcome *outcome)
{
    switch (letter->kind) {
    case LH_LETTER_REPORT:
        return take_report(reception, letter, author, outcome);
    case LH_LETTER_POSE:
        return take_pose(reception, letter, outcome);
    case LH_LETTER_DANGER:
        return take_danger(reception, letter, outcome);
    case LH_LETTER_WEATHER:
        return take_weather(reception, letter, outcome);
    case LH_LETTER_CUE:
        return take_cue(reception, letter, outcome);
    default:
        return lh_fail(&outcome->why, LH_EINVAL, "nobody here takes that");
    }
}

/* ---- account and answer ---- */

static int put_audit(struct lh_reception *reception, const struct lh_audit *audit,
                     struct lh_fault *fault)
{
    const int code = lh_store_put_audit(reception->options.store, audit, fault);
    if (code != LH_OK)
        lh_complain(&reception->unkept, reception->options.clock, "inbox", NULL,
                    "the audit cannot be written: %s", fault->text);
    else
        lh_recovered(&reception->unkept, reception->options.clock, "inbox", NULL,
                     "the audit is written again");
    return code;
}

/* What is not on disk has not been taken: the sender sends it again, and it counts once. */
static void keep_account(struct lh_reception *reception, const struct lh_letter *letter,
                         struct outcome *outcome)
{
    const bool news = outcome->accepted && !outcome->repeated;
    struct lh_fault fault = {0};
    if (!news && ++reception->refusals > REFUSALS_TOLD)
        return;
    if (outcome->summed)
        return;
    const struct lh_audit audit = {
        .utc_us = lh_clock_utc_us(reception->options.clock),
        .sender = letter->sender,
        .kind = lh_letter_kind_name(letter->kind),
        .reference = outcome->id,
        .accepted = news,
        .reason = outcome->repeated ? "came before" : outcome->why.text,
        .body = news && outcome->body ? outcome->body : "",
        .attachment = outcome->attachment,
    };
    if (put_audit(reception, &audit, &fault) != LH_OK && news) {
        outcome->accepted = false;
        (void)lh_fail(&outcome->why, fault.code,
                      "it cannot be stored just now; send it again, it will count once");
    }
}

static void answer(struct lh_reception *reception, const struct lh_letter *letter,
                   const struct outcome *outcome)
{
    char *json = NULL;
    const struct lh_receipt receipt = {
        .kind = lh_letter_kind_name(letter->kind),
        .id = outcome->id,
        .accepted = outcome->accepted,
        .repeated = outcome->repeated,
        .reason = outcome->accepted ? "" : outcome->why.text,
        .incident = outcome->incident,
        .utc_us = lh_clock_utc_us(reception->options.clock),
    };
    if (!outcome->accepted)
        lh_complain(&reception->refused, reception->options.clock, "inbox", NULL,
                    "a message of '%s' is refused: %s", letter->sender, outcome->why.text);
    if (lh_message_receipt(&receipt, &json) == LH_OK)
        (void)lh_inbox_answer(reception->inbox, json); /* who is gone asks again */
    free(json);
}

static void handle(struct lh_reception *reception, const struct lh_bytes *frames, size_t count)
{
    struct lh_letter letter;
    struct outcome outcome = {.accepted = false};
    int code = lh_letter_open(frames, count, &outcome.why, &letter);
    if (code == LH_OK) {
        const struct lh_person_config *author = lh_letter_author(&letter, reception->options.site);
        if (!author)
            code = lh_fail(&outcome.why, LH_EPERM, "no rights: the name or the key is not right");
        else if (!lh_person_may(author, letter.kind))
            code = lh_fail(&outcome.why, LH_EPERM, "no rights: '%s' may not send a %s",
                           author->name, lh_letter_kind_name(letter.kind));
        else
            code = take(reception, &letter, author, &outcome);
    }
    outcome.accepted = code == LH_OK;
    keep_account(reception, &letter, &outcome);
    answer(reception, &letter, &outcome);
    free(outcome.body);
    lh_letter_finish(&letter);
}

/* At the end of a minute, what has no entries of its own. */
static void sum_up(struct lh_reception *reception)
{
    char text[160];
    struct lh_fault fault = {0};
    const int64_t now_us = lh_clock_monotonic_us(reception->options.clock);
    if (now_us - reception->minute_us < MINUTE_US)
        return;
    const uint64_t untold =
        reception->refusals > REFUSALS_TOLD ? reception->refusals - REFUSALS_TOLD : 0;
    struct lh_audit audit = {.utc_us = lh_clock_utc_us(reception->options.clock),
                             .sender = "",
                             .kind = "sum",
                             .reference = "",
                             .reason = text,
                             .body = "",
                             .attachment = ""};
    (void)snprintf(text, sizeof text, "%llu poses taken, %llu more messages refused",
                   (unsigned long long)reception->poses, (unsigned long long)untold);
    if ((reception->poses > 0 || untold > 0) && put_audit(reception, &audit, &fault) != LH_OK)
        return; /* tried again at the next turn */
    reception->poses = 0;
    reception->refusals = 0;
    reception->minute_us = now_us;
}

bool lh_reception_serve(struct lh_reception *reception)
{
    size_t bytes = 0;
    sum_up(reception);
    for (int i = 0; i < TURN_LETTERS && bytes < TURN_BYTES; i++) {
        const struct lh_bytes *frames;
        size_t count;
        if (lh_inbox_receive(reception->inbox, &frames, &count) != LH_OK)
            return false;
        for (size_t k = 0; k < count && k < LH_INBOX_FRAMES; k++)
            bytes += frames[k].size;
        handle(reception, frames, count);
    }
    return true;
}

/* ---- after a restart ---- */

static int recall_one(void *context, int64_t utc_us, const char *sender, const char *body)
{
    struct lh_reception *reception = context;
    const struct lh_site *site = reception->options.site;
    struct lh_report report;
    struct lh_fault fault = {0};
    bool trusted = false;
    for (size_t i = 0; i < site->person_count; i++)
        if (strcmp(site->people[i].name, sender) == 0)
            trusted = site->people[i].trusted;
    if (lh_report_parse(body, strlen(body), &fault, &report) != LH_OK)
        return LH_OK;
    struct lh_evidence evidence;
    lh_report_evidence(&report, trusted, utc_us, &evidence);
    (void)lh_situation_evidence(lh_duty_situation(reception->options.duty), &evidence, utc_us);
    lh_report_finish(&report);
    return LH_OK;
}

int lh_reception_recall(struct lh_reception *reception)
{
    const int64_t now_us = lh_clock_utc_us(reception->options.clock);
    const double keep_h = reception->options.site->fusion.keep_h;
    return lh_store_accepted(reception->options.store, lh_letter_kind_name(LH_LETTER_REPORT),
                             now_us - (int64_t)(keep_h * (double)HOUR_US), recall_one, reception);
}
