#include "world/skywatch.h"

#include "base/clock.h"
#include "world/noise.h"

#include <math.h>
#include <string.h>
#include <time.h>

#define DEGREE (3.14159265358979323846 / 180.0)
#define METRES_A_DEGREE 111195.0
#define TWO_PIXELS_MW 60.0
#define SATURATED_MW 70.0
#define GLINT_CHANCE (1.0 / 30.0)
#define GLINT_RANGE_M 15000.0

const char *lh_heat_outcome_name(enum lh_heat_outcome outcome)
{
    switch (outcome) {
    case LH_HEAT_SEEN:
        return "seen";
    case LH_HEAT_CLOUDED:
        return "clouded";
    case LH_HEAT_WEAK:
        return "too weak";
    }
    return "unknown";
}

static bool is_modis(const struct lh_pass *pass)
{
    return strcmp(pass->satellite->instrument, "MODIS") == 0;
}

/* A grid of pixels across the ground: turned with the pass, laid by chance. */
struct grid {
    double along_e; /* unit vector of the scan */
    double along_n;
    double scan_m;
    double track_m;
    double phase_scan; /* of a pixel */
    double phase_track;
};

static struct grid lay_grid(const struct lh_pass *pass, struct lh_dice *dice)
{
    const double scan_deg = pass->heading_deg + 90.0;
    return (struct grid){.along_e = sin(scan_deg * DEGREE),
                         .along_n = cos(scan_deg * DEGREE),
                         .scan_m = pass->scan_km * 1000.0,
                         .track_m = pass->track_km * 1000.0,
                         .phase_scan = lh_dice_range(dice, 0.0, 1.0),
                         .phase_track = lh_dice_range(dice, 0.0, 1.0)};
}

/* The middle of the pixel that tells of the fire: the one it is in, or, where samples overlap and luck (0 to 1)
 * is less than how far off the middle it lies, the next one on that side along the scan. */
static void place_in_grid(const struct grid *grid, const struct lh_heat *heat, double luck,
                          double off_e, double off_n, struct lh_sky_row *row)
{
    const double shrink = cos(heat->latitude_deg * DEGREE);
    const double e = heat->longitude_deg * METRES_A_DEGREE * shrink;
    const double n = heat->latitude_deg * METRES_A_DEGREE;
    const double scan = (e * grid->along_e + n * grid->along_n) / grid->scan_m + grid->phase_scan;
    const double track =
        (e * grid->along_n - n * grid->along_e) / grid->track_m + grid->phase_track;
    const double aside = scan - floor(scan) - 0.5;
    const double beside = luck < fabs(aside) ? copysign(1.0, aside) : 0.0;
    const double by_scan = (beside - aside) * grid->scan_m;
    const double by_track = (floor(track) + 0.5 - track) * grid->track_m;
    const double move_e = by_scan * grid->along_e + by_track * grid->along_n + off_e;
    const double move_n = by_scan * grid->along_n - by_track * grid->along_e + off_n;
    row->latitude_deg = heat->latitude_deg + move_n / METRES_A_DEGREE;
    row->longitude_deg = heat->longitude_deg + move_e / METRES_A_DEGREE / shrink;
}

static double least_mw(const struct lh_pass *pass)
{
    const struct lh_satellite *satellite = pass->satellite;
    const double straight = satellite->track_km * (is_modis(pass) ? 1.0 : 3.0 * 0.129);
    const double larger = pass->scan_km * pass->track_km / straight;
    return satellite->least_mw * larger * (pass->night ? 0.67 : 1.0);
}

static int confidence_of(const struct lh_pass *pass, double power_mw, struct lh_dice *dice)
{
    if (is_modis(pass)) {
        const double value =
            45.0 + 18.0 * log(power_mw / least_mw(pass)) + 10.0 * lh_dice_normal(dice);
        return (int)fmin(fmax(value, 1.0), 100.0);
    }
    const double chance = lh_dice_range(dice, 0.0, 1.0);
    if (power_mw > SATURATED_MW)
        return chance < 0.5 ? 'l' : 'h'; /* a saturated pixel is marked either way */
    return chance < 0.06 ? 'l' : (chance < 0.13 ? 'h' : 'n');
}

static void look_at(const struct lh_pass *pass, const struct grid *grid, const struct lh_heat *heat,
                    struct lh_dice *dice, struct lh_sky_row *row)
{
    const double sigma_m = pass->satellite->geo_m;
    const double off_e = sigma_m * lh_dice_normal(dice);
    const double off_n = sigma_m * lh_dice_normal(dice);
    const double luck = is_modis(pass) ? lh_dice_range(dice, 0.0, 1.0) : 1.0;
    const double power_mw = heat->power_mw * exp(0.25 * lh_dice_normal(dice));
    *row = (struct lh_sky_row){
        .id = heat->id,
        .frp_mw = power_mw,
        .brightness_k = fmin(305.0 + 14.0 * sqrt(power_mw), is_modis(pass) ? 500.0 : 367.0),
        .far_brightness_k = 292.0 + 1.5 * sqrt(power_mw),
        .confidence = confidence_of(pass, power_mw, dice),
    };
    place_in_grid(grid, heat, luck, off_e, off_n, row);
}

static bool add_glint(const struct lh_pass *pass, const struct lh_heat *about, struct lh_dice *dice,
                      struct lh_sky_row *row)
{
    const double chance = lh_dice_range(dice, 0.0, 1.0);
    const double e = lh_dice_range(dice, -GLINT_RANGE_M, GLINT_RANGE_M);
    const double n = lh_dice_range(dice, -GLINT_RANGE_M, GLINT_RANGE_M);
    if (pass->night || chance >= GLINT_CHANCE)
        return false;
    *row = (struct lh_sky_row){
        .latitude_deg = about->latitude_deg + n / METRES_A_DEGREE,
        .longitude_deg =
            about->longitude_deg + e / METRES_A_DEGREE / cos(about->latitude_deg * DEGREE),
        .frp_mw = 1.5 * least_mw(pass),
        .brightness_k = 331.0,
        .far_brightness_k = 296.0,
        .confidence = is_modis(pass) ? 12 : 'l',
    };
    return true;
}

size_t lh_sky_look(uint64_t stream, const struct lh_pass *pass, double cloud_cover,
                   const struct lh_heat *heats, size_t count, struct lh_sky_row *rows,
                   enum lh_heat_outcome *outcomes)
{
    struct lh_dice dice = {stream};
    const struct grid grid = lay_grid(pass, &dice);
    size_t made = 0;
    for (size_t i = 0; i < count; i++) {
        const double sky = lh_dice_range(&dice, 0.0, 1.0);
        const double luck = lh_dice_range(&dice, 0.0, 1.0);
        const double chance = 1.0 / (1.0 + pow(least_mw(pass) / heats[i].power_mw, 3.0));
        outcomes[i] = sky < 0.8 * cloud_cover ? LH_HEAT_CLOUDED
                      : luck >= chance        ? LH_HEAT_WEAK
                                              : LH_HEAT_SEEN;
        if (outcomes[i] != LH_HEAT_SEEN)
            continue;
        struct lh_sky_row *row = &rows[made++];
        look_at(pass, &grid, &heats[i], &dice, row);
        if (row->frp_mw < TWO_PIXELS_MW || is_modis(pass))
            continue;
        rows[made] = *row;
        rows[made].latitude_deg += grid.along_n * grid.scan_m / METRES_A_DEGREE;
        rows[made].longitude_deg +=
            grid.along_e * grid.scan_m / METRES_A_DEGREE / cos(row->latitude_deg * DEGREE);
        made++;
    }
    if (count > 0 && add_glint(pass, &heats[0], &dice, &rows[made]))
        made++;
    return made;
}

void lh_sky_print(FILE *out, const struct lh_pass *pass, const struct lh_sky_row *rows,
                  size_t count)
{
    const bool modis = is_modis(pass);
    const time_t seconds = (time_t)(pass->utc_us / LH_SECOND_US);
    struct tm when;
    char confidence[8];
    (void)gmtime_r(&seconds, &when);
    (void)fprintf(out,
                  "latitude,longitude,%s,scan,track,acq_date,acq_time,satellite,instrument,"
                  "confidence,version,%s,frp,daynight\n",
                  modis ? "brightness" : "bright_ti4", modis ? "bright_t31" : "bright_ti5");
    for (size_t i = 0; i < count; i++) {
        (void)snprintf(confidence, sizeof confidence, modis ? "%d" : "%c", rows[i].confidence);
        (void)fprintf(out, "%.5f,%.5f,%.2f,%.2f,%.2f,%04d-%02d-%02d,%d,%s,%s,%s,%s,%.2f,%.2f,%c\n",
                      rows[i].latitude_deg, rows[i].longitude_deg, rows[i].brightness_k,
                      pass->scan_km, pass->track_km, when.tm_year + 1900, when.tm_mon + 1,
                      when.tm_mday, when.tm_hour * 100 + when.tm_min, pass->satellite->code,
                      pass->satellite->instrument, confidence, modis ? "6.1NRT" : "2.0NRT",
                      rows[i].far_brightness_k, rows[i].frp_mw, pass->night ? 'N' : 'D');
    }
}
