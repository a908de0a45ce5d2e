#include "tune_page.h"

#include "alarm/json.h"
#include "judge/report.h"

#include <jansson.h>
#include <math.h>

static json_t *settings_json(const struct lh_sweep *sweep, size_t point)
{
    json_t *object = json_object();
    for (size_t i = 0; i < sweep->axis_count; i++)
        (void)json_object_set_new(object, sweep->axes[i].name,
                                  json_real(lh_sweep_value(sweep, point, i)));
    return object;
}

/* One point with its figures. */
static json_t *point_json(const struct lh_tune_result *result, size_t point, int *bad)
{
    struct lh_judgement judgement;
    json_t *object = json_object();
    if (lh_tradeoff_judge(&result->tuning->tradeoff, point, &judgement) != LH_OK) {
        *bad = 1;
        return object;
    }
    *bad |= json_object_set_new(object, "settings", settings_json(result->sweep, point));
    *bad |= json_object_set_new(object, "total", lh_figures_json(&judgement.total));
    *bad |= json_object_set_new(object, "without_faint", lh_figures_json(&judgement.without_faint));
    lh_judgement_finish(&judgement);
    return object;
}

int lh_tune_json(const struct lh_tune_result *result, char **ret_json)
{
    const struct lh_tuning *tuning = result->tuning;
    const struct lh_choice *choice = &tuning->choice;
    json_t *root = json_object();
    json_t *held_out = json_object();
    json_t *front = json_array();
    int bad = json_object_set_new(root, "schema", json_string("linhuo/tuning/1"));
    bad |= json_object_set_new(root, "points", lh_json_count(tuning->tradeoff.point_count));
    bad |= json_object_set_new(root, "misfits", lh_json_count(tuning->misfits));
    bad |= json_object_set_new(root, "reruns", lh_json_count(tuning->reruns));
    bad |= json_object_set_new(root, "clips", lh_json_count(tuning->tradeoff.case_count));
    bad |= json_object_set_new(root, "budget", lh_json_number(tuning->tradeoff.budget));
    bad |= json_object_set_new(root, "chosen", point_json(result, choice->chosen, &bad));
    bad |= json_object_set_new(held_out, "total", lh_figures_json(&result->held_out->total));
    bad |= json_object_set_new(held_out, "without_faint",
                               lh_figures_json(&result->held_out->without_faint));
    bad |= json_object_set_new(root, "held_out", held_out);
    for (size_t i = 0; i < choice->front_count && !bad; i++)
        bad |= json_array_append_new(front, point_json(result, choice->front[i], &bad));
    bad |= json_object_set_new(root, "front", front);
    if (bad) {
        json_decref(root);
        return LH_ENOMEM;
    }
    return lh_json_finish(root, ret_json);
}
