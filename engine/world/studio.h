/* One camera's picture: its view, the light on it, and the rows of a frame.
 *
 * lh_studio_prepare works out everything of one time that is not per pixel: light, clouds and their
 * shadows (on coarse grids), smoke layers, lamps. Rows are then composed in linear light:
 *   ground  reflectance * (sun * slope * terrain shadow * cloud shadow + sky)
 *   haze    ground * T + airlight * (1 - T), T of the view, airlight that of the low sky there
 *   smoke   layers from far to near, each with the haze before it
 *   lamps   flames, headlights, windows: Gaussian spots where nothing nearer hides them
 * and turned into luma and chroma of BT.601, limited range, with a shoulder, square-root gamma and
 * the sensor's noise.
 *
 * How the sun lies on the slopes (and where ridges throw shadows) is kept for two key times about
 * the one drawn, LH_KEY_S apart, and interpolated; so is the cloudless sky. Clouds are drawn
 * for key times LH_CLOUD_KEY_S apart.
 *
 * Thread: one studio belongs to the thread that renders its camera.
 */
#ifndef LH_WORLD_STUDIO_H
#define LH_WORLD_STUDIO_H

#include "world/layer.h"
#include "world/view.h"
#include "world/weather.h"

#define LH_KEY_S 120.0
#define LH_CLOUD_KEY_S 2.0
#define LH_LAMPS_MOST 600
#define LH_NO_SOURCE SIZE_MAX
#define LH_NOISE_ROOM 65536
#define LH_ROWS 12

/* What all cameras share, immutable. */
struct lh_stage {
    const struct lh_terrain *terrain;
    const struct lh_land *land;
    const struct lh_weather *weather;
    const struct lh_source *sources;
    size_t source_count;
    uint64_t seed;
    double visibility_km;
    struct lh_sprites sprites;
    int8_t grain[LH_NOISE_ROOM]; /* normal deviates times 32 */
};

struct lh_lamp {
    size_t source; /* LH_NO_SOURCE: a window */
    float x;
    float y;
    float distance_m;
    float sigma_px;
    float rgb[3];
};

/* The light of one key time. */
struct lh_key {
    bool filled;
    long number;
    uint8_t *slope; /* 255 * cosine of the sun on the pixel's patch * terrain shadow */
    float *sky[3];  /* cloudless, on the coarse grid */
};

/* Sky with clouds, and their shadows, at one time. */
struct lh_cloud_key {
    bool filled;
    long number;
    float *sky[3]; /* coarse */
    float *shadow; /* 1: sunlit */
};

struct lh_studio {
    struct lh_view view;
    unsigned number; /* of the camera */
    int coarse_w;    /* the sky's grid: one cell is 4 x 4 pixels */
    int coarse_h;
    int shadow_w; /* the cloud shadows' grid: one cell is 8 x 8 pixels */
    int shadow_h;
    struct lh_key keys[2];
    struct lh_cloud_key clouds[2];
    size_t window_count;
    struct lh_lamp windows[256];

    bool prepared; /* what follows belongs to time_s */
    double time_s;
    struct lh_light light;
    float key_share; /* of keys[late] */
    int early;
    int late;
    float *sky[3];       /* with clouds, coarse */
    float *shadow;       /* 1: sunlit */
    float *air[3];       /* airlight of each column */
    float *row[LH_ROWS]; /* room for one row each */
    size_t layer_count;
    struct lh_layer *layers; /* one a source */
    size_t drawn_count;
    size_t *order; /* the drawn_count layers that show, from far to near */
    size_t lamp_count;
    struct lh_lamp lamps[LH_LAMPS_MOST];
};

/* view: already marched; taken over by the studio. */
int lh_studio_init(struct lh_studio *studio, const struct lh_stage *stage, unsigned number,
                   const struct lh_view *view);
void lh_studio_finish(struct lh_studio *studio);

int lh_studio_prepare(struct lh_studio *studio, const struct lh_stage *stage, double scene_s);

/* Composes pixels x0..x1 of row y in linear light, without the source `leave_out`, into rgb[c] + x0.
 * The studio must be prepared. */
void lh_studio_row(struct lh_studio *studio, const struct lh_stage *stage, int y, int x0, int x1,
                   size_t leave_out, float *const rgb[3]);

/* Turns linear values into display values 0..1 in place. */
void lh_studio_develop(const struct lh_studio *studio, int x0, int x1, float *const rgb[3]);

/* The whole picture, with noise. */
void lh_studio_picture(struct lh_studio *studio, const struct lh_stage *stage,
                       struct lh_scene_picture *picture);

/* The part of the picture that a source changes by at least three steps of luma, found by composing
 * it with and without; uses the row buffers. */
int lh_studio_box(struct lh_studio *studio, const struct lh_stage *stage, size_t source,
                  struct lh_scene_box *ret_box);

#endif
