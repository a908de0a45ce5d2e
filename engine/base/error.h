/* Errors of the whole program, from one table.
 *
 * Every function that can fail returns 0 (LH_OK) or one of the negative codes
 * below. Results come back through parameters named ret_x, which are left
 * untouched on failure. A function either logs or returns an error, never
 * both: rooms return, the pipeline and the commands log, once.
 *
 * Where a code is too little for the person who must act (a configuration
 * line, a plugin that was refused), the function also takes a struct lh_fault
 * and writes one sentence into it: what, where, and what to do.
 */
#ifndef LH_BASE_ERROR_H
#define LH_BASE_ERROR_H

#define LH_ERRORS(X)                                                                               \
    X(ENOMEM, -1, "out of memory")                                                                 \
    X(EINVAL, -2, "invalid argument")                                                              \
    X(EIO, -3, "input/output error")                                                               \
    X(EAGAIN, -4, "not ready, try again")                                                          \
    X(ETIMEOUT, -5, "timed out")                                                                   \
    X(EEOF, -6, "end of stream")                                                                   \
    X(ECLOSED, -7, "closed")                                                                       \
    X(ECONNECT, -8, "cannot connect")                                                              \
    X(EAUTH, -9, "user or password refused")                                                       \
    X(EFORMAT, -10, "not in a format this program reads")                                          \
    X(ENOTFOUND, -11, "not found")                                                                 \
    X(ERANGE, -12, "outside the permitted range")                                                  \
    X(EEXIST, -13, "already exists")                                                               \
    X(EPERM, -14, "not permitted")                                                                 \
    X(ELIMIT, -15, "over a limit")                                                                 \
    X(EABI, -16, "built for another plugin interface")                                             \
    X(EPLUGIN, -17, "the plugin failed")                                                           \
    X(EFULL, -18, "no space left on the disk")                                                     \
    X(ECONFIG, -19, "the configuration has errors")                                                \
    X(EDECODE, -20, "no picture could be decoded")                                                 \
    X(ESTALLED, -21, "the stream stands still")                                                    \
    X(ETHREAD, -22, "cannot start a thread")

enum lh_error {
    LH_OK = 0,
#define LH_ERROR_ENUM(name, code, text) LH_##name = (code),
    LH_ERRORS(LH_ERROR_ENUM)
#undef LH_ERROR_ENUM
};

/* The text of a code; "unknown error" for a number that is not in the table. Never NULL. */
const char *lh_strerror(int code);

/* The name of a code without its prefix ("ETIMEOUT"), for machine-readable output. Never NULL. */
const char *lh_error_name(int code);

/* The code that fits an errno value of the operating system best. */
int lh_error_from_errno(int system_errno);

/* One failure in words. Owned by the caller, usually on the stack. */
struct lh_fault {
    int code;
    char text[512]; /* one sentence, UTF-8, no line break; cut at the end if longer */
};

/* Writes code and sentence into fault (which may be NULL) and returns code, so that
 * "return lh_fail(fault, LH_EABI, ...)" is one line. */
#if defined(__GNUC__)
__attribute__((format(printf, 3, 4)))
#endif
int lh_fail(struct lh_fault *fault, int code, const char *format, ...);

#endif
