/* Which pixels could be flame, from one picture alone.
 *
 * Works at the resolution of the chroma planes, half the picture. By day and in colour a pixel glows
 * when it is bright, redder than the view and well on the red side: after T. Celik and H. Demirel,
 * "Fire detection in video sequences using a generic color model", Fire Safety Journal 44 (2009):
 * Y > Cb, Cr > Cb, Y, Cr above and Cb below the picture's means, Cr - Cb at least 40. Burnt-out white
 * cores have no colour; they glow when they touch pixels that do.
 * A dark picture that is grey but for a few pixels is lit by infrared, or shows a night without street lamps:
 * there what is near white glows too. A grey picture by day has nothing but its colour to go by.
 */
#ifndef FLAME_CLASSIC_GLOW_H
#define FLAME_CLASSIC_GLOW_H

#include "linhuo_detector.h"

enum glow_light {
    GLOW_COLOUR,
    GLOW_DARK, /* without colour, but for a few pixels */
};

/* mask gets 255 for every glowing pixel, 0 otherwise; it has width x height bytes, half the picture's,
 * rounded down. luma gets the brightest of each four. */
enum glow_light glow_find(const struct linhuo_picture *picture, int width, int height,
                          uint8_t *mask, uint8_t *luma);

#endif
