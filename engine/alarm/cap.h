/* An alarm as a CAP 1.2 document (OASIS, urn:oasis:names:tc:emergency:cap:1.2).
 *
 * The engine warns a county's own people, never the public: scope is Restricted always, and status is Test until
 * the site says otherwise. A revision is a document of its own, ID-rREVISION; one that goes on replaces the earlier
 * ones (Update, which names them), one that turned out false or went into another takes them back (Cancel).
 *
 *   certainty  Observed confirmed, Likely from 0.5, Possible below, Unlikely closed as false
 *   urgency    Immediate P1, Expected P2 and P3, Past when it has ended
 *   severity   Severe P1, Moderate P2, Unknown P3: of the class, for nobody has measured the fire
 *   area       one for each hypothesis: a circle where the 95 % region is round, else its polygon; WGS-84
 *
 * Times are the site's, with their offset, to the second: `sent` is when the revision was made, so that the same
 * alarm gives the same document.
 *
 * Thread-safety: pure functions; the folder has one writer.
 */
#ifndef LH_ALARM_CAP_H
#define LH_ALARM_CAP_H

#include "base/error.h"
#include "base/site.h"

#include <jansson.h>

#define LH_CAP_TEXT 256
#define LH_CAP_TIME 32
#define LH_CAP_REFERENCES_MOST 64 /* the latest */

struct lh_cap_options {
    enum lh_cap_status status;
    char sender[LH_CAP_TEXT];
    const char *sender_name; /* lent */
    double expires_min;
    int utc_offset_min;
};

/* As the site says. LH_ECONFIG: a sender that CAP does not allow. */
int lh_cap_options_of(const struct lh_site *site, struct lh_fault *fault,
                      struct lh_cap_options *ret_options);

/* An earlier document of the same alarm, which still holds. */
struct lh_cap_reference {
    char identifier[LH_CAP_TEXT];
    char sent[LH_CAP_TIME];
};

/* Of a message of alarm.schema.json. With references an Update or Cancel, else an Alert: whoever never had the
 * first gets the state of things as one. LH_EFORMAT: the message is no alarm; LH_ENOMEM. Caller frees ret_xml. */
int lh_cap_write(const json_t *alarm, const struct lh_cap_options *options,
                 const struct lh_cap_reference *references, size_t count, char **ret_xml);

/* Writes the document into a folder, as ID-rREVISION.xml, with references to what the folder holds of the same
 * alarm. One that is there already stays. The file appears whole. LH_EFORMAT, LH_ENOMEM, or of the disk. */
int lh_cap_store(const char *folder, const json_t *alarm, const struct lh_cap_options *options,
                 struct lh_fault *fault);

#endif
