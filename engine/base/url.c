#include "base/url.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define URL_BYTES_MAX 2000

bool lh_url_is_local(const char *url)
{
    return strstr(url, "://") == NULL;
}

static int complain(char *complaint, size_t size, const char *sentence)
{
    (void)snprintf(complaint, size, "%s", sentence);
    return LH_ECONFIG;
}

static bool is_one_of(const char *text, size_t length, const char *words)
{
    while (*words) {
        const size_t word_length = strcspn(words, "|");
        if (word_length == length && strncmp(words, text, length) == 0)
            return true;
        words += word_length + (words[word_length] == '|');
    }
    return false;
}

static bool is_port(const char *text, size_t length)
{
    long port = 0;
    if (length < 1 || length > 5)
        return false;
    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        port = port * 10 + (text[i] - '0');
    }
    return port >= 1 && port <= 65535;
}

/* Splits "host", "host:port" and "[v6]:port". False where the brackets do not close. */
static bool split_port(const char *authority, size_t length, size_t *ret_host_length,
                       const char **ret_port)
{
    const char *colon = NULL;
    if (length > 0 && authority[0] == '[') {
        const char *bracket = memchr(authority, ']', length);
        if (!bracket)
            return false;
        const size_t host_length = (size_t)(bracket - authority) + 1;
        if (host_length < length && authority[host_length] != ':')
            return false;
        colon = host_length < length ? authority + host_length : NULL;
    } else {
        colon = memchr(authority, ':', length);
    }
    *ret_host_length = colon ? (size_t)(colon - authority) : length;
    *ret_port = colon ? colon + 1 : NULL;
    return true;
}

/* User and password, even where a '/', '?' or '#' in the password was not encoded. */
static bool has_user(const char *authority, size_t length)
{
    if (memchr(authority, '@', length))
        return true;
    size_t host_length;
    const char *port;
    if (!strchr(authority + length, '@') || !split_port(authority, length, &host_length, &port) ||
        !port)
        return false;
    return !is_port(port, (size_t)(authority + length - port));
}

static int check_path(const char *path, char *complaint, size_t size)
{
    if (path[0] == '~')
        return complain(complaint, size,
                        "begins with '~', which is not expanded here; write the "
                        "path in full");
    if (strcspn(path, ":") < strcspn(path, "/"))
        return complain(complaint, size,
                        "is neither an URL (scheme://host/...) nor a path; a path with a ':' in "
                        "its first part begins with './'");
    return LH_OK;
}

int lh_url_check(const char *url, char *complaint, size_t size)
{
    if (url[0] == '\0')
        return complain(complaint, size, "is empty");
    if (strlen(url) > URL_BYTES_MAX)
        return complain(complaint, size, "is longer than 2000 bytes");
    if (lh_url_is_local(url))
        return check_path(url, complaint, size);
    const size_t scheme_length = (size_t)(strstr(url, "://") - url);
    if (!is_one_of(url, scheme_length, LH_URL_SCHEMES))
        return complain(complaint, size,
                        "must begin with rtsp://, rtsps://, http://, https://, http+mjpeg://, "
                        "http+still://, https+mjpeg:// or https+still://, or be a path");
    const char *authority = url + scheme_length + 3;
    const size_t length = strcspn(authority, "/?#");
    if (has_user(authority, length))
        return complain(complaint, size,
                        "holds a user or password; take them out and name a file that holds them "
                        "with 'credentials'");
    if (strpbrk(url, " \"<>\\^`{|}"))
        return complain(complaint, size,
                        "holds a character that must be percent-encoded (a blank is %20)");
    size_t host_length;
    const char *port;
    if (!split_port(authority, length, &host_length, &port) || host_length == 0)
        return complain(complaint, size, "names no host");
    if (port && !is_port(port, (size_t)(authority + length - port)))
        return complain(complaint, size, "has a port that is not a number of 1 to 65535");
    return LH_OK;
}

int lh_endpoint_check(const char *endpoint, char *complaint, size_t size)
{
    if (strncmp(endpoint, "ipc://", 6) == 0) {
        const char *path = endpoint + 6;
        if (path[0] != '/' && path[0] != '@')
            return complain(complaint, size,
                            "must name an absolute path, as in 'ipc:///run/linhuo/bus'");
        /* sun_path holds 108 bytes with the final zero. */
        if (strlen(path) < 2 || strlen(path) > 107)
            return complain(complaint, size, "must name a path of 2 to 107 bytes");
        return LH_OK;
    }
    if (strncmp(endpoint, "tcp://", 6) != 0)
        return complain(complaint, size,
                        "must be 'tcp://ADDRESS:PORT' or 'ipc:///PATH', as in "
                        "'tcp://127.0.0.1:5570'");
    const char *authority = endpoint + 6;
    const size_t length = strlen(authority);
    size_t host_length;
    const char *port;
    if (strpbrk(authority, " /?#@") || !split_port(authority, length, &host_length, &port) ||
        host_length == 0)
        return complain(complaint, size,
                        "must be 'tcp://ADDRESS:PORT', as in 'tcp://127.0.0.1:5570'");
    if (!port || (strcmp(port, "*") != 0 && !is_port(port, strlen(port))))
        return complain(complaint, size, "needs a port of 1 to 65535, or '*' for any free one");
    return LH_OK;
}

bool lh_endpoint_is_local(const char *endpoint)
{
    return strncmp(endpoint, "ipc://", 6) == 0 || strncmp(endpoint, "tcp://127.", 10) == 0 ||
           strncmp(endpoint, "tcp://localhost:", 16) == 0 ||
           strncmp(endpoint, "tcp://lo:", 9) == 0 || strncmp(endpoint, "tcp://[::1]:", 12) == 0;
}

static bool is_unreserved(unsigned char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') || byte == '-' || byte == '.' || byte == '_' || byte == '~';
}

static size_t encoded_length(const char *text)
{
    size_t length = 0;
    for (; *text; text++)
        length += is_unreserved((unsigned char)*text) ? 1 : 3;
    return length;
}

static char *put_encoded(char *end, const char *text)
{
    static const char digits[] = "0123456789ABCDEF";
    for (; *text; text++) {
        const unsigned char byte = (unsigned char)*text;
        if (is_unreserved(byte)) {
            *end++ = (char)byte;
        } else {
            *end++ = '%';
            *end++ = digits[byte >> 4];
            *end++ = digits[byte & 15];
        }
    }
    return end;
}

size_t lh_auth_length(const struct lh_credentials *credentials)
{
    return encoded_length(credentials->user) + 1 + encoded_length(credentials->password);
}

static bool has_secrets(const struct lh_credentials *credentials)
{
    return credentials->user && credentials->password && credentials->user[0] != '\0';
}

int lh_camera_url(const struct lh_camera_config *camera, char **ret_url)
{
    const char *separator = strstr(camera->url, "://");
    if (!separator || !has_secrets(&camera->credentials)) {
        char *copy = strdup(camera->url);
        if (!copy)
            return LH_ENOMEM;
        *ret_url = copy;
        return LH_OK;
    }
    const size_t auth_length = lh_auth_length(&camera->credentials);
    if (auth_length > LH_AUTH_BYTES_MAX)
        return LH_ELIMIT;
    const size_t head_length = (size_t)(separator - camera->url) + 3;
    char *url = malloc(strlen(camera->url) + auth_length + 2);
    if (!url)
        return LH_ENOMEM;
    memcpy(url, camera->url, head_length);
    char *end = put_encoded(url + head_length, camera->credentials.user);
    *end++ = ':';
    end = put_encoded(end, camera->credentials.password);
    *end++ = '@';
    memcpy(end, camera->url + head_length, strlen(camera->url + head_length) + 1);
    *ret_url = url;
    return LH_OK;
}

void lh_url_destroy(char **url)
{
    if (*url)
        explicit_bzero(*url, strlen(*url));
    free(*url);
    *url = NULL;
}

struct redaction {
    char *end;
};

static void put(struct redaction *redaction, const char *text, size_t length)
{
    memcpy(redaction->end, text, length);
    redaction->end += length;
}

/* "name=value" keeps its name; whatever else stands in a query may be a token, and goes. */
static void put_item(struct redaction *redaction, const char *item, size_t length, bool in_query)
{
    static const char name_characters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
    const char *equals = memchr(item, '=', length);
    if (!equals && !in_query) {
        put(redaction, item, length);
        return;
    }
    if (length == 0)
        return;
    const size_t name_length = equals ? (size_t)(equals - item) : 0;
    const size_t value_length = equals ? length - name_length - 1 : 0;
    const bool padding = equals && strspn(equals, "=") > value_length;
    const size_t clean = strspn(item, name_characters);
    const bool named = in_query ? clean >= name_length && name_length <= 32 : true;
    if (equals && !padding && named)
        put(redaction, item, name_length + 1);
    put(redaction, "***", 3);
}

/* Path, query and fragment. Some cameras take "/user=admin&password=..." as a path. */
static void put_rest(struct redaction *redaction, const char *rest)
{
    bool in_query = false;
    while (*rest) {
        const size_t length = strcspn(rest, "?&;#");
        put_item(redaction, rest, length, in_query);
        rest += length;
        if (*rest) {
            in_query = true;
            put(redaction, rest, 1);
            rest++;
        }
    }
}

char *lh_url_redact(const char *url)
{
    char *redacted = malloc(4 * strlen(url) + 8);
    if (!redacted)
        return NULL;
    struct redaction redaction = {.end = redacted};
    const char *separator = strstr(url, "://");
    const char *authority = separator ? separator + 3 : url;
    put(&redaction, url, (size_t)(authority - url));
    /* Wider than has_user: what might be a password goes, even where it hides a host or a path. */
    if (strchr(authority, '@') && strcspn(authority, ":@") < strcspn(authority, "/?#")) {
        authority = strrchr(authority, '@') + 1;
        put(&redaction, "***@", 4);
    }
    if (!separator) {
        put(&redaction, authority, strlen(authority) + 1);
        return redacted;
    }
    const size_t host_length = strcspn(authority, "/?&;#");
    put(&redaction, authority, host_length);
    put_rest(&redaction, authority + host_length);
    *redaction.end = '\0';
    return redacted;
}
