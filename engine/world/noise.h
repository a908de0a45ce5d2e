/* Deterministic noise: hashes, a small random generator, smooth value noise.
 *
 * All of it depends on its arguments alone. Value noise: random values on an integer lattice
 * (splitmix64-style mixing), joined by the quintic 6t^5 - 15t^4 + 10t^3 (Perlin 2002), whose first
 * and second derivatives vanish on the lattice. Coordinates within +-2^30.
 *
 * Thread-safety: pure functions.
 */
#ifndef LH_WORLD_NOISE_H
#define LH_WORLD_NOISE_H

#include <stdint.h>

/* A random stream; initialise with any seed. */
struct lh_dice {
    uint64_t state;
};

uint64_t lh_hash(uint64_t seed, uint64_t value);
uint32_t lh_hash_xy(uint32_t seed, int32_t x, int32_t y);

/* The upper 24 bits of a hash as 0 <= u < 1. */
float lh_hash_unit(uint32_t hash);

uint64_t lh_dice_next(struct lh_dice *dice);
/* low <= value < high */
double lh_dice_range(struct lh_dice *dice, double low, double high);
/* Of the normal distribution with mean 0 and deviation 1. */
double lh_dice_normal(struct lh_dice *dice);

/* Smooth noise of wavelength 1 in -1..1. */
float lh_noise(uint32_t seed, float x, float y);

/* Sum of octaves: wavelengths 1, 1/2, 1/4 ..., amplitudes 1, 1/2, 1/4 ..., scaled to -1..1. */
float lh_noise_octaves(uint32_t seed, float x, float y, unsigned octaves);

/* Smooth step of value from 0 at low to 1 at high (3t^2 - 2t^3). */
float lh_smooth(float low, float high, float value);

#endif
