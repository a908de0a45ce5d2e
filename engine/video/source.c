#include "video/source.h"

#include "video/av_input.h"
#include "video/source_kind.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

struct lh_source {
    const struct lh_source_kind *kind;
    void *state;
};

static const char *after(const char *text, const char *start)
{
    const size_t length = strlen(start);
    return strncasecmp(text, start, length) == 0 ? text + length : NULL;
}

/* "http+still://x" becomes "http://x", in place. */
static bool drop_suffix(char *url, const char *scheme, const char *suffix)
{
    const char *rest = after(url, scheme);
    const char *tail = rest ? after(rest, suffix) : NULL;
    if (!tail)
        return false;
    memmove(url + strlen(scheme), tail, strlen(tail) + 1);
    return true;
}

static int choose_http(const struct lh_source_options *options, char *url, struct lh_fault *fault,
                       const struct lh_source_kind **ret_kind)
{
    static const char *const schemes[] = {"https", "http"};
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        if (drop_suffix(url, schemes[i], "+mjpeg")) {
            *ret_kind = &lh_av_kind;
            return LH_OK;
        }
        if (drop_suffix(url, schemes[i], "+still")) {
            *ret_kind = &lh_stills_kind;
            return LH_OK;
        }
    }
    char type[64];
    const int code = lh_av_http_type(options, url, type, sizeof type, fault);
    if (code == LH_OK)
        *ret_kind = after(type, "image/") ? &lh_stills_kind : &lh_av_kind;
    return code;
}

static int choose_path(const char *path, struct lh_fault *fault,
                       const struct lh_source_kind **ret_kind)
{
    struct stat info;
    if (stat(path, &info) != 0)
        return lh_fail(fault, lh_error_from_errno(errno), "%s: %s", path, strerror(errno));
    if (S_ISDIR(info.st_mode)) {
        *ret_kind = &lh_stills_kind;
        return LH_OK;
    }
    if (!S_ISREG(info.st_mode))
        return lh_fail(fault, LH_EFORMAT, "%s: neither a file nor a folder", path);
    if (info.st_size == 0)
        return lh_fail(fault, LH_EFORMAT, "%s: the file is empty", path);
    *ret_kind = &lh_av_kind;
    return LH_OK;
}

/* Picks the kind and mends url to what that kind opens. */
static int choose(const struct lh_source_options *options, char *url, struct lh_fault *fault,
                  const struct lh_source_kind **ret_kind)
{
    if (after(url, "rtsp://") || after(url, "rtsps://")) {
        *ret_kind = &lh_av_kind;
        return LH_OK;
    }
    if (after(url, "http"))
        return choose_http(options, url, fault, ret_kind);
    static const char prefix[] = "file://";
    const size_t length = strlen(url);
    const size_t skip = sizeof prefix - 1;
    const bool path = length >= skip && strncasecmp(url, prefix, skip) == 0;
    for (size_t i = skip; path && i <= length; i++)
        url[i - skip] = url[i];
    const char *scheme_end = strstr(url, "://");
    if (!path && scheme_end && !memchr(url, '/', (size_t)(scheme_end - url)))
        return lh_fail(fault, LH_EINVAL,
                       "\"%.*s\" is no kind of address this program reads; use rtsp, rtsps, http, "
                       "https, or a path",
                       (int)(scheme_end - url), url);
    return choose_path(url, fault, ret_kind);
}

static int full_url(const struct lh_camera_config *camera, char **ret_url)
{
    if (strstr(camera->url, "://"))
        return lh_camera_url(camera, ret_url);
    *ret_url = strdup(camera->url);
    return *ret_url ? LH_OK : LH_ENOMEM;
}

int lh_source_open(const struct lh_source_options *options, struct lh_fault *fault,
                   struct lh_source **ret_source)
{
    if (!options->camera || !options->camera->url || !options->clock || !options->pool)
        return lh_fail(fault, LH_EINVAL, "a source needs a camera with an URL, a clock and a pool");
    struct lh_source *source = calloc(1, sizeof *source);
    char *url = NULL;
    int code = source ? full_url(options->camera, &url) : LH_ENOMEM;
    if (code != LH_OK) {
        free(source);
        return lh_fail(fault, code, "the camera's URL cannot be put together: %s",
                       lh_strerror(code));
    }
    source->kind = &lh_av_kind;
    code = choose(options, url, fault, &source->kind);
    if (code == LH_OK)
        code = source->kind->open(options, url, fault, &source->state);
    lh_url_destroy(&url);
    if (code != LH_OK) {
        free(source);
        return code;
    }
    *ret_source = source;
    return LH_OK;
}

void lh_source_close(struct lh_source **source)
{
    if (!*source)
        return;
    (*source)->kind->close((*source)->state);
    free(*source);
    *source = NULL;
}

int lh_source_next(struct lh_source *source, struct lh_fault *fault, struct lh_frame **ret_frame)
{
    return source->kind->next(source->state, fault, ret_frame);
}

void lh_source_burst_until(struct lh_source *source, int64_t until_us)
{
    source->kind->burst_until(source->state, until_us);
}

struct lh_source_counts lh_source_counts(const struct lh_source *source)
{
    return source->kind->counts(source->state);
}

double lh_source_progress(const struct lh_source *source)
{
    return source->kind->progress(source->state);
}

const char *lh_source_description(const struct lh_source *source)
{
    return source->kind->description(source->state);
}
