/* FFmpeg's log, let into ours at level debug with every URL redacted; for the video room only. */
#ifndef LH_VIDEO_AV_LOG_H
#define LH_VIDEO_AV_LOG_H

#include <stddef.h>

/* Takes FFmpeg's log over for the process, once; further calls do nothing. Any thread. */
void lh_av_log_take(void);

/* Blanks user, password and query values of every URL in a line, in place: each secret character
 * run becomes "***". The text never grows beyond size. */
void lh_av_log_redact(char *line, size_t size);

#endif
