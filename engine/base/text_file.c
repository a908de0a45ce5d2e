#include "base/text_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int read_all(int file, size_t max_bytes, uint8_t **ret_bytes, size_t *ret_size)
{
    struct stat info;
    if (fstat(file, &info) != 0)
        return lh_error_from_errno(errno);
    if (!S_ISREG(info.st_mode))
        return LH_EFORMAT;
    if ((uint64_t)info.st_size > max_bytes)
        return LH_ELIMIT;
    const size_t room = (size_t)info.st_size;
    uint8_t *bytes = malloc(room + 1);
    if (!bytes)
        return LH_ENOMEM;
    size_t size = 0;
    while (size < room) {
        const ssize_t got = read(file, bytes + size, room - size);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            const int code = lh_error_from_errno(errno);
            free(bytes);
            return code;
        }
        if (got == 0)
            break;
        size += (size_t)got;
    }
    bytes[size] = 0;
    *ret_bytes = bytes;
    *ret_size = size;
    return LH_OK;
}

int lh_text_file_read(const char *path, size_t max_bytes, struct lh_fault *fault,
                      uint8_t **ret_bytes, size_t *ret_size)
{
    const int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0)
        return lh_fail(fault, lh_error_from_errno(errno), "%s: %s", path, strerror(errno));
    const int code = read_all(file, max_bytes, ret_bytes, ret_size);
    (void)close(file);
    if (code == LH_ELIMIT)
        return lh_fail(fault, code, "%s: larger than %zu MiB", path, max_bytes >> 20);
    if (code == LH_EFORMAT)
        return lh_fail(fault, code, "%s: not a file", path);
    return code == LH_OK ? LH_OK : lh_fail(fault, code, "%s: %s", path, lh_strerror(code));
}
