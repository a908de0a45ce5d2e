#include "detect/spending.h"

#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define TEXT 96
#define MAX_DAY 10000000

static int compose(struct lh_spending spending, char text[TEXT])
{
    return snprintf(text, TEXT, "linhuo-spending 1\nday %" PRId64 "\nconfirmed %d\n", spending.day,
                    spending.confirmed);
}

int lh_spending_save(struct lh_spending spending, const char *path)
{
    char fresh[PATH_MAX];
    char text[TEXT];
    const int length = compose(spending, text);
    if (snprintf(fresh, sizeof fresh, "%s.new", path) >= (int)sizeof fresh)
        return LH_EINVAL;
    const int descriptor = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (descriptor < 0)
        return lh_error_from_errno(errno);
    errno = ENOSPC; /* for a write that is cut short */
    int code =
        write(descriptor, text, (size_t)length) == length ? LH_OK : lh_error_from_errno(errno);
    if (close(descriptor) != 0 && code == LH_OK)
        code = lh_error_from_errno(errno);
    if (code == LH_OK && rename(fresh, path) != 0)
        code = lh_error_from_errno(errno);
    if (code != LH_OK)
        (void)unlink(fresh);
    return code;
}

static int parse(const char *text, struct lh_spending *ret_spending)
{
    struct lh_spending read = {0};
    char again[TEXT];
    /* Out of range or not, what was read must write itself again just so. */
    /* NOLINTNEXTLINE(cert-err34-c) */
    if (sscanf(text, "linhuo-spending 1\nday %8" SCNd64 "\nconfirmed %9d", &read.day,
               &read.confirmed) != 2 ||
        read.day < 0 || read.day > MAX_DAY || read.confirmed < 0)
        return LH_EFORMAT;
    (void)compose(read, again);
    if (strcmp(text, again) != 0)
        return LH_EFORMAT;
    *ret_spending = read;
    return LH_OK;
}

int lh_spending_load(const char *path, struct lh_spending *ret_spending)
{
    char text[TEXT] = "";
    FILE *file = fopen(path, "rbe");
    if (!file)
        return lh_error_from_errno(errno);
    const size_t length = fread(text, 1, sizeof text - 1, file);
    const bool bad = ferror(file) || strlen(text) != length;
    (void)fclose(file);
    return bad ? LH_EFORMAT : parse(text, ret_spending);
}
