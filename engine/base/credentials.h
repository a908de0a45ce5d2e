/* The file that `credentials` names: two lines, read plainly, so that any character but a line break
 * may stand in a password:
 *
 *   user: admin
 *   password: s3:cr#t "as it is"
 *
 * One blank after the colon is skipped; the rest of the line, blanks and quotes included, is the value.
 * Empty lines, and lines that begin with '#', are skipped. The file must belong to its reader alone
 * (mode 0600 or stricter) and be smaller than 4 KiB.
 */
#ifndef LH_BASE_CREDENTIALS_H
#define LH_BASE_CREDENTIALS_H

#include "base/error.h"
#include "base/site.h"

/* The fault never repeats the file's content. LH_ECONFIG for every mistake a person must mend. */
int lh_credentials_load(const char *path, struct lh_fault *fault,
                        struct lh_credentials *ret_credentials);

/* A file of the same kind with one secret: its first line, without the blanks around it. Caller frees with
 * lh_secret_destroy. */
int lh_secret_load(const char *path, struct lh_fault *fault, char **ret_secret);
/* Overwrites and frees. Accepts &NULL; leaves NULL. */
void lh_secret_destroy(char **secret);

/* Overwrites and frees; leaves zeros. */
void lh_credentials_finish(struct lh_credentials *credentials);

#endif
