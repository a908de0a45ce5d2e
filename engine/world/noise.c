#include "world/noise.h"

#include <math.h>

uint64_t lh_hash(uint64_t seed, uint64_t value)
{
    uint64_t z = seed + (value + 1) * UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

uint32_t lh_hash_xy(uint32_t seed, int32_t x, int32_t y)
{
    uint32_t h = seed ^ ((uint32_t)x * 0x85ebca6bU) ^ ((uint32_t)y * 0xc2b2ae35U);
    h = (h ^ (h >> 16)) * 0x7feb352dU;
    h = (h ^ (h >> 15)) * 0x846ca68bU;
    return h ^ (h >> 16);
}

float lh_hash_unit(uint32_t hash)
{
    return (float)(hash >> 8) * (1.0F / 16777216.0F);
}

uint64_t lh_dice_next(struct lh_dice *dice)
{
    dice->state += UINT64_C(0x9e3779b97f4a7c15);
    return lh_hash(dice->state, 0);
}

double lh_dice_range(struct lh_dice *dice, double low, double high)
{
    double unit = (double)(lh_dice_next(dice) >> 11) * (1.0 / 9007199254740992.0);
    return low + unit * (high - low);
}

double lh_dice_normal(struct lh_dice *dice)
{
    const double u = 1.0 - lh_dice_range(dice, 0.0, 1.0);
    const double v = lh_dice_range(dice, 0.0, 1.0);
    return sqrt(-2.0 * log(u)) * cos(6.283185307179586 * v);
}

float lh_noise(uint32_t seed, float x, float y)
{
    float fx = floorf(x);
    float fy = floorf(y);
    int32_t ix = (int32_t)fx;
    int32_t iy = (int32_t)fy;
    float u = x - fx;
    float v = y - fy;
    u = u * u * u * (u * (u * 6.0F - 15.0F) + 10.0F);
    v = v * v * v * (v * (v * 6.0F - 15.0F) + 10.0F);
    float a = lh_hash_unit(lh_hash_xy(seed, ix, iy));
    float b = lh_hash_unit(lh_hash_xy(seed, ix + 1, iy));
    float c = lh_hash_unit(lh_hash_xy(seed, ix, iy + 1));
    float d = lh_hash_unit(lh_hash_xy(seed, ix + 1, iy + 1));
    float low = a + (b - a) * u;
    float high = c + (d - c) * u;
    return (low + (high - low) * v) * 2.0F - 1.0F;
}

float lh_noise_octaves(uint32_t seed, float x, float y, unsigned octaves)
{
    float sum = 0.0F;
    float weight = 1.0F;
    float total = 0.0F;
    for (unsigned i = 0; i < octaves; i++) {
        sum += weight * lh_noise(seed + i * 0x9e37U, x, y);
        total += weight;
        weight *= 0.5F;
        float turned = x * 1.6F + y * 1.2F;
        y = y * 1.6F - x * 1.2F;
        x = turned;
    }
    return total > 0.0F ? sum / total : 0.0F;
}

float lh_smooth(float low, float high, float value)
{
    float t = (value - low) / (high - low);
    t = t < 0.0F ? 0.0F : t > 1.0F ? 1.0F : t;
    return t * t * (3.0F - 2.0F * t);
}
