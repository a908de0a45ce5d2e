/* Any bytes as a letter: frames between lines of "--", then each kind of body. What is accepted is within its bounds. */
#include "alarm/letter.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

static void bodies(const char *text, size_t size)
{
    struct lh_danger_letter danger;
    struct lh_weather_letter weather;
    struct lh_pose_letter pose;
    struct lh_cue_letter cue;
    struct lh_fault fault = {0};
    if (lh_danger_letter_parse(text, size, &fault, &danger) == LH_OK)
        require(danger.level >= 1 && danger.level <= 5 && danger.to_utc_us > danger.from_utc_us);
    else
        require(fault.text[0] != '\0');
    if (lh_weather_letter_parse(text, size, &fault, &weather) == LH_OK)
        require(weather.id[0] && isfinite(weather.row.latitude_deg) &&
                !isinf(weather.row.wind_km_h));
    if (lh_pose_letter_parse(text, size, &fault, &pose) == LH_OK)
        require(pose.camera[0] && fabs(pose.pointing.tilt_deg) <= 90 &&
                isfinite(pose.pointing.azimuth_deg));
    if (lh_cue_letter_parse(text, size, &fault, &cue) == LH_OK)
        require(fabs(cue.place.latitude_deg) <= 91 && isfinite(cue.place.longitude_deg));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lh_bytes frames[4];
    size_t count = 0;
    const uint8_t *at = data;
    const uint8_t *end = data + size;
    while (count < 4) {
        const uint8_t *cut = memmem(at, (size_t)(end - at), "\n--\n", 4);
        frames[count++] = (struct lh_bytes){.data = at, .size = (size_t)((cut ? cut : end) - at)};
        if (!cut)
            break;
        at = cut + 4;
    }
    struct lh_letter letter;
    struct lh_fault fault = {0};
    if (lh_letter_open(frames, count, &fault, &letter) == LH_OK) {
        require(letter.kind < LH_LETTER_KINDS && letter.sender[0] && letter.body_size <= size);
        bodies(letter.body, letter.body_size);
    } else {
        require(fault.text[0] != '\0');
    }
    lh_letter_finish(&letter);
    bodies((const char *)data, size);
    return 0;
}
