/* Room-internal: what the document and the folder of documents both need. */
#ifndef LH_ALARM_CAP_IDENTITY_H
#define LH_ALARM_CAP_IDENTITY_H

#include "alarm/cap.h"

#include <stdint.h>

struct lh_cap_identity {
    char id[LH_CAP_TEXT - 16];
    uint32_t revision;
    char identifier[LH_CAP_TEXT]; /* ID-rREVISION; fit for a file name */
    int64_t sent_us;
};

/* LH_EFORMAT: it is no alarm. */
int lh_cap_identify(const json_t *alarm, struct lh_cap_identity *ret_identity);

/* "" where there is none. Lent. */
const char *lh_cap_text(const json_t *object, const char *key);

#endif
