#include "alarm/draw.h"

#include <string.h>

#define GLYPH_WIDTH 5
#define GLYPH_HEIGHT 7
#define ADVANCE (GLYPH_WIDTH + 1)

/* Rows from the top; bit 4 is the left column. Only what labels say. */
static const struct {
    char letter;
    uint8_t rows[GLYPH_HEIGHT];
} font[] = {
    {'0', {14, 17, 19, 21, 25, 17, 14}}, {'1', {4, 12, 4, 4, 4, 4, 14}},
    {'2', {14, 17, 1, 2, 4, 8, 31}},     {'3', {31, 2, 4, 2, 1, 17, 14}},
    {'4', {2, 6, 10, 18, 31, 2, 2}},     {'5', {31, 16, 30, 1, 1, 17, 14}},
    {'6', {6, 8, 16, 30, 17, 17, 14}},   {'7', {31, 1, 2, 4, 8, 8, 8}},
    {'8', {14, 17, 17, 14, 17, 17, 14}}, {'9', {14, 17, 17, 15, 1, 2, 12}},
    {'.', {0, 0, 0, 0, 0, 12, 12}},      {'-', {0, 0, 0, 14, 0, 0, 0}},
    {'a', {0, 0, 14, 1, 15, 17, 15}},    {'e', {0, 0, 14, 17, 31, 16, 14}},
    {'f', {6, 9, 8, 28, 8, 8, 8}},       {'k', {16, 16, 18, 20, 24, 20, 18}},
    {'l', {12, 4, 4, 4, 4, 4, 14}},      {'m', {0, 0, 26, 21, 21, 17, 17}},
    {'o', {0, 0, 14, 17, 17, 17, 14}},   {'s', {0, 0, 14, 16, 14, 1, 30}},
};

static void fill(struct lh_canvas *canvas, int x0, int y0, int x1, int y1, const uint8_t bgr[3])
{
    x0 = x0 < 0 ? 0 : x0;
    y0 = y0 < 0 ? 0 : y0;
    x1 = x1 > canvas->width_px ? canvas->width_px : x1;
    y1 = y1 > canvas->height_px ? canvas->height_px : y1;
    for (int y = y0; y < y1; y++)
        for (int x = x0; x < x1; x++)
            memcpy(canvas->pixels + 3 * ((size_t)y * (size_t)canvas->width_px + (size_t)x), bgr, 3);
}

static void frame(struct lh_canvas *canvas, int x0, int y0, int x1, int y1, int thick,
                  const uint8_t bgr[3])
{
    fill(canvas, x0, y0, x1, y0 + thick, bgr);
    fill(canvas, x0, y1 - thick, x1, y1, bgr);
    fill(canvas, x0, y0, x0 + thick, y1, bgr);
    fill(canvas, x1 - thick, y0, x1, y1, bgr);
}

void lh_draw_box(struct lh_canvas *canvas, int x, int y, int width, int height, int thickness_px,
                 const uint8_t bgr[3])
{
    static const uint8_t dark[3] = {0, 0, 0};
    const int thick = thickness_px;
    frame(canvas, x - thick - 1, y - thick - 1, x + width + thick + 1, y + height + thick + 1,
          thick + 2, dark);
    frame(canvas, x - thick, y - thick, x + width + thick, y + height + thick, thick, bgr);
}

static const uint8_t *glyph(char letter)
{
    for (size_t i = 0; i < sizeof font / sizeof font[0]; i++)
        if (font[i].letter == letter)
            return font[i].rows;
    return NULL;
}

void lh_draw_label(struct lh_canvas *canvas, int x, int y, int scale, const char *text,
                   const uint8_t bgr[3])
{
    static const uint8_t dark[3] = {0, 0, 0};
    const int width = ((int)strlen(text) * ADVANCE + 1) * scale;
    const int height = (GLYPH_HEIGHT + 2) * scale;
    if (x + width > canvas->width_px)
        x = canvas->width_px - width;
    if (y + height > canvas->height_px)
        y = canvas->height_px - height;
    x = x < 0 ? 0 : x;
    y = y < 0 ? 0 : y;
    fill(canvas, x, y, x + width, y + height, dark);
    for (int i = 0; text[i]; i++) {
        const uint8_t *rows = glyph(text[i]);
        for (int row = 0; rows && row < GLYPH_HEIGHT; row++)
            for (int column = 0; column < GLYPH_WIDTH; column++)
                if (rows[row] >> (GLYPH_WIDTH - 1 - column) & 1) {
                    const int left = x + (1 + i * ADVANCE + column) * scale;
                    const int top = y + (1 + row) * scale;
                    fill(canvas, left, top, left + scale, top + scale, bgr);
                }
    }
}
