#include "fuse/fire_weather.h"

#include <math.h>

static double scale_of(enum lh_ffmc_scale scale)
{
    return scale == LH_FFMC_1987 ? 147.2 : 250.0 * 59.5 / 101.0;
}

/* ---- fine fuel ---- */

static double moisture_of(double ffmc, double scale)
{
    return scale * (101 - ffmc) / (59.5 + ffmc);
}

static double ffmc_of(double moisture, double scale)
{
    return fmin(fmax(59.5 * (250 - moisture) / (scale + moisture), 0), 101);
}

static double wetted(double moisture, double rain_mm)
{
    double wet =
        moisture + 42.5 * rain_mm * exp(-100 / (251 - moisture)) * (1 - exp(-6.93 / rain_mm));
    if (moisture > 150)
        wet += 0.0015 * (moisture - 150) * (moisture - 150) * sqrt(rain_mm);
    return fmin(wet, 250);
}

/* Towards the equilibrium of drying or wetting; speed is 0.581 a day, 0.0579 an hour. */
static double settled(double moisture, const struct lh_noon_weather *weather, double speed,
                      double steps)
{
    const double h = weather->humidity_percent;
    const double t = weather->temperature_c;
    const double warm = 0.18 * (21.1 - t) * (1 - exp(-0.115 * h));
    const double dry = 0.942 * pow(h, 0.679) + 11 * exp((h - 100) / 10) + warm;
    const double wet = 0.618 * pow(h, 0.753) + 10 * exp((h - 100) / 10) + warm;
    const bool drying = moisture > dry;
    if (!drying && moisture >= wet)
        return moisture;
    const double share = drying ? h / 100 : (100 - h) / 100;
    const double rate =
        (0.424 * (1 - pow(share, 1.7)) + 0.0694 * sqrt(weather->wind_km_h) * (1 - pow(share, 8))) *
        speed * exp(0.0365 * t);
    const double target = drying ? dry : wet;
    return target + (moisture - target) * pow(10, -rate * steps);
}

double lh_ffmc(double yesterday, const struct lh_noon_weather *weather, enum lh_ffmc_scale scale)
{
    double moisture = moisture_of(yesterday, scale_of(scale));
    if (weather->rain_mm > 0.5)
        moisture = wetted(moisture, weather->rain_mm - 0.5);
    return ffmc_of(settled(moisture, weather, 0.581, 1), scale_of(scale));
}

double lh_ffmc_hourly(double before, const struct lh_noon_weather *weather, double hours,
                      enum lh_ffmc_scale scale)
{
    double moisture = moisture_of(before, scale_of(scale));
    if (weather->rain_mm > 0)
        moisture = wetted(moisture, weather->rain_mm);
    return ffmc_of(settled(moisture, weather, 0.0579, hours), scale_of(scale));
}

/* ---- duff and drought ---- */

static double day_length(double latitude_deg, bool adjust, int month)
{
    static const double north46[] = {6.5, 7.5, 9, 12.8, 13.9, 13.9, 12.4, 10.9, 9.4, 8, 7, 6};
    static const double north20[] = {7.9, 8.4, 8.9, 9.5, 9.9, 10.2, 10.1, 9.7, 9.1, 8.6, 8.1, 7.8};
    static const double south20[] = {10.1, 9.6, 9.1, 8.5, 8.1, 7.8, 7.9, 8.3, 8.9, 9.4, 9.9, 10.2};
    static const double south40[] = {11.5, 10.5, 9.2, 7.9, 6.8, 6.2, 6.5, 7.4, 8.7, 10, 11.2, 11.8};
    if (!adjust || latitude_deg > 30)
        return north46[month - 1];
    if (latitude_deg > 10)
        return north20[month - 1];
    if (latitude_deg > -10)
        return 9;
    return latitude_deg > -30 ? south20[month - 1] : south40[month - 1];
}

double lh_dmc(double yesterday, const struct lh_noon_weather *weather, double latitude_deg,
              bool adjust)
{
    const double t = fmax(weather->temperature_c, -1.1);
    const double drying = 1.894 * (t + 1.1) * (100 - weather->humidity_percent) *
                          day_length(latitude_deg, adjust, weather->month) * 1e-4;
    double code = yesterday;
    if (weather->rain_mm > 1.5) {
        const double rain = 0.92 * weather->rain_mm - 1.27;
        const double moisture = 20 + 280 / exp(0.023 * yesterday);
        const double slope = yesterday <= 33   ? 100 / (0.5 + 0.3 * yesterday)
                             : yesterday <= 65 ? 14 - 1.3 * log(yesterday)
                                               : 6.2 * log(yesterday) - 17.2;
        const double wet = moisture + 1000 * rain / (48.77 + slope * rain);
        code = fmax(43.43 * (5.6348 - log(wet - 20)), 0);
    }
    return fmax(code + drying, 0);
}

static double season(double latitude_deg, bool adjust, int month)
{
    static const double north[] = {-1.6, -1.6, -1.6, 0.9, 3.8, 5.8, 6.4, 5, 2.4, 0.4, -1.6, -1.6};
    static const double south[] = {6.4, 5, 2.4, 0.4, -1.6, -1.6, -1.6, -1.6, -1.6, 0.9, 3.8, 5.8};
    if (!adjust || latitude_deg > 20)
        return north[month - 1];
    return latitude_deg > -20 ? 1.4 : south[month - 1];
}

double lh_dc(double yesterday, const struct lh_noon_weather *weather, double latitude_deg,
             bool adjust)
{
    const double t = fmax(weather->temperature_c, -2.8);
    const double drying =
        fmax((0.36 * (t + 2.8) + season(latitude_deg, adjust, weather->month)) / 2, 0);
    double code = yesterday;
    if (weather->rain_mm > 2.8) {
        const double rain = 0.83 * weather->rain_mm - 1.27;
        const double moisture = 800 * exp(-yesterday / 400);
        code = fmax(yesterday - 400 * log(1 + 3.937 * rain / moisture), 0);
    }
    return code + drying;
}

/* ---- indices ---- */

double lh_isi(double ffmc, double wind_km_h, bool strong_winds, enum lh_ffmc_scale scale)
{
    const double moisture = moisture_of(ffmc, scale_of(scale));
    const double wind = strong_winds && wind_km_h >= 40 ? 12 * (1 - exp(-0.0818 * (wind_km_h - 28)))
                                                        : exp(0.05039 * wind_km_h);
    return 0.208 * wind * 91.9 * exp(-0.1386 * moisture) * (1 + pow(moisture, 5.31) / 4.93e7);
}

double lh_bui(double dmc, double dc)
{
    if (dmc <= 0)
        return 0;
    const double mean = 0.8 * dmc * dc / (dmc + 0.4 * dc);
    if (mean >= dmc)
        return mean;
    return fmax(dmc - (dmc - mean) / dmc * (0.92 + pow(0.0114 * dmc, 1.7)), 0);
}

double lh_fwi(double isi, double bui)
{
    const double duff =
        bui > 80 ? 1000 / (25 + 108.64 / exp(0.023 * bui)) : 0.626 * pow(bui, 0.809) + 2;
    const double intensity = 0.1 * isi * duff;
    return intensity <= 1 ? intensity : exp(2.72 * pow(0.434 * log(intensity), 0.647));
}

double lh_dsr(double fwi)
{
    return 0.0272 * pow(fwi, 1.77);
}

/* ---- a day ---- */

static bool within(double value, double least, double most)
{
    return value >= least && value <= most;
}

int lh_fire_weather_day(const struct lh_moisture_codes *yesterday,
                        const struct lh_noon_weather *weather, double latitude_deg,
                        enum lh_ffmc_scale scale, struct lh_fire_weather *ret_day)
{
    if (!within(weather->temperature_c, -60, 60) || !within(weather->humidity_percent, 0, 105) ||
        !within(weather->wind_km_h, 0, 300) || !within(weather->rain_mm, 0, 2000) ||
        weather->month < 1 || weather->month > 12 || !within(latitude_deg, -90, 90) ||
        !within(yesterday->ffmc, 0, 101) || !within(yesterday->dmc, 0, 1e5) ||
        !within(yesterday->dc, 0, 1e5))
        return LH_ERANGE;
    struct lh_noon_weather noon = *weather;
    noon.humidity_percent = fmin(noon.humidity_percent, 99.9999); /* at 100 rates are not defined */
    struct lh_fire_weather day = {
        .codes = {lh_ffmc(yesterday->ffmc, &noon, scale),
                  lh_dmc(yesterday->dmc, &noon, latitude_deg, true),
                  lh_dc(yesterday->dc, &noon, latitude_deg, true)},
    };
    day.isi = lh_isi(day.codes.ffmc, noon.wind_km_h, false, scale);
    day.bui = lh_bui(day.codes.dmc, day.codes.dc);
    day.fwi = lh_fwi(day.isi, day.bui);
    day.dsr = lh_dsr(day.fwi);
    *ret_day = day;
    return LH_OK;
}
