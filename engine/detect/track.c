#include "detect/track.h"

#include "detect/verifier.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MAX_WINDOW 128
#define NOT_SEEN (-1.0F)
#define MAX_TRACKS 1024
#define MAX_OBSERVATIONS LH_MAX_DETECTIONS
#define STEADY_SHARE 0.4F /* of the newest box in the smoothed one */
#define STEPS 5           /* from picture to picture, of which the median is the usual one */
#define START_HITS 3      /* the area at first is the mean over so many */
#define OVERRULES 0.95    /* probability from which the memory of the place is overruled */
#define DAY_US (86400 * LH_SECOND_US)

/* What a track remembers beyond what it shows; same index as its struct lh_track. */
struct memory {
    float scores[MAX_WINDOW]; /* of the analysed frames, the newest first; NOT_SEEN for a miss */
    float raw_scores[MAX_WINDOW];    /* likewise, as detectors gave them */
    int looks;                       /* analysed frames since its birth, up to the window */
    struct lh_box boxes[MAX_WINDOW]; /* where it was seen, likewise */
    struct lh_box recent;            /* union of those; its box where there are none */
    int window_hits;                 /* in how many of them it was seen */
    double start_area;               /* mean over the first hits */
    double steady_area;
    bool matched;  /* in the frame at hand */
    unsigned told; /* bit set of the reasons to hold it back that were reported */
};

/* Detections of one kind that lie upon each other: one thing seen once in this frame. */
struct observation {
    enum lh_kind kind;
    struct lh_box box; /* of the surest detection */
    float score;
    float raw_score;
    uint32_t detectors;
    bool taken;
};

/* A detection among those of the frame at hand. */
struct entry {
    const struct lh_detection *detection;
};

/* A track and an observation that may belong together. */
struct pair {
    int rank;       /* overlap before distance, confirmed before tentative */
    float badness;  /* smaller is better, comparable within a rank */
    size_t track;   /* older tracks first ... */
    size_t sighted; /* ... then surer observations */
};

struct lh_tracker {
    struct lh_track_config config;
    uint64_t next_id;
    int64_t last_utc_us;   /* LH_NO_TIME before the first frame */
    double steps_s[STEPS]; /* a ring of the latest */
    size_t step_count;     /* of all there were */
    double gap_s;          /* allowed in the frame at hand */
    struct lh_spending spending;
    struct lh_track *tracks;
    struct memory *memories;
    size_t count;
    struct observation observations[MAX_OBSERVATIONS];
    size_t observation_count;
    struct entry *sorted;
    size_t sorted_capacity;
    struct pair *pairs;
    size_t pair_capacity;
    size_t pair_count;
};

struct lh_spending lh_tracker_spending(const struct lh_tracker *tracker)
{
    return tracker->spending;
}

void lh_tracker_set_spending(struct lh_tracker *tracker, struct lh_spending spending)
{
    tracker->spending = spending;
}

static bool is_share(double value)
{
    return value >= 0.0 && value <= 1.0;
}

int lh_tracker_create(const struct lh_track_config *config, struct lh_tracker **ret_tracker)
{
    if (!is_share(config->min_overlap) || !is_share(config->confirm_score) ||
        !is_share(config->release_score) || !(config->max_gap_s >= 0.0) ||
        !(config->max_gap_s < 1e9) || config->max_gap_looks < 0 ||
        !(config->max_distance_share >= 0.0) || !(config->confirm_min_s >= 0.0) ||
        !(config->confirm_min_s < 1e9) || !(config->min_growth >= 0.0) ||
        config->confirm_window < 1 || config->confirm_window > MAX_WINDOW ||
        config->confirm_hits < 1 || config->confirm_hits > config->confirm_window ||
        !is_share(config->verify_score) || config->budget_per_day < 0 || config->max_tracks < 1 ||
        config->max_tracks > MAX_TRACKS)
        return LH_ERANGE;
    struct lh_tracker *tracker = calloc(1, sizeof *tracker);
    if (!tracker)
        return LH_ENOMEM;
    tracker->config = *config;
    tracker->next_id = 1;
    tracker->last_utc_us = LH_NO_TIME;
    tracker->tracks = calloc((size_t)config->max_tracks, sizeof *tracker->tracks);
    tracker->memories = calloc((size_t)config->max_tracks, sizeof *tracker->memories);
    if (!tracker->tracks || !tracker->memories) {
        lh_tracker_destroy(&tracker);
        return LH_ENOMEM;
    }
    *ret_tracker = tracker;
    return LH_OK;
}

void lh_tracker_destroy(struct lh_tracker **tracker)
{
    if (!*tracker)
        return;
    free((*tracker)->tracks);
    free((*tracker)->memories);
    free((*tracker)->sorted);
    free((*tracker)->pairs);
    free(*tracker);
    *tracker = NULL;
}

static int compare_floats(float a, float b)
{
    return (a > b) - (a < b);
}

/* A total order that does not depend on the order they came in: surest first, then larger ones. */
static int compare_detections(const void *left, const void *right)
{
    const struct lh_detection *a = ((const struct entry *)left)->detection;
    const struct lh_detection *b = ((const struct entry *)right)->detection;
    int order = compare_floats(b->score, a->score);
    if (order == 0)
        order = compare_floats(lh_box_area(b->box), lh_box_area(a->box));
    if (order == 0)
        order = (int)a->kind - (int)b->kind;
    if (order == 0)
        order = compare_floats(a->box.x, b->box.x);
    if (order == 0)
        order = compare_floats(a->box.y, b->box.y);
    if (order == 0)
        order = compare_floats(a->box.width, b->box.width);
    return order ? order : (int)a->detector - (int)b->detector;
}

static bool overlaps(const struct lh_tracker *tracker, struct lh_box a, struct lh_box b)
{
    const float smaller = fminf(lh_box_area(a), lh_box_area(b));
    const float shared = lh_box_overlap(a, b);
    return shared > 0.0F && (double)(shared / smaller) >= tracker->config.min_overlap;
}

static bool is_usable(const struct lh_detection *detection)
{
    const struct lh_box box = detection->box;
    return isfinite(box.x) && isfinite(box.y) && isfinite(box.width) && isfinite(box.height) &&
           isfinite(detection->score) && lh_box_area(box) > 0.0F;
}

static uint32_t detector_bit(uint16_t detector)
{
    return detector < 32 ? UINT32_C(1) << detector : 0;
}

static void observe(struct lh_tracker *tracker, const struct lh_detection *detection)
{
    for (size_t i = 0; i < tracker->observation_count; i++) {
        struct observation *known = &tracker->observations[i];
        if (known->kind == detection->kind && overlaps(tracker, known->box, detection->box)) {
            known->detectors |= detector_bit(detection->detector);
            return;
        }
    }
    if (tracker->observation_count == MAX_OBSERVATIONS)
        return;
    tracker->observations[tracker->observation_count++] =
        (struct observation){.kind = detection->kind,
                             .box = detection->box,
                             .score = detection->score,
                             .raw_score = fmaxf(detection->raw_score, detection->score),
                             .detectors = detector_bit(detection->detector)};
}

/* Room for one frame, so that nothing can fail once tracks are being changed. */
static int reserve(struct lh_tracker *tracker, size_t detections)
{
    if (detections > tracker->sorted_capacity) {
        struct entry *grown = reallocarray(tracker->sorted, detections, sizeof *grown);
        if (!grown)
            return LH_ENOMEM;
        tracker->sorted = grown;
        tracker->sorted_capacity = detections;
    }
    const size_t most = detections < MAX_OBSERVATIONS ? detections : MAX_OBSERVATIONS;
    const size_t pairs = most * tracker->count; /* at most 256 x 1024 */
    if (pairs > tracker->pair_capacity) {
        struct pair *grown = reallocarray(tracker->pairs, pairs, sizeof *grown);
        if (!grown)
            return LH_ENOMEM;
        tracker->pairs = grown;
        tracker->pair_capacity = pairs;
    }
    return LH_OK;
}

static void gather(struct lh_tracker *tracker, const struct lh_detection *detections, size_t count)
{
    size_t usable = 0;
    for (size_t i = 0; i < count; i++)
        if (is_usable(&detections[i]))
            tracker->sorted[usable++].detection = &detections[i];
    if (usable > 1)
        qsort(tracker->sorted, usable, sizeof tracker->sorted[0], compare_detections);
    tracker->observation_count = 0;
    for (size_t i = 0; i < usable; i++)
        observe(tracker, tracker->sorted[i].detection);
}

static float union_share(struct lh_box a, struct lh_box b)
{
    const float shared = lh_box_overlap(a, b);
    return shared / (lh_box_area(a) + lh_box_area(b) - shared);
}

static float centre_distance(struct lh_box a, struct lh_box b)
{
    return hypotf(a.x + a.width / 2.0F - b.x - b.width / 2.0F,
                  a.y + a.height / 2.0F - b.y - b.height / 2.0F);
}

static bool is_overdue(const struct lh_tracker *tracker, const struct lh_track *track,
                       int64_t utc_us)
{
    const double unseen_s = (double)(utc_us - track->last_utc_us) / (double)LH_SECOND_US;
    return unseen_s > tracker->gap_s;
}

/* Boxes of one plume wander from picture to picture: where it was of late counts as well. */
static bool lies_upon(const struct lh_tracker *tracker, size_t index, struct lh_box box)
{
    const struct lh_track *track = &tracker->tracks[index];
    return overlaps(tracker, track->box, box) || overlaps(tracker, track->steady, box) ||
           overlaps(tracker, tracker->memories[index].recent, box);
}

static void consider(struct lh_tracker *tracker, size_t index, size_t sighted)
{
    const struct lh_track *track = &tracker->tracks[index];
    const struct observation *seen = &tracker->observations[sighted];
    if (track->kind != seen->kind)
        return;
    struct pair pair = {.track = index, .sighted = sighted};
    if (lies_upon(tracker, index, seen->box)) {
        pair.badness =
            -fmaxf(union_share(track->box, seen->box), union_share(track->steady, seen->box));
    } else {
        pair.rank = 2;
        pair.badness = centre_distance(track->box, seen->box);
        if ((double)pair.badness > tracker->config.max_distance_share)
            return;
    }
    if (track->state != LH_TRACK_CONFIRMED)
        pair.rank++;
    tracker->pairs[tracker->pair_count++] = pair;
}

static int compare_pairs(const void *left, const void *right)
{
    const struct pair *a = left;
    const struct pair *b = right;
    int order = a->rank - b->rank;
    if (order == 0)
        order = compare_floats(a->badness, b->badness);
    if (order == 0)
        order = (a->track > b->track) - (a->track < b->track);
    return order ? order : (a->sighted > b->sighted) - (a->sighted < b->sighted);
}

/* Scores: NOT_SEEN for a miss. */
static void shift_history(const struct lh_tracker *tracker, size_t index, float score,
                          float raw_score)
{
    const size_t window = (size_t)tracker->config.confirm_window;
    struct memory *memory = &tracker->memories[index];
    memmove(memory->scores + 1, memory->scores, (window - 1) * sizeof memory->scores[0]);
    memmove(memory->raw_scores + 1, memory->raw_scores,
            (window - 1) * sizeof memory->raw_scores[0]);
    memmove(memory->boxes + 1, memory->boxes, (window - 1) * sizeof memory->boxes[0]);
    memory->scores[0] = score;
    memory->raw_scores[0] = raw_score;
    memory->looks += (size_t)memory->looks < window;
    memory->boxes[0] = tracker->tracks[index].box;
    memory->recent = tracker->tracks[index].box;
    memory->window_hits = 0;
    for (size_t i = 0; i < window; i++) {
        if (memory->scores[i] < 0.0F)
            continue;
        memory->recent = lh_box_union(memory->recent, memory->boxes[i]);
        memory->window_hits++;
    }
}

static float mean_score(const struct lh_tracker *tracker, const float *scores, int hits)
{
    double sum = 0.0;
    for (int i = 0; i < tracker->config.confirm_window; i++)
        if (scores[i] >= 0.0F)
            sum += (double)scores[i];
    return (float)(sum / hits);
}

static void follow(struct lh_box *steady, struct lh_box box)
{
    steady->x += STEADY_SHARE * (box.x - steady->x);
    steady->y += STEADY_SHARE * (box.y - steady->y);
    steady->width += STEADY_SHARE * (box.width - steady->width);
    steady->height += STEADY_SHARE * (box.height - steady->height);
}

static void hit(struct lh_tracker *tracker, size_t index, const struct observation *seen,
                int64_t utc_us)
{
    struct lh_track *track = &tracker->tracks[index];
    struct memory *memory = &tracker->memories[index];
    const double area = (double)lh_box_area(seen->box);
    const float raw_score = fmaxf(seen->raw_score, 0.0F);
    /* The memory of the place has its say before confirmation: a fire that burns on is not learnt away. */
    const float score = track->state == LH_TRACK_CONFIRMED ? raw_score : fmaxf(seen->score, 0.0F);
    memory->matched = true;
    track->hits++;
    track->misses = 0;
    track->last_utc_us = utc_us;
    track->detectors |= seen->detectors;
    track->box = seen->box;
    shift_history(tracker, index, score, raw_score);
    track->reach = lh_box_union(track->reach, seen->box);
    follow(&track->steady, seen->box);
    track->score = mean_score(tracker, memory->scores, memory->window_hits);
    track->raw_score = mean_score(tracker, memory->raw_scores, memory->window_hits);
    track->best_score = fmaxf(track->best_score, score);
    if (track->hits <= START_HITS)
        memory->start_area += (area - memory->start_area) / track->hits;
    memory->steady_area += (double)STEADY_SHARE * (area - memory->steady_area);
    track->growth = (float)(memory->steady_area / memory->start_area);
}

static void match(struct lh_tracker *tracker, int64_t utc_us)
{
    tracker->pair_count = 0;
    for (size_t i = 0; i < tracker->count; i++) {
        tracker->memories[i].matched = false;
        if (is_overdue(tracker, &tracker->tracks[i], utc_us))
            continue;
        for (size_t j = 0; j < tracker->observation_count; j++)
            consider(tracker, i, j);
    }
    if (tracker->pair_count > 1)
        qsort(tracker->pairs, tracker->pair_count, sizeof tracker->pairs[0], compare_pairs);
    for (size_t i = 0; i < tracker->pair_count; i++) {
        const struct pair *pair = &tracker->pairs[i];
        struct observation *seen = &tracker->observations[pair->sighted];
        if (tracker->memories[pair->track].matched || seen->taken)
            continue;
        seen->taken = true;
        hit(tracker, pair->track, seen, utc_us);
    }
}

static void miss(struct lh_tracker *tracker, size_t index)
{
    shift_history(tracker, index, NOT_SEEN, NOT_SEEN);
    tracker->tracks[index].misses++;
}

/* A plume that falls apart into several boxes is still one: pieces of a track start no other. */
static void claim_pieces(struct lh_tracker *tracker)
{
    for (size_t i = 0; i < tracker->observation_count; i++) {
        struct observation *seen = &tracker->observations[i];
        for (size_t j = 0; j < tracker->count && !seen->taken; j++) {
            struct lh_track *track = &tracker->tracks[j];
            if (!tracker->memories[j].matched || track->kind != seen->kind)
                continue;
            if (lies_upon(tracker, j, seen->box)) {
                track->detectors |= seen->detectors;
                seen->taken = true;
            }
        }
    }
}

static double age_of(const struct lh_track *track)
{
    return (double)(track->last_utc_us - track->first_utc_us) / (double)LH_SECOND_US;
}

/* All that is asked of a track but its score. */
static bool has_lasted(const struct lh_tracker *tracker, size_t index)
{
    const struct lh_track_config *config = &tracker->config;
    const struct lh_track *track = &tracker->tracks[index];
    return tracker->memories[index].window_hits >= config->confirm_hits &&
           age_of(track) >= config->confirm_min_s &&
           (track->kind != LH_KIND_SMOKE || (double)track->growth >= config->min_growth);
}

static struct lh_opinion verify(const struct lh_tracker *tracker, size_t index)
{
    const struct lh_track *track = &tracker->tracks[index];
    const struct memory *memory = &tracker->memories[index];
    const struct lh_history history = {.kind = track->kind,
                                       .scores = memory->scores,
                                       .looks = memory->looks,
                                       .hits = track->hits,
                                       .age_s = age_of(track),
                                       .growth = (double)track->growth,
                                       .first = track->first_box,
                                       .now = track->steady,
                                       .detectors = track->detectors};
    return lh_verify(&history);
}

/* What the budget asks for beyond confirm_score, in logits. */
static double budget_logits(const struct lh_tracker *tracker)
{
    const int budget = tracker->config.budget_per_day;
    return budget > 0 ? tracker->spending.confirmed / budget : 0;
}

static bool deserves_confirmation(struct lh_tracker *tracker, size_t index)
{
    const struct lh_track_config *config = &tracker->config;
    struct lh_track *track = &tracker->tracks[index];
    const double extra = budget_logits(tracker);
    track->opinion = (struct lh_opinion){0};
    track->held = LH_HELD_NOT;
    if (!has_lasted(tracker, index) || (double)track->raw_score < config->confirm_score)
        return false;
    if (config->verify)
        track->opinion = verify(tracker, index);
    if ((double)track->score < config->confirm_score &&
        (double)track->opinion.probability < OVERRULES)
        track->held = LH_HELD_PLACE;
    else if (track->opinion.state == LH_OPINION_GIVEN &&
             (double)track->opinion.probability < config->verify_score)
        track->held = LH_HELD_VERIFIER;
    else if (extra > 0.0 &&
             lh_logit((double)track->score) < lh_logit(config->confirm_score) + extra)
        track->held = LH_HELD_BUDGET;
    return track->held == LH_HELD_NOT;
}

static void count_confirmation(struct lh_tracker *tracker, size_t index, int64_t utc_us)
{
    tracker->tracks[index].state = LH_TRACK_CONFIRMED;
    tracker->tracks[index].confirmed_utc_us = utc_us;
    tracker->spending.confirmed++;
}

static bool has_ended(const struct lh_tracker *tracker, size_t index, int64_t utc_us)
{
    const struct lh_track *track = &tracker->tracks[index];
    if (is_overdue(tracker, track, utc_us))
        return true;
    if (track->state == LH_TRACK_CONFIRMED)
        return (double)track->score < tracker->config.release_score;
    return tracker->memories[index].window_hits == 0;
}

static void report(struct lh_tracker *tracker, enum lh_track_event_type type, size_t index,
                   lh_track_event_fn on_event, void *context)
{
    if (on_event)
        on_event(context, type, &tracker->tracks[index]);
}

static void end_track(struct lh_tracker *tracker, size_t index, lh_track_event_fn on_event,
                      void *context)
{
    const bool was_confirmed = tracker->tracks[index].state == LH_TRACK_CONFIRMED;
    tracker->tracks[index].state = LH_TRACK_ENDED;
    if (was_confirmed)
        report(tracker, LH_TRACK_LOST, index, on_event, context);
}

/* Marks the reason as told. */
static bool is_untold_hold(struct lh_tracker *tracker, size_t index)
{
    struct memory *memory = &tracker->memories[index];
    const unsigned bit = 1U << tracker->tracks[index].held;
    const bool untold = tracker->tracks[index].held != LH_HELD_NOT && !(memory->told & bit);
    memory->told |= bit;
    return untold;
}

static void judge(struct lh_tracker *tracker, size_t index, int64_t utc_us,
                  lh_track_event_fn on_event, void *context)
{
    const struct lh_track *track = &tracker->tracks[index];
    const bool matched = tracker->memories[index].matched;
    if (has_ended(tracker, index, utc_us)) {
        end_track(tracker, index, on_event, context);
    } else if (matched && track->state == LH_TRACK_CONFIRMED) {
        report(tracker, LH_TRACK_UPDATED, index, on_event, context);
    } else if (matched && deserves_confirmation(tracker, index)) {
        count_confirmation(tracker, index, utc_us);
        report(tracker, LH_TRACK_RAISED, index, on_event, context);
    } else if (matched && is_untold_hold(tracker, index)) {
        report(tracker, LH_TRACK_HELD, index, on_event, context);
    }
}

static void remove_track(struct lh_tracker *tracker, size_t index)
{
    const size_t behind = tracker->count - index - 1;
    memmove(&tracker->tracks[index], &tracker->tracks[index + 1],
            behind * sizeof tracker->tracks[0]);
    memmove(&tracker->memories[index], &tracker->memories[index + 1],
            behind * sizeof tracker->memories[0]);
    tracker->count--;
}

static void remove_ended(struct lh_tracker *tracker)
{
    for (size_t i = tracker->count; i-- > 0;)
        if (tracker->tracks[i].state == LH_TRACK_ENDED)
            remove_track(tracker, i);
}

/* The weakest tentative track: fewest hits of late, then lowest score, then youngest. */
static bool find_weakest(const struct lh_tracker *tracker, size_t *ret_index)
{
    bool found = false;
    for (size_t i = 0; i < tracker->count; i++) {
        if (tracker->tracks[i].state == LH_TRACK_CONFIRMED)
            continue;
        const int hits = tracker->memories[i].window_hits;
        const int least = found ? tracker->memories[*ret_index].window_hits : 0;
        if (!found || hits < least ||
            (hits == least && tracker->tracks[i].score <= tracker->tracks[*ret_index].score)) {
            *ret_index = i;
            found = true;
        }
    }
    return found;
}

/* True when there is room for one more that was seen once with score. */
static bool make_room(struct lh_tracker *tracker, float score)
{
    if (tracker->count < (size_t)tracker->config.max_tracks)
        return true;
    size_t weakest = 0;
    if (!find_weakest(tracker, &weakest) || tracker->memories[weakest].window_hits > 1 ||
        (tracker->memories[weakest].window_hits == 1 && tracker->tracks[weakest].score >= score))
        return false;
    remove_track(tracker, weakest);
    return true;
}

static void start_track(struct lh_tracker *tracker, const struct observation *seen, int64_t utc_us)
{
    const size_t index = tracker->count++;
    const double area = (double)lh_box_area(seen->box);
    tracker->tracks[index] = (struct lh_track){.id = tracker->next_id++,
                                               .kind = seen->kind,
                                               .state = LH_TRACK_TENTATIVE,
                                               .first_box = seen->box,
                                               .reach = seen->box,
                                               .steady = seen->box,
                                               .first_utc_us = utc_us,
                                               .confirmed_utc_us = LH_NO_TIME};
    tracker->memories[index] = (struct memory){.start_area = area, .steady_area = area};
    for (int i = 0; i < MAX_WINDOW; i++) {
        tracker->memories[index].scores[i] = NOT_SEEN;
        tracker->memories[index].raw_scores[i] = NOT_SEEN;
    }
    hit(tracker, index, seen, utc_us);
}

static void end_all(struct lh_tracker *tracker, lh_track_event_fn on_event, void *context)
{
    for (size_t i = 0; i < tracker->count; i++)
        end_track(tracker, i, on_event, context);
    tracker->count = 0;
}

/* The median of the latest steps; 0 where there are none. */
static double usual_step_s(const struct lh_tracker *tracker)
{
    const size_t count = tracker->step_count < STEPS ? tracker->step_count : STEPS;
    double sorted[STEPS] = {0};
    for (size_t i = 0; i < count; i++) {
        size_t at = i;
        for (; at > 0 && sorted[at - 1] > tracker->steps_s[i]; at--)
            sorted[at] = sorted[at - 1];
        sorted[at] = tracker->steps_s[i];
    }
    return sorted[count / 2];
}

static void note_day(struct lh_tracker *tracker, int64_t utc_us)
{
    const int64_t day = utc_us / DAY_US - (utc_us % DAY_US < 0);
    if (day != tracker->spending.day)
        tracker->spending = (struct lh_spending){.day = day};
}

/* Notes the step to the frame at hand. False where time went back or further ahead than the gap allowed. */
static bool advance(struct lh_tracker *tracker, int64_t utc_us)
{
    const int64_t before_us = tracker->last_utc_us;
    const struct lh_track_config *config = &tracker->config;
    tracker->last_utc_us = utc_us;
    tracker->gap_s = fmax(config->max_gap_s, config->max_gap_looks * usual_step_s(tracker));
    if (before_us == LH_NO_TIME)
        return true;
    const double step_s = ((double)utc_us - (double)before_us) / (double)LH_SECOND_US;
    if (utc_us < before_us)
        return false;
    tracker->steps_s[tracker->step_count++ % STEPS] = step_s;
    return step_s <= tracker->gap_s;
}

int lh_tracker_feed(struct lh_tracker *tracker, int64_t utc_us,
                    const struct lh_detection *detections, size_t count, lh_track_event_fn on_event,
                    void *context)
{
    const int result = reserve(tracker, count);
    if (result != LH_OK)
        return result;
    if (!advance(tracker, utc_us))
        end_all(tracker, on_event, context);
    note_day(tracker, utc_us);
    gather(tracker, detections, count);
    match(tracker, utc_us);
    claim_pieces(tracker);
    for (size_t i = 0; i < tracker->count; i++) {
        if (!tracker->memories[i].matched)
            miss(tracker, i);
        judge(tracker, i, utc_us, on_event, context);
    }
    remove_ended(tracker);
    for (size_t i = 0; i < tracker->observation_count; i++) {
        const struct observation *seen = &tracker->observations[i];
        if (seen->taken || !make_room(tracker, seen->score))
            continue;
        start_track(tracker, seen, utc_us);
        judge(tracker, tracker->count - 1, utc_us, on_event, context);
    }
    return LH_OK;
}

void lh_tracker_flush(struct lh_tracker *tracker, lh_track_event_fn on_event, void *context)
{
    end_all(tracker, on_event, context);
    tracker->last_utc_us = LH_NO_TIME;
    tracker->step_count = 0;
}

size_t lh_tracker_tracks(const struct lh_tracker *tracker, const struct lh_track **ret_tracks)
{
    *ret_tracks = tracker->tracks;
    return tracker->count;
}
