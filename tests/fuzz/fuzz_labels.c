/* Any bytes as a labels file, and as a file of boxes. What is accepted must keep its promises. */
#include "judge/boxes.h"
#include "judge/labels.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

static void look_at(const struct lh_label *label)
{
    require(label->file[0] && label->file[0] != '/' && strncmp(label->file, "../", 3) != 0);
    require(!strstr(label->file, "/../") && label->event[0]);
    require(isfinite(label->ignition_s) && label->ignition_s >= 0);
    require(label->fire || (label->ignition_s == 0 && !label->masks && !label->boxes));
    require(isfinite(label->cadence_s) && label->cadence_s >= 0);
    require(!label->masks || label->cadence_s > 0);
    if (label->has_smoke_box)
        require(label->smoke_box.x >= 0 && label->smoke_box.width > 0 &&
                label->smoke_box.x + label->smoke_box.width < 1.001F);
}

static void read_boxes(const char *text, size_t size)
{
    struct lh_boxes boxes;
    struct lh_fault fault = {0};
    if (lh_boxes_parse(text, size, 0.5, &fault, &boxes) != LH_OK) {
        require(fault.text[0] != '\0');
        return;
    }
    require(boxes.moment_count > 0);
    for (size_t i = 0; i < boxes.moment_count; i++)
        require(boxes.moments[i].first + boxes.moments[i].count <= boxes.box_count &&
                (i == 0 || boxes.moments[i - 1].time_s <= boxes.moments[i].time_s));
    (void)lh_boxes_at(&boxes, 3);
    lh_boxes_finish(&boxes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lh_labels labels;
    struct lh_fault fault = {0};
    /* as files are read: with a zero behind them that does not count */
    char *text = malloc(size + 1);
    if (!text)
        return 0;
    if (size > 0)
        memcpy(text, data, size);
    text[size] = '\0';
    if (lh_labels_parse(text, size, &fault, &labels) == LH_OK) {
        require(labels.count > 0);
        for (size_t i = 0; i < labels.count; i++)
            look_at(&labels.items[i]);
        lh_labels_finish(&labels);
    } else {
        require(fault.text[0] != '\0');
    }
    read_boxes(text, size);
    free(text);
    return 0;
}
