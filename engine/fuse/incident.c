#include "fuse/incident.h"

#include "detect/detection.h"
#include "fuse/gate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MINUTE_US (60 * LH_SECOND_US)
#define FIXED_TERMS 4 /* prior, danger, ban, permit */

/* Why a piece does not count in full. */
enum standing {
    STANDS_FULL,
    STANDS_SAME_LOOK,
    STANDS_AGAIN,
    STANDS_REPLACED,
    STANDS_BEFORE_OUT,
    STANDS_TOO_LATE, /* for the moment that is asked for */
};

/* A member while it is weighed. */
struct part {
    size_t member;
    const struct lh_evidence *evidence;
    const char *unit; /* what the cap is for: the mast or camera, the satellite, the person */
    struct lh_weight own;
    double left;
    double value; /* as it counts so far */
    enum standing standing;
    double unit_share; /* as the first, second, later source of its kind */
    bool capped;
};

/* A source of one kind: parts[first .. first + count). */
struct unit {
    size_t first;
    size_t count;
    double total;
};

/* What trusted people said last. */
struct words {
    int64_t fire_us;
    int64_t nothing_us;
    int64_t out_us;
};

struct scales {
    const struct lh_weighing *in;
    struct words words;
    struct part *parts;
    struct unit *units;
};

const char *lh_incident_state_name(enum lh_incident_state state)
{
    static const char *const names[] = {"candidate", "suspected", "confirmed", "closed as false",
                                        "closed as out"};
    return names[state];
}

bool lh_incident_is_closed(enum lh_incident_state state)
{
    return state == LH_INCIDENT_FALSE || state == LH_INCIDENT_OUT;
}

bool lh_evidence_is_for(const struct lh_fusion_config *config, const struct lh_evidence *evidence)
{
    return evidence->kind != LH_EVIDENCE_REPORT || lh_weight_of(config, evidence).value > 0;
}

static const char *unit_of(const struct lh_evidence *evidence)
{
    return evidence->kind == LH_EVIDENCE_CAMERA && evidence->group[0] ? evidence->group
                                                                      : evidence->source;
}

/* ---- people ---- */

/* Whether the same person said something else later. */
static bool is_replaced(const struct lh_weighing *in, size_t member)
{
    const struct lh_evidence *word = in->members[member];
    if (word->kind != LH_EVIDENCE_REPORT)
        return false;
    for (size_t i = 0; i < in->member_count; i++) {
        const struct lh_evidence *other = in->members[i];
        if (i != member && other->kind == LH_EVIDENCE_REPORT &&
            strcmp(other->source, word->source) == 0 &&
            (other->observed_utc_us > word->observed_utc_us ||
             (other->observed_utc_us == word->observed_utc_us && i > member)))
            return true;
    }
    return false;
}

static struct words listen(const struct lh_weighing *in)
{
    struct words words = {LH_NO_TIME, LH_NO_TIME, LH_NO_TIME};
    for (size_t i = 0; i < in->member_count; i++) {
        const struct lh_evidence *word = in->members[i];
        if (word->kind != LH_EVIDENCE_REPORT || !word->report.trusted || is_replaced(in, i))
            continue;
        int64_t *latest = word->report.word == LH_REPORT_FIRE      ? &words.fire_us
                          : word->report.word == LH_REPORT_NOTHING ? &words.nothing_us
                          : word->report.word == LH_REPORT_OUT     ? &words.out_us
                                                                   : NULL;
        if (latest && word->observed_utc_us > *latest)
            *latest = word->observed_utc_us;
    }
    return words;
}

static bool is_confirmed(const struct words *words)
{
    return words->fire_us != LH_NO_TIME && words->out_us < words->fire_us;
}

static int64_t out_until_us(const struct scales *scales)
{
    if (scales->words.out_us == LH_NO_TIME || is_confirmed(&scales->words))
        return LH_NO_TIME;
    return scales->words.out_us + (int64_t)(scales->in->config->out_grace_min * (double)MINUTE_US);
}

/* ---- each by itself ---- */

/* What was known of it at that moment, as far as the latest word tells. */
static struct lh_evidence as_of(const struct lh_evidence *evidence, int64_t until_us)
{
    struct lh_evidence then = *evidence;
    if (then.observed_utc_us <= until_us)
        return then;
    const double later_s = (double)(then.observed_utc_us - until_us) / (double)LH_SECOND_US;
    then.observed_utc_us = until_us;
    if (then.kind == LH_EVIDENCE_CAMERA)
        then.camera.persistence_s = fmax(then.camera.persistence_s - later_s, 0);
    return then;
}

static struct part begin_part(const struct scales *scales, size_t member, int64_t now_us,
                              int64_t until_us)
{
    const struct lh_weighing *in = scales->in;
    const struct lh_evidence *evidence = in->members[member];
    const struct lh_evidence then = as_of(evidence, until_us);
    struct part part = {.member = member,
                        .evidence = evidence,
                        .unit = unit_of(evidence),
                        .own = lh_weight_of(in->config, &then),
                        .left = 1,
                        .unit_share = 1};
    if (!is_confirmed(&scales->words))
        part.left = lh_weight_left(in->config, evidence->kind, now_us - then.observed_utc_us);
    if (evidence->first_utc_us > until_us)
        part.standing = STANDS_TOO_LATE;
    else if (evidence->kind == LH_EVIDENCE_REPORT && is_replaced(in, member))
        part.standing = STANDS_REPLACED;
    else if (evidence->observed_utc_us <= out_until_us(scales) &&
             part.own.name != LH_WEIGHT_REPORT_OUT)
        part.standing = STANDS_BEFORE_OUT;
    part.value = part.standing == STANDS_FULL ? part.own.value * part.left : 0;
    return part;
}

/* ---- what is alike ---- */

static int compare_doubles(double a, double b)
{
    return (a > b) - (a < b);
}

/* By kind, source and group; the strongest of a group first. */
static int compare_parts(const void *left, const void *right)
{
    const struct part *a = left;
    const struct part *b = right;
    int order = (int)a->evidence->kind - (int)b->evidence->kind;
    if (order == 0)
        order = strcmp(a->unit, b->unit);
    if (order == 0)
        order = strcmp(a->evidence->group, b->evidence->group);
    if (order == 0)
        order = compare_doubles(fabs(b->value), fabs(a->value));
    return order ? order : (a->member > b->member) - (a->member < b->member);
}

static int compare_units(const void *left, const void *right)
{
    const struct unit *a = left;
    const struct unit *b = right;
    const int order = compare_doubles(fabs(b->total), fabs(a->total));
    return order ? order : (a->first > b->first) - (a->first < b->first);
}

/* One look counts once, a source that looks again counts less, and no source counts more than the cap. */
static double settle_unit(const struct lh_fusion_config *config, struct part *parts, size_t count)
{
    size_t strongest = 0;
    for (size_t i = 1; i < count; i++) {
        if (parts[i].evidence->group[0] &&
            strcmp(parts[i].evidence->group, parts[i - 1].evidence->group) == 0) {
            if (parts[i].standing == STANDS_FULL)
                parts[i].standing = STANDS_SAME_LOOK;
            parts[i].value = 0;
        } else if (fabs(parts[i].value) > fabs(parts[strongest].value)) {
            strongest = i;
        }
    }
    double total = 0;
    for (size_t i = 0; i < count; i++) {
        if (i != strongest && parts[i].standing == STANDS_FULL) {
            parts[i].standing = STANDS_AGAIN;
            parts[i].value *= config->repeat_share;
        }
        total += parts[i].value;
    }
    if (fabs(total) <= config->source_weight_most)
        return total;
    const double scale = config->source_weight_most / fabs(total);
    for (size_t i = 0; i < count; i++) {
        parts[i].value *= scale;
        parts[i].capped = true;
    }
    return total * scale;
}

static void share_among_units(const struct lh_fusion_config *config, struct part *parts,
                              struct unit *units, size_t count)
{
    qsort(units, count, sizeof *units, compare_units);
    for (size_t rank = 1; rank < count; rank++) {
        const double share = rank == 1 ? config->second_share : config->repeat_share;
        for (size_t i = 0; i < units[rank].count; i++) {
            parts[units[rank].first + i].value *= share;
            parts[units[rank].first + i].unit_share = share;
        }
    }
}

/* Weighs all members, as it stood at now_us with what began until until_us. Gives their sum. */
static double weigh_members(struct scales *scales, int64_t now_us, int64_t until_us)
{
    const struct lh_weighing *in = scales->in;
    struct part *parts = scales->parts;
    for (size_t i = 0; i < in->member_count; i++)
        parts[i] = begin_part(scales, i, now_us, until_us);
    qsort(parts, in->member_count, sizeof *parts, compare_parts);
    size_t unit_count = 0;
    for (size_t first = 0, end; first < in->member_count; first = end) {
        const struct lh_evidence *head = parts[first].evidence;
        for (end = first + 1; end < in->member_count; end++)
            if (parts[end].evidence->kind != head->kind ||
                strcmp(parts[end].unit, parts[first].unit) != 0)
                break;
        scales->units[unit_count++] =
            (struct unit){first, end - first, settle_unit(in->config, &parts[first], end - first)};
        if (end == in->member_count || parts[end].evidence->kind != head->kind) {
            share_among_units(in->config, parts, scales->units, unit_count);
            unit_count = 0;
        }
    }
    double sum = 0;
    for (size_t i = 0; i < in->member_count; i++)
        sum += parts[i].value;
    return sum;
}

/* ---- in words ---- */

static const char *standing_text(const struct part *part)
{
    switch (part->standing) {
    case STANDS_SAME_LOOK:
        return part->evidence->kind == LH_EVIDENCE_CAMERA ? ", the same mast: counted once"
                                                          : ", the same overpass: counted once";
    case STANDS_AGAIN:
        return ", the same source again: counts less";
    case STANDS_REPLACED:
        return ", who said something else later";
    case STANDS_BEFORE_OUT:
        return ", before it was reported out";
    default:
        return part->capped ? ", capped" : "";
    }
}

static void explain(const struct part *part, char reason[LH_TERM_REASON])
{
    const struct lh_evidence *e = part->evidence;
    char what[80];
    if (e->kind == LH_EVIDENCE_CAMERA)
        (void)snprintf(what, sizeof what, "%s it for %.0f s, score %.2f",
                       e->camera.validated ? "watched" : "glimpsed", e->camera.persistence_s,
                       e->camera.score);
    else if (e->kind == LH_EVIDENCE_REPORT)
        (void)snprintf(what, sizeof what, "says \"%s\"%s", lh_report_word_name(e->report.word),
                       e->report.trusted ? "" : ", not trusted to confirm or close");
    else
        (void)snprintf(what, sizeof what, "hotspot, %s%s",
                       lh_hotspot_class_name(e->hotspot.hotspot_class),
                       e->hotspot.heat_factor < 1 ? ", on a known source of heat" : "");
    char aged[32] = "";
    if (part->left < 0.995)
        (void)snprintf(aged, sizeof aged, ", age leaves %.2f", part->left);
    char shared[48] = "";
    if (part->unit_share < 1)
        (void)snprintf(shared, sizeof shared, ", not the first of its kind: %.2f",
                       part->unit_share);
    const bool more =
        e->kind != LH_EVIDENCE_CAMERA && e->kind != LH_EVIDENCE_REPORT && e->detail[0];
    (void)snprintf(reason, LH_TERM_REASON, "%s %s%s%s%s%s%s%s", e->source, what,
                   standing_text(part), shared, aged, more ? " (" : "", more ? e->detail : "",
                   more ? ")" : "");
}

static void add_term(struct lh_incident *incident, enum lh_weight_name name, double weight,
                     const char *reason)
{
    struct lh_term *term = &incident->terms[incident->term_count++];
    *term = (struct lh_term){.name = name, .own = weight, .weight = weight};
    (void)snprintf(term->reason, sizeof term->reason, "%s", reason);
}

static void add_ground_terms(const struct lh_weighing *in, struct lh_incident *incident)
{
    const struct lh_fusion_config *config = in->config;
    const struct lh_ground *ground = &incident->ground;
    char text[LH_TERM_REASON];
    add_term(incident, LH_WEIGHT_PRIOR, lh_logit(config->prior_probability),
             "before anything else is known");
    if (ground->danger_level > 0) {
        (void)snprintf(text, sizeof text, "fire danger level %d", ground->danger_level);
        add_term(incident, LH_WEIGHT_DANGER, lh_weight_of_danger(config, ground->danger_level),
                 text);
    }
    if (ground->banned && !ground->permitted) {
        (void)snprintf(text, sizeof text,
                       "fires are banned there now (%s), and nobody permitted this one",
                       ground->ban);
        add_term(incident, LH_WEIGHT_BAN, config->ban_weight, text);
    }
    if (ground->permitted) {
        (void)snprintf(text, sizeof text, "a burning is permitted there now: %s", ground->permit);
        add_term(incident, LH_WEIGHT_PERMIT, log(config->permit_lr), text);
    }
}

static void add_looks(const struct lh_weighing *in, struct lh_incident *incident)
{
    for (size_t i = 0; i < in->nothing_count; i++) {
        const struct lh_nothing_seen *nothing = &in->nothing[i];
        char text[LH_TERM_REASON];
        (void)snprintf(text, sizeof text, "%s could see it, looked %zu times and saw nothing",
                       nothing->camera, nothing->looks);
        add_term(incident, LH_WEIGHT_CAMERA_LOOK, nothing->weight, text);
    }
}

static void add_parts(const struct scales *scales, struct lh_incident *incident)
{
    double by_witness[LH_WITNESSES] = {0};
    for (size_t i = 0; i < scales->in->member_count; i++) {
        const struct part *part = &scales->parts[i];
        struct lh_term *term = &incident->terms[incident->term_count + part->member];
        *term = (struct lh_term){.name = part->own.name,
                                 .evidence = part->evidence,
                                 .own = part->own.value,
                                 .weight = part->value};
        explain(part, term->reason);
        by_witness[lh_evidence_witness(part->evidence->kind)] += part->value;
    }
    incident->term_count += scales->in->member_count;
    incident->witnesses = 0;
    for (unsigned i = 0; i < LH_WITNESSES; i++)
        if (by_witness[i] >= scales->in->config->witness_least_weight)
            incident->witnesses |= 1U << i;
}

/* ---- life ---- */

/* The prior, the ground and the members, as all stood at that moment. */
static double probability_at(struct scales *scales, const struct lh_incident *incident,
                             int64_t moment_us)
{
    double logit = weigh_members(scales, moment_us, moment_us);
    for (size_t i = 0; i < incident->term_count; i++)
        if (!incident->terms[i].evidence && incident->terms[i].name != LH_WEIGHT_CAMERA_LOOK)
            logit += incident->terms[i].weight;
    return lh_share_of_logit(logit);
}

/* Somebody who had not spoken before speaks for it. */
static bool is_corroborated(const struct scales *scales, int64_t since_us)
{
    const struct lh_weighing *in = scales->in;
    for (size_t i = 0; i < in->member_count; i++) {
        bool known = in->members[i]->first_utc_us <= since_us ||
                     !lh_evidence_is_for(in->config, in->members[i]);
        for (size_t k = 0; k < in->member_count && !known; k++)
            known = in->members[k]->first_utc_us <= since_us &&
                    in->members[k]->kind == in->members[i]->kind &&
                    strcmp(unit_of(in->members[k]), unit_of(in->members[i])) == 0;
        if (!known)
            return true;
    }
    return false;
}

static bool is_seen_after(const struct scales *scales, int64_t moment_us)
{
    const struct lh_weighing *in = scales->in;
    for (size_t i = 0; i < in->member_count; i++)
        if (in->members[i]->observed_utc_us > moment_us &&
            lh_evidence_is_for(in->config, in->members[i]))
            return true;
    return false;
}

static void close_or_reopen(struct scales *scales, struct lh_incident *incident)
{
    const struct words *words = &scales->words;
    const struct lh_fusion_config *config = scales->in->config;
    const bool probable = incident->probability >= config->p3_probability;
    incident->closed_utc_us = LH_NO_TIME;
    incident->reopened = false;
    incident->conflict = is_confirmed(words) && words->nothing_us > words->fire_us;
    if (is_confirmed(words)) {
        incident->state = LH_INCIDENT_CONFIRMED;
        return;
    }
    incident->state = probable ? LH_INCIDENT_SUSPECTED : LH_INCIDENT_CANDIDATE;
    enum lh_incident_state closing = LH_INCIDENT_CANDIDATE;
    bool again = false;
    if (words->out_us != LH_NO_TIME) {
        closing = LH_INCIDENT_OUT;
        incident->closed_utc_us = words->out_us;
        again = probable && is_seen_after(scales, out_until_us(scales));
    } else if (words->nothing_us != LH_NO_TIME &&
               probability_at(scales, incident, words->nothing_us) < config->close_probability) {
        closing = LH_INCIDENT_FALSE;
        incident->closed_utc_us = words->nothing_us;
        again = probable && is_corroborated(scales, words->nothing_us);
    }
    incident->reopened = again;
    if (closing != LH_INCIDENT_CANDIDATE && !again)
        incident->state = closing;
}

/* ---- the whole ---- */

struct lh_position lh_incident_position(const struct lh_fusion_config *config,
                                        const struct lh_evidence *const *members, size_t count)
{
    const struct lh_position *positions[LH_GATE_SOURCES];
    const struct lh_evidence *sources[LH_GATE_SOURCES];
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        const struct lh_evidence *member = members[i];
        size_t at = 0;
        if (member->position.form == LH_POSITION_NONE || !lh_evidence_is_for(config, member))
            continue;
        while (at < used && (sources[at]->kind != member->kind ||
                             strcmp(unit_of(sources[at]), unit_of(member)) != 0))
            at++;
        if (at < used) {
            if (lh_gate_surer(&member->position, positions[at]))
                positions[at] = &member->position;
        } else if (used < LH_GATE_SOURCES) {
            sources[used] = member;
            positions[used++] = &member->position;
        }
    }
    if (used == 0)
        return members[0]->position;
    return lh_gate_join(config, positions, used);
}

static void set_times(const struct lh_weighing *in, struct lh_incident *incident)
{
    incident->first_utc_us = in->members[0]->first_utc_us;
    incident->last_utc_us = LH_NO_TIME;
    int64_t any_us = LH_NO_TIME;
    for (size_t i = 0; i < in->member_count; i++) {
        const int64_t observed_us = in->members[i]->observed_utc_us;
        if (observed_us > any_us)
            any_us = observed_us;
        if (lh_evidence_is_for(in->config, in->members[i]) && observed_us > incident->last_utc_us)
            incident->last_utc_us = observed_us;
    }
    if (incident->last_utc_us == LH_NO_TIME)
        incident->last_utc_us = any_us;
}

static void fill(struct scales *scales, struct lh_incident *incident)
{
    const struct lh_weighing *in = scales->in;
    incident->term_count = 0;
    incident->evidence_count = in->member_count;
    incident->position = lh_incident_position(in->config, in->members, in->member_count);
    set_times(in, incident);
    incident->ground = LH_GROUND_UNKNOWN;
    if (in->ground)
        in->ground(in->ground_context, &incident->position, incident->last_utc_us,
                   &incident->ground);
    add_ground_terms(in, incident);
    add_looks(in, incident);
    double logit = weigh_members(scales, in->now_us, INT64_MAX);
    for (size_t i = 0; i < incident->term_count; i++)
        logit += incident->terms[i].weight;
    add_parts(scales, incident);
    incident->logit = logit;
    incident->probability = 1 / (1 + exp(-logit));
    close_or_reopen(scales, incident);
}

int lh_incident_weigh(const struct lh_weighing *weighing, struct lh_incident *incident)
{
    const size_t terms = FIXED_TERMS + weighing->nothing_count + weighing->member_count;
    struct scales scales = {.in = weighing, .words = listen(weighing)};
    scales.parts = calloc(weighing->member_count, sizeof *scales.parts);
    scales.units = calloc(weighing->member_count, sizeof *scales.units);
    struct lh_term *grown = reallocarray(incident->terms, terms, sizeof *grown);
    if (grown)
        incident->terms = grown;
    const int code = scales.parts && scales.units && grown ? LH_OK : LH_ENOMEM;
    if (code == LH_OK)
        fill(&scales, incident);
    free(scales.parts);
    free(scales.units);
    return code;
}

void lh_incident_finish(struct lh_incident *incident)
{
    free(incident->terms);
    incident->terms = NULL;
    incident->term_count = 0;
}
