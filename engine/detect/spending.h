/* The file that keeps a camera's use of its budget of the day over a restart.
 *
 * Text, so that an operator may look at it or take it away:
 *
 *   linhuo-spending 1
 *   day 20416
 *   confirmed 3
 *
 * Written beside it first and then renamed; mode 0600. Not synchronised to the disk: what a power failure
 * spoils is refused, and the count starts anew.
 *
 * Thread: any, one at a time for a path.
 */
#ifndef LH_DETECT_SPENDING_H
#define LH_DETECT_SPENDING_H

#include "detect/track.h"

/* LH_EIO and the like. */
int lh_spending_save(struct lh_spending spending, const char *path);
/* LH_ENOTFOUND: no such file; LH_EFORMAT: not exactly as above. */
int lh_spending_load(const char *path, struct lh_spending *ret_spending);

#endif
