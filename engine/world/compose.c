#include "world/noise.h"
#include "world/studio.h"

#include <math.h>
#include <string.h>

enum { ROW_RED, ROW_GREEN, ROW_BLUE, ROW_SUN, ROW_CLEAR, ROW_LIT, ROW_WARM, ROW_SECOND };

/* Stretches one row of a coarse grid to pixels x0..x1 - 1. shift: log2 of the pixels a cell. */
static void stretch(const float *grid, int wide, int tall, int shift, int y, int x0, int x1,
                    float *out)
{
    int step = 1 << shift;
    int row = y >> shift;
    float v = (float)(y & (step - 1)) / (float)step;
    const float *p = grid + (size_t)row * (size_t)wide;
    const float *q = row + 1 < tall ? p + wide : p;
    for (int x = x0; x < x1;) {
        int cell = x >> shift;
        float a = p[cell] + (q[cell] - p[cell]) * v;
        float b = p[cell + 1] + (q[cell + 1] - p[cell + 1]) * v;
        float slope = (b - a) / (float)step;
        int end = (cell + 1) << shift;
        end = end < x1 ? end : x1;
        for (; x < end; x++)
            out[x] = a + slope * (float)(x & (step - 1));
    }
}

static void lay_ground(struct lh_studio *studio, int y, int x0, int x1, float *const rgb[3])
{
    static const float blueness[3] = {0.12F, 0.0F, -0.22F};
    const struct lh_view *view = &studio->view;
    const struct lh_light *light = &studio->light;
    size_t at = (size_t)y * (size_t)view->width;
    const uint8_t *restrict early = studio->keys[studio->early].slope + at;
    const uint8_t *restrict late = studio->keys[studio->late].slope + at;
    const uint8_t *restrict clear = view->clear + at;
    float *restrict sun = studio->row[ROW_SUN];
    float share = studio->key_share;
    stretch(studio->shadow, studio->shadow_w, studio->shadow_h, 3, y, x0, x1, sun);
    for (int x = x0; x < x1; x++) {
        float a = (float)early[x];
        float b = (float)late[x];
        sun[x] *= (a + (b - a) * share) * (1.0F / 255.0F);
    }
    for (int c = 0; c < 3; c++) {
        const uint8_t *restrict albedo = view->albedo[c] + at;
        const float *restrict air = studio->air[c];
        float *restrict out = rgb[c];
        float direct = light->sun_rgb[c] * (1.0F / 65025.0F);
        float sky = light->sky_rgb[c] * (1.0F / 65025.0F);
        float blue = blueness[c] * light->colour;
        for (int x = x0; x < x1; x++) {
            float root = (float)albedo[x];
            float lit = root * root * (direct * sun[x] + sky);
            float through = (float)clear[x] * (1.0F / 255.0F);
            through += blue * through * (1.0F - through);
            out[x] = air[x] + (lit - air[x]) * through;
        }
    }
}

static void lay_sky(struct lh_studio *studio, int y, int x0, int x1, float *const rgb[3])
{
    const struct lh_view *view = &studio->view;
    const float *distance = view->distance_m + (size_t)y * (size_t)view->width;
    const float *over = y > 0 ? distance - view->width : distance;
    float *restrict sky = studio->row[ROW_SUN];
    for (int c = 0; c < 3; c++) {
        float *restrict out = rgb[c];
        stretch(studio->sky[c], studio->coarse_w, studio->coarse_h, 2, y, x0, x1, sky);
        if (y < view->first_ground_row) {
            memcpy(out + x0, sky + x0, (size_t)(x1 - x0) * sizeof *out);
            continue;
        }
        for (int x = x0; x < x1; x++) {
            float rim = over[x] >= LH_VIEW_SKY_M ? 0.4F : 0.0F; /* the lens softens the skyline */
            float share = distance[x] >= LH_VIEW_SKY_M ? 1.0F : rim;
            out[x] += (sky[x] - out[x]) * share;
        }
    }
}

static void lay_smoke(struct lh_studio *studio, const struct lh_stage *stage, size_t source, int y,
                      int x0, int x1, float *const rgb[3])
{
    static const float firelight[3] = {0.62F, 0.40F, 0.24F};
    const struct lh_layer *layer = &studio->layers[source];
    const struct lh_light *light = &studio->light;
    if (y < layer->y0 || y >= layer->y1 || layer->x1 <= x0 || layer->x0 >= x1)
        return;
    float *restrict clear = studio->row[ROW_CLEAR];
    float *restrict lit = studio->row[ROW_LIT];
    float *restrict warm = studio->row[ROW_WARM];
    lh_layer_row(layer, &studio->view, y, clear, lit, warm);
    int from = layer->x0 > x0 ? layer->x0 : x0;
    int to = layer->x1 < x1 ? layer->x1 : x1;
    float haze = expf(-3.912F * layer->distance_m / (float)(stage->visibility_km * 1000.0));
    for (int c = 0; c < 3; c++) {
        float *restrict out = rgb[c];
        const float *restrict air = studio->air[c];
        const float *tint = stage->sources[source].colour;
        float body = tint[c] * (0.56F * light->sun_rgb[c] + 0.95F * light->sky_rgb[c]) * haze;
        float glow = firelight[c] * (0.12F + 0.88F * light->night) * haze;
        float veil = 1.0F - haze;
        for (int x = from; x < to; x++) {
            int i = x - layer->x0;
            out[x] = out[x] * clear[i] + lit[i] * body + warm[i] * glow +
                     (1.0F - clear[i]) * air[x] * veil;
        }
    }
}

static void lay_lamp(struct lh_studio *studio, const struct lh_stage *stage,
                     const struct lh_lamp *lamp, int y, int x0, int x1, float *const rgb[3])
{
    const struct lh_view *view = &studio->view;
    float reach = 3.0F * lamp->sigma_px + 1.0F;
    float dy = (float)y + 0.5F - lamp->y;
    if (fabsf(dy) > reach)
        return;
    float from_x = fmaxf(lamp->x - reach, (float)x0);
    float to_x = fminf(lamp->x + reach, (float)x1);
    float haze = expf(-3.912F * lamp->distance_m / (float)(stage->visibility_km * 1000.0));
    float inverse = 0.5F / (lamp->sigma_px * lamp->sigma_px);
    const float *distance = view->distance_m + (size_t)y * (size_t)view->width;
    float nearest = lamp->distance_m * 0.99F - 25.0F;
    for (int x = (int)from_x; (float)x < to_x; x++) {
        if (distance[x] < nearest)
            continue;
        float dx = (float)x + 0.5F - lamp->x;
        float spot = expf(-(dx * dx + dy * dy) * inverse) * haze;
        for (int c = 0; c < 3; c++)
            rgb[c][x] += lamp->rgb[c] * spot;
    }
}

void lh_studio_row(struct lh_studio *studio, const struct lh_stage *stage, int y, int x0, int x1,
                   size_t leave_out, float *const rgb[3])
{
    const struct lh_view *view = &studio->view;
    if (y >= view->first_ground_row)
        lay_ground(studio, y, x0, x1, rgb);
    if (y < view->first_full_row)
        lay_sky(studio, y, x0, x1, rgb);
    for (size_t i = 0; i < studio->lamp_count; i++) {
        if (studio->lamps[i].source != leave_out || leave_out == LH_NO_SOURCE)
            lay_lamp(studio, stage, &studio->lamps[i], y, x0, x1, rgb);
    }
    for (size_t i = 0; i < studio->drawn_count; i++) {
        if (studio->order[i] != leave_out)
            lay_smoke(studio, stage, studio->order[i], y, x0, x1, rgb);
    }
}

void lh_studio_develop(const struct lh_studio *studio, int x0, int x1, float *const rgb[3])
{
    float gain = studio->light.exposure;
    for (int c = 0; c < 3; c++) {
        float *restrict out = rgb[c];
        for (int x = x0; x < x1; x++) {
            float v = out[x] * gain;
            v = 1.38F * v / (1.0F + 0.38F * v);
            v = v > 1.0F ? 1.0F : v;
            out[x] = sqrtf(v);
        }
    }
}

static uint32_t grain_offset(const struct lh_studio *studio, const struct lh_stage *stage, int y,
                             int plane)
{
    uint64_t moment = (uint64_t)(int64_t)llround(studio->time_s * 1000.0);
    uint64_t bits = lh_hash(stage->seed ^ moment, (uint64_t)y * 4 + (uint64_t)plane);
    bits = lh_hash(bits, studio->number);
    return (uint32_t)(bits % (uint64_t)(LH_NOISE_ROOM - 8192));
}

static void put_luma(const struct lh_studio *studio, const struct lh_stage *stage, int y,
                     float *const rgb[3], uint8_t *restrict out)
{
    const float *restrict red = rgb[0];
    const float *restrict green = rgb[1];
    const float *restrict blue = rgb[2];
    const int8_t *restrict grain = stage->grain + grain_offset(studio, stage, y, 0);
    float amount = studio->light.noise / 32.0F;
    int width = studio->view.width;
    for (int x = 0; x < width; x++) {
        float luma = 65.481F * red[x] + 128.553F * green[x] + 24.966F * blue[x];
        float value = 16.5F + luma + amount * (float)grain[x];
        value = value < 0.0F ? 0.0F : value > 255.0F ? 255.0F : value;
        out[x] = (uint8_t)(int)value;
    }
}

static void put_chroma(const struct lh_studio *studio, const struct lh_stage *stage, int y,
                       float *const top[3], float *const low[3], struct lh_scene_picture *picture)
{
    static const float weight[2][3] = {{-37.797F, -74.203F, 112.0F}, {112.0F, -93.786F, -18.214F}};
    const float *restrict red = studio->row[ROW_CLEAR];
    const float *restrict green = studio->row[ROW_LIT];
    const float *restrict blue = studio->row[ROW_WARM];
    int half = (studio->view.width + 1) / 2;
    int last = studio->view.width - 1;
    for (int c = 0; c < 3; c++) {
        float *restrict mean = studio->row[ROW_CLEAR + c];
        for (int x = 0; x < half; x++) {
            int left = 2 * x;
            int right = left < last ? left + 1 : last;
            mean[x] = 0.25F * (top[c][left] + top[c][right] + low[c][left] + low[c][right]);
        }
    }
    for (int k = 0; k < 2; k++) {
        const int8_t *restrict grain = stage->grain + grain_offset(studio, stage, y, 1 + k);
        uint8_t *restrict out = picture->plane[1 + k] + (ptrdiff_t)(y / 2) * picture->stride[1 + k];
        float colour = studio->light.colour;
        float amount = 0.5F * studio->light.noise * colour / 32.0F;
        float r = weight[k][0];
        float g = weight[k][1];
        float b = weight[k][2];
        for (int x = 0; x < half; x++) {
            float bright = red[x] * red[x];
            float kept = colour + (1.0F - colour) * bright * bright;
            float value = 128.5F + kept * (r * red[x] + g * green[x] + b * blue[x]) +
                          amount * (float)grain[x];
            value = value < 0.0F ? 0.0F : value > 255.0F ? 255.0F : value;
            out[x] = (uint8_t)(int)value;
        }
    }
}

void lh_studio_picture(struct lh_studio *studio, const struct lh_stage *stage,
                       struct lh_scene_picture *picture)
{
    int width = studio->view.width;
    int height = studio->view.height;
    float *top[3] = {studio->row[ROW_RED], studio->row[ROW_GREEN], studio->row[ROW_BLUE]};
    float *low[3] = {studio->row[ROW_SECOND], studio->row[ROW_SECOND + 1],
                     studio->row[ROW_SECOND + 2]};
    for (int y = 0; y < height; y += 2) {
        lh_studio_row(studio, stage, y, 0, width, LH_NO_SOURCE, top);
        lh_studio_develop(studio, 0, width, top);
        put_luma(studio, stage, y, top, picture->plane[0] + (ptrdiff_t)y * picture->stride[0]);
        if (y + 1 < height) {
            lh_studio_row(studio, stage, y + 1, 0, width, LH_NO_SOURCE, low);
            lh_studio_develop(studio, 0, width, low);
            put_luma(studio, stage, y + 1, low,
                     picture->plane[0] + (ptrdiff_t)(y + 1) * picture->stride[0]);
            put_chroma(studio, stage, y, top, low, picture);
        } else {
            put_chroma(studio, stage, y, top, top, picture);
        }
    }
}
