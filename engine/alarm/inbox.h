/* The inbox: one ZeroMQ ROUTER socket that people, stations and whatever drives cameras write to.
 *
 * A letter comes as its three frames (alarm/letter.h), from a DEALER or from a REQ socket; its answer goes back the
 * same way. What is longer than LH_INBOX_BYTES_MAX libzmq refuses by cutting the connection, before it is read: such a
 * sender gets no answer.
 *
 * Until CURVE comes, keys and letters cross the socket as they are: it binds to loopback unless the site says
 * otherwise.
 *
 * Thread: the alarm thread.
 */
#ifndef LH_ALARM_INBOX_H
#define LH_ALARM_INBOX_H

#include "alarm/received.h"
#include "base/site.h"

#define LH_INBOX_BYTES_MAX ((size_t)16 << 20)
#define LH_INBOX_FRAMES 4 /* of a letter are kept; one more than it may have */

struct lh_inbox;

int lh_inbox_create(const struct lh_bus_config *config, struct lh_fault *fault,
                    struct lh_inbox **ret_inbox);
/* Lets answers leave for at most a second. Accepts &NULL; leaves NULL. */
void lh_inbox_destroy(struct lh_inbox **inbox);

/* The next letter, if there is one: its frames without the sender's address, lent until the next call. LH_EAGAIN:
 * none waits. */
int lh_inbox_receive(struct lh_inbox *inbox, const struct lh_bytes **ret_frames, size_t *ret_count);
/* To whoever sent the letter that was received last, without waiting. */
int lh_inbox_answer(struct lh_inbox *inbox, const char *json);

/* As bound. */
const char *lh_inbox_endpoint(const struct lh_inbox *inbox);

#endif
