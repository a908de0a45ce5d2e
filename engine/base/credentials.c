#include "base/credentials.h"

#include "base/url.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_BYTES_MAX 4096

static int open_private(const char *path, struct lh_fault *fault, int *ret_file)
{
    /* Not to wait for the other end of a FIFO. */
    const int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (file < 0)
        return lh_fail(fault, LH_ECONFIG, "cannot be read from '%s': %s", path, strerror(errno));
    struct stat status;
    int code = LH_OK;
    if (fstat(file, &status) != 0 || !S_ISREG(status.st_mode))
        code = lh_fail(fault, LH_ECONFIG, "'%s' is not a file", path);
    else if ((status.st_mode & 077) != 0)
        code = lh_fail(fault, LH_ECONFIG,
                       "file '%s' can be read by others (mode %04o); run 'chmod 600' on it", path,
                       (unsigned)(status.st_mode & 07777));
    else if (status.st_size > FILE_BYTES_MAX)
        code =
            lh_fail(fault, LH_ECONFIG, "file '%s' is larger than %d bytes", path, FILE_BYTES_MAX);
    if (code != LH_OK)
        (void)close(file);
    else
        *ret_file = file;
    return code;
}

static int read_whole(int file, const char *path, struct lh_fault *fault, char *bytes,
                      size_t *ret_length)
{
    size_t length = 0;
    while (length <= FILE_BYTES_MAX) {
        const ssize_t got = read(file, bytes + length, FILE_BYTES_MAX + 1 - length);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return lh_fail(fault, LH_ECONFIG, "cannot be read from '%s': %s", path,
                           strerror(errno));
        if (got == 0)
            break;
        length += (size_t)got;
    }
    if (length > FILE_BYTES_MAX)
        return lh_fail(fault, LH_ECONFIG, "file '%s' is larger than %d bytes", path,
                       FILE_BYTES_MAX);
    bytes[length] = '\0';
    if (strlen(bytes) != length)
        return lh_fail(fault, LH_ECONFIG, "file '%s' holds a zero byte; it is no text", path);
    *ret_length = length;
    return LH_OK;
}

/* True where the line begins with key; then its value is copied, unless that is impossible. */
static bool take_value(const char *line, size_t length, const char *key, char **ret_value,
                       bool *ret_twice, bool *ret_no_memory)
{
    const size_t key_length = strlen(key);
    if (length < key_length || strncmp(line, key, key_length) != 0)
        return false;
    line += key_length;
    length -= key_length;
    if (length > 0 && *line == ' ') {
        line++;
        length--;
    }
    if (*ret_value) {
        *ret_twice = true;
        return true;
    }
    *ret_value = strndup(line, length);
    *ret_no_memory = *ret_value == NULL;
    return true;
}

static int wrong_shape(struct lh_fault *fault, const char *path, int line)
{
    return lh_fail(fault, LH_ECONFIG,
                   "file '%s', line %d: expected the two lines 'user: NAME' and 'password: SECRET'",
                   path, line);
}

static int read_lines(const char *text, const char *path, struct lh_fault *fault,
                      struct lh_credentials *credentials)
{
    int number = 0;
    static const char mark[] = "\xef\xbb\xbf"; /* some editors put it at the beginning */
    if (strncmp(text, mark, 3) == 0)
        text += 3;
    while (*text) {
        const size_t whole = strcspn(text, "\n");
        const size_t length = whole > 0 && text[whole - 1] == '\r' ? whole - 1 : whole;
        bool twice = false;
        bool no_memory = false;
        number++;
        const bool known =
            length == 0 || text[0] == '#' ||
            take_value(text, length, "user:", &credentials->user, &twice, &no_memory) ||
            take_value(text, length, "password:", &credentials->password, &twice, &no_memory);
        if (no_memory)
            return LH_ENOMEM;
        if (!known || twice)
            return wrong_shape(fault, path, number);
        text += whole + (text[whole] == '\n');
    }
    if (!credentials->user || !credentials->password || credentials->user[0] == '\0')
        return wrong_shape(fault, path, number + 1);
    return LH_OK;
}

int lh_credentials_load(const char *path, struct lh_fault *fault,
                        struct lh_credentials *ret_credentials)
{
    int file = -1;
    int code = open_private(path, fault, &file);
    if (code != LH_OK)
        return code;
    char bytes[FILE_BYTES_MAX + 2];
    size_t length;
    struct lh_credentials credentials = {0};
    code = read_whole(file, path, fault, bytes, &length);
    if (code == LH_OK)
        code = read_lines(bytes, path, fault, &credentials);
    explicit_bzero(bytes, sizeof bytes);
    (void)close(file);
    if (code == LH_OK && lh_auth_length(&credentials) > LH_AUTH_BYTES_MAX)
        code = lh_fail(fault, LH_ECONFIG,
                       "file '%s': user and password are too long: %zu bytes as they go into an "
                       "URL (percent-encoded), and %d is what the RTSP reader has room for",
                       path, lh_auth_length(&credentials), LH_AUTH_BYTES_MAX);
    if (code == LH_OK)
        *ret_credentials = credentials;
    else
        lh_credentials_finish(&credentials);
    return code;
}

static void wipe(char *text)
{
    if (text)
        explicit_bzero(text, strlen(text));
    free(text);
}

void lh_credentials_finish(struct lh_credentials *credentials)
{
    wipe(credentials->user);
    wipe(credentials->password);
    *credentials = (struct lh_credentials){0};
}

int lh_secret_load(const char *path, struct lh_fault *fault, char **ret_secret)
{
    int file = -1;
    int code = open_private(path, fault, &file);
    if (code != LH_OK)
        return code;
    char bytes[FILE_BYTES_MAX + 2];
    size_t length = 0;
    code = read_whole(file, path, fault, bytes, &length);
    (void)close(file);
    if (code == LH_OK) {
        const char *begin = bytes + strspn(bytes, " \t");
        size_t size = strcspn(begin, "\r\n");
        while (size > 0 && (begin[size - 1] == ' ' || begin[size - 1] == '\t'))
            size--;
        char *secret = size > 0 ? strndup(begin, size) : NULL;
        if (secret)
            *ret_secret = secret;
        else
            code = size == 0 ? lh_fail(fault, LH_ECONFIG, "file '%s' is empty", path) : LH_ENOMEM;
    }
    explicit_bzero(bytes, sizeof bytes);
    return code;
}

void lh_secret_destroy(char **secret)
{
    wipe(*secret);
    *secret = NULL;
}
