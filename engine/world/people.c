#include "world/people.h"

#include "world/noise.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define METRES_A_DEGREE 111195.0
#define DEGREE (3.14159265358979323846 / 180.0)
#define RANGERS 6

static void stand(struct lh_dice *dice, const struct lh_scene_event *event, double near_m,
                  double far_m, struct lh_word *word)
{
    const double azimuth = lh_dice_range(dice, 0.0, 360.0) * DEGREE;
    const double off_m = lh_dice_range(dice, near_m, far_m);
    word->latitude_deg = event->latitude_deg + off_m * cos(azimuth) / METRES_A_DEGREE;
    word->longitude_deg = event->longitude_deg + off_m * sin(azimuth) / METRES_A_DEGREE /
                                                     cos(event->latitude_deg * DEGREE);
}

static void ranger_says(struct lh_dice *dice, const struct lh_scene_event *event,
                        struct lh_word *word)
{
    const bool fire = event->kind == LH_SCENE_FIRE;
    const double chance = lh_dice_range(dice, 0.0, 1.0);
    const int ranger = 1 + (int)lh_dice_range(dice, 0.0, RANGERS);
    /* what stood there before the county began is visited after it did */
    const double begun_s = fmax(event->start_s, 0.0);
    *word = (struct lh_word){.event = event->id,
                             .trusted = true,
                             .said_s = begun_s + lh_dice_range(dice, 720.0, 2400.0)};
    (void)snprintf(word->person, sizeof word->person, "ranger %d", ranger);
    word->right = chance < (fire ? 0.85 : 0.80);
    if (fire)
        word->word = word->right ? "fire" : "nothing here";
    else
        word->word = word->right ? "nothing here" : "smoke";
    if (fire && chance >= 0.85 && chance < 0.94)
        stand(dice, event, 800.0, 2000.0, word);
    else
        stand(dice, event, 0.0, 30.0, word);
}

static void villager_says(struct lh_dice *dice, const struct lh_scene_event *event,
                          struct lh_word *word)
{
    *word = (struct lh_word){.event = event->id,
                             .word = "smoke",
                             .radius_m = 2000.0,
                             .right = true,
                             .said_s = event->start_s + lh_dice_range(dice, 240.0, 700.0)};
    (void)snprintf(word->person, sizeof word->person, "villager %u", event->id);
    stand(dice, event, 0.0, 1800.0, word);
}

static int earlier(const void *a, const void *b)
{
    const struct lh_word *left = (const struct lh_word *)a;
    const struct lh_word *right = (const struct lh_word *)b;
    return (left->said_s > right->said_s) - (left->said_s < right->said_s);
}

size_t lh_people_say(uint64_t seed, const struct lh_scene_event *events, size_t count,
                     struct lh_word *words)
{
    size_t made = 0;
    for (size_t i = 0; i < count; i++) {
        struct lh_dice dice = {lh_hash(lh_hash(seed, 0x9e09), events[i].id)};
        ranger_says(&dice, &events[i], &words[made++]);
        if (events[i].kind == LH_SCENE_FIRE && lh_dice_range(&dice, 0.0, 1.0) < 0.5)
            villager_says(&dice, &events[i], &words[made++]);
    }
    qsort(words, made, sizeof *words, earlier);
    return made;
}
