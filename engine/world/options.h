/* What `linhuo world` was asked to do, read from its command line.
 *
 * One table (options.c) names every option once, with its kind, range, default and help; the parser
 * and --help both come from it. Texts are lent from argv.
 */
#ifndef LH_WORLD_OPTIONS_H
#define LH_WORLD_OPTIONS_H

#include "base/error.h"
#include "world/encoder.h"
#include "world/scene.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct lh_world_options {
    struct lh_scene_options scene; /* its size is a limit, and not set by default, for footage */
    bool size_given;
    double fps;
    double gop_s; /* from one keyframe to the next */
    double speed; /* seconds of scene, or of clip, in one real second */
    enum lh_codec codec;

    unsigned port; /* 0: a free one */
    const char *bind;
    const char *user; /* NULL: anyone may watch */
    const char *password_file;
    const char *tls_certificate; /* NULL: plain RTSP */
    const char *tls_key;

    const char **footage; /* clips, and folders of clips; owned */
    size_t footage_count;
    bool once;

    const char *terrain_out; /* GeoTIFF; NULL: not written */
    const char *witnesses;   /* folder of what others say (witnesses.h); NULL: nobody does */
    double first_pass_s;     /* scene time; negative: as the orbits have it */
    double latency_s;
    bool at_once; /* all of --duration's witnesses now, and end */

    const char *truth;  /* NULL: not written */
    double duration_s;  /* 0: until told to stop */
    const char *render; /* folder for stills; NULL: serve */
    double at_s;
    bool list_json;
    bool verbose;
    bool help;
};

/* LH_EINVAL with a sentence in fault for a wrong option, value or combination. */
int lh_world_options_parse(int argc, char **argv, struct lh_fault *fault,
                           struct lh_world_options *ret_options);
void lh_world_options_finish(struct lh_world_options *options);

/* The help, with defaults and examples. */
void lh_world_options_print(FILE *out);

#endif
