/* Whether two pictures of one camera show the same view, block by block.
 *
 * The picture is cut into 5 x 3 blocks and each is placed by phase correlation (lh_cv_shift). A whole
 * picture has one shift only where the camera was turned; blocks also tell a camera that walks forward,
 * and one plume or vehicle spoils one or two of them instead of the answer.
 */
#ifndef LH_PLUGINS_VIEW_SHIFT_H
#define LH_PLUGINS_VIEW_SHIFT_H

struct lh_view_shift {
    int blocks;  /* that show anything to go by */
    int same;    /* of them, clearly where they were, to 0.75 pixel */
    int shifted; /* of them, clearly somewhere else; the rest is not clear */
};

/* a and b: width x height levels; scratch: as many, overwritten. 0, or -1 when OpenCV fails or the
 * picture is under 40 x 24. */
int lh_view_shift(const float *a, const float *b, int width, int height, float *scratch,
                  struct lh_view_shift *ret_shift);

#endif
