/* When was this picture taken? Pure functions behind the capture time of every frame.
 *
 * Live streams. FFmpeg gives each packet the sender's wall clock, from the last RTCP sender report
 * (AV_PKT_DATA_PRFT). Two faults are put right here, and judged against the time of arrival:
 *   - FFmpeg 5.1 takes the difference of two 32-bit RTP timestamps without regard to their wrap, so
 *     that the wall clock is off by 2^32 / clock rate for a while: 47,721.858844 s at 90 kHz.
 *   - A camera whose zone is set wrong is off by whole half-hours.
 * A clock that is still more than 2 s off (unset, 1970, drifted) is not believed: the capture time
 * is then that of arrival less the camera's configured latency, smoothed by the stream's own
 * timestamps where it has them, since packets come in clumps and pictures do not.
 *
 * Recorded footage counts from a start time: told, or found in the container or the file's name.
 *
 * Within one generation of a source capture times never decrease: lh_capture_order says when a
 * small step back is held and when a large one must start a new generation.
 *
 * Thread: one owner.
 */
#ifndef LH_VIDEO_CAPTURE_TIME_H
#define LH_VIDEO_CAPTURE_TIME_H

#include "video/frame.h"

#include <stdbool.h>
#include <stdint.h>

/* Half the width of what counts as "the same time" as arrival. */
#define LH_CAPTURE_TOLERANCE_US (2 * LH_SECOND_US)

struct lh_capture_judgement {
    int64_t capture_utc_us;
    enum lh_time_quality quality; /* SENDER, OFFSET or ARRIVAL */
    bool repaired;                /* a wrap or an offset was taken out */
};

/* Judges one sender's wall clock. wrap_us: 2^32 / clock rate, 0 where it does not wrap;
 * trusted: the packet before was SENDER or OFFSET, so that a network that lags behind by up to 10 s
 * does not cost the clock its credit. On ARRIVAL capture_utc_us is arrival_utc_us - latency_us. */
struct lh_capture_judgement lh_capture_judge(int64_t sender_utc_us, int64_t arrival_utc_us,
                                             int64_t latency_us, int64_t wrap_us, bool trusted);

/* The earliest arrival seen for the stream's own clock. Init type; zero-initialised. */
struct lh_capture_smoother {
    int64_t base_us; /* arrival minus stream time, of the packet that came quickest */
    int64_t last_stream_us;
    bool started;
};

/* Time of arrival freed of clumping: the quickest packet so far says how arrival and stream time
 * relate. stream_us: the packet's own time stamp; LH_NO_TIME: none, arrival is given back. A stream
 * clock that jumps (more than 5 s against arrival) starts anew. */
int64_t lh_capture_smooth(struct lh_capture_smoother *smoother, int64_t stream_us,
                          int64_t arrival_utc_us);

enum lh_capture_step {
    LH_CAPTURE_ONWARD,  /* later than the last, or the first */
    LH_CAPTURE_HELD,    /* a little earlier: set to the last */
    LH_CAPTURE_NEW_ERA, /* more than 2 s earlier: a new generation starts */
};

/* Compares with the last capture time (LH_NO_TIME: none) and mends *capture_utc_us where held. */
enum lh_capture_step lh_capture_order(int64_t last_utc_us, int64_t *capture_utc_us);

/* The start time in a file name such as "tower-1_2016-06-04T10-31-22.mp4": YYYY-MM-DD, also written
 * YYYYMMDD, then optionally 'T', '_', '-' or ' ' and hh, mm, ss, joined by '-', ':', '_' or nothing;
 * UTC, midnight where no time follows. False where there is none or it is no date. */
bool lh_capture_from_name(const char *path, int64_t *ret_utc_us);

#endif
