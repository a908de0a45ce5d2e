#include "docket.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAMES_TOLD 5

/* Whole parts of the path only: "a.mp4" is the end of "june/a.mp4", not of "june-a.mp4". */
static bool ends_in(const char *path, const char *file)
{
    const size_t path_length = strlen(path);
    const size_t length = strlen(file);
    if (length > path_length || strcmp(path + path_length - length, file) != 0)
        return false;
    return length == path_length || path[path_length - length - 1] == '/';
}

static int find_clip(const struct lh_footage *footage, const struct lh_label *label,
                     struct lh_fault *fault, size_t *ret_clip)
{
    *ret_clip = LH_NO_CASE;
    for (size_t i = 0; i < footage->count; i++) {
        if (!ends_in(footage->clips[i].path, label->file))
            continue;
        if (*ret_clip != LH_NO_CASE)
            return lh_fail(fault, LH_EFORMAT, "the label %.100s fits two clips: %.150s and %.150s",
                           label->file, footage->clips[*ret_clip].path, footage->clips[i].path);
        *ret_clip = i;
    }
    return LH_OK;
}

static int add_case(struct lh_docket *docket, const struct lh_footage *footage,
                    const struct lh_label *label, size_t clip, struct lh_fault *fault)
{
    if (docket->case_of_clip[clip] != LH_NO_CASE)
        return lh_fail(fault, LH_EFORMAT, "the clip %.200s has two labels",
                       footage->clips[clip].path);
    struct lh_docket_item *item = &docket->items[docket->count];
    *item = (struct lh_docket_item){.label = label, .clip = clip};
    docket->case_of_clip[clip] = docket->count++;
    return lh_spot_open(label, footage->clips[clip].path, fault, &item->spot);
}

static int match_labels(struct lh_docket *docket, const struct lh_footage *footage,
                        struct lh_fault *fault)
{
    for (size_t i = 0; i < docket->labels.count; i++) {
        const struct lh_label *label = &docket->labels.items[i];
        size_t clip;
        int code = find_clip(footage, label, fault, &clip);
        if (code == LH_OK && clip == LH_NO_CASE)
            docket->not_given[docket->not_given_count++] = label->file;
        else if (code == LH_OK)
            code = add_case(docket, footage, label, clip, fault);
        if (code != LH_OK)
            return code;
    }
    for (size_t i = 0; i < footage->count; i++)
        if (docket->case_of_clip[i] == LH_NO_CASE)
            docket->unlabelled[docket->unlabelled_count++] = footage->clips[i].path;
    return LH_OK;
}

static int refuse_missing(const struct lh_docket *docket, const char *labels_path,
                          struct lh_fault *fault)
{
    char names[300] = "";
    for (size_t i = 0; i < docket->not_given_count && i < NAMES_TOLD; i++)
        (void)snprintf(names + strlen(names), sizeof names - strlen(names), "%s%.50s",
                       i ? ", " : "", docket->not_given[i]);
    if (docket->not_given_count > NAMES_TOLD)
        (void)snprintf(names + strlen(names), sizeof names - strlen(names), " and %zu more",
                       docket->not_given_count - NAMES_TOLD);
    return lh_fail(fault, LH_ENOTFOUND, "%.150s names clips that are not in the footage: %s",
                   labels_path, names);
}

static int make_room(struct lh_docket *docket, const struct lh_footage *footage)
{
    docket->items = calloc(docket->labels.count + 1, sizeof *docket->items);
    docket->not_given = calloc(docket->labels.count + 1, sizeof *docket->not_given);
    docket->unlabelled = calloc(footage->count + 1, sizeof *docket->unlabelled);
    docket->case_of_clip = calloc(footage->count + 1, sizeof *docket->case_of_clip);
    if (!docket->items || !docket->not_given || !docket->unlabelled || !docket->case_of_clip)
        return LH_ENOMEM;
    for (size_t i = 0; i < footage->count; i++)
        docket->case_of_clip[i] = LH_NO_CASE;
    return LH_OK;
}

int lh_docket_open(const char *labels_path, const struct lh_footage *footage,
                   struct lh_fault *fault, struct lh_docket *ret_docket)
{
    struct lh_docket docket = {0};
    int code = lh_labels_load(labels_path, fault, &docket.labels);
    if (code == LH_OK) {
        code = make_room(&docket, footage);
        if (code != LH_OK)
            (void)lh_fail(fault, code, "out of memory");
    }
    if (code == LH_OK)
        code = match_labels(&docket, footage, fault);
    if (code == LH_OK && docket.not_given_count > 0 && (footage->from_folder || docket.count == 0))
        code = refuse_missing(&docket, labels_path, fault);
    if (code != LH_OK)
        lh_docket_close(&docket);
    else
        *ret_docket = docket;
    return code;
}

void lh_docket_close(struct lh_docket *docket)
{
    for (size_t i = 0; i < docket->count; i++)
        lh_spot_close(&docket->items[i].spot);
    free(docket->items);
    free(docket->not_given);
    free(docket->unlabelled);
    free(docket->case_of_clip);
    lh_labels_finish(&docket->labels);
    *docket = (struct lh_docket){0};
}

static double since(int64_t utc_us, int64_t start_us)
{
    return (double)(utc_us - start_us) / (double)LH_SECOND_US;
}

int lh_docket_cases(const struct lh_docket *docket, const struct lh_replay_result *result,
                    struct lh_case_list *ret_list)
{
    size_t span_count = 0;
    const struct lh_lane_span *watched;
    struct lh_case_list list;
    for (size_t i = 0; i < result->lane_count; i++)
        span_count += lh_lane_spans(result->owners[i], &watched);
    list.cases = calloc(docket->count + 1, sizeof *list.cases);
    list.spans = calloc(span_count + 1, sizeof *list.spans);
    if (!list.cases || !list.spans) {
        lh_case_list_finish(&list);
        return LH_ENOMEM;
    }
    struct lh_span *span = list.spans;
    for (size_t i = 0; i < docket->count; i++) {
        const size_t clip = docket->items[i].clip;
        const struct lh_lane_report *lane = &result->lanes[clip];
        const size_t count = lh_lane_spans(result->owners[clip], &watched);
        list.cases[i] = (struct lh_case){
            .label = docket->items[i].label,
            .spans = span,
            .span_count = count,
            .pictures = lane->frames,
            .fault = lane->fault.code == LH_OK ? NULL : lane->fault.text,
        };
        memcpy(list.cases[i].held, lane->held, sizeof lane->held);
        for (size_t k = 0; k < count; k++, span++)
            *span = (struct lh_span){since(watched[k].begin_utc_us, lane->start_utc_us),
                                     since(watched[k].end_utc_us, lane->start_utc_us)};
    }
    *ret_list = list;
    return LH_OK;
}

void lh_case_list_finish(struct lh_case_list *list)
{
    free(list->cases);
    free(list->spans);
    *list = (struct lh_case_list){0};
}

int lh_docket_check(const struct lh_docket *docket, const struct lh_case_list *list,
                    const char *labels_path, struct lh_fault *fault)
{
    const struct lh_case *outside = lh_case_outside(list->cases, docket->count);
    if (!outside)
        return LH_OK;
    return lh_fail(fault, LH_ERANGE,
                   "%.150s: %.150s has its ignition at %g s, but its last picture is at %g s",
                   labels_path, outside->label->file, outside->label->ignition_s,
                   outside->spans[outside->span_count - 1].end_s);
}
