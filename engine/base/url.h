/* What a camera's URL and a bus endpoint must look like. Building and redacting URLs: base/site.h. */
#ifndef LH_BASE_URL_H
#define LH_BASE_URL_H

#include "base/error.h"
#include "base/site.h"

#include <stdbool.h>
#include <stddef.h>

/* True for a path (a video file or a folder of stills), false for something with a scheme. */
bool lh_url_is_local(const char *url);

/* The schemes a camera is read with, for findings and the schema: "rtsp|rtsps|...". */
#define LH_URL_SCHEMES "rtsp|rtsps|http|https|http+mjpeg|http+still|https+mjpeg|https+still"

/* LH_ECONFIG with a complaint that continues "'url' "; it never repeats what may be a secret. */
int lh_url_check(const char *url, char *complaint, size_t size);
int lh_endpoint_check(const char *endpoint, char *complaint, size_t size);
/* True where only this machine can reach it. */
bool lh_endpoint_is_local(const char *endpoint);

/* The longest "user:password", percent-encoded: FFmpeg's RTSP reader has 128 bytes for it. */
#define LH_AUTH_BYTES_MAX 127

/* Bytes that "user:password" takes when percent-encoded. */
size_t lh_auth_length(const struct lh_credentials *credentials);

#endif
