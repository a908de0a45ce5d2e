/* Drawn scenes for detector tests, and a camera that shows them to a plugin.
 *
 * A scene is an I420 picture of a hill under a sky, with sensor noise, everything from integers and
 * fixed seeds so that a test sees the same on every machine.
 */
#ifndef LH_TESTS_DRAWN_H
#define LH_TESTS_DRAWN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "linhuo_detector.h"

#define DRAWN_WIDTH 320
#define DRAWN_HEIGHT 240
#define DRAWN_HORIZON 90
#define DRAWN_MAX_FINDS 256

struct drawn {
    uint8_t y[DRAWN_WIDTH * DRAWN_HEIGHT];
    uint8_t u[DRAWN_WIDTH * DRAWN_HEIGHT / 4];
    uint8_t v[DRAWN_WIDTH * DRAWN_HEIGHT / 4];
};

/* 0..255, the same for the same arguments. */
uint32_t drawn_hash(uint32_t a, uint32_t b, uint32_t c);

/* By day, in colour; by night, dark and without colour. */
void drawn_day(struct drawn *picture);
void drawn_night(struct drawn *picture);

/* luma becomes gain * luma + offset inside the ellipse. */
void drawn_light(struct drawn *picture, int x, int y, int radius_x, int radius_y, double gain,
                 double offset);

/* Blends a colour over the ellipse. share 0..1; with ragged, its outline and density are those of
 * turbulent air, another for every step. */
void drawn_blend(struct drawn *picture, int x, int y, int radius_x, int radius_y, const int yuv[3],
                 double share, bool ragged, uint32_t step);

/* A plume rising from (x, y) for age_s seconds. */
void drawn_plume(struct drawn *picture, int x, int y, double age_s, uint32_t step);

/* A flame of tongues that stands on (x, y), another at every step. */
void drawn_flame(struct drawn *picture, int x, int y, const int yuv[3], uint32_t step);

/* Sensor noise of a few levels. Last. */
void drawn_noise(struct drawn *picture, uint32_t step);

/* A plugin on one camera. */
struct drawn_camera {
    void *object;
    const struct linhuo_detector *detector;
    struct linhuo_host host;
    struct linhuo_value values[32];
    void *state;
    struct linhuo_find finds[DRAWN_MAX_FINDS]; /* of the last picture; masks left out */
    size_t find_count;
    unsigned failures;
};

/* Loads NAME.so from the folder in the environment's LINHUO_PLUGINS and opens it with its defaults but
 * for settings ("name=value", NULL at the end). Ends the test on failure. */
void drawn_camera_open(struct drawn_camera *camera, const char *name, const char *const *settings);
void drawn_camera_close(struct drawn_camera *camera);

/* Shows the picture as taken at_s seconds into the test; what detect() returned. */
int drawn_camera_show(struct drawn_camera *camera, const struct drawn *picture, double at_s);

/* The best score of the last picture's finds over (x, y); of all of them when x < 0. */
float drawn_camera_best(const struct drawn_camera *camera, int x, int y);

#endif
