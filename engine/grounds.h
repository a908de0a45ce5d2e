/* What is known of the county's ground before anything burns on it: permits and bans, protected areas,
 * dwellings, fire danger and wind, from the files of the site's section `ground`.
 *
 * A file that cannot be read is said in the log and left out; the others hold. Danger and weather may also be told
 * while it lives.
 *
 * Thread: one at a time.
 */
#ifndef LH_GROUNDS_H
#define LH_GROUNDS_H

#include "base/site.h"
#include "fuse/registers.h"

struct lh_grounds;

/* LH_ENOMEM. site is not kept. */
int lh_grounds_create(const struct lh_site *site, struct lh_grounds **ret_grounds);
/* Accepts &NULL; leaves NULL. */
void lh_grounds_destroy(struct lh_grounds **grounds);

/* For lh_registers_look. Lent. */
struct lh_registers *lh_grounds_registers(struct lh_grounds *grounds);
/* For lh_danger_give and lh_danger_hear. Lent. */
struct lh_danger *lh_grounds_danger(struct lh_grounds *grounds);

#endif
