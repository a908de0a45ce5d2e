/* One GET at a time over HTTP or HTTPS, bounded in time and size. libcurl stands here and nowhere else.
 *
 * Certificates are checked. Redirections are not followed: an address may hold a key, and a key goes to
 * nobody but whom the site file names. What came before a body was cut off is handed out, and said to be
 * cut. No fault ever repeats the URL or the secret.
 *
 * Thread: one an object; stop may be set from any thread and ends a transfer within a second.
 */
#ifndef LH_FUSE_HTTP_H
#define LH_FUSE_HTTP_H

#include "base/error.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

struct lh_http;

struct lh_http_options {
    const char *tls_ca_path; /* "" or NULL: the system's */
    const char *secret;      /* overwritten in every text; NULL: none */
    const atomic_bool *stop; /* NULL: nothing stops it */
    double timeout_s;
    size_t max_bytes; /* of a body, unpacked */
};

struct lh_http_answer {
    char *bytes; /* ends in a zero that is not counted */
    size_t size;
    long status;
    bool truncated;       /* the body ended before its time */
    double retry_after_s; /* what the server asked for; 0: nothing */
    char location[128];   /* the host that it points to, where the status is 3xx */
};

/* options are lent for as long as the object lives. */
int lh_http_create(const struct lh_http_options *options, struct lh_fault *fault,
                   struct lh_http **ret_http);
/* Accepts &NULL; leaves NULL. */
void lh_http_destroy(struct lh_http **http);

/* LH_OK for every answer, whatever its status. LH_ECONNECT (also TLS), LH_ETIMEOUT, LH_ELIMIT (too large),
 * LH_ECLOSED (stopped), LH_ENOMEM, LH_EIO. */
int lh_http_get(struct lh_http *http, const char *url, struct lh_fault *fault,
                struct lh_http_answer *ret_answer);
void lh_http_answer_finish(struct lh_http_answer *answer);

/* Overwrites every occurrence of secret (NULL: none) with stars, in place. */
void lh_http_redact(char *text, const char *secret);

#endif
