/* From change against the background to regions that behave like smoke.
 *
 * Per cell, the picture is brought to the background's exposure and compared with it in units of the
 * usual spread. What has changed counts as smoke-like when
 *  - it is nearly grey, or no more colourful than it was (smoke and cloud pull colour to that of
 *    hazy air), and
 *  - on land, contrast has been lost against light: veil = 1 - (texture ratio) / (luma ratio). A cloud
 *    shadow and a sunlit patch scale luma and texture alike and have a veil of 0; smoke adds light that
 *    carries no texture (the airlight of Koschmieder's law, 1924) and has a veil above 0. Against the
 *    sky there is no texture to lose, and only the colour test is left.
 * Cells gather evidence over persistence_s; regions of enough evidence are followed from picture to
 * picture, and judged by strength, likeness, being rooted on land, being alive and growing.
 */
#ifndef SMOKE_CLASSIC_PLUME_H
#define SMOKE_CLASSIC_PLUME_H

#include "smoke_classic/background.h"

struct smoke_plume_config {
    double short_s;
    double persistence_s;
    double min_contrast; /* levels: what the view must differ by at least, however still it is */
    double hold_s;       /* the longest that a region is kept out of the background */
    double min_area_share;
    double max_area_share;
};

struct smoke_region {
    int x; /* cells */
    int y;
    int width;
    int height;
    float score;
    int32_t label; /* its cells in smoke_plume_labels */
};

struct smoke_plume;

#define SMOKE_MAX_REGIONS 64

int smoke_plume_create(const struct smoke_plume_config *config, int width, int height,
                       struct smoke_plume **ret_plume);
void smoke_plume_destroy(struct smoke_plume **plume);
void smoke_plume_forget(struct smoke_plume *plume);

enum smoke_view {
    SMOKE_VIEW_CLEAR,   /* judged; regions are those found */
    SMOKE_VIEW_DARK,    /* night: no airlight, nothing judged */
    SMOKE_VIEW_MOVED,   /* the camera does not look where the background did */
    SMOKE_VIEW_CHANGED, /* too much of the view changed at once: fog, rain, a lamp, a new scene */
};

/* Judges one picture against a ready background. Returns 0, or -1 when OpenCV fails. */
int smoke_plume_look(struct smoke_plume *plume, const struct smoke_background *background,
                     const struct smoke_grid *grid, int64_t utc_us, enum smoke_view *ret_view,
                     struct smoke_region *regions, size_t *ret_count);

/* Replaces the cells that the regions of the last look hide by what the background shows there, so that
 * a plume does not become part of what it is compared with as long as it is found, at most hold_s. */
void smoke_plume_look_behind(const struct smoke_plume *plume,
                             const struct smoke_background *background, struct smoke_grid *grid);

/* One label a cell, of the last look. */
const int32_t *smoke_plume_labels(const struct smoke_plume *plume);

#endif
