#include "fuse/weights.h"

#include "detect/detection.h"

#include <math.h>

#define MINUTE_US (60 * LH_SECOND_US)

static const char *const names[LH_WEIGHT_NAMES] = {
    [LH_WEIGHT_PRIOR] = "prior_probability",
    [LH_WEIGHT_DANGER] = "danger_weight",
    [LH_WEIGHT_BAN] = "ban_weight",
    [LH_WEIGHT_PERMIT] = "permit_lr",
    [LH_WEIGHT_CAMERA_SEQUENCE] = "score",
    [LH_WEIGHT_CAMERA_SINGLE] = "camera_weak_lr",
    [LH_WEIGHT_CAMERA_LOOK] = "camera_look_lr",
    [LH_WEIGHT_VIIRS_LOW] = "viirs_low_lr",
    [LH_WEIGHT_VIIRS_NOMINAL] = "viirs_nominal_lr",
    [LH_WEIGHT_VIIRS_HIGH] = "viirs_high_lr",
    [LH_WEIGHT_MODIS_LOW] = "modis_low_lr",
    [LH_WEIGHT_MODIS_NOMINAL] = "modis_nominal_lr",
    [LH_WEIGHT_MODIS_HIGH] = "modis_high_lr",
    [LH_WEIGHT_STATIONARY_LOW] = "stationary_low_lr",
    [LH_WEIGHT_STATIONARY_NORMAL] = "stationary_normal_lr",
    [LH_WEIGHT_STATIONARY_HIGH] = "stationary_high_lr",
    [LH_WEIGHT_UNRATED] = "unrated_lr",
    [LH_WEIGHT_REPORT_FIRE] = "report_fire_lr",
    [LH_WEIGHT_REPORT_SMOKE] = "report_smoke_lr",
    [LH_WEIGHT_REPORT_NOTHING] = "report_nothing_lr",
    [LH_WEIGHT_REPORT_PERMITTED] = "report_permitted_lr",
    [LH_WEIGHT_REPORT_OUT] = "out",
};

const char *lh_weight_name(enum lh_weight_name name)
{
    return names[name];
}

static struct lh_weight camera_weight(const struct lh_fusion_config *config,
                                      const struct lh_evidence_camera *camera)
{
    if (!camera->validated)
        return (struct lh_weight){LH_WEIGHT_CAMERA_SINGLE, log(config->camera_weak_lr)};
    return (struct lh_weight){LH_WEIGHT_CAMERA_SEQUENCE,
                              lh_logit(camera->score) - lh_logit(config->prior_probability)};
}

static struct lh_weight hotspot_weight(const struct lh_fusion_config *config,
                                       const struct lh_evidence_hotspot *hotspot)
{
    const struct {
        enum lh_weight_name name;
        double lr;
    } table[LH_HOTSPOT_CLASSES] = {
        [LH_HOTSPOT_VIIRS_LOW] = {LH_WEIGHT_VIIRS_LOW, config->viirs_low_lr},
        [LH_HOTSPOT_VIIRS_NOMINAL] = {LH_WEIGHT_VIIRS_NOMINAL, config->viirs_nominal_lr},
        [LH_HOTSPOT_VIIRS_HIGH] = {LH_WEIGHT_VIIRS_HIGH, config->viirs_high_lr},
        [LH_HOTSPOT_MODIS_LOW] = {LH_WEIGHT_MODIS_LOW, config->modis_low_lr},
        [LH_HOTSPOT_MODIS_NOMINAL] = {LH_WEIGHT_MODIS_NOMINAL, config->modis_nominal_lr},
        [LH_HOTSPOT_MODIS_HIGH] = {LH_WEIGHT_MODIS_HIGH, config->modis_high_lr},
        [LH_HOTSPOT_STATIONARY_LOW] = {LH_WEIGHT_STATIONARY_LOW, config->stationary_low_lr},
        [LH_HOTSPOT_STATIONARY_NORMAL] = {LH_WEIGHT_STATIONARY_NORMAL,
                                          config->stationary_normal_lr},
        [LH_HOTSPOT_STATIONARY_HIGH] = {LH_WEIGHT_STATIONARY_HIGH, config->stationary_high_lr},
        [LH_HOTSPOT_UNRATED] = {LH_WEIGHT_UNRATED, config->unrated_lr},
    };
    enum lh_hotspot_class counts_as = hotspot->hotspot_class;
    if (counts_as == LH_HOTSPOT_VIIRS_LOW && hotspot->frp_mw >= config->saturated_frp_mw)
        counts_as = LH_HOTSPOT_VIIRS_NOMINAL;
    const double lr = fmax(table[counts_as].lr * hotspot->heat_factor, 1);
    return (struct lh_weight){table[counts_as].name, log(lr)};
}

static struct lh_weight report_weight(const struct lh_fusion_config *config,
                                      enum lh_report_word word)
{
    switch (word) {
    case LH_REPORT_FIRE:
        return (struct lh_weight){LH_WEIGHT_REPORT_FIRE, log(config->report_fire_lr)};
    case LH_REPORT_SMOKE:
        return (struct lh_weight){LH_WEIGHT_REPORT_SMOKE, log(config->report_smoke_lr)};
    case LH_REPORT_NOTHING:
        return (struct lh_weight){LH_WEIGHT_REPORT_NOTHING, log(config->report_nothing_lr)};
    case LH_REPORT_PERMITTED:
        return (struct lh_weight){LH_WEIGHT_REPORT_PERMITTED, log(config->report_permitted_lr)};
    default:
        return (struct lh_weight){LH_WEIGHT_REPORT_OUT, 0};
    }
}

struct lh_weight lh_weight_of(const struct lh_fusion_config *config,
                              const struct lh_evidence *evidence)
{
    if (evidence->kind == LH_EVIDENCE_CAMERA)
        return camera_weight(config, &evidence->camera);
    if (evidence->kind == LH_EVIDENCE_REPORT)
        return report_weight(config, evidence->report.word);
    return hotspot_weight(config, &evidence->hotspot);
}

double lh_weight_of_danger(const struct lh_fusion_config *config, int level)
{
    const double levels[] = {0,
                             config->danger_1_weight,
                             config->danger_2_weight,
                             config->danger_3_weight,
                             config->danger_4_weight,
                             config->danger_5_weight};
    return level >= 1 && level <= 5 ? levels[level] : 0;
}

double lh_weight_left(const struct lh_fusion_config *config, enum lh_evidence_kind kind,
                      int64_t age_us)
{
    const double half_lives_min[LH_EVIDENCE_KINDS] = {
        [LH_EVIDENCE_CAMERA] = config->camera_half_life_min,
        [LH_EVIDENCE_POLAR] = config->polar_half_life_min,
        [LH_EVIDENCE_GEOSTATIONARY] = config->stationary_half_life_min,
        [LH_EVIDENCE_REPORT] = config->report_half_life_min,
    };
    return age_us <= 0 ? 1 : exp2(-(double)age_us / (double)MINUTE_US / half_lives_min[kind]);
}
