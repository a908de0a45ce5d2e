#include "alarm/cap.h"

#include "alarm/alarm.h"
#include "alarm/cap_identity.h"
#include "alarm/outline.h"
#include "base/clock.h"

#include <libxml/xmlwriter.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CAP_NAMESPACE "urn:oasis:names:tc:emergency:cap:1.2"
#define MINUTE_US (60 * LH_SECOND_US)
#define REASONS_MOST 8
#define TEXT_MOST 1024

struct writing {
    xmlTextWriterPtr writer;
    const json_t *alarm;
    const struct lh_cap_options *options;
    int bad;
};

const char *lh_cap_text(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

/* ---- identity ---- */

/* Neither blanks, commas, < nor &; nor anything that a file name would mind. */
static bool is_plain(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           strchr(".-_@:", c) != NULL;
}

int lh_cap_options_of(const struct lh_site *site, struct lh_fault *fault,
                      struct lh_cap_options *ret_options)
{
    struct lh_cap_options options = {.status = (enum lh_cap_status)site->cap.status,
                                     .sender_name = site->name,
                                     .expires_min = site->cap.expires_min,
                                     .utc_offset_min = (int)(site->ground.utc_offset_h * 60)};
    const char *sender = site->cap.sender;
    for (const char *c = sender; *c; c++)
        if (!is_plain(*c))
            return lh_fail(fault, LH_ECONFIG,
                           "cap.sender is '%s'; letters, digits and . - _ @ : are allowed in it",
                           sender);
    if (sender[0])
        (void)snprintf(options.sender, sizeof options.sender, "%s", sender);
    else
        (void)snprintf(options.sender, sizeof options.sender, "linhuo-%s", site->area_code);
    *ret_options = options;
    return LH_OK;
}

int lh_cap_identify(const json_t *alarm, struct lh_cap_identity *ret_identity)
{
    struct lh_cap_identity identity = {.revision = 0};
    const char *id = lh_cap_text(alarm, "id");
    const json_int_t revision = json_integer_value(json_object_get(alarm, "revision"));
    const json_t *times = json_object_get(alarm, "times");
    if (strcmp(lh_cap_text(alarm, "schema"), "linhuo/alarm/2") != 0 || !id[0] || id[0] == '.' ||
        strlen(lh_cap_text(alarm, "priority")) > 4 || strlen(id) >= sizeof identity.id ||
        revision < 1 || revision > UINT32_MAX ||
        lh_time_parse(lh_cap_text(times, "updated"), &identity.sent_us) != LH_OK)
        return LH_EFORMAT;
    for (size_t i = 0; id[i]; i++)
        identity.id[i] = is_plain(id[i]) ? id[i] : '_';
    identity.revision = (uint32_t)revision;
    (void)snprintf(identity.identifier, sizeof identity.identifier, "%s-r%u", identity.id,
                   (unsigned)identity.revision);
    *ret_identity = identity;
    return LH_OK;
}

/* "2026-11-24T22:15:00+08:00": CAP has no Z and no fraction. */
static void cap_time(int64_t utc_us, int offset_min, char text[LH_CAP_TIME])
{
    char iso[LH_TIME_TEXT];
    const int away_min = abs(offset_min);
    (void)lh_time_format(utc_us + offset_min * MINUTE_US, iso);
    (void)snprintf(text, LH_CAP_TIME, "%.19s%c%02d:%02d", iso, offset_min < 0 ? '-' : '+',
                   away_min / 60, away_min % 60);
}

/* ---- elements ---- */

/* Takes away a character at the end that was cut. */
static void mend_end(char *text)
{
    size_t last = strlen(text);
    size_t bytes = 0;
    while (last > 0 && bytes < 4 && ((unsigned char)text[last - 1] & 0xc0) == 0x80) {
        last--;
        bytes++;
    }
    if (last == 0)
        return;
    const unsigned char lead = (unsigned char)text[last - 1];
    const size_t needed = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : lead >= 0xc0 ? 1 : 0;
    if (bytes != needed)
        text[last - 1] = '\0';
}

/* XML 1.0 knows no control characters; U+FFFE and U+FFFF neither. */
static void put_text(struct writing *writing, const char *name, const char *text)
{
    char clean[TEXT_MOST];
    size_t used = 0;
    for (const unsigned char *at = (const unsigned char *)text; *at && used + 1 < sizeof clean;
         at++) {
        const bool none = at[0] == 0xef && at[1] == 0xbf && at[2] >= 0xbe;
        clean[used++] = (*at < 0x20 && *at != '\n') || none ? '?' : (char)*at;
        at += none ? 2 : 0;
    }
    clean[used] = '\0';
    mend_end(clean);
    writing->bad |= xmlTextWriterWriteElement(writing->writer, (const xmlChar *)name,
                                              (const xmlChar *)clean) < 0;
}

#if defined(__GNUC__)
__attribute__((format(printf, 3, 4)))
#endif
static void
put(struct writing *writing, const char *name, const char *format, ...)
{
    char text[TEXT_MOST];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    put_text(writing, name, text);
}

static void begin(struct writing *writing, const char *name)
{
    writing->bad |= xmlTextWriterStartElement(writing->writer, (const xmlChar *)name) < 0;
}

static void end(struct writing *writing)
{
    writing->bad |= xmlTextWriterEndElement(writing->writer) < 0;
}

static void put_named(struct writing *writing, const char *element, const char *name,
                      const char *value)
{
    begin(writing, element);
    put_text(writing, "valueName", name);
    put_text(writing, "value", value);
    end(writing);
}

/* ---- words ---- */

static const char *incident_state(const struct writing *writing)
{
    return lh_cap_text(json_object_get(writing->alarm, "incident"), "state");
}

static bool is_state(const struct writing *writing, const char *state)
{
    return strcmp(incident_state(writing), state) == 0;
}

static bool has_ended(const struct writing *writing)
{
    return strcmp(lh_cap_text(writing->alarm, "state"), "ended") == 0 ||
           is_state(writing, "closed as out");
}

static double probability_of(const struct writing *writing)
{
    return json_number_value(json_object_get(writing->alarm, "probability"));
}

static const char *certainty_of(const struct writing *writing)
{
    if (is_state(writing, "closed as false"))
        return "Unlikely";
    if (is_state(writing, "confirmed") || is_state(writing, "closed as out"))
        return "Observed";
    return probability_of(writing) >= 0.5 ? "Likely" : "Possible";
}

static const char *by_priority(const struct writing *writing, const char *p1, const char *p2,
                               const char *p3)
{
    const char *priority = lh_cap_text(writing->alarm, "priority");
    return strcmp(priority, "P1") == 0 ? p1 : strcmp(priority, "P2") == 0 ? p2 : p3;
}

static const char *event_of(const struct writing *writing)
{
    return is_state(writing, "confirmed") ? "Forest fire" : "Suspected forest fire";
}

/* Where, in words, else as coordinates. */
static void describe_place(const struct writing *writing, const struct lh_outline *outline,
                           char *text, size_t size)
{
    const char *place = lh_cap_text(writing->alarm, "place");
    const char *camera = lh_cap_text(json_object_get(writing->alarm, "camera"), "id");
    if (place[0])
        lh_copy_text(text, size, place);
    else if (outline)
        (void)snprintf(text, size, "%.5f N %.5f E", outline->middle.latitude_deg,
                       outline->middle.longitude_deg);
    else if (camera[0])
        (void)snprintf(text, size, "in sight of camera %.64s, position not known", camera);
    else
        (void)snprintf(text, size, "position not known");
}

static void put_reasons(struct writing *writing)
{
    char text[TEXT_MOST] = "";
    size_t used = 0;
    const json_t *reasons = json_object_get(writing->alarm, "reasons");
    for (size_t i = 0; i < json_array_size(reasons) && i < REASONS_MOST; i++) {
        const char *reason = lh_cap_text(json_array_get(reasons, i), "text");
        const int written =
            snprintf(text + used, sizeof text - used, "%s%.240s", used > 0 ? "; " : "", reason);
        if (written < 0 || used + (size_t)written >= sizeof text)
            break;
        used += (size_t)written;
    }
    text[used] = '\0';
    put_text(writing, "description", used > 0 ? text : "no reasons are given");
}

/* ---- parts ---- */

static void put_area(struct writing *writing, const struct lh_outline *outline)
{
    char place[LH_CAP_TEXT];
    char points[LH_OUTLINE_POINTS * 24];
    size_t used = 0;
    begin(writing, "area");
    describe_place(writing, outline, place, sizeof place);
    if (outline)
        put(writing, "areaDesc", "%s, within %.0f m, share %.0f %%", place, outline->radius_m,
            100 * outline->weight);
    else
        put_text(writing, "areaDesc", place);
    for (size_t i = 0; outline && !outline->round && i < outline->count; i++)
        used +=
            (size_t)snprintf(points + used, sizeof points - used, "%s%.5f,%.5f", i > 0 ? " " : "",
                             outline->points[i].latitude_deg, outline->points[i].longitude_deg);
    if (used > 0)
        writing->bad |= xmlTextWriterWriteElement(writing->writer, (const xmlChar *)"polygon",
                                                  (const xmlChar *)points) < 0;
    if (outline && outline->round)
        put(writing, "circle", "%.5f,%.5f %.3f", outline->middle.latitude_deg,
            outline->middle.longitude_deg, outline->radius_m / 1000);
    put_named(writing, "geocode", "GB/T2260", lh_cap_text(writing->alarm, "area_code"));
    end(writing);
}

static void put_parameters(struct writing *writing)
{
    char text[LH_CAP_TEXT];
    const json_t *best =
        json_array_get(json_object_get(json_object_get(writing->alarm, "position"), "ellipses"), 0);
    (void)snprintf(text, sizeof text, "%.4f", probability_of(writing));
    put_named(writing, "parameter", "linhuo:probability", text);
    put_named(writing, "parameter", "linhuo:state", lh_cap_text(writing->alarm, "state"));
    put_named(writing, "parameter", "linhuo:incident", incident_state(writing));
    put_named(writing, "parameter", "linhuo:datum", "WGS84");
    if (best) {
        (void)snprintf(text, sizeof text, "major_m=%.0f minor_m=%.0f azimuth_deg=%.0f",
                       json_number_value(json_object_get(best, "major_m")),
                       json_number_value(json_object_get(best, "minor_m")),
                       json_number_value(json_object_get(best, "azimuth_deg")));
        put_named(writing, "parameter", "linhuo:ellipse95", text);
    }
    const char *picture = lh_cap_text(json_object_get(writing->alarm, "evidence"), "frame_boxes");
    if (picture[0])
        put_named(writing, "parameter", "linhuo:evidence", picture);
}

static void put_times(struct writing *writing, int64_t sent_us)
{
    char text[LH_CAP_TIME];
    int64_t onset_us;
    const int offset_min = writing->options->utc_offset_min;
    const json_t *times = json_object_get(writing->alarm, "times");
    if (lh_time_parse(lh_cap_text(times, "first_seen"), &onset_us) == LH_OK) {
        cap_time(onset_us, offset_min, text);
        put_text(writing, "onset", text);
    }
    cap_time(sent_us + (int64_t)(writing->options->expires_min * (double)MINUTE_US), offset_min,
             text);
    put_text(writing, "expires", text);
}

static void put_info(struct writing *writing, int64_t sent_us)
{
    char place[LH_CAP_TEXT];
    struct lh_outline outlines[LH_HYPOTHESES];
    const size_t count = lh_outlines(json_object_get(writing->alarm, "position"), outlines);
    const bool false_alarm = is_state(writing, "closed as false");
    const bool ended = has_ended(writing);
    const char *priority = lh_cap_text(writing->alarm, "priority");
    describe_place(writing, count > 0 ? &outlines[0] : NULL, place, sizeof place);
    begin(writing, "info");
    put_text(writing, "language", "en");
    put_text(writing, "category", "Fire");
    put_text(writing, "event", event_of(writing));
    put_text(writing, "responseType", false_alarm ? "AllClear" : ended ? "Monitor" : "Assess");
    put_text(writing, "urgency",
             false_alarm || ended ? "Past"
                                  : by_priority(writing, "Immediate", "Expected", "Expected"));
    put_text(writing, "severity", by_priority(writing, "Severe", "Moderate", "Unknown"));
    put_text(writing, "certainty", certainty_of(writing));
    put_named(writing, "eventCode", "linhuo:priority", priority);
    put_times(writing, sent_us);
    put_text(writing, "senderName", writing->options->sender_name);
    put(writing, "headline", "%s %s: %s", priority, event_of(writing), place);
    put_reasons(writing);
    put_text(writing, "instruction",
             false_alarm || ended ? "Nothing more is seen or believed; keep an eye on the place."
                                  : "Go and look, and report what is there.");
    put_parameters(writing);
    for (size_t i = 0; i < count; i++)
        put_area(writing, &outlines[i]);
    if (count == 0)
        put_area(writing, NULL);
    end(writing);
}

/* Why it is taken back; "": it is not. */
static void withdrawal(const struct writing *writing, char *text, size_t size)
{
    const char *into = lh_cap_text(json_object_get(writing->alarm, "incident"), "merged_into");
    *text = '\0';
    if (into[0])
        (void)snprintf(text, size, "It is part of %s and goes on there.", into);
    else if (is_state(writing, "closed as false"))
        (void)snprintf(text, size, "It was a false alarm.");
}

static void put_references(struct writing *writing, const struct lh_cap_reference *references,
                           size_t count)
{
    begin(writing, "references");
    for (size_t i = 0; i < count; i++)
        writing->bad |=
            xmlTextWriterWriteFormatString(writing->writer, "%s%s,%s,%s", i > 0 ? " " : "",
                                           writing->options->sender, references[i].identifier,
                                           references[i].sent) < 0;
    end(writing);
}

static void put_alert(struct writing *writing, const struct lh_cap_identity *identity,
                      const struct lh_cap_reference *references, size_t count)
{
    static const char *const statuses[] = {"Test", "Exercise", "Actual"};
    char sent[LH_CAP_TIME];
    char note[LH_CAP_TEXT + 64];
    cap_time(identity->sent_us, writing->options->utc_offset_min, sent);
    withdrawal(writing, note, sizeof note);
    writing->bad |= xmlTextWriterStartElementNS(writing->writer, NULL, (const xmlChar *)"alert",
                                                (const xmlChar *)CAP_NAMESPACE) < 0;
    put_text(writing, "identifier", identity->identifier);
    put_text(writing, "sender", writing->options->sender);
    put_text(writing, "sent", sent);
    put_text(writing, "status", statuses[writing->options->status]);
    put_text(writing, "msgType", count == 0 ? "Alert" : note[0] ? "Cancel" : "Update");
    put_text(writing, "scope", "Restricted");
    put_text(writing, "restriction", "the county's fire command and those on duty");
    if (note[0])
        put_text(writing, "note", note);
    if (count > 0)
        put_references(writing, references, count);
    put_text(writing, "incidents", identity->id);
    put_info(writing, identity->sent_us);
    end(writing);
}

int lh_cap_write(const json_t *alarm, const struct lh_cap_options *options,
                 const struct lh_cap_reference *references, size_t count, char **ret_xml)
{
    struct lh_cap_identity identity;
    const int code = lh_cap_identify(alarm, &identity);
    if (code != LH_OK)
        return code;
    xmlBufferPtr buffer = xmlBufferCreate();
    struct writing writing = {.writer = buffer ? xmlNewTextWriterMemory(buffer, 0) : NULL,
                              .alarm = alarm,
                              .options = options};
    char *xml = NULL;
    if (writing.writer) {
        writing.bad |= xmlTextWriterSetIndent(writing.writer, 1) < 0;
        writing.bad |= xmlTextWriterStartDocument(writing.writer, NULL, "UTF-8", NULL) < 0;
        put_alert(&writing, &identity, references, count);
        writing.bad |= xmlTextWriterEndDocument(writing.writer) < 0;
        xmlFreeTextWriter(writing.writer);
        if (!writing.bad)
            xml = strdup((const char *)xmlBufferContent(buffer));
    }
    if (buffer)
        xmlBufferFree(buffer);
    if (!xml)
        return LH_ENOMEM;
    *ret_xml = xml;
    return LH_OK;
}
