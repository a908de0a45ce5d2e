#include "fuse/fusion.h"

#include "fuse/grouping.h"
#include "fuse/records.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AHEAD_US (INT64_C(300) * LH_SECOND_US) /* clocks of cameras and feeds are allowed so much */
#define AGE_EVERY_US (60 * LH_SECOND_US)
#define HOUR_US (3600 * LH_SECOND_US)
#define NOTHING_MOST 64 /* cameras whose silence counts for one incident */
#define DROP_SHARE 16   /* of max_evidence, at the limit */

struct lh_fusion {
    struct lh_fusion_config config;
    char area_code[16];
    lh_ground_fn ground;
    void *ground_context;
    struct lh_graph *graph;
    struct lh_grouping *grouping;
    struct lh_records *records;
    struct lh_looks *looks;
    struct lh_fusion_stats stats;
    int64_t aged_us;    /* when all were weighed last */
    int64_t expires_us; /* when the oldest evidence becomes too old; LH_NO_TIME: to be found out */
    bool looked;        /* something was looked at since */
    uint32_t *by_group; /* the record of each group at hand */
    size_t by_group_capacity;
};

/* During one settling. */
struct settling {
    struct lh_fusion *fusion;
    int64_t now_us;
    lh_fusion_event_fn on_event;
    void *context;
};

int lh_fusion_create(const struct lh_fusion_options *options, struct lh_fusion **ret_fusion)
{
    struct lh_fusion *fusion = calloc(1, sizeof *fusion);
    if (!fusion)
        return LH_ENOMEM;
    fusion->config = *options->config;
    fusion->ground = options->ground;
    fusion->ground_context = options->ground_context;
    fusion->aged_us = LH_NO_TIME;
    fusion->expires_us = LH_NO_TIME;
    (void)snprintf(fusion->area_code, sizeof fusion->area_code, "%s", options->area_code);
    int code = lh_graph_create(&fusion->config, &fusion->graph);
    if (code == LH_OK)
        code = lh_grouping_create(&fusion->config, &fusion->grouping);
    if (code == LH_OK)
        code = lh_records_create(&fusion->records);
    if (code == LH_OK)
        code =
            lh_looks_create(&fusion->config, options->sees, options->sees_context, &fusion->looks);
    if (code == LH_OK)
        *ret_fusion = fusion;
    else
        lh_fusion_destroy(&fusion);
    return code;
}

void lh_fusion_destroy(struct lh_fusion **fusion)
{
    if (!*fusion)
        return;
    lh_graph_destroy(&(*fusion)->graph);
    lh_grouping_destroy(&(*fusion)->grouping);
    lh_records_destroy(&(*fusion)->records);
    lh_looks_destroy(&(*fusion)->looks);
    free((*fusion)->by_group);
    free(*fusion);
    *fusion = NULL;
}

void lh_fusion_set(struct lh_fusion *fusion, const struct lh_fusion_config *config)
{
    fusion->config = *config;
    fusion->aged_us = LH_NO_TIME; /* weigh all anew */
    fusion->expires_us = LH_NO_TIME;
}

/* ---- evidence leaves ---- */

/* The oldest member that can stand for the record when its anchor goes. */
static uint32_t heir_of(const struct lh_fusion *fusion, uint32_t number)
{
    const struct lh_node *node = lh_graph_node(fusion->graph, number);
    const struct lh_record *record =
        node->record == LH_NO_NODE ? NULL : lh_records_at(fusion->records, node->record);
    uint32_t heir = LH_NO_NODE;
    for (uint32_t at = record ? record->head : LH_NO_NODE; at != LH_NO_NODE;) {
        const struct lh_node *member = lh_graph_node(fusion->graph, at);
        const bool free_to = at != number && member->speaks_for && member->record == LH_NO_NODE;
        if (free_to && (heir == LH_NO_NODE ||
                        lh_evidence_order(&member->evidence,
                                          &lh_graph_node(fusion->graph, heir)->evidence) < 0))
            heir = at;
        at = member->next;
    }
    return heir;
}

static void unlist(struct lh_fusion *fusion, uint32_t number)
{
    const uint32_t limit = lh_records_limit(fusion->records);
    const struct lh_node *node = lh_graph_node(fusion->graph, number);
    const uint32_t owner = node->owner;
    struct lh_record *record = owner < limit ? lh_records_at(fusion->records, owner) : NULL;
    if (!record)
        return;
    for (uint32_t *link = &record->head; *link != LH_NO_NODE;) {
        struct lh_node *member = lh_graph_node(fusion->graph, *link);
        if (*link == number) {
            *link = member->next;
            record->count--;
            return;
        }
        link = &member->next;
    }
}

static void retire(const struct settling *settling, uint32_t number)
{
    struct lh_fusion *fusion = settling->fusion;
    const struct lh_record *record = lh_records_at(fusion->records, number);
    for (uint32_t at = record->head; at != LH_NO_NODE; at = lh_graph_node(fusion->graph, at)->next)
        lh_graph_node(fusion->graph, at)->owner = LH_NO_RECORD;
    if (record->announced)
        settling->on_event(settling->context, LH_FUSION_RETIRED, &record->incident, NULL);
    lh_records_end(fusion->records, number);
}

static void forget(const struct settling *settling, uint32_t number)
{
    struct lh_fusion *fusion = settling->fusion;
    const uint32_t record = lh_graph_node(fusion->graph, number)->record;
    const uint32_t heir = heir_of(fusion, number);
    unlist(fusion, number);
    lh_graph_remove(fusion->graph, number, heir);
    if (record == LH_NO_NODE || !lh_records_at(fusion->records, record))
        return;
    if (heir == LH_NO_NODE) {
        retire(settling, record);
        return;
    }
    lh_records_at(fusion->records, record)->anchor = heir;
    lh_graph_node(fusion->graph, heir)->record = record;
    lh_graph_mark(fusion->graph, heir);
}

static void expire(const struct settling *settling)
{
    struct lh_fusion *fusion = settling->fusion;
    const int64_t keep_us = (int64_t)(fusion->config.keep_h * (double)HOUR_US);
    if (fusion->expires_us != LH_NO_TIME && settling->now_us < fusion->expires_us)
        return;
    int64_t oldest_us = INT64_MAX;
    for (uint32_t i = 0; i < lh_graph_end(fusion->graph); i++) {
        const struct lh_node *node = lh_graph_node(fusion->graph, i);
        if (!node)
            continue;
        if (node->evidence.observed_utc_us < settling->now_us - keep_us)
            forget(settling, i);
        else if (node->evidence.observed_utc_us < oldest_us)
            oldest_us = node->evidence.observed_utc_us;
    }
    fusion->expires_us = oldest_us == INT64_MAX ? LH_NO_TIME : oldest_us + keep_us + LH_SECOND_US;
}

/* ---- at the limit ---- */

struct weakling {
    uint32_t record;
    bool confirmed;
    double probability;
    uint64_t number;
};

static int compare_weaklings(const void *left, const void *right)
{
    const struct weakling *a = left;
    const struct weakling *b = right;
    if (a->confirmed != b->confirmed)
        return a->confirmed ? 1 : -1;
    if (a->probability != b->probability)
        return a->probability < b->probability ? -1 : 1;
    return (a->number > b->number) - (a->number < b->number);
}

static void drop_record(const struct settling *settling, uint32_t number)
{
    struct lh_fusion *fusion = settling->fusion;
    while (lh_records_at(fusion->records, number)) {
        const struct lh_record *record = lh_records_at(fusion->records, number);
        if (record->head == LH_NO_NODE) {
            retire(settling, number);
            return;
        }
        forget(settling, record->head);
        fusion->stats.dropped++;
    }
}

static void drop_ownerless(const struct settling *settling)
{
    struct lh_fusion *fusion = settling->fusion;
    for (uint32_t i = 0; i < lh_graph_end(fusion->graph); i++) {
        const struct lh_node *node = lh_graph_node(fusion->graph, i);
        if (node && !node->speaks_for && node->owner == LH_NO_RECORD && !node->dirty) {
            forget(settling, i);
            fusion->stats.dropped++;
        }
    }
}

static int make_room(const struct settling *settling)
{
    struct lh_fusion *fusion = settling->fusion;
    const size_t most = (size_t)fusion->config.max_evidence;
    if (lh_graph_count(fusion->graph) <= most)
        return LH_OK;
    const size_t aim = most - most / DROP_SHARE;
    drop_ownerless(settling);
    struct weakling *weaklings = calloc(lh_records_alive(fusion->records) + 1, sizeof *weaklings);
    if (!weaklings)
        return LH_ENOMEM;
    size_t count = 0;
    for (uint32_t i = 0; i < lh_records_limit(fusion->records); i++) {
        const struct lh_record *record = lh_records_at(fusion->records, i);
        if (record && record->into == LH_NO_RECORD)
            weaklings[count++] =
                (struct weakling){i, record->incident.state == LH_INCIDENT_CONFIRMED,
                                  record->incident.probability, record->incident.number};
    }
    qsort(weaklings, count, sizeof *weaklings, compare_weaklings);
    for (size_t i = 0; i < count && lh_graph_count(fusion->graph) > aim; i++)
        drop_record(settling, weaklings[i].record);
    free(weaklings);
    return LH_OK;
}

/* ---- evidence comes ---- */

static int check_time(struct lh_fusion *fusion, const struct lh_evidence *evidence, int64_t now_us)
{
    const int64_t late_us = (int64_t)(fusion->config.late_h * (double)HOUR_US);
    if (evidence->observed_utc_us > now_us + AHEAD_US) {
        fusion->stats.too_early++;
        return LH_ERANGE;
    }
    if (evidence->observed_utc_us < now_us - late_us) {
        fusion->stats.too_late++;
        return LH_ERANGE;
    }
    return LH_OK;
}

/* The later word wins; the earliest first is kept, so that the order in which they came does not matter. */
static int renew(struct lh_fusion *fusion, uint32_t number, const struct lh_evidence *evidence)
{
    const struct lh_evidence *known = &lh_graph_node(fusion->graph, number)->evidence;
    const bool later = evidence->observed_utc_us > known->observed_utc_us ||
                       (evidence->observed_utc_us == known->observed_utc_us &&
                        evidence->kind != LH_EVIDENCE_REPORT && /* a word stands */
                        evidence->received_utc_us > known->received_utc_us);
    struct lh_evidence next = later ? *evidence : *known;
    if (evidence->first_utc_us < next.first_utc_us)
        next.first_utc_us = evidence->first_utc_us;
    if (known->first_utc_us < next.first_utc_us)
        next.first_utc_us = known->first_utc_us;
    if (!later && next.first_utc_us == known->first_utc_us) {
        fusion->stats.repeated++;
        return LH_OK;
    }
    fusion->stats.renewed++;
    return lh_graph_replace(fusion->graph, number, &next);
}

static int find_answered(struct lh_fusion *fusion, const struct lh_evidence *evidence,
                         uint32_t *ret_node)
{
    *ret_node = LH_NO_NODE;
    if (evidence->kind != LH_EVIDENCE_REPORT || !evidence->report.about[0])
        return LH_OK;
    const uint32_t record = lh_records_find(fusion->records, evidence->report.about);
    if (record != LH_NO_RECORD)
        *ret_node = lh_records_at(fusion->records, record)->anchor;
    else if (evidence->position.form == LH_POSITION_NONE)
        return LH_ENOTFOUND;
    return LH_OK;
}

int lh_fusion_add(struct lh_fusion *fusion, const struct lh_evidence *evidence, int64_t now_us)
{
    if (lh_evidence_check(evidence) != LH_OK) {
        fusion->stats.malformed++;
        return LH_EINVAL;
    }
    int code = check_time(fusion, evidence, now_us);
    if (code != LH_OK)
        return code;
    uint32_t number = lh_graph_find(fusion->graph, evidence);
    if (number != LH_NO_NODE)
        return renew(fusion, number, evidence);
    uint32_t answers;
    code = find_answered(fusion, evidence, &answers);
    if (code == LH_OK)
        code = lh_graph_add(fusion->graph, evidence, answers, &number);
    fusion->stats.unanswered += code == LH_ENOTFOUND;
    fusion->stats.crowded += code == LH_ELIMIT;
    if (code != LH_OK)
        return code;
    const int64_t expires_us =
        evidence->observed_utc_us + (int64_t)(fusion->config.keep_h * (double)HOUR_US);
    if (expires_us < fusion->expires_us)
        fusion->expires_us = expires_us;
    fusion->stats.added++;
    return LH_OK;
}

int lh_fusion_look(struct lh_fusion *fusion, const struct lh_look *look)
{
    const int code = lh_looks_add(fusion->looks, look);
    if (code == LH_OK)
        fusion->looked = true;
    return code;
}

/* ---- groups become incidents ---- */

static void make_id(const struct lh_fusion *fusion, const struct lh_evidence *evidence,
                    char id[LH_INCIDENT_ID])
{
    static const char *const kinds[LH_EVIDENCE_KINDS] = {"camera", "polar", "stationary", "report"};
    char iso[LH_TIME_TEXT];
    char compact[LH_TIME_TEXT];
    size_t length = 0;
    for (const char *c = lh_time_format(evidence->first_utc_us, iso); *c; c++)
        if (*c != '-' && *c != ':')
            compact[length++] = *c;
    compact[length] = '\0';
    uint32_t hash = 2166136261U;
    const char *const texts[] = {evidence->source, "/", evidence->reference};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        for (const char *c = texts[i]; *c; c++)
            hash = (hash ^ (unsigned char)*c) * 16777619U;
    (void)snprintf(id, LH_INCIDENT_ID, "%s.%s.%s.%08x", fusion->area_code, compact,
                   kinds[evidence->kind], hash);
}

/* The record that was known first among those whose anchor is in the group; and the first that speaks for it. */
static uint32_t known_record(const struct lh_fusion *fusion, const struct lh_group *group,
                             uint32_t *ret_first)
{
    uint32_t best = LH_NO_RECORD;
    *ret_first = LH_NO_NODE;
    for (uint32_t at = group->first; at != LH_NO_NODE;) {
        const struct lh_node *node = lh_graph_node(fusion->graph, at);
        if (node->speaks_for &&
            (*ret_first == LH_NO_NODE ||
             lh_evidence_order(&node->evidence,
                               &lh_graph_node(fusion->graph, *ret_first)->evidence) < 0))
            *ret_first = at;
        if (node->record != LH_NO_NODE &&
            (best == LH_NO_RECORD || lh_records_at(fusion->records, node->record)->incident.number <
                                         lh_records_at(fusion->records, best)->incident.number))
            best = node->record;
        at = node->next;
    }
    return best;
}

static void merge_others(const struct settling *settling, const struct lh_group *group,
                         uint32_t into)
{
    struct lh_fusion *fusion = settling->fusion;
    for (uint32_t at = group->first; at != LH_NO_NODE;) {
        struct lh_node *node = lh_graph_node(fusion->graph, at);
        const uint32_t other = node->record;
        at = node->next;
        if (other == LH_NO_NODE || other == into)
            continue;
        const struct lh_record *gone = lh_records_at(fusion->records, other);
        if (gone->announced)
            settling->on_event(settling->context, LH_FUSION_MERGED, &gone->incident,
                               &lh_records_at(fusion->records, into)->incident);
        lh_records_merge(fusion->records, other, into);
        node->record = LH_NO_NODE;
    }
}

static int name_group(const struct settling *settling, const struct lh_group *group,
                      uint32_t *ret_record)
{
    struct lh_fusion *fusion = settling->fusion;
    uint32_t first;
    uint32_t number = known_record(fusion, group, &first);
    *ret_record = LH_NO_RECORD;
    if (first == LH_NO_NODE)
        return LH_OK; /* nobody says that there is a fire */
    if (number == LH_NO_RECORD) {
        char id[LH_INCIDENT_ID];
        make_id(fusion, &lh_graph_node(fusion->graph, first)->evidence, id);
        const int code = lh_records_begin(fusion->records, id, &number);
        if (code != LH_OK)
            return code;
        lh_records_at(fusion->records, number)->anchor = first;
        lh_graph_node(fusion->graph, first)->record = number;
    }
    struct lh_record *record = lh_records_at(fusion->records, number);
    record->head = group->first;
    record->count = group->count;
    *ret_record = number;
    for (uint32_t at = group->first; at != LH_NO_NODE; at = lh_graph_node(fusion->graph, at)->next)
        lh_graph_node(fusion->graph, at)->owner = number;
    return LH_OK;
}

static int weigh(const struct settling *settling, struct lh_record *record)
{
    struct lh_fusion *fusion = settling->fusion;
    struct lh_nothing_seen nothing[NOTHING_MOST];
    const struct lh_group group = {.first = record->head, .count = record->count};
    int code = lh_grouping_make_room(fusion->grouping, record->count);
    if (code != LH_OK)
        return code;
    struct lh_weighing weighing = {
        .config = &fusion->config,
        .members = lh_grouping_members(fusion->grouping, fusion->graph, &group),
        .member_count = record->count,
        .nothing = nothing,
        .ground = fusion->ground,
        .ground_context = fusion->ground_context,
        .now_us = settling->now_us,
    };
    const struct lh_position position =
        lh_incident_position(&fusion->config, weighing.members, weighing.member_count);
    const struct lh_ellipse *best = lh_position_best(&position);
    if (best)
        weighing.nothing_count =
            lh_looks_against(fusion->looks, best->centre, weighing.members, weighing.member_count,
                             settling->now_us, nothing, NOTHING_MOST);
    return lh_incident_weigh(&weighing, &record->incident);
}

static struct lh_geo centre_of(const struct lh_position *position)
{
    const struct lh_ellipse *best = lh_position_best(position);
    return best ? best->centre : position->sector.from;
}

static void tell(const struct settling *settling, struct lh_record *record)
{
    const struct lh_incident *incident = &record->incident;
    const double probability = round(incident->probability * 1e3) / 1e3;
    const struct lh_geo centre = centre_of(&incident->position);
    const bool same = record->announced && record->told_state == incident->state &&
                      record->told_evidence == incident->evidence_count &&
                      record->told_last_us == incident->last_utc_us &&
                      record->told_probability == probability &&
                      record->told_centre.latitude_deg == centre.latitude_deg &&
                      record->told_centre.longitude_deg == centre.longitude_deg;
    if (same)
        return;
    const bool known = record->announced;
    record->announced = true;
    record->told_state = incident->state;
    record->told_evidence = incident->evidence_count;
    record->told_last_us = incident->last_utc_us;
    record->told_probability = probability;
    record->told_centre = centre;
    settling->on_event(settling->context, known ? LH_FUSION_CHANGED : LH_FUSION_OPENED, incident,
                       NULL);
}

static void note_link(struct lh_incident *incident, const struct lh_incident *other)
{
    if (incident->linked_count < LH_INCIDENT_LINKS)
        memcpy(incident->linked[incident->linked_count++], other->id, sizeof other->id);
}

static void note_links(struct lh_fusion *fusion)
{
    const struct lh_group_link *links;
    const size_t count = lh_grouping_links(fusion->grouping, &links);
    for (size_t i = 0; i < count; i++) {
        struct lh_record *a = lh_records_at(fusion->records, fusion->by_group[links[i].a]);
        struct lh_record *b = lh_records_at(fusion->records, fusion->by_group[links[i].b]);
        if (!a || !b)
            continue;
        note_link(&a->incident, &b->incident);
        note_link(&b->incident, &a->incident);
    }
}

static int reserve_by_group(struct lh_fusion *fusion, size_t count)
{
    if (count <= fusion->by_group_capacity)
        return LH_OK;
    uint32_t *grown = reallocarray(fusion->by_group, count, sizeof *grown);
    if (!grown)
        return LH_ENOMEM;
    fusion->by_group = grown;
    fusion->by_group_capacity = count;
    return LH_OK;
}

/* Records whose anchor is in the component but whose group speaks for nothing any more. */
static void retire_silent(const struct settling *settling, const struct lh_group *group)
{
    struct lh_fusion *fusion = settling->fusion;
    for (uint32_t at = group->first; at != LH_NO_NODE;) {
        struct lh_node *node = lh_graph_node(fusion->graph, at);
        at = node->next;
        node->owner = LH_NO_RECORD;
        if (node->record == LH_NO_NODE)
            continue;
        lh_records_at(fusion->records, node->record)->head = LH_NO_NODE;
        retire(settling, node->record);
        node->record = LH_NO_NODE;
    }
}

static int name_groups(const struct settling *settling, const struct lh_group *groups, size_t count)
{
    struct lh_fusion *fusion = settling->fusion;
    int code = reserve_by_group(fusion, count);
    for (size_t i = 0; i < count && code == LH_OK; i++) {
        fusion->by_group[i] = LH_NO_RECORD;
        if (groups[i].first == LH_NO_NODE)
            continue;
        code = name_group(settling, &groups[i], &fusion->by_group[i]);
        if (code == LH_OK && fusion->by_group[i] == LH_NO_RECORD)
            retire_silent(settling, &groups[i]);
    }
    for (size_t i = 0; i < count && code == LH_OK; i++)
        if (fusion->by_group[i] != LH_NO_RECORD)
            merge_others(settling, &groups[i], fusion->by_group[i]);
    return code;
}

static int compare_records(const void *a, const void *b, void *opaque)
{
    const struct lh_records *records = opaque;
    const struct lh_record *left = lh_records_at(records, *(const uint32_t *)a);
    const struct lh_record *right = lh_records_at(records, *(const uint32_t *)b);
    if (!left || !right)
        return (left == NULL) - (right == NULL);
    return (left->incident.number > right->incident.number) -
           (left->incident.number < right->incident.number);
}

static int settle_component(const struct settling *settling, const uint32_t *nodes, size_t count)
{
    struct lh_fusion *fusion = settling->fusion;
    const struct lh_group *groups;
    int code = lh_grouping_run(fusion->grouping, fusion->graph, nodes, count);
    if (code != LH_OK)
        return code;
    const size_t group_count = lh_grouping_groups(fusion->grouping, &groups);
    code = name_groups(settling, groups, group_count);
    if (code != LH_OK)
        return code;
    for (size_t i = 0; i < group_count; i++)
        if (fusion->by_group[i] != LH_NO_RECORD)
            lh_records_at(fusion->records, fusion->by_group[i])->incident.linked_count = 0;
    note_links(fusion);
    qsort_r(fusion->by_group, group_count, sizeof *fusion->by_group, compare_records,
            fusion->records);
    for (size_t i = 0; i < group_count && code == LH_OK; i++) {
        struct lh_record *record = lh_records_at(fusion->records, fusion->by_group[i]);
        if (!record)
            break;
        code = weigh(settling, record);
        if (code == LH_OK)
            tell(settling, record);
    }
    return code;
}

/* ---- time passes ---- */

static int grow_old(const struct settling *settling)
{
    struct lh_fusion *fusion = settling->fusion;
    const int64_t since_us = settling->now_us - fusion->aged_us;
    if (!fusion->looked && fusion->aged_us != LH_NO_TIME && since_us >= 0 &&
        since_us < AGE_EVERY_US)
        return LH_OK;
    fusion->looked = false;
    fusion->aged_us = settling->now_us;
    int code = LH_OK;
    for (uint32_t i = 0; i < lh_records_limit(fusion->records) && code == LH_OK; i++) {
        struct lh_record *record = lh_records_at(fusion->records, i);
        if (!record || record->into != LH_NO_RECORD || record->head == LH_NO_NODE)
            continue;
        code = weigh(settling, record);
        if (code == LH_OK)
            tell(settling, record);
    }
    return code;
}

static void hear_nothing(void *context, enum lh_fusion_event event,
                         const struct lh_incident *incident, const struct lh_incident *other)
{
    (void)context;
    (void)event;
    (void)incident;
    (void)other;
}

int lh_fusion_settle(struct lh_fusion *fusion, int64_t now_us, lh_fusion_event_fn on_event,
                     void *context)
{
    const struct settling settling = {fusion, now_us, on_event ? on_event : hear_nothing, context};
    expire(&settling);
    int code = LH_OK;
    const uint32_t *nodes;
    for (int round = 0; round < 2 && code == LH_OK; round++) {
        for (size_t count;
             code == LH_OK && (count = lh_graph_next_component(fusion->graph, &nodes)) > 0;) {
            code = settle_component(&settling, nodes, count);
            if (code != LH_OK)
                lh_graph_mark(fusion->graph, nodes[0]);
        }
        if (code == LH_OK && round == 0)
            code = make_room(&settling);
    }
    if (code == LH_OK)
        code = grow_old(&settling);
    return code;
}

/* ---- asked ---- */

const struct lh_incident *lh_fusion_find(const struct lh_fusion *fusion, const char *id)
{
    const struct lh_record *record =
        lh_records_at(fusion->records, lh_records_find(fusion->records, id));
    return record ? &record->incident : NULL;
}

struct numbered {
    const struct lh_incident *incident;
};

static int compare_incidents(const void *a, const void *b)
{
    const uint64_t left = ((const struct numbered *)a)->incident->number;
    const uint64_t right = ((const struct numbered *)b)->incident->number;
    return (left > right) - (left < right);
}

int lh_fusion_each(const struct lh_fusion *fusion, lh_incident_fn each, void *context)
{
    struct numbered *all = calloc(lh_records_alive(fusion->records) + 1, sizeof *all);
    if (!all)
        return LH_ENOMEM;
    size_t count = 0;
    for (uint32_t i = 0; i < lh_records_limit(fusion->records); i++) {
        const struct lh_record *record = lh_records_at(fusion->records, i);
        if (record && record->into == LH_NO_RECORD && record->announced)
            all[count++].incident = &record->incident;
    }
    qsort(all, count, sizeof *all, compare_incidents);
    for (size_t i = 0; i < count; i++)
        each(context, all[i].incident);
    free(all);
    return LH_OK;
}

struct lh_fusion_stats lh_fusion_stats(const struct lh_fusion *fusion)
{
    struct lh_fusion_stats stats = fusion->stats;
    stats.evidence = lh_graph_count(fusion->graph);
    stats.incidents = lh_records_alive(fusion->records);
    return stats;
}
