/* Boxes and words on evidence pictures. Part of evidence.
 *
 * Works on packed 24-bit pictures in place; everything is clipped to the picture.
 *
 * Thread-safety: pure functions of their arguments.
 */
#ifndef LH_ALARM_DRAW_H
#define LH_ALARM_DRAW_H

#include <stdint.h>

struct lh_canvas {
    uint8_t *pixels; /* BGR, width_px * 3 bytes a row */
    int width_px;
    int height_px;
};

/* A frame just outside the rectangle, in colour with a dark edge, so that it reads on any ground. */
void lh_draw_box(struct lh_canvas *canvas, int x, int y, int width, int height, int thickness_px,
                 const uint8_t bgr[3]);

/* Text in a 5 x 7 font, scaled, on a dark plate; capital and small letters, digits, '.', '-' and blank.
 * x, y: top left; moved so that it stays in the picture. */
void lh_draw_label(struct lh_canvas *canvas, int x, int y, int scale, const char *text,
                   const uint8_t bgr[3]);

#endif
