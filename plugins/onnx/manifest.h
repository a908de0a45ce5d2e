/* What a model's manifest says; MANIFEST.md is its description for people.
 *
 * Thread-safety: none needed, a manifest is read once and then only looked at.
 */
#ifndef ONNX_MANIFEST_H
#define ONNX_MANIFEST_H

#include "linhuo_detector.h"

#include <limits.h>
#include <stdbool.h>

#define ONNX_MAX_CLASSES 64
#define ONNX_MAX_FRAMES 8
#define ONNX_KINDS 3 /* index of arrays by enum linhuo_kind; 0 is ignored */
#define ONNX_TEXT 128

/* Why something failed: one sentence, with what to do. */
struct onnx_fault {
    char text[480];
};

/* Writes the sentence; -1, so that a caller can return it. */
int onnx_fail(struct onnx_fault *fault, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

enum onnx_precision { ONNX_FLOAT32, ONNX_FLOAT16, ONNX_INT8, ONNX_PRECISIONS };
enum onnx_channels { ONNX_RGB, ONNX_BGR, ONNX_GRAY };
enum onnx_frame_kind { ONNX_NOW, ONNX_BEFORE, ONNX_BACKGROUND };
enum onnx_form { ONNX_YOLO_V5, ONNX_YOLO_V8, ONNX_HEATMAP };
enum onnx_activation { ONNX_NONE, ONNX_SIGMOID, ONNX_SOFTMAX };

struct onnx_frame {
    enum onnx_frame_kind kind;
    int seconds;
    int channels; /* 1 or 3 */
};

struct onnx_input {
    char name[ONNX_TEXT]; /* "": whichever it is */
    enum onnx_channels channels;
    int width; /* fixed size; 0 where multiple_of counts */
    int height;
    int multiple_of;
    int max_width; /* of the picture; 0: as it comes (tiles only) */
    int max_height;
    double enlarge; /* how many times a picture smaller than that is enlarged at most; from 1 */
    bool stretch;
    bool pad_edge;
    float pad; /* 0..255 */
    bool tiled;
    int overlap_px;
    float mean[3]; /* x = (v - mean) * scale */
    float scale[3];
    struct onnx_frame frames[ONNX_MAX_FRAMES];
    int frame_count;
    int channel_count; /* of all frames */
};

struct onnx_output {
    char name[ONNX_TEXT];
    enum onnx_form form;
    enum onnx_activation activation;
    bool fractions;                  /* boxes are shares of the input, not pixels */
    int stride;                      /* heat map: input pixels a cell; 1 for the others */
    uint8_t kinds[ONNX_MAX_CLASSES]; /* enum linhuo_kind, 0 ignored, by channel */
    int class_count;
};

struct onnx_point {
    double score; /* 0: no class stands for this kind */
    double low;
    double a; /* p' = sigmoid(a * logit(p) + b) */
    double b;
};

struct onnx_file {
    char path[PATH_MAX]; /* absolute or from where the manifest's path counts; "": none */
    char sha256[65];     /* lower case */
};

/* How the scores of both looks at a find of one kind become one: logit = first * logit(p) + second * z + bias. */
struct onnx_combine {
    bool asked; /* whether the second network judges this kind */
    int column; /* of its answer */
    double first;
    double second;
    double bias;
};

/* The network that looks again, closely, at the surest finds. */
struct onnx_second_look {
    struct onnx_file file;         /* path "": there is none */
    struct onnx_input input;       /* side x side, with frames, mean and scale of its own */
    int frame_of[ONNX_MAX_FRAMES]; /* which of the first network's frames each of them is */
    double margin;                 /* a crop's side over the find's longer side, ... */
    int least_px;                  /* ... held within these; pixels of the canvas */
    int most_px;
    double from; /* first score of what is looked at again */
    int most;    /* finds of a picture and kind */
    int class_count;
    struct onnx_combine combine[ONNX_KINDS];
};

struct onnx_manifest {
    char name[ONNX_TEXT];
    char version[ONNX_TEXT];
    char licence[ONNX_TEXT];
    struct onnx_file files[ONNX_PRECISIONS];
    struct onnx_input input;
    struct onnx_output output;
    struct onnx_point points[ONNX_KINDS];
    double nms_iou;
    double min_area_px;
    struct onnx_second_look second;
};

/* Reads and checks the manifest at path. 0, or -1 with the first mistake in fault, named by file and key. */
int onnx_manifest_load(const char *path, struct onnx_manifest *ret_manifest,
                       struct onnx_fault *fault);

/* The same for a manifest in memory; path is where it came from: its files are named from there. */
int onnx_manifest_parse(const char *path, const char *text, size_t size,
                        struct onnx_manifest *ret_manifest, struct onnx_fault *fault);

/* What the first network's score, calibrated, must reach: the point's score, or what is looked at again from. */
double onnx_manifest_reach(const struct onnx_manifest *manifest, int kind);

#endif
