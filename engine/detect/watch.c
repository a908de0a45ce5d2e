#include "detect/watch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct loaded {
    const struct lh_plugin *plugin;
    struct lh_plugin_values values;
};

struct lh_watch_plugins {
    struct lh_plugin_registry *registry;
    struct loaded *items; /* one for each detector of the site, in its order */
    size_t count;
};

struct lh_watch {
    struct lh_detector **detectors;
    const char **names;
    size_t count;
    struct lh_place_memory *place;
    struct lh_tracker *tracker;
    struct lh_detection *detections;
    size_t capacity;
};

int lh_watch_plugins_load(const struct lh_site *site, struct lh_findings *findings,
                          struct lh_watch_plugins **ret_loaded)
{
    int result = LH_OK;
    struct lh_watch_plugins *loaded = calloc(1, sizeof *loaded);
    if (!loaded)
        return LH_ENOMEM;
    loaded->items = calloc(site->detector_count ? site->detector_count : 1, sizeof *loaded->items);
    if (!loaded->items) {
        result = LH_ENOMEM;
        goto out;
    }
    loaded->count = site->detector_count;
    result = lh_plugin_registry_create(&loaded->registry);
    for (size_t i = 0; i < loaded->count && (result == LH_OK || result == LH_ECONFIG); i++) {
        const int one =
            lh_plugin_for_detector(loaded->registry, site, &site->detectors[i], findings,
                                   &loaded->items[i].plugin, &loaded->items[i].values);
        if (one != LH_OK)
            result = one;
    }
out:
    if (result != LH_OK)
        lh_watch_plugins_destroy(&loaded);
    else
        *ret_loaded = loaded;
    return result;
}

void lh_watch_plugins_destroy(struct lh_watch_plugins **loaded)
{
    if (!*loaded)
        return;
    for (size_t i = 0; i < (*loaded)->count; i++)
        lh_plugin_values_finish(&(*loaded)->items[i].values);
    lh_plugin_registry_destroy(&(*loaded)->registry);
    free((*loaded)->items);
    free(*loaded);
    *loaded = NULL;
}

static bool find_detector(const struct lh_site *site, const char *name, size_t *ret_index)
{
    for (size_t i = 0; i < site->detector_count; i++) {
        if (strcmp(site->detectors[i].name, name) == 0) {
            *ret_index = i;
            return true;
        }
    }
    return false;
}

static int open_detector(struct lh_watch *watch, const struct lh_site *site,
                         const struct lh_camera_config *camera,
                         const struct lh_watch_plugins *loaded, size_t index,
                         struct lh_fault *fault)
{
    const struct lh_detector_options options = {
        .plugin = loaded->items[index].plugin,
        .values = &loaded->items[index].values,
        .config = &site->detectors[index],
        .index = (uint16_t)index,
        .camera = camera,
    };
    const int result = lh_detector_create(&options, fault, &watch->detectors[watch->count]);
    if (result == LH_OK)
        watch->names[watch->count++] = site->detectors[index].name;
    return result;
}

static int open_detectors(struct lh_watch *watch, const struct lh_site *site,
                          const struct lh_camera_config *camera,
                          const struct lh_watch_plugins *loaded, struct lh_fault *fault)
{
    int result = LH_OK;
    if (camera->detector_count == 0)
        for (size_t i = 0; i < loaded->count && result == LH_OK; i++)
            result = open_detector(watch, site, camera, loaded, i, fault);
    for (size_t i = 0; i < camera->detector_count && result == LH_OK; i++) {
        size_t index = 0;
        if (!find_detector(site, camera->detectors[i], &index) || index >= loaded->count)
            return lh_fail(fault, LH_ECONFIG,
                           "the camera %.64s names the detector '%.64s', which the site does not "
                           "have",
                           camera->id, camera->detectors[i]);
        result = open_detector(watch, site, camera, loaded, index, fault);
    }
    return result;
}

int lh_watch_create(const struct lh_site *site, const struct lh_camera_config *camera,
                    const struct lh_watch_plugins *loaded, struct lh_fault *fault,
                    struct lh_watch **ret_watch)
{
    const size_t count = camera->detector_count ? camera->detector_count : loaded->count;
    const size_t room = count ? count : 1;
    int result = LH_OK;
    if (count > LH_MAX_DETECTORS)
        return lh_fail(fault, LH_ELIMIT, "the camera %.64s names %zu detectors, %d is the limit",
                       camera->id, count, LH_MAX_DETECTORS);
    struct lh_watch *watch = calloc(1, sizeof *watch);
    if (!watch)
        return lh_fail(fault, LH_ENOMEM, "out of memory");
    watch->capacity = room * LH_MAX_DETECTIONS;
    watch->detectors = calloc(room, sizeof(struct lh_detector *));
    watch->names = calloc(room, sizeof *watch->names);
    /* A megabyte for each detector, of which the system provides what is written to. */
    watch->detections = calloc(watch->capacity, sizeof *watch->detections);
    if (!watch->detectors || !watch->names || !watch->detections) {
        result = lh_fail(fault, LH_ENOMEM, "out of memory");
        goto out;
    }
    result = lh_tracker_create(&site->tracks, &watch->tracker);
    if (result == LH_OK)
        result = lh_place_create(&site->tracks, &watch->place);
    if (result != LH_OK)
        (void)lh_fail(fault, result, "the settings of tracks do not fit together: %s",
                      lh_strerror(result));
    else
        result = open_detectors(watch, site, camera, loaded, fault);
out:
    if (result != LH_OK)
        lh_watch_destroy(&watch);
    else
        *ret_watch = watch;
    return result;
}

void lh_watch_destroy(struct lh_watch **watch)
{
    if (!*watch)
        return;
    for (size_t i = 0; i < (*watch)->count; i++)
        lh_detector_destroy(&(*watch)->detectors[i]);
    lh_tracker_destroy(&(*watch)->tracker);
    lh_place_destroy(&(*watch)->place);
    free((*watch)->detectors);
    free((*watch)->names);
    free((*watch)->detections);
    free(*watch);
    *watch = NULL;
}

static int follow(struct lh_watch *watch, const struct lh_frame_info *info, size_t count,
                  lh_track_event_fn on_event, void *context)
{
    const struct lh_place_look look = {.preset = info->preset,
                                       .width_px = info->width_px,
                                       .height_px = info->height_px,
                                       .utc_us = info->capture_utc_us};
    const int result = lh_place_weigh(watch->place, &look, watch->detections, count);
    return result == LH_OK ? lh_tracker_feed(watch->tracker, info->capture_utc_us,
                                             watch->detections, count, on_event, context)
                           : result;
}

int lh_watch_frame(struct lh_watch *watch, struct lh_frame *frame, lh_track_event_fn on_event,
                   void *context, struct lh_watch_result *ret_result)
{
    const struct lh_frame_info *info = lh_frame_info(frame);
    struct lh_watch_result seen = {.detections = watch->detections};
    for (size_t i = 0; i < watch->count; i++) {
        const int looked = lh_detector_look(watch->detectors[i], frame, watch->detections,
                                            watch->capacity, &seen.detection_count, &seen.fault);
        if (looked != LH_OK)
            seen.failed_detectors++;
    }
    /* A picture that nobody could look at says nothing about what is there. */
    const bool analysed = watch->count == 0 || seen.failed_detectors < watch->count;
    int result = LH_OK;
    if (analysed && !info->burst)
        result = follow(watch, info, seen.detection_count, on_event, context);
    if (result == LH_OK)
        *ret_result = seen;
    return result;
}

void lh_watch_flush(struct lh_watch *watch, lh_track_event_fn on_event, void *context)
{
    lh_tracker_flush(watch->tracker, on_event, context);
}

struct lh_place_memory *lh_watch_place(struct lh_watch *watch)
{
    return watch->place;
}

struct lh_spending lh_watch_spending(const struct lh_watch *watch)
{
    return lh_tracker_spending(watch->tracker);
}

void lh_watch_set_spending(struct lh_watch *watch, struct lh_spending spending)
{
    lh_tracker_set_spending(watch->tracker, spending);
}

size_t lh_watch_detectors(const struct lh_watch *watch)
{
    return watch->count;
}

const char *lh_watch_detector_name(const struct lh_watch *watch, size_t index)
{
    return index < watch->count ? watch->names[index] : "";
}

struct lh_detector_counts lh_watch_detector_counts(const struct lh_watch *watch, size_t index)
{
    if (index >= watch->count)
        return (struct lh_detector_counts){0};
    return lh_detector_counts(watch->detectors[index]);
}
