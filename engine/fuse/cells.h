/* The squares of a twentieth of a degree that a position may have to do with, so that neighbours are found
 * without asking everyone.
 *
 * A position that would touch more than LH_CELLS_MOST squares (by a pole, or very vague) is everywhere.
 *
 * Thread-safety: pure functions on values.
 */
#ifndef LH_FUSE_CELLS_H
#define LH_FUSE_CELLS_H

#include "base/site.h"
#include "locate/position.h"

#include <stddef.h>
#include <stdint.h>

#define LH_CELLS_MOST 256

struct lh_cell_set {
    uint32_t cells[LH_CELLS_MOST];
    size_t count;
    bool everywhere;
};

/* Two positions that lh_gate_in_space lets through share a square, or one of them is everywhere. */
void lh_cells_of(const struct lh_fusion_config *config, const struct lh_position *position,
                 struct lh_cell_set *ret_set);

#endif
