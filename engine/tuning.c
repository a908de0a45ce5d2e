#include "tuning.h"

#include "base/thread.h"
#include "recording.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define THREADS_MAX 64

/* All points of one rerun, worked through by several threads. */
struct round {
    const struct lh_tuning_options *options;
    struct lh_tuning *tuning;
    const struct lh_recording *recording;
    const struct lh_replay_result *result;
    const struct lh_case *cases; /* as this rerun saw them */
    const struct lh_site *site;
    size_t first; /* point */
    size_t count;
    pthread_mutex_t lock;
    /* -- protected by lock */
    size_t next;
    int code;
    struct lh_fault fault;
};

/* One point on one clip. */
struct hearing {
    struct round *round;
    size_t number; /* case */
    int64_t start_us;
    struct lh_charge *charges; /* of all clips of the point */
    size_t count;
    size_t capacity;
    int code;
};

/* Places are read from files and kept: one at a time. */
static int place(struct hearing *hearing, struct lh_charge *charge)
{
    struct round *round = hearing->round;
    const struct lh_docket_item *item = &round->tuning->docket.items[hearing->number];
    if (!item->spot)
        return LH_OK;
    (void)pthread_mutex_lock(&round->lock);
    const int code = lh_spot_place(item->spot, charge->kind, charge->time_s, charge->box,
                                   &round->fault, &charge->placing);
    (void)pthread_mutex_unlock(&round->lock);
    return code;
}

static void on_alarm(void *context, const struct lh_alarm *alarm, const char *topic,
                     const char *json)
{
    struct hearing *hearing = context;
    (void)topic;
    (void)json;
    if (alarm->state != LH_ALARM_RAISED || hearing->code != LH_OK)
        return;
    if (hearing->count == hearing->capacity) {
        const size_t capacity = hearing->capacity ? hearing->capacity * 2 : 64;
        struct lh_charge *charges = realloc(hearing->charges, capacity * sizeof *charges);
        if (!charges) {
            hearing->code = LH_ENOMEM;
            return;
        }
        hearing->charges = charges;
        hearing->capacity = capacity;
    }
    struct lh_charge *charge = &hearing->charges[hearing->count++];
    *charge = (struct lh_charge){
        .clip = hearing->number,
        .time_s = (double)(alarm->updated_utc_us - hearing->start_us) / (double)LH_SECOND_US,
        .kind = alarm->track.kind,
        .box = alarm->track.box,
        .score = (double)alarm->track.score,
    };
    hearing->code = place(hearing, charge);
}

static int try_clips(struct hearing *hearing, const struct lh_site *site, const double *min_scores)
{
    const struct round *round = hearing->round;
    const struct lh_docket *docket = &round->tuning->docket;
    int code = LH_OK;
    for (size_t i = 0; i < docket->count && code == LH_OK; i++) {
        const size_t clip = docket->items[i].clip;
        const struct lh_attempt attempt = {
            .site = site,
            .camera = lh_lane_camera(round->result->owners[clip]),
            .min_scores = min_scores,
            .on_alarm = on_alarm,
            .context = hearing,
        };
        hearing->number = i;
        hearing->start_us = round->result->lanes[clip].start_utc_us;
        code = lh_recording_try(round->recording, clip, &attempt);
        if (code == LH_OK)
            code = hearing->code;
    }
    return code;
}

static int try_point(struct round *round, size_t point)
{
    struct lh_tuning *tuning = round->tuning;
    const struct lh_sweep *sweep = round->options->sweep;
    struct lh_site site = *round->site; /* shallow: tracks and alarms are its own */
    double min_scores[LH_MAX_DETECTORS];
    struct lh_fault fault = {0};
    const int fits = lh_sweep_apply(sweep, point, &site, &fault);
    tuning->fits[point] = fits == LH_OK;
    if (fits != LH_OK)
        return fits == LH_ERANGE ? LH_OK : fits;
    lh_sweep_min_scores(sweep, point, round->site, min_scores);
    struct hearing hearing = {.round = round};
    int code = try_clips(&hearing, &site, min_scores);
    if (code == LH_OK)
        code = lh_judge_each(round->cases, tuning->docket.count, hearing.charges, hearing.count,
                             tuning->outcomes + point * tuning->docket.count);
    free(hearing.charges);
    return code;
}

static void work(void *opaque)
{
    struct round *round = opaque;
    for (;;) {
        (void)pthread_mutex_lock(&round->lock);
        const bool stopped = round->options->stop && atomic_load(round->options->stop);
        const bool over = round->next == round->count || round->code != LH_OK || stopped;
        if (stopped && round->code == LH_OK)
            round->code = LH_ECLOSED;
        const size_t point = round->first + round->next;
        round->next += !over;
        (void)pthread_mutex_unlock(&round->lock);
        if (over)
            return;
        const int code = try_point(round, point);
        if (code != LH_OK) {
            (void)pthread_mutex_lock(&round->lock);
            round->code = code;
            (void)pthread_mutex_unlock(&round->lock);
        }
    }
}

static unsigned thread_count(const struct lh_tuning_options *options, size_t jobs)
{
    const long cores = sysconf(_SC_NPROCESSORS_ONLN);
    size_t wanted = options->threads ? options->threads : (size_t)(cores > 0 ? cores : 1);
    wanted = wanted > THREADS_MAX ? THREADS_MAX : wanted;
    return (unsigned)(wanted > jobs ? jobs : wanted);
}

static int try_points(struct round *round, struct lh_fault *fault)
{
    struct lh_thread threads[THREADS_MAX] = {0};
    const unsigned wanted = thread_count(round->options, round->count);
    unsigned started = 0;
    int code = LH_OK;
    while (started < wanted && code == LH_OK) {
        char name[24];
        (void)snprintf(name, sizeof name, "tune-%u", started + 1);
        code = lh_thread_start(&threads[started], name, work, round);
        started += code == LH_OK;
    }
    for (unsigned i = 0; i < started; i++)
        lh_thread_join(&threads[i]);
    if (started > 0)
        code = round->code;
    if (code == LH_OK)
        return LH_OK;
    return lh_fail(fault, code, "%s", round->fault.text[0] ? round->fault.text : lh_strerror(code));
}

/* ---- one rerun ---- */

static int open_site(const struct lh_tuning_options *options, size_t point, struct lh_fault *fault,
                     struct lh_tenure **ret_tenure)
{
    struct lh_findings findings = {0};
    struct lh_site *site = NULL;
    int code = lh_site_load(options->site, &findings, &site);
    if (code == LH_OK)
        code = lh_sweep_apply_rerun(options->sweep, point, site, fault);
    if (code == LH_OK)
        code = lh_tenure_create(&site, &findings, ret_tenure);
    lh_site_destroy(&site);
    if (code != LH_OK && findings.count > 0)
        (void)lh_fail(fault, code, "%.200s: %.300s", options->site, findings.items[0].text);
    else if (code != LH_OK && fault->code == LH_OK)
        (void)lh_fail(fault, code, "%.200s: %s", options->site, lh_strerror(code));
    lh_findings_finish(&findings);
    return code;
}

struct telling {
    const struct lh_tuning_options *options;
    size_t rerun;
    size_t reruns;
};

static void on_progress(void *context, const struct lh_replay_progress *progress)
{
    const struct telling *telling = context;
    if (telling->options->on_progress)
        telling->options->on_progress(telling->options->context, telling->rerun, telling->reruns,
                                      progress->share);
}

static double now_s(void)
{
    return (double)lh_clock_monotonic_us(lh_clock_system()) / (double)LH_SECOND_US;
}

static int take_cases(const struct lh_tuning *tuning, const struct lh_tuning_options *options,
                      const struct lh_replay_result *result, struct lh_case_list *list,
                      struct lh_fault *fault)
{
    const int code = lh_docket_cases(&tuning->docket, result, list);
    if (code != LH_OK)
        return lh_fail(fault, code, "out of memory");
    return lh_docket_check(&tuning->docket, list, options->labels, fault);
}

static int rerun(struct lh_tuning *tuning, const struct lh_tuning_options *options, size_t number,
                 struct lh_fault *fault)
{
    struct lh_tenure *tenure = NULL;
    struct lh_recording *recording = NULL;
    struct lh_replay_result own = {0};
    struct lh_replay_result *result = number == 0 ? &tuning->first : &own;
    struct lh_case_list own_list = {0};
    struct lh_case_list *list = number == 0 ? &tuning->list : &own_list;
    const size_t count = lh_sweep_points_of_rerun(options->sweep);
    struct telling telling = {options, number + 1, tuning->reruns};
    const double begun_s = now_s();
    int code = open_site(options, number * count, fault, &tenure);
    if (code != LH_OK)
        return code;
    const struct lh_replay_options replay = {
        .tenure = tenure,
        .footage = options->footage,
        .camera = options->camera,
        .start_utc_us = options->start_utc_us,
        .threads = options->threads,
        .stop = options->stop,
        .on_progress = on_progress,
    };
    code = lh_recording_make(&replay, &telling, fault, &recording, result);
    const double recorded_s = now_s();
    if (code == LH_OK && options->stop && atomic_load(options->stop))
        code = lh_fail(fault, LH_ECLOSED, "stopped");
    if (code == LH_OK)
        code = take_cases(tuning, options, result, list, fault);
    struct round round = {.options = options,
                          .tuning = tuning,
                          .recording = recording,
                          .result = result,
                          .cases = list->cases,
                          .site = lh_tenure_site(tenure),
                          .first = number * count,
                          .count = count,
                          .lock = PTHREAD_MUTEX_INITIALIZER};
    if (code == LH_OK)
        code = try_points(&round, fault);
    tuning->recorded_s += recorded_s - begun_s;
    tuning->tried_s += now_s() - recorded_s;
    lh_recording_destroy(&recording);
    lh_case_list_finish(&own_list);
    lh_replay_result_finish(&own);
    lh_tenure_unref(&tenure);
    return code;
}

static int make_room(struct lh_tuning *tuning, size_t points, struct lh_fault *fault)
{
    tuning->outcomes = calloc(points * tuning->docket.count + 1, sizeof *tuning->outcomes);
    tuning->fits = calloc(points + 1, sizeof *tuning->fits);
    return tuning->outcomes && tuning->fits ? LH_OK : lh_fail(fault, LH_ENOMEM, "out of memory");
}

static int choose(struct lh_tuning *tuning, const struct lh_tuning_options *options,
                  struct lh_fault *fault)
{
    const size_t points = lh_sweep_points(options->sweep);
    tuning->tradeoff = (struct lh_tradeoff){
        .cases = tuning->list.cases,
        .case_count = tuning->docket.count,
        .outcomes = tuning->outcomes,
        .fits = tuning->fits,
        .point_count = points,
        .budget = options->budget,
    };
    for (size_t i = 0; i < points; i++)
        tuning->misfits += !tuning->fits[i];
    const int code = lh_tradeoff_choose(&tuning->tradeoff, &tuning->choice);
    if (code != LH_OK)
        return lh_fail(fault, code, "%s", lh_strerror(code));
    if (tuning->choice.chosen == LH_NO_POINT)
        return lh_fail(fault, LH_ECONFIG, "all points contradict themselves");
    return LH_OK;
}

int lh_tuning_run(const struct lh_tuning_options *options, struct lh_fault *fault,
                  struct lh_tuning *ret_tuning)
{
    struct lh_tuning tuning = {.choice = {.chosen = LH_NO_POINT}};
    const size_t points = lh_sweep_points(options->sweep);
    tuning.reruns = points / lh_sweep_points_of_rerun(options->sweep);
    int code = lh_docket_open(options->labels, options->footage, fault, &tuning.docket);
    if (code == LH_OK)
        code = make_room(&tuning, points, fault);
    for (size_t i = 0; i < tuning.reruns && code == LH_OK; i++)
        code = rerun(&tuning, options, i, fault);
    if (code == LH_OK)
        code = choose(&tuning, options, fault);
    if (code != LH_OK)
        lh_tuning_finish(&tuning);
    else
        *ret_tuning = tuning;
    return code;
}

void lh_tuning_finish(struct lh_tuning *tuning)
{
    lh_choice_finish(&tuning->choice);
    lh_case_list_finish(&tuning->list);
    lh_docket_close(&tuning->docket);
    lh_replay_result_finish(&tuning->first);
    free(tuning->outcomes);
    free(tuning->fits);
    *tuning = (struct lh_tuning){.choice = {.chosen = LH_NO_POINT}};
}
