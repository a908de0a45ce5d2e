/* What people on the ground say of the county's events, and whether they are right.
 *
 * A ranger goes to every fire and comes back with "fire" from beside it (85 of 100), with "nothing here" from the wrong
 * valley (9), or from the right one (6). Half the fires are phoned in before that by a villager, who says "smoke" of
 * the village, two kilometres about, and has no rights. To what is no fire a ranger goes as well, and says "nothing
 * here" (80) or takes it for smoke (20). Permits and "out" are not played.
 *
 * Thread-safety: pure functions.
 */
#ifndef LH_WORLD_PEOPLE_H
#define LH_WORLD_PEOPLE_H

#include "world/scene.h"

struct lh_word {
    unsigned event; /* its id */
    char person[32];
    const char *word; /* as reports have it: "fire" */
    double said_s;    /* scene time */
    double latitude_deg;
    double longitude_deg;
    double radius_m; /* 0: by satellite navigation, 15 m */
    bool trusted;    /* a ranger's */
    bool right;      /* true of the event */
};
#define LH_WORDS_AN_EVENT 2

/* words has room for LH_WORDS_AN_EVENT each; in order of time. Returns how many. */
size_t lh_people_say(uint64_t seed, const struct lh_scene_event *events, size_t count,
                     struct lh_word *words);

#endif
