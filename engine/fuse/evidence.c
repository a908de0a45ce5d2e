#include "fuse/evidence.h"

#include "base/error.h"

#include <math.h>
#include <string.h>

static const char *const kinds[LH_EVIDENCE_KINDS] = {
    [LH_EVIDENCE_CAMERA] = "camera",
    [LH_EVIDENCE_POLAR] = "polar satellite",
    [LH_EVIDENCE_GEOSTATIONARY] = "geostationary satellite",
    [LH_EVIDENCE_REPORT] = "report",
};

static const char *const witnesses[LH_WITNESSES] = {
    [LH_WITNESS_CAMERA] = "camera",
    [LH_WITNESS_SATELLITE] = "satellite",
    [LH_WITNESS_PERSON] = "person",
};

static const char *const classes[LH_HOTSPOT_CLASSES] = {
    [LH_HOTSPOT_VIIRS_LOW] = "VIIRS low",
    [LH_HOTSPOT_VIIRS_NOMINAL] = "VIIRS nominal",
    [LH_HOTSPOT_VIIRS_HIGH] = "VIIRS high",
    [LH_HOTSPOT_MODIS_LOW] = "MODIS low",
    [LH_HOTSPOT_MODIS_NOMINAL] = "MODIS nominal",
    [LH_HOTSPOT_MODIS_HIGH] = "MODIS high",
    [LH_HOTSPOT_STATIONARY_LOW] = "geostationary low",
    [LH_HOTSPOT_STATIONARY_NORMAL] = "geostationary normal",
    [LH_HOTSPOT_STATIONARY_HIGH] = "geostationary high",
    [LH_HOTSPOT_UNRATED] = "unrated",
};

static const char *const words[LH_REPORT_WORDS] = {
    [LH_REPORT_FIRE] = "fire",
    [LH_REPORT_SMOKE] = "smoke",
    [LH_REPORT_NOTHING] = "nothing here",
    [LH_REPORT_PERMITTED] = "permitted burning",
    [LH_REPORT_OUT] = "out",
};

const char *lh_evidence_kind_name(enum lh_evidence_kind kind)
{
    return kinds[kind];
}

const char *lh_witness_name(enum lh_witness witness)
{
    return witnesses[witness];
}

const char *lh_hotspot_class_name(enum lh_hotspot_class hotspot_class)
{
    return classes[hotspot_class];
}

const char *lh_report_word_name(enum lh_report_word word)
{
    return words[word];
}

enum lh_witness lh_evidence_witness(enum lh_evidence_kind kind)
{
    if (kind == LH_EVIDENCE_CAMERA)
        return LH_WITNESS_CAMERA;
    return kind == LH_EVIDENCE_REPORT ? LH_WITNESS_PERSON : LH_WITNESS_SATELLITE;
}

static bool is_text(const char *text, size_t size, bool may_be_empty)
{
    return memchr(text, '\0', size) && (may_be_empty || text[0]);
}

static bool is_share(double value)
{
    return value >= 0 && value <= 1;
}

static bool is_ellipse(const struct lh_ellipse *ellipse)
{
    return lh_geo_valid(ellipse->centre) && isfinite(ellipse->azimuth_deg) &&
           ellipse->minor_m > 0 && ellipse->major_m >= ellipse->minor_m && ellipse->major_m < 1e6;
}

static bool is_sector(const struct lh_sector *sector)
{
    return lh_geo_valid(sector->from) && isfinite(sector->azimuth_deg) && sector->sigma_deg > 0 &&
           sector->sigma_deg <= 90 && sector->near_m >= 0 && sector->far_m > sector->near_m &&
           sector->far_m < 1e6;
}

static bool is_position(const struct lh_position *position)
{
    if (position->form == LH_POSITION_SECTOR)
        return is_sector(&position->sector);
    if (position->form != LH_POSITION_ELLIPSES || position->count < 1 ||
        position->count > LH_HYPOTHESES)
        return false;
    for (size_t i = 0; i < position->count; i++)
        if (!is_ellipse(&position->ellipses[i]) || !is_share(position->weights[i]))
            return false;
    return true;
}

static bool is_strength(const struct lh_evidence *evidence)
{
    switch (evidence->kind) {
    case LH_EVIDENCE_CAMERA:
        return is_share(evidence->camera.score) && evidence->camera.persistence_s >= 0;
    case LH_EVIDENCE_POLAR:
    case LH_EVIDENCE_GEOSTATIONARY:
        return (unsigned)evidence->hotspot.hotspot_class < LH_HOTSPOT_CLASSES &&
               !(evidence->hotspot.frp_mw < 0) && is_share(evidence->hotspot.heat_factor);
    case LH_EVIDENCE_REPORT:
        return (unsigned)evidence->report.word < LH_REPORT_WORDS &&
               is_text(evidence->report.about, sizeof evidence->report.about, true);
    default:
        return false;
    }
}

int lh_evidence_check(const struct lh_evidence *evidence)
{
    if ((unsigned)evidence->kind >= LH_EVIDENCE_KINDS ||
        !is_text(evidence->source, sizeof evidence->source, false) ||
        !is_text(evidence->group, sizeof evidence->group, true) ||
        !is_text(evidence->reference, sizeof evidence->reference, false) ||
        !is_text(evidence->detail, sizeof evidence->detail, true))
        return LH_EINVAL;
    if (evidence->first_utc_us == LH_NO_TIME || evidence->observed_utc_us < evidence->first_utc_us)
        return LH_EINVAL;
    if (!is_strength(evidence))
        return LH_EINVAL;
    const bool answers = evidence->kind == LH_EVIDENCE_REPORT && evidence->report.about[0];
    if ((answers || evidence->kind == LH_EVIDENCE_CAMERA) &&
        evidence->position.form == LH_POSITION_NONE)
        return LH_OK;
    return is_position(&evidence->position) ? LH_OK : LH_EINVAL;
}

static int compare_times(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

int lh_evidence_order(const struct lh_evidence *a, const struct lh_evidence *b)
{
    int order = compare_times(a->first_utc_us, b->first_utc_us);
    if (order == 0)
        order = compare_times(a->observed_utc_us, b->observed_utc_us);
    if (order == 0)
        order = (int)a->kind - (int)b->kind;
    if (order == 0)
        order = strcmp(a->source, b->source);
    return order ? order : strcmp(a->reference, b->reference);
}

bool lh_evidence_same(const struct lh_evidence *a, const struct lh_evidence *b)
{
    return a->kind == b->kind && strcmp(a->source, b->source) == 0 &&
           strcmp(a->reference, b->reference) == 0;
}

bool lh_evidence_same_group(const struct lh_evidence *a, const struct lh_evidence *b)
{
    if (a->kind != b->kind)
        return false;
    if (a->group[0] == '\0' && b->group[0] == '\0')
        return lh_evidence_same(a, b);
    return strcmp(a->group, b->group) == 0;
}
