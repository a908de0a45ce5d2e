#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

const char *lh_strerror(int code)
{
    switch (code) {
    case LH_OK:
        return "no error";
#define LH_ERROR_CASE(name, number, text)                                                          \
    case (number):                                                                                 \
        return text;
        LH_ERRORS(LH_ERROR_CASE)
#undef LH_ERROR_CASE
    default:
        return "unknown error";
    }
}

const char *lh_error_name(int code)
{
    switch (code) {
    case LH_OK:
        return "OK";
#define LH_ERROR_CASE(name, number, text)                                                          \
    case (number):                                                                                 \
        return #name;
        LH_ERRORS(LH_ERROR_CASE)
#undef LH_ERROR_CASE
    default:
        return "UNKNOWN";
    }
}

int lh_error_from_errno(int system_errno)
{
    switch (system_errno) {
    case 0:
        return LH_OK;
    case ENOMEM:
        return LH_ENOMEM;
    case EINVAL:
        return LH_EINVAL;
    case EAGAIN:
    case EINTR:
        return LH_EAGAIN;
    case ETIMEDOUT:
        return LH_ETIMEOUT;
    case ENOENT:
    case ENOTDIR:
        return LH_ENOTFOUND;
    case EEXIST:
        return LH_EEXIST;
    case EACCES:
    case EPERM:
    case EROFS:
        return LH_EPERM;
    case ENOSPC:
    case EDQUOT:
        return LH_EFULL;
    case ECONNREFUSED:
    case ECONNRESET:
    case EHOSTUNREACH:
    case ENETUNREACH:
        return LH_ECONNECT;
    case EMFILE:
    case ENFILE:
        return LH_ELIMIT;
    default:
        return LH_EIO;
    }
}

int lh_fail(struct lh_fault *fault, int code, const char *format, ...)
{
    if (fault) {
        va_list arguments;
        va_start(arguments, format);
        fault->code = code;
        (void)vsnprintf(fault->text, sizeof fault->text, format, arguments);
        va_end(arguments);
    }
    return code;
}
