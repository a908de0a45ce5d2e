#include "onnx/second.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct onnx_second {
    struct onnx_model *model;
    struct onnx_canvas canvas; /* side x side, all of it view */
    struct onnx_view crops[ONNX_MAX_FRAMES];
    uint8_t *pixels; /* of all crops, three channels each */
};

/* Says which of the two networks it is about; -1. */
static int blame(struct onnx_fault *fault)
{
    const struct onnx_fault first = *fault;
    return onnx_fail(fault, "second_look: %.460s", first.text);
}

static uint8_t *pixels_of(const struct onnx_second *s, int frame)
{
    return s->pixels + (size_t)frame * 3 * (size_t)s->canvas.width * (size_t)s->canvas.height;
}

static int check_answer(const struct onnx_second_look *look, const struct onnx_answer *answer,
                        struct onnx_fault *fault)
{
    const int64_t *s = answer->shape;
    if (answer->rank != 2 || s[0] != 1 || s[1] != look->class_count)
        return onnx_fail(fault,
                         "the network answers [%lld, %lld] with %d axes, the manifest says [1, %d] "
                         "with 2; correct second_look.classes",
                         (long long)s[0], (long long)s[1], answer->rank, look->class_count);
    if (!onnx_all_finite(answer->values, (size_t)look->class_count))
        return onnx_fail(fault, "the network's answer holds NaN or infinity");
    return 0;
}

/* Shows the crops to the network: one logit a class. */
static int ask(struct onnx_second *s, const struct onnx_second_look *look,
               double ret_logits[ONNX_KINDS], struct onnx_fault *fault)
{
    const int side = look->input.width, channels = look->input.channel_count;
    struct onnx_answer answer = {0};
    float *planes = onnx_model_borrow(s->model, (size_t)channels * (size_t)side * (size_t)side);
    if (!planes)
        return onnx_fail(fault, "out of memory");
    onnx_canvas_fill(&s->canvas, &look->input, s->crops, 0, 0, planes);
    int result = onnx_model_run(s->model, planes, channels, side, side, &answer, fault);
    if (result == 0)
        result = check_answer(look, &answer, fault);
    for (int i = 0; result == 0 && i < look->class_count; i++)
        ret_logits[i] = (double)answer.values[i];
    onnx_answer_finish(&answer);
    onnx_model_give_back(s->model, planes);
    return result;
}

/* A grey picture, so that what does not fit is known at once. */
static int try_network(struct onnx_second *s, const struct onnx_second_look *look,
                       struct onnx_fault *fault)
{
    const int side = look->input.width;
    double logits[ONNX_KINDS];
    for (int i = 0; i < look->input.frame_count; i++) {
        memset(pixels_of(s, i), 128, (size_t)3 * (size_t)side * (size_t)side);
        s->crops[i] = (struct onnx_view){pixels_of(s, i), (ptrdiff_t)3 * side, side, side, 3};
    }
    return ask(s, look, logits, fault);
}

static int open_network(struct onnx_second *s, const struct onnx_second_look *look,
                        const struct onnx_model_options *options, struct onnx_fault *fault)
{
    const struct onnx_input *in = &look->input;
    const struct onnx_wanted wanted = {.file = &look->file,
                                       .input_name = "",
                                       .output_name = "",
                                       .channels = in->channel_count,
                                       .width = in->width,
                                       .height = in->height,
                                       .keys = "second_look.frames or side"};
    bool is_new = false;
    s->pixels = malloc((size_t)in->frame_count * 3 * (size_t)in->width * (size_t)in->height);
    if (!s->pixels)
        return onnx_fail(fault, "out of memory");
    if (onnx_canvas_plan(in, 1, in->width, in->height, &s->canvas, fault) != 0 ||
        onnx_model_acquire(&wanted, options, &s->model, &is_new, fault) != 0)
        return -1;
    return is_new ? try_network(s, look, fault) : 0;
}

int onnx_second_create(const struct onnx_second_look *look,
                       const struct onnx_model_options *options, struct onnx_second **ret_second,
                       struct onnx_fault *fault)
{
    if (look->file.path[0] == '\0') {
        *ret_second = NULL;
        return 0;
    }
    struct onnx_second *s = calloc(1, sizeof *s);
    if (!s)
        return onnx_fail(fault, "out of memory");
    if (open_network(s, look, options, fault) != 0) {
        onnx_second_destroy(&s);
        return blame(fault);
    }
    *ret_second = s;
    return 0;
}

void onnx_second_destroy(struct onnx_second **second)
{
    struct onnx_second *s = *second;
    if (!s)
        return;
    onnx_model_release(&s->model);
    free(s->pixels);
    free(s);
    *second = NULL;
}

/* The square around the find, in pixels of the view. */
static struct onnx_part part_of(const struct onnx_second_look *look,
                                const struct onnx_canvas *canvas, const struct onnx_find *find)
{
    const double x = ((double)find->left + (double)find->right) / 2 - canvas->left;
    const double y = ((double)find->top + (double)find->bottom) / 2 - canvas->top;
    const double longer = (double)fmaxf(find->right - find->left, find->bottom - find->top);
    const double side = fmin(fmax(look->margin * longer, look->least_px), look->most_px);
    return (struct onnx_part){.left = (int)lrint(x - side / 2),
                              .top = (int)lrint(y - side / 2),
                              .width = (int)side,
                              .height = (int)side};
}

static void crop(struct onnx_second *s, const struct onnx_second_look *look,
                 const struct onnx_part *part, const struct onnx_view *views)
{
    const int side = look->input.width;
    for (int i = 0; i < look->input.frame_count; i++) {
        const struct onnx_view *view = &views[look->frame_of[i]];
        onnx_stretch(view, part, pixels_of(s, i), side, side);
        s->crops[i] = (struct onnx_view){pixels_of(s, i), (ptrdiff_t)side * view->channels, side,
                                         side, view->channels};
    }
}

static int judge_one(struct onnx_second *s, const struct onnx_second_look *look,
                     const struct onnx_canvas *canvas, const struct onnx_view *views,
                     struct onnx_find *find, struct onnx_fault *fault)
{
    const struct onnx_combine *how = &look->combine[find->kind];
    const struct onnx_part part = part_of(look, canvas, find);
    double logits[ONNX_KINDS];
    crop(s, look, &part, views);
    if (ask(s, look, logits, fault) != 0)
        return blame(fault);
    find->score = onnx_sigmoid(how->first * onnx_logit(find->score) +
                               how->second * logits[how->column] + how->bias);
    return 0;
}

int onnx_second_judge(struct onnx_second *s, const struct onnx_manifest *m,
                      const struct onnx_canvas *canvas, const struct onnx_view *views,
                      struct onnx_finds *finds, struct onnx_fault *fault)
{
    const struct onnx_second_look *look = &m->second;
    int judged[ONNX_KINDS] = {0};
    size_t stay = 0;
    if (!s)
        return 0;
    for (size_t i = 0; i < finds->count; i++) {
        struct onnx_find find = finds->all[i];
        if (look->combine[find.kind].asked) {
            if (judged[find.kind]++ >= look->most)
                continue;
            if (judge_one(s, look, canvas, views, &find, fault) != 0)
                return -1;
            if (find.score < m->points[find.kind].score)
                continue;
        }
        finds->all[stay++] = find;
    }
    finds->count = stay;
    onnx_finds_sort(finds);
    return 0;
}
