#include "fuse/hotspot_group.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define APART_US (480 * LH_SECOND_US)
#define CLUSTER_MOST_M 50000.0 /* between pixels that a product numbers alike */
#define REACH 1.5              /* pixels */
#define LATITUDE_M 110500      /* a degree is nowhere shorter */

/* Union-find over the rows, by their place in the sorted order. */
struct grouping {
    const struct lh_hotspot **rows;
    size_t *parent;
    size_t count;
};

/* Satellite, then latitude: what may be linked stands near each other. */
static int by_satellite(const void *a, const void *b)
{
    const struct lh_hotspot *left = *(const struct lh_hotspot *const *)a;
    const struct lh_hotspot *right = *(const struct lh_hotspot *const *)b;
    const int order = strcmp(left->satellite, right->satellite);
    if (order != 0)
        return order;
    if (left->at.latitude_deg != right->at.latitude_deg)
        return left->at.latitude_deg < right->at.latitude_deg ? -1 : 1;
    return lh_hotspot_compare(left, right);
}

static size_t root_of(struct grouping *grouping, size_t i)
{
    while (grouping->parent[i] != i) {
        grouping->parent[i] = grouping->parent[grouping->parent[i]];
        i = grouping->parent[i];
    }
    return i;
}

static void join(struct grouping *grouping, size_t a, size_t b)
{
    const size_t left = root_of(grouping, a);
    const size_t right = root_of(grouping, b);
    if (left < right)
        grouping->parent[right] = left;
    else
        grouping->parent[left] = right;
}

static bool of_one_look(const struct lh_hotspot *a, const struct lh_hotspot *b)
{
    return strcmp(a->satellite, b->satellite) == 0 &&
           llabs(a->acquired_us - b->acquired_us) <= APART_US;
}

/* Cheap ways out first: a world's day has tens of thousands of rows. */
static bool are_near(const struct lh_hotspot *a, const struct lh_hotspot *b)
{
    const double reach_m = REACH * fmax(lh_hotspot_size_m(a), lh_hotspot_size_m(b));
    const double cosine = cos(a->at.latitude_deg * LH_DEGREE);
    const double east_deg = fabs(lh_azimuth_difference(a->at.longitude_deg, b->at.longitude_deg));
    if (east_deg * cosine * LATITUDE_M > 1.1 * reach_m && fabs(a->at.latitude_deg) < 85)
        return false;
    return lh_geo_distance_m(a->at, b->at) <= reach_m;
}

static void link_near(struct grouping *grouping)
{
    double widest_m = 0;
    for (size_t i = 0; i < grouping->count; i++)
        widest_m = fmax(widest_m, lh_hotspot_size_m(grouping->rows[i]));
    const double window_deg = REACH * widest_m / LATITUDE_M;
    for (size_t i = 0; i < grouping->count; i++) {
        const struct lh_hotspot *row = grouping->rows[i];
        for (size_t j = i + 1; j < grouping->count; j++) {
            const struct lh_hotspot *other = grouping->rows[j];
            if (strcmp(other->satellite, row->satellite) != 0 ||
                other->at.latitude_deg - row->at.latitude_deg > window_deg)
                break;
            if (of_one_look(row, other) && are_near(row, other))
                join(grouping, i, j);
        }
    }
}

/* The row with the same number of the product, in the same slot. */
static int by_cluster(const void *a, const void *b)
{
    const struct lh_hotspot *left = **(const struct lh_hotspot **const *)a;
    const struct lh_hotspot *right = **(const struct lh_hotspot **const *)b;
    const int order = strcmp(left->satellite, right->satellite);
    if (order != 0)
        return order;
    if (left->cluster != right->cluster)
        return left->cluster < right->cluster ? -1 : 1;
    return (left->acquired_us > right->acquired_us) - (left->acquired_us < right->acquired_us);
}

static int link_clusters(struct grouping *grouping)
{
    const struct lh_hotspot ***order = malloc((grouping->count + 1) * sizeof(void *));
    if (!order)
        return LH_ENOMEM;
    for (size_t i = 0; i < grouping->count; i++)
        order[i] = &grouping->rows[i];
    qsort(order, grouping->count, sizeof(void *), by_cluster);
    for (size_t i = 1; i < grouping->count; i++) {
        const struct lh_hotspot *a = *order[i - 1];
        const struct lh_hotspot *b = *order[i];
        if (a->cluster != 0 && a->cluster == b->cluster && of_one_look(a, b) &&
            lh_geo_distance_m(a->at, b->at) <= CLUSTER_MOST_M)
            join(grouping, (size_t)(order[i - 1] - grouping->rows),
                 (size_t)(order[i] - grouping->rows));
    }
    free(order);
    return LH_OK;
}

/* ---- what a group amounts to ---- */

static int by_power(const void *a, const void *b)
{
    const double left = *(const double *)a;
    const double right = *(const double *)b;
    return (left > right) - (left < right);
}

static double power_of(const struct lh_hotspot_group *group, const struct lh_hotspot **members,
                       double *scratch)
{
    size_t known = 0;
    double sum = 0;
    for (size_t i = 0; i < group->count; i++)
        if (isfinite(members[i]->frp_mw))
            scratch[known++] = members[i]->frp_mw;
    qsort(scratch, known, sizeof *scratch, by_power);
    const bool shared = strcmp(members[0]->instrument, "VIIRS") == 0;
    for (size_t i = 0; i < known; i++)
        if (!shared || i == 0 || scratch[i] != scratch[i - 1])
            sum += scratch[i];
    return known > 0 ? sum : NAN;
}

static bool is_stronger(const struct lh_hotspot *a, const struct lh_hotspot *b)
{
    const double left = isfinite(a->frp_mw) ? a->frp_mw : -1;
    const double right = isfinite(b->frp_mw) ? b->frp_mw : -1;
    return left != right ? left > right : lh_hotspot_compare(a, b) < 0;
}

/* Mean place, and the mean footprint widened by how far apart the pixels lie. */
static struct lh_ellipse ellipse_of(const struct lh_hotspot **members, size_t count,
                                    const struct lh_footprint_options *options)
{
    struct lh_ellipse result = lh_hotspot_footprint(members[0], options);
    if (count == 1)
        return result;
    const struct lh_plane plane = {result.centre};
    struct lh_covariance mean = {0, 0, 0};
    struct lh_offset centre = {0, 0};
    for (size_t i = 0; i < count; i++) {
        const struct lh_ellipse one = lh_hotspot_footprint(members[i], options);
        const struct lh_covariance own = lh_ellipse_covariance(&one);
        const struct lh_offset at = lh_plane_offset(&plane, one.centre);
        centre.east_m += at.east_m / (double)count;
        centre.north_m += at.north_m / (double)count;
        mean.ee += (own.ee + at.east_m * at.east_m) / (double)count;
        mean.en += (own.en + at.east_m * at.north_m) / (double)count;
        mean.nn += (own.nn + at.north_m * at.north_m) / (double)count;
    }
    mean.ee -= centre.east_m * centre.east_m;
    mean.en -= centre.east_m * centre.north_m;
    mean.nn -= centre.north_m * centre.north_m;
    result.centre = lh_plane_geo(&plane, centre);
    lh_ellipse_set_covariance(&result, mean);
    return result;
}

static void sum_up(struct lh_hotspot_group *group, const struct lh_hotspot **members,
                   const struct lh_footprint_options *options, double *scratch)
{
    size_t nights = 0;
    const struct lh_hotspot *first = members[0];
    group->lead = first;
    /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): collect has put all members in */
    group->acquired_us = first->acquired_us;
    group->latest_us = first->acquired_us;
    for (size_t i = 0; i < group->count; i++) {
        const struct lh_hotspot *row = members[i];
        if (is_stronger(row, group->lead))
            group->lead = row;
        if (row->acquired_us < group->acquired_us)
            group->acquired_us = row->acquired_us;
        if (row->acquired_us > group->latest_us)
            group->latest_us = row->acquired_us;
        if (row->confidence > group->confidence)
            group->confidence = row->confidence;
        group->size_m = fmax(group->size_m, lh_hotspot_size_m(row));
        nights += lh_hotspot_at_night(row);
    }
    group->night = 2 * nights > group->count;
    group->frp_mw = power_of(group, members, scratch);
    group->ellipse = ellipse_of(members, group->count, options);
}

static int by_acquisition(const void *a, const void *b)
{
    const struct lh_hotspot_group *left = (const struct lh_hotspot_group *)a;
    const struct lh_hotspot_group *right = (const struct lh_hotspot_group *)b;
    if (left->acquired_us != right->acquired_us)
        return left->acquired_us < right->acquired_us ? -1 : 1;
    return lh_hotspot_compare(left->lead, right->lead);
}

/* Counting sort by root: members of a group stand together, in the sorted order of the rows. */
static int collect(struct grouping *grouping, const struct lh_footprint_options *options,
                   struct lh_hotspot_groups *groups)
{
    const size_t count = grouping->count;
    size_t *place = calloc(count + 1, sizeof *place);
    double *scratch = calloc(count + 1, sizeof *scratch);
    groups->items = calloc(count + 1, sizeof *groups->items);
    groups->members = calloc(count + 1, sizeof(struct lh_hotspot *));
    if (!place || !scratch || !groups->items || !groups->members) {
        free(place);
        free(scratch);
        return LH_ENOMEM;
    }
    for (size_t i = 0; i < count; i++)
        place[root_of(grouping, i)]++;
    size_t begin = 0;
    for (size_t i = 0; i < count; i++) {
        if (place[i] == 0)
            continue;
        groups->items[groups->count++] =
            (struct lh_hotspot_group){.first = begin, .count = place[i]};
        const size_t size = place[i];
        place[i] = begin;
        begin += size;
    }
    for (size_t i = 0; i < count; i++)
        groups->members[place[root_of(grouping, i)]++] = grouping->rows[i];
    for (size_t i = 0; i < groups->count; i++)
        sum_up(&groups->items[i], groups->members + groups->items[i].first, options, scratch);
    qsort(groups->items, groups->count, sizeof *groups->items, by_acquisition);
    free(place);
    free(scratch);
    return LH_OK;
}

int lh_hotspots_group(const struct lh_hotspot *rows, size_t count,
                      const struct lh_footprint_options *options,
                      struct lh_hotspot_groups *ret_groups)
{
    struct lh_hotspot_groups groups = {0};
    struct grouping grouping = {.count = count};
    grouping.rows = malloc((count + 1) * sizeof(struct lh_hotspot *));
    grouping.parent = malloc((count + 1) * sizeof *grouping.parent);
    int code = grouping.rows && grouping.parent ? LH_OK : LH_ENOMEM;
    for (size_t i = 0; i < count && code == LH_OK; i++) {
        grouping.rows[i] = &rows[i];
        grouping.parent[i] = i;
    }
    if (code == LH_OK) {
        qsort(grouping.rows, count, sizeof(struct lh_hotspot *), by_satellite);
        link_near(&grouping);
        code = link_clusters(&grouping);
    }
    if (code == LH_OK)
        code = collect(&grouping, options, &groups);
    free(grouping.rows);
    free(grouping.parent);
    if (code == LH_OK)
        *ret_groups = groups;
    else
        lh_hotspot_groups_finish(&groups);
    return code;
}

void lh_hotspot_groups_finish(struct lh_hotspot_groups *groups)
{
    free(groups->items);
    free(groups->members);
    *groups = (struct lh_hotspot_groups){0};
}

/* ---- as evidence ---- */

enum lh_hotspot_class lh_hotspot_class_of(const struct lh_hotspot *hotspot)
{
    double longitude_deg;
    int first = LH_HOTSPOT_UNRATED;
    if (strcmp(hotspot->instrument, "VIIRS") == 0)
        first = LH_HOTSPOT_VIIRS_LOW;
    else if (strcmp(hotspot->instrument, "MODIS") == 0)
        first = LH_HOTSPOT_MODIS_LOW;
    else if (lh_hotspot_geostationary(hotspot->satellite, &longitude_deg))
        first = LH_HOTSPOT_STATIONARY_LOW;
    if (first == LH_HOTSPOT_UNRATED || hotspot->confidence == LH_CONFIDENCE_UNSAID)
        return LH_HOTSPOT_UNRATED;
    return (enum lh_hotspot_class)(first + (int)hotspot->confidence - (int)LH_CONFIDENCE_LOW);
}

void lh_hotspot_group_evidence(const struct lh_hotspot_group *group, double heat_factor,
                               const char *reason, struct lh_evidence *ret_evidence)
{
    const struct lh_hotspot *lead = group->lead;
    const char *satellite = lead->satellite[0] ? lead->satellite : "satellite";
    struct lh_hotspot surest = *lead;
    double longitude_deg;
    char time[LH_TIME_TEXT];
    char power[32] = "";
    surest.confidence = group->confidence;
    (void)lh_time_format(group->acquired_us, time);
    if (isfinite(group->frp_mw))
        (void)snprintf(power, sizeof power, ", %.1f MW", group->frp_mw);
    struct lh_evidence evidence = {
        .kind = lh_hotspot_geostationary(satellite, &longitude_deg) ? LH_EVIDENCE_GEOSTATIONARY
                                                                    : LH_EVIDENCE_POLAR,
        .first_utc_us = group->acquired_us,
        .observed_utc_us = group->latest_us,
        .received_utc_us = lead->received_us,
        .position = lh_position_of_ellipse(group->ellipse),
        .hotspot = {.hotspot_class = lh_hotspot_class_of(&surest),
                    .frp_mw = group->frp_mw,
                    .heat_factor = heat_factor},
    };
    (void)snprintf(evidence.source, sizeof evidence.source, "%s", satellite);
    (void)snprintf(evidence.group, sizeof evidence.group, "%s %.16sZ", satellite, time);
    (void)snprintf(evidence.reference, sizeof evidence.reference, "%.16sZ %.2f,%.2f", time,
                   lead->at.latitude_deg, lead->at.longitude_deg);
    (void)snprintf(evidence.detail, sizeof evidence.detail, "%s %s%s%zu pixel%s%s%s%s",
                   lead->instrument, lh_hotspot_confidence_name(group->confidence),
                   group->confidence == LH_CONFIDENCE_UNSAID ? "" : ", ", group->count,
                   group->count == 1 ? "" : "s", power, reason[0] ? "; " : "", reason);
    *ret_evidence = evidence;
}
