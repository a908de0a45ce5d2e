#include "alarm/json.h"
#include "alarm/received.h"
#include "base/log.h"
#include "base/site.h"
#include "cmd.h"

#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>
#include <zmq.h>

#define MAX_TOPICS 16
#define MAX_FRAMES 3
#define SILENCE_S 3.0      /* until a missing heartbeat is said; longer where the interval is longer */
#define LONGEST_WAIT_MS 60000
#define DEFAULT_ENDPOINT "tcp://127.0.0.1:5570"

static const char help[] =
    "usage: linhuo watch [ENDPOINT | SITE.yaml] [OPTIONS]\n\n"
    "Shows alarms as the engine publishes them, one line each, until Ctrl-C.\n\n"
    "  ENDPOINT        where the engine publishes; by default " DEFAULT_ENDPOINT "\n"
    "  SITE.yaml       the engine's site file: takes bus.publish and data_folder from it\n"
    "  --json          JSON lines (engine/alarm/alarm.schema.json) instead of a table\n"
    "  --topic PREFIX  what to show; may be given up to 16 times. By default alarm/, for people\n"
    "                  with changes of the cameras' health. alarm/P1/ shows P1 only;\n"
    "                  others are health/, status/ and hb/ (the heartbeat)\n"
    "  --count N       end after N messages shown\n"
    "  --timeout S     end after S seconds; exit status 1 if --count messages had not come by then,\n"
    "                  or, without --count, none\n"
    "  --data DIR      the engine's data folder: evidence paths are shown in full\n"
    "  --help          this\n\n"
    "  linhuo watch                                   a duty officer's view of this machine's engine\n"
    "  linhuo watch --topic alarm/P1/ --json | jq .   for scripts\n"
    "  linhuo watch --count 1 --timeout 60            does an alarm come within a minute?\n\n"
    "A missing heartbeat (the engine is down or the link is cut) and alarms that were missed (a gap in\n"
    "their numbers) are told on standard error; what was missed is in the engine's store.\n"
    "Exit status: 0 done, 1 timed out or failed, 2 wrong usage.\n";

struct watch {
    const char *topics[MAX_TOPICS];
    size_t topic_count;
    bool json;
    bool colour;
    bool quiet_health; /* the user chose topics: health only where asked for */
    unsigned long count;
    double timeout_s;
    const char *data_folder;
    char *endpoint; /* owned */
    char *site_data; /* owned */

    void *context;
    void *socket;
    int signals; /* a signalfd */

    unsigned long shown;
    int64_t last_us; /* monotonic: the engine was last heard of */
    double silence_s;
    bool silent;
    bool heard; /* ever */
    char epoch[LH_EPOCH];
    struct lh_follow alarms;
    struct lh_complaint garbage;
    bool backlog_told;
};

static void tell(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* ---- the table ---- */

/* Copies text for a terminal: control characters, which a sender might put there to fool one, become
 * '?'. */
static const char *plain(const char *text, char *buffer, size_t size)
{
    size_t used = 0;
    for (const unsigned char *at = (const unsigned char *)text; *at && used + 1 < size; at++) {
        const bool c1 = at[0] == 0xc2 && at[1] >= 0x80 && at[1] < 0xa0;
        buffer[used++] = *at < 0x20 || *at == 0x7f || c1 ? '?' : (char)*at;
        at += c1;
    }
    buffer[used] = '\0';
    return buffer;
}
