/* The live face towards consoles: one ZeroMQ XPUB socket.
 *
 * Live messages may be dropped by a slow reader's queue; they are in the store, and the heartbeat
 * carries the last sequence number, so a gap shows within heartbeat_s. (Replay on request,
 * acknowledgement and CURVE are the delivery part's; until then the socket binds where the site says,
 * by default on loopback only.)
 *
 * Thread: the alarm thread.
 */
#ifndef LH_ALARM_PUBLISHER_H
#define LH_ALARM_PUBLISHER_H

#include "alarm/message.h"
#include "base/error.h"
#include "base/site.h"

struct lh_publisher;

int lh_publisher_create(const struct lh_bus_config *config, struct lh_fault *fault,
                        struct lh_publisher **ret_publisher);
/* Lets what is queued leave for at most a second. */
void lh_publisher_destroy(struct lh_publisher **publisher);

/* Sends the three frames without waiting. */
int lh_publisher_send(struct lh_publisher *publisher, const char *topic,
                      const struct lh_serial *serial, const char *json);

/* Reads what subscribers have asked for (the socket needs it), for at most timeout_us. */
void lh_publisher_serve(struct lh_publisher *publisher, int64_t timeout_us);

/* Subscriptions now. */
unsigned lh_publisher_subscribers(const struct lh_publisher *publisher);

/* The endpoint as bound, with the port filled in where "tcp://127.0.0.1:*" was asked for. */
const char *lh_publisher_endpoint(const struct lh_publisher *publisher);

#endif
