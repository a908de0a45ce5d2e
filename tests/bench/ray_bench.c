/* Rays cast a second over mountains, by the engine and by plain marching in steps of half a cell, in the
 * same run. The mountains are made up, so that the figure needs no data; 20 km about a tower, cells of 30 m. */
#include "locate/ray.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define SIDE 1401
#define CELL_M 30.0
#define RANGE_M 20000.0
#define RAYS 4000
#define LEAST_S 1.0

static double height(double e, double n)
{
    double sum = 1200.0;
    double wave_m = 9000.0;
    double tall_m = 350.0;
    for (int octave = 0; octave < 7; octave++, wave_m /= 2.1, tall_m /= 2.0)
        sum += tall_m * sin(e / wave_m * 6.28 + octave * 1.7 + 0.8 * sin(n / wave_m * 4.0)) *
               cos(n / wave_m * 6.28 + octave * 0.9);
    return sum;
}

/* How often the line goes into the ground; once at most where only the first is asked for. */
static int march(const struct lh_eye *eye, double azimuth_deg, double elevation_deg, bool first)
{
    const double azimuth = (azimuth_deg - eye->convergence_deg) * LH_DEGREE;
    const double slope = tan(elevation_deg * LH_DEGREE);
    const double step_m = CELL_M / 2.0;
    bool under = false;
    int hits = 0;
    for (double s = step_m; s < RANGE_M && !(first && hits); s += step_m) {
        const struct lh_offset at = {eye->at.east_m + s * sin(azimuth),
                                     eye->at.north_m + s * cos(azimuth)};
        const bool now = eye->height_m + s * slope + lh_terrain_drop_m(eye->terrain, s) <
                         lh_terrain_height(eye->terrain, at);
        hits += now && !under;
        under = now;
    }
    return hits;
}

static int march_all(const struct lh_eye *eye, double azimuth_deg, double elevation_deg)
{
    return march(eye, azimuth_deg, elevation_deg, false);
}

static int march_first(const struct lh_eye *eye, double azimuth_deg, double elevation_deg)
{
    return march(eye, azimuth_deg, elevation_deg, true);
}

static int cast_all(const struct lh_eye *eye, double azimuth_deg, double elevation_deg)
{
    struct lh_ray ray;
    lh_ray_cast(eye, azimuth_deg, elevation_deg, RANGE_M, &ray);
    return (int)ray.count;
}

static int cast_first(const struct lh_eye *eye, double azimuth_deg, double elevation_deg)
{
    struct lh_ray ray;
    lh_ray_first(eye, azimuth_deg, elevation_deg, RANGE_M, &ray);
    return (int)ray.count;
}

static double cpu_s(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Rays a second of CPU time; hits: what all of them found, for both ways must find nearly the same. */
static double rate(const struct lh_eye *eye,
                   int (*look)(const struct lh_eye *eye, double azimuth_deg, double elevation_deg),
                   int *hits)
{
    const double begun_s = cpu_s();
    long done = 0;
    while (cpu_s() - begun_s < LEAST_S) {
        *hits = 0;
        for (int i = 0; i < RAYS; i++)
            *hits += look(eye, i * 137.507, -5.0 + 6.0 * (i % 97) / 96.0);
        done += RAYS;
    }
    return (double)done / (cpu_s() - begun_s);
}

static void compare(const struct lh_eye *eye, const char *what,
                    int (*cast)(const struct lh_eye *eye, double azimuth_deg, double elevation_deg),
                    int (*march_on)(const struct lh_eye *eye, double azimuth_deg,
                                    double elevation_deg))
{
    int cast_hits = 0;
    int march_hits = 0;
    const double fast = rate(eye, cast, &cast_hits);
    const double plain = rate(eye, march_on, &march_hits);
    printf("%-16s %9.0f a second, marched in steps of 15 m %9.0f: %.1f times (crossings: %d, %d)\n",
           what, fast, plain, fast / plain, cast_hits, march_hits);
}

int main(void)
{
    struct lh_fault fault = {0};
    struct lh_terrain *terrain = NULL;
    struct lh_eye eye;
    float *heights = malloc(sizeof *heights * SIDE * SIDE);
    if (!heights)
        return 1;
    for (int row = 0; row < SIDE; row++)
        for (int column = 0; column < SIDE; column++)
            heights[row * SIDE + column] = (float)height(column * CELL_M, row * CELL_M);
    const struct lh_geo middle = {37.68, 111.80};
    if (lh_terrain_from_heights(middle, CELL_M, SIDE, SIDE, heights, &fault, &terrain) != LH_OK ||
        lh_eye_place(terrain, middle, NAN, 150.0, &fault, &eye) != LH_OK) {
        (void)fprintf(stderr, "ray bench: %s\n", fault.text);
        free(heights);
        return 1;
    }
    printf("\nrays over mountains, 20 km about a tower, cells of 30 m, one core\n");
    compare(&eye, "first crossing", cast_first, march_first);
    compare(&eye, "all crossings", cast_all, march_all);
    lh_terrain_destroy(&terrain);
    free(heights);
    return 0;
}
