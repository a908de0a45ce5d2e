/* Where towers, fires and nuisances stand: the planning of a scene.
 *
 * Towers take summits from which much ground between 2 and 12 km can be seen, well apart and not too
 * far from the middle, and look where most of it lies, with a preference for the middle of the
 * county, so that views overlap. With more cameras than summits a tower carries several.
 *
 * Fires and nuisances are put where a camera sees the ground. Each draws from a random stream of its
 * own, so that a scene with fewer fires is otherwise the same.
 *
 * Thread-safety: pure functions of their arguments.
 */
#ifndef LH_WORLD_SURVEY_H
#define LH_WORLD_SURVEY_H

#include "world/plume.h"
#include "world/view.h"

/* Fills count cameras. */
int lh_survey_cameras(const struct lh_scene_options *options, const struct lh_land *land,
                      unsigned count, struct lh_scene_camera *cameras);

/* Fires: one source each, in views that are marched. Returns how many found a place. */
size_t lh_survey_fires(const struct lh_scene_options *options, const struct lh_land *land,
                       const struct lh_view *views, struct lh_source *sources);

/* At most this many nuisances. */
#define LH_NUISANCES_MOST 4
size_t lh_survey_nuisances(const struct lh_scene_options *options, const struct lh_land *land,
                           const struct lh_view *views, struct lh_source *sources);

#endif
