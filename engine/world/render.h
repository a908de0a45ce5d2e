/* What the cameras see, as files: a picture each, or a clip each with the truth beside it. */
#ifndef LH_WORLD_RENDER_H
#define LH_WORLD_RENDER_H

#include "world/cameras.h"

/* Writes into the folder options->render, which is made where it is missing: for each camera ID.png of
 * the scene time options->at_s, or, with options->duration_s, ID.mp4 of that many seconds from there,
 * and truth.json (see truth.h) with the boxes in them. Time 0 of the scene is then its
 * start_utc_us, so that the same options make the same bytes. Prints the paths on standard output. */
int lh_render(const struct lh_world_options *options, struct lh_world_cameras *cameras,
              struct lh_fault *fault);

#endif
