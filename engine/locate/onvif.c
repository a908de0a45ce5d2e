#include "locate/onvif.h"

#include <curl/curl.h>
#include <libavutil/base64.h>
#include <libavutil/mem.h>
#include <libavutil/sha.h>
#include <libxml/entities.h>
#include <libxml/parser.h>
#include <libxml/tree.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define NONCE_BYTES 16
#define SHA1_BYTES 20
#define SHOWN_BYTES 160 /* of a camera's own words, in a fault */

/* ---- what is sent ---- */

/* Text as XML content, on out. */
static int put_escaped(FILE *out, const char *text)
{
    xmlChar *safe = xmlEncodeSpecialChars(NULL, (const xmlChar *)text);
    if (!safe)
        return LH_ENOMEM;
    (void)fputs((const char *)safe, out);
    xmlFree(safe);
    return LH_OK;
}

static int digest_of(const uint8_t nonce[NONCE_BYTES], const char *created, const char *password,
                     char digest[AV_BASE64_SIZE(SHA1_BYTES)])
{
    uint8_t sum[SHA1_BYTES];
    struct AVSHA *sha = av_sha_alloc();
    if (!sha)
        return LH_ENOMEM;
    (void)av_sha_init(sha, 160);
    av_sha_update(sha, nonce, NONCE_BYTES);
    av_sha_update(sha, (const uint8_t *)created, strlen(created));
    av_sha_update(sha, (const uint8_t *)password, strlen(password));
    av_sha_final(sha, sum);
    av_free(sha);
    (void)av_base64_encode(digest, AV_BASE64_SIZE(SHA1_BYTES), sum, sizeof sum);
    return LH_OK;
}

#define WSSE "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-"

static int put_security(FILE *out, const struct lh_credentials *credentials, int64_t utc_us)
{
    uint8_t nonce[NONCE_BYTES];
    char nonce_text[AV_BASE64_SIZE(NONCE_BYTES)];
    char digest[AV_BASE64_SIZE(SHA1_BYTES)];
    char created[LH_TIME_TEXT];
    if (getrandom(nonce, sizeof nonce, 0) != (ssize_t)sizeof nonce)
        return LH_EIO;
    (void)lh_time_format(utc_us, created);
    (void)av_base64_encode(nonce_text, sizeof nonce_text, nonce, sizeof nonce);
    int code = digest_of(nonce, created, credentials->password, digest);
    if (code != LH_OK)
        return code;
    (void)fputs("<s:Header><Security s:mustUnderstand=\"1\" xmlns=\"" WSSE
                "wssecurity-secext-1.0.xsd\"><UsernameToken><Username>",
                out);
    code = put_escaped(out, credentials->user);
    (void)fprintf(out,
                  "</Username><Password Type=\"" WSSE
                  "username-token-profile-1.0#PasswordDigest\">%s</Password>"
                  "<Nonce EncodingType=\"" WSSE "soap-message-security-1.0#Base64Binary\">%s"
                  "</Nonce><Created xmlns=\"" WSSE "wssecurity-utility-1.0.xsd\">%s</Created>"
                  "</UsernameToken></Security></s:Header>",
                  digest, nonce_text, created);
    return code;
}

/* Caller frees. */
static int make_request(const struct lh_camera_config *camera, const struct lh_clock *clock,
                        char **ret_request)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    if (!out)
        return LH_ENOMEM;
    int code = LH_OK;
    (void)fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>"
                "<s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\">",
                out);
    if (camera->credentials.user[0] != '\0')
        code = put_security(out, &camera->credentials, lh_clock_utc_us(clock));
    (void)fputs("<s:Body><GetStatus xmlns=\"http://www.onvif.org/ver20/ptz/wsdl\"><ProfileToken>",
                out);
    if (code == LH_OK)
        code = put_escaped(out, camera->ptz.profile);
    (void)fputs("</ProfileToken></GetStatus></s:Body></s:Envelope>", out);
    const bool failed = ferror(out) != 0;
    if (fclose(out) != 0 || failed)
        code = code == LH_OK ? LH_ENOMEM : code;
    if (code != LH_OK) {
        free(text);
        return code;
    }
    *ret_request = text;
    return LH_OK;
}

/* ---- HTTP ---- */

struct answer {
    char *bytes; /* LH_ONVIF_BYTES_MOST */
    size_t length;
    bool too_long;
    long status;
};

static size_t take_bytes(char *bytes, size_t size, size_t count, void *context)
{
    struct answer *answer = context;
    const size_t length = size * count;
    if (length > LH_ONVIF_BYTES_MOST - answer->length) {
        answer->too_long = true;
        return 0;
    }
    memcpy(answer->bytes + answer->length, bytes, length);
    answer->length += length;
    return length;
}

static int code_of(CURLcode result)
{
    switch (result) {
    case CURLE_OK:
        return LH_OK;
    case CURLE_OUT_OF_MEMORY:
        return LH_ENOMEM;
    case CURLE_OPERATION_TIMEDOUT:
        return LH_ETIMEOUT;
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
        return LH_ECONFIG;
    default:
        return LH_ECONNECT;
    }
}

static void set_options(CURL *curl, const struct lh_camera_config *camera, const char *request,
                        const struct curl_slist *headers, struct answer *answer, bool digest)
{
    (void)curl_easy_setopt(curl, CURLOPT_URL, camera->ptz.url);
    (void)curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    (void)curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    (void)curl_easy_setopt(curl, CURLOPT_PROXY, "");
    (void)curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)(camera->ptz.timeout_s * 1000.0));
    (void)curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request);
    (void)curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_bytes);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer);
    (void)curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, camera->tls_verify ? 1L : 0L);
    (void)curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, camera->tls_verify ? 2L : 0L);
    if (camera->tls_ca_path && camera->tls_ca_path[0] != '\0')
        (void)curl_easy_setopt(curl, CURLOPT_CAINFO, camera->tls_ca_path);
    if (digest) {
        (void)curl_easy_setopt(curl, CURLOPT_HTTPAUTH, (long)CURLAUTH_DIGEST);
        (void)curl_easy_setopt(curl, CURLOPT_USERNAME, camera->credentials.user);
        (void)curl_easy_setopt(curl, CURLOPT_PASSWORD, camera->credentials.password);
    }
}

static int post(const struct lh_camera_config *camera, const char *request, bool digest,
                struct lh_fault *fault, struct answer *answer)
{
    CURL *curl = curl_easy_init();
    struct curl_slist *headers =
        curl_slist_append(NULL, "Content-Type: application/soap+xml; charset=utf-8");
    answer->length = 0;
    if (!curl || !headers) {
        curl_slist_free_all(headers);
        curl_easy_cleanup(curl);
        return lh_fail(fault, LH_ENOMEM, "out of memory");
    }
    set_options(curl, camera, request, headers, answer, digest);
    const CURLcode result = curl_easy_perform(curl);
    (void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer->status);
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    if (answer->too_long)
        return lh_fail(fault, LH_ELIMIT, "the answer is longer than %d bytes", LH_ONVIF_BYTES_MOST);
    if (result != CURLE_OK)
        return lh_fail(fault, code_of(result), "%s", curl_easy_strerror(result));
    return LH_OK;
}

static int exchange(const struct lh_camera_config *camera, const char *request,
                    struct lh_fault *fault, struct answer *answer)
{
    int code = post(camera, request, false, fault, answer);
    if (code == LH_OK && answer->status == 401 && camera->credentials.user[0] != '\0')
        code = post(camera, request, true, fault, answer);
    if (code != LH_OK)
        return code;
    if (answer->status == 401)
        return lh_fail(fault, LH_EAUTH,
                       "user or password refused; where they are right, set the camera's clock");
    /* Faults come with 400 and 500, and say more than the number. */
    if (answer->status != 200 && answer->status != 400 && answer->status != 500)
        return lh_fail(fault, LH_EFORMAT, "HTTP status %ld; is ptz.url the PTZ service?",
                       answer->status);
    return LH_OK;
}

/* ---- what comes back ---- */

/* Some cameras use prefixes that they do not declare, and then the prefix is a part of the name. */
static bool is_named(const xmlNode *node, const char *name)
{
    const char *own = (const char *)node->name;
    const char *colon = strrchr(own, ':');
    return strcmp(colon ? colon + 1 : own, name) == 0;
}

static const xmlNode *child_of(const xmlNode *node, const char *name)
{
    for (const xmlNode *child = node ? node->children : NULL; child; child = child->next) {
        if (child->type == XML_ELEMENT_NODE && is_named(child, name))
            return child;
    }
    return NULL;
}

/* The text of an element that holds nothing else, without blanks about it; "" for anything else. */
static void text_of(const xmlNode *node, char *text, size_t size)
{
    const xmlNode *content = node ? node->children : NULL;
    text[0] = '\0';
    if (!content || content->type != XML_TEXT_NODE || content->next || !content->content)
        return;
    const char *begin = (const char *)content->content;
    begin += strspn(begin, " \t\r\n");
    size_t length = strlen(begin);
    while (length > 0 && strchr(" \t\r\n", begin[length - 1]))
        length--;
    if (length < size) {
        memcpy(text, begin, length);
        text[length] = '\0';
    }
}

/* NAN where the attribute is absent; LH_EFORMAT where it is no finite number. */
static int number_of(const xmlNode *node, const char *name, double *ret_number)
{
    const xmlAttr *attribute = node ? node->properties : NULL;
    while (attribute && strcmp((const char *)attribute->name, name) != 0)
        attribute = attribute->next;
    if (!attribute) {
        *ret_number = NAN;
        return LH_OK;
    }
    const xmlNode *content = attribute->children;
    if (!content || content->type != XML_TEXT_NODE || content->next || !content->content)
        return LH_EFORMAT;
    const char *text = (const char *)content->content;
    char *end;
    const double number = strtod(text, &end);
    if (end == text || *end != '\0' || text[strspn(text, "+-.0123456789eE")] != '\0' ||
        !isfinite(number) || fabs(number) > 1e6)
        return LH_EFORMAT;
    *ret_number = number;
    return LH_OK;
}

static enum lh_moving moving_of(const xmlNode *status)
{
    const xmlNode *move = child_of(status, "MoveStatus");
    const xmlNode *parts[] = {child_of(move, "PanTilt"), child_of(move, "Zoom")};
    enum lh_moving moving = LH_MOVING_UNKNOWN;
    for (int i = 0; i < 2; i++) {
        char word[16];
        text_of(parts[i], word, sizeof word);
        if (strcmp(word, "MOVING") == 0)
            return LH_MOVING_YES;
        if (strcmp(word, "IDLE") == 0)
            moving = LH_MOVING_NOT;
    }
    return moving;
}

static int read_status(const xmlNode *status, struct lh_fault *fault,
                       struct lh_ptz_status *ret_status)
{
    const xmlNode *position = child_of(status, "Position");
    const xmlNode *pan_tilt = child_of(position, "PanTilt");
    struct lh_ptz_status found = {.moving = moving_of(status), .utc_us = LH_NO_TIME};
    char time[64];
    if (number_of(pan_tilt, "x", &found.pan) != LH_OK ||
        number_of(pan_tilt, "y", &found.tilt) != LH_OK ||
        number_of(child_of(position, "Zoom"), "x", &found.zoom) != LH_OK)
        return lh_fail(fault, LH_EFORMAT, "its position holds what is no number");
    text_of(child_of(status, "UtcTime"), time, sizeof time);
    (void)lh_time_parse(time, &found.utc_us);
    *ret_status = found;
    return LH_OK;
}

/* The camera's own words, made fit for a line of a log. */
static int read_fault(const xmlNode *told, struct lh_fault *fault)
{
    char value[64];
    char text[SHOWN_BYTES];
    const xmlNode *subcode = child_of(child_of(told, "Code"), "Subcode");
    text_of(child_of(child_of(told, "Reason"), "Text"), text, sizeof text);
    for (char *c = text; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            *c = ' ';
    text_of(child_of(subcode, "Value"), value, sizeof value);
    const char *colon = strrchr(value, ':');
    const char *name = colon ? colon + 1 : value;
    if (strcmp(name, "NotAuthorized") == 0 || strcmp(name, "FailedAuthentication") == 0)
        return lh_fail(fault, LH_EAUTH,
                       "user or password refused; where they are right, set the camera's clock");
    return lh_fail(fault, LH_EIO, "the camera says: %s", text[0] != '\0' ? text : "(no reason)");
}

int lh_onvif_parse_status(const char *bytes, size_t length, struct lh_fault *fault,
                          struct lh_ptz_status *ret_status)
{
    if (length == 0 || length > LH_ONVIF_BYTES_MOST)
        return lh_fail(fault, LH_EFORMAT, "the answer is empty");
    xmlDoc *document = xmlReadMemory(bytes, (int)length, NULL, NULL,
                                     XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING |
                                         XML_PARSE_NOCDATA);
    const xmlNode *root = document ? xmlDocGetRootElement(document) : NULL;
    int code;
    if (!root || document->intSubset || !is_named(root, "Envelope")) {
        code = lh_fail(fault, LH_EFORMAT, "the answer is not SOAP; is ptz.url the PTZ service?");
    } else {
        const xmlNode *body = child_of(root, "Body");
        const xmlNode *told = child_of(body, "Fault");
        const xmlNode *status = child_of(child_of(body, "GetStatusResponse"), "PTZStatus");
        if (told)
            code = read_fault(told, fault);
        else if (status)
            code = read_status(status, fault, ret_status);
        else
            code = lh_fail(fault, LH_EFORMAT, "the answer holds no PTZStatus");
    }
    xmlFreeDoc(document);
    return code;
}

int lh_onvif_status(const struct lh_camera_config *camera, const struct lh_clock *clock,
                    struct lh_fault *fault, struct lh_ptz_status *ret_status)
{
    struct lh_fault why = {0};
    struct answer answer = {0};
    char *request = NULL;
    if (camera->ptz.url[0] == '\0')
        return lh_fail(fault, LH_ECONFIG, "camera '%s' has no ptz.url", camera->id);
    answer.bytes = malloc(LH_ONVIF_BYTES_MOST);
    int code = answer.bytes ? make_request(camera, clock, &request) : LH_ENOMEM;
    if (code == LH_OK)
        code = exchange(camera, request, &why, &answer);
    if (code == LH_OK)
        code = lh_onvif_parse_status(answer.bytes, answer.length, &why, ret_status);
    if (code != LH_OK) {
        char *address = lh_url_redact(camera->ptz.url);
        (void)lh_fail(fault, code, "%s: %s", address ? address : camera->id,
                      why.text[0] != '\0' ? why.text : lh_strerror(code));
        free(address);
    }
    free(request);
    free(answer.bytes);
    return code;
}

struct lh_pointing lh_ptz_pointing(const struct lh_ptz_config *config,
                                   const struct lh_ptz_status *status)
{
    if (isnan(status->pan) || isnan(status->tilt))
        return (struct lh_pointing){NAN, NAN, status->zoom};
    return (struct lh_pointing){
        .azimuth_deg = lh_azimuth_wrap(config->pan_zero_deg + config->pan_scale_deg * status->pan),
        .tilt_deg = config->tilt_zero_deg + config->tilt_scale_deg * status->tilt,
        .zoom = status->zoom,
    };
}
