#include "onnx/model.h"
#include "onnx/model_file.h"

#include <onnxruntime_c_api.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEY_BYTES 400

/* Room for one picture, kept from one to the next. */
struct room {
    struct room *next;
    size_t count;
    float values[];
};

struct onnx_model {
    struct onnx_model *next; /* -- protected by registry.lock, as are users */
    int users;
    char key[KEY_BYTES];
    OrtSession *session;
    OrtMemoryInfo *memory;
    char *input_name;
    char *output_name;
    pthread_mutex_t lock;
    struct room *idle; /* -- protected by lock */
};

/* One for the process, as the runtime is. */
static struct {
    pthread_mutex_t lock;
    struct onnx_model *models; /* -- protected by lock */
    OrtEnv *environment;
} registry = {.lock = PTHREAD_MUTEX_INITIALIZER};

static const OrtApi *api(void)
{
    return OrtGetApiBase()->GetApi(ORT_API_VERSION);
}

const char *onnx_runtime_version(void)
{
    return OrtGetApiBase()->GetVersionString();
}

/* 0, or -1 with what was being done and the runtime's first line. */
static int check(OrtStatus *status, const char *doing, struct onnx_fault *fault)
{
    if (!status)
        return 0;
    const char *words = api()->GetErrorMessage(status);
    (void)onnx_fail(fault, "%.200s: %.*s", doing, (int)strcspn(words, "\n"), words);
    for (char *c = fault->text; *c; c++)
        if ((unsigned char)*c < ' ')
            *c = ' ';
    api()->ReleaseStatus(status);
    return -1;
}

static void ORT_API_CALL hear_nothing(void *context, OrtLoggingLevel level, const char *category,
                                      const char *id, const char *place, const char *text)
{
    (void)context, (void)level, (void)category, (void)id, (void)place, (void)text;
}

static int select_provider(OrtSessionOptions *o, const char *provider, struct onnx_fault *fault)
{
    static const char *const names[][2] = {{"cuda", "CUDAExecutionProvider"},
                                           {"openvino", "OpenVINOExecutionProvider"}};
    const char *wanted = NULL;
    char **available = NULL;
    int count = 0, found = 0;
    char list[200] = "";
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(provider, names[i][0]) == 0)
            wanted = names[i][1];
    if (!wanted)
        return 0;
    if (check(api()->GetAvailableProviders(&available, &count), "ONNX Runtime", fault) != 0)
        return -1;
    for (int i = 0; i < count; i++) {
        found |= strcmp(available[i], wanted) == 0;
        (void)snprintf(list + strlen(list), sizeof list - strlen(list), " %s", available[i]);
    }
    OrtStatus *ignored = api()->ReleaseAvailableProviders(available, count);
    if (ignored)
        api()->ReleaseStatus(ignored);
    if (!found)
        return onnx_fail(fault,
                         "provider %s: this build of ONNX Runtime has only%s; take provider: cpu, "
                         "or build with another one (ONNXRUNTIME_DIR)",
                         provider, list);
    if (strcmp(provider, "cuda") != 0)
        return check(api()->SessionOptionsAppendExecutionProvider(o, "OpenVINO", NULL, NULL, 0),
                     provider, fault);
    OrtCUDAProviderOptionsV2 *cuda = NULL;
    if (check(api()->CreateCUDAProviderOptions(&cuda), provider, fault) != 0)
        return -1;
    const int result =
        check(api()->SessionOptionsAppendExecutionProvider_CUDA_V2(o, cuda), provider, fault);
    api()->ReleaseCUDAProviderOptions(cuda);
    return result;
}

/* Weights in files of their own would not be covered by the sum: they are looked for where there are none. */
static int refuse_other_files(OrtSessionOptions *o, const char *doing, struct onnx_fault *fault)
{
    return check(api()->AddSessionConfigEntry(
                     o, "session.model_external_initializers_file_folder_path", "/dev/null"),
                 doing, fault);
}

static int set_options(OrtSessionOptions *o, const struct onnx_model_options *options,
                       struct onnx_fault *fault)
{
    static const GraphOptimizationLevel levels[] = {ORT_DISABLE_ALL, ORT_ENABLE_BASIC,
                                                    ORT_ENABLE_EXTENDED, ORT_ENABLE_ALL};
    const char *doing = "ONNX Runtime cannot be set up";
    if (check(api()->SetIntraOpNumThreads(o, options->threads), doing, fault) != 0 ||
        check(api()->SetInterOpNumThreads(o, 1), doing, fault) != 0 ||
        check(api()->SetSessionExecutionMode(o, ORT_SEQUENTIAL), doing, fault) != 0 ||
        check(api()->SetSessionGraphOptimizationLevel(o, levels[options->optimisation]), doing,
              fault) != 0 ||
        check(api()->AddSessionConfigEntry(o, "session.intra_op.allow_spinning", "0"), doing,
              fault) != 0 ||
        refuse_other_files(o, doing, fault) != 0)
        return -1;
    return select_provider(o, options->provider, fault);
}

static int create_session(struct onnx_model *m, const char *path,
                          const struct onnx_model_file *file,
                          const struct onnx_model_options *options, struct onnx_fault *fault)
{
    OrtSessionOptions *o = NULL;
    const char *doing = "ONNX Runtime cannot be set up";
    if (!registry.environment &&
        check(api()->CreateEnvWithCustomLogger(hear_nothing, NULL, ORT_LOGGING_LEVEL_ERROR,
                                               "linhuo", &registry.environment),
              doing, fault) != 0)
        return -1;
    int result = check(api()->CreateSessionOptions(&o), doing, fault);
    if (result == 0)
        result = set_options(o, options, fault);
    if (result == 0)
        result = check(api()->CreateSessionFromArray(registry.environment, file->bytes,
                                                     file->byte_count, o, &m->session),
                       path, fault);
    if (result == 0)
        result = check(api()->CreateCpuMemoryInfo(OrtArenaAllocator, OrtMemTypeDefault, &m->memory),
                       doing, fault);
    if (o)
        api()->ReleaseSessionOptions(o);
    return result;
}

static int copy_name(const struct onnx_model *m, bool input, size_t index, char **ret_name,
                     struct onnx_fault *fault)
{
    OrtAllocator *allocator = NULL;
    char *name = NULL;
    if (check(api()->GetAllocatorWithDefaultOptions(&allocator), "names", fault) != 0 ||
        check(input ? api()->SessionGetInputName(m->session, index, allocator, &name)
                    : api()->SessionGetOutputName(m->session, index, allocator, &name),
              "names", fault) != 0)
        return -1;
    *ret_name = strdup(name);
    allocator->Free(allocator, name);
    return *ret_name ? 0 : onnx_fail(fault, "out of memory");
}

/* The tensor the manifest means: by name, or the only one. */
static int choose_tensor(const struct onnx_model *m, const char *path, bool input,
                         const char *wanted, char **ret_name, struct onnx_fault *fault)
{
    const char *what = input ? "input" : "output";
    size_t count = 0;
    char list[160] = "";
    if (check(input ? api()->SessionGetInputCount(m->session, &count)
                    : api()->SessionGetOutputCount(m->session, &count),
              what, fault) != 0)
        return -1;
    if (count < 1 || (count > 1 && (input || !wanted[0])))
        return onnx_fail(fault, "%.200s: has %zu %ss%s", path, count, what,
                         input ? ", and only models of one input can be fed"
                               : "; say which with output.name, or export it with one");
    for (size_t i = 0; i < count; i++) {
        char *name = NULL;
        if (copy_name(m, input, i, &name, fault) != 0)
            return -1;
        if (!wanted[0] || strcmp(wanted, name) == 0) {
            *ret_name = name;
            return 0;
        }
        const size_t length = strlen(list);
        (void)snprintf(list + length, sizeof list - length, " '%.40s'", name);
        free(name);
    }
    return onnx_fail(fault, "%.200s: has no %s '%.60s' as %s.name says, but%s", path, what, wanted,
                     what, list);
}

/* Whether the model's input, shape[4] with -1 for what it leaves open, takes what the manifest says. */
static int check_shape(const struct onnx_wanted *w, const int64_t *shape, size_t rank,
                       ONNXTensorElementDataType type, struct onnx_fault *fault)
{
    const char *path = w->file->path;
    if (type != ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT || rank != 4)
        return onnx_fail(fault,
                         "%.200s: its input is not a tensor of 32-bit floats with 4 axes; export "
                         "it with one (batch, channels, height, width)",
                         path);
    const int64_t wanted[4] = {1, w->channels, w->height, w->width};
    bool fits = true;
    for (int i = 0; i < 4; i++)
        fits = fits && (shape[i] < 0 || (wanted[i] > 0 && shape[i] == wanted[i]));
    if (fits)
        return 0;
    char sizes[48] = "any size";
    if (w->width)
        (void)snprintf(sizes, sizeof sizes, "height %d, width %d", w->height, w->width);
    return onnx_fail(fault,
                     "%.200s: its input is [%lld, %lld, %lld, %lld] (-1: any), the manifest says "
                     "1, %d channels, %s; correct %s",
                     path, (long long)shape[0], (long long)shape[1], (long long)shape[2],
                     (long long)shape[3], w->channels, sizes, w->keys);
}

static int check_input(struct onnx_model *m, const struct onnx_wanted *wanted,
                       struct onnx_fault *fault)
{
    const char *path = wanted->file->path;
    OrtTypeInfo *info = NULL;
    const OrtTensorTypeAndShapeInfo *tensor = NULL;
    ONNXTensorElementDataType type = ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED;
    int64_t shape[4] = {0};
    size_t rank = 0;
    int result = check(api()->SessionGetInputTypeInfo(m->session, 0, &info), path, fault);
    if (result == 0)
        result = check(api()->CastTypeInfoToTensorInfo(info, &tensor), path, fault);
    if (result == 0 && tensor) {
        result = check(api()->GetTensorElementType(tensor, &type), path, fault);
        if (result == 0)
            result = check(api()->GetDimensionsCount(tensor, &rank), path, fault);
        if (result == 0 && rank == 4)
            result = check(api()->GetDimensions(tensor, shape, 4), path, fault);
    }
    if (result == 0)
        result = check_shape(wanted, shape, rank, type, fault);
    if (info)
        api()->ReleaseTypeInfo(info);
    return result;
}

static void destroy(struct onnx_model **model)
{
    struct onnx_model *m = *model;
    if (!m)
        return;
    while (m->idle) {
        struct room *room = m->idle;
        m->idle = room->next;
        free(room);
    }
    if (m->memory)
        api()->ReleaseMemoryInfo(m->memory);
    if (m->session)
        api()->ReleaseSession(m->session);
    free(m->input_name);
    free(m->output_name);
    (void)pthread_mutex_destroy(&m->lock);
    free(m);
    *model = NULL;
}

static int create(const struct onnx_wanted *wanted, const struct onnx_model_options *options,
                  const struct onnx_model_file *file, struct onnx_model **ret_model,
                  struct onnx_fault *fault)
{
    const char *path = wanted->file->path;
    struct onnx_model *m = calloc(1, sizeof *m);
    if (!m)
        return onnx_fail(fault, "out of memory");
    if (pthread_mutex_init(&m->lock, NULL) != 0) {
        free(m);
        return onnx_fail(fault, "out of memory");
    }
    if (create_session(m, path, file, options, fault) != 0 ||
        choose_tensor(m, path, true, wanted->input_name, &m->input_name, fault) != 0 ||
        choose_tensor(m, path, false, wanted->output_name, &m->output_name, fault) != 0 ||
        check_input(m, wanted, fault) != 0) {
        destroy(&m);
        return -1;
    }
    *ret_model = m;
    return 0;
}

static struct onnx_model *find_model(const char *key)
{
    struct onnx_model *m = registry.models;
    while (m && strcmp(m->key, key) != 0)
        m = m->next;
    return m;
}

/* What makes two the same: the bytes, what is asked of them and how they are run. */
static void make_key(const struct onnx_wanted *w, const struct onnx_model_options *o,
                     char key[KEY_BYTES])
{
    (void)snprintf(key, KEY_BYTES, "%s %.8s %d %d %s>%s", w->file->sha256, o->provider, o->threads,
                   o->optimisation, w->input_name, w->output_name);
}

static int load(const struct onnx_wanted *wanted, const struct onnx_model_options *options,
                const char *key, struct onnx_model **ret_model, struct onnx_fault *fault)
{
    struct onnx_model_file file;
    struct onnx_model *m = NULL;
    if (onnx_model_file_read(wanted->file, &file, fault) != 0)
        return -1;
    const int result = create(wanted, options, &file, &m, fault);
    onnx_model_file_finish(&file);
    if (result != 0 || !m)
        return -1;
    (void)snprintf(m->key, sizeof m->key, "%s", key);
    m->next = registry.models;
    registry.models = m;
    *ret_model = m;
    return 0;
}

int onnx_model_acquire(const struct onnx_wanted *wanted, const struct onnx_model_options *options,
                       struct onnx_model **ret_model, bool *ret_new, struct onnx_fault *fault)
{
    char key[KEY_BYTES];
    if (!api())
        return onnx_fail(fault,
                         "the ONNX Runtime found here (%s) is older than the one this was built "
                         "with; install that one, or build anew",
                         onnx_runtime_version());
    make_key(wanted, options, key);
    (void)pthread_mutex_lock(&registry.lock);
    struct onnx_model *m = find_model(key);
    const bool is_new = !m;
    int result = m ? check_input(m, wanted, fault) : load(wanted, options, key, &m, fault);
    if (result == 0) {
        m->users++;
        *ret_model = m;
        *ret_new = is_new;
    }
    (void)pthread_mutex_unlock(&registry.lock);
    return result;
}

void onnx_model_release(struct onnx_model **model)
{
    struct onnx_model *m = *model;
    if (!m)
        return;
    *model = NULL;
    (void)pthread_mutex_lock(&registry.lock);
    if (--m->users == 0) {
        struct onnx_model **link = &registry.models;
        while (*link != m)
            link = &(*link)->next;
        *link = m->next;
        destroy(&m);
        if (!registry.models) {
            api()->ReleaseEnv(registry.environment);
            registry.environment = NULL;
        }
    }
    (void)pthread_mutex_unlock(&registry.lock);
}

float *onnx_model_borrow(struct onnx_model *m, size_t count)
{
    (void)pthread_mutex_lock(&m->lock);
    struct room *room = m->idle;
    if (room)
        m->idle = room->next;
    (void)pthread_mutex_unlock(&m->lock);
    if (room && room->count >= count)
        return room->values;
    free(room);
    room =
        count < SIZE_MAX / sizeof(float) / 2 ? malloc(sizeof *room + count * sizeof(float)) : NULL;
    if (!room)
        return NULL;
    room->count = count;
    return room->values;
}

void onnx_model_give_back(struct onnx_model *m, float *values)
{
    if (!values)
        return;
    struct room *room = (struct room *)(void *)((char *)values - offsetof(struct room, values));
    (void)pthread_mutex_lock(&m->lock);
    room->next = m->idle;
    m->idle = room;
    (void)pthread_mutex_unlock(&m->lock);
}

/* Looks at what came back: 32-bit floats with 3 or 4 axes. */
static int open_answer(OrtValue *tensor, struct onnx_answer *answer, struct onnx_fault *fault)
{
    OrtTensorTypeAndShapeInfo *info = NULL;
    ONNXTensorElementDataType type = ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED;
    size_t rank = 0;
    void *values = NULL;
    int is_tensor = 0;
    const char *doing = "the network's answer";
    if (check(api()->IsTensor(tensor, &is_tensor), doing, fault) != 0)
        return -1;
    if (!is_tensor)
        return onnx_fail(fault, "the network's answer is no tensor; export it without sequences");
    int result = check(api()->GetTensorTypeAndShape(tensor, &info), doing, fault);
    if (result == 0)
        result = check(api()->GetTensorElementType(info, &type), doing, fault);
    if (result == 0)
        result = check(api()->GetDimensionsCount(info, &rank), doing, fault);
    if (result == 0 && (type != ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT || rank < 2 || rank > 4))
        result = onnx_fail(fault, "the network's answer is not 32-bit floats with 2 to 4 axes; "
                                  "see output.form in MANIFEST.md");
    if (result == 0)
        result = check(api()->GetDimensions(info, answer->shape, rank), doing, fault);
    if (result == 0)
        result = check(api()->GetTensorMutableData(tensor, &values), doing, fault);
    if (info)
        api()->ReleaseTensorTypeAndShapeInfo(info);
    answer->rank = (int)rank;
    answer->values = values;
    return result;
}

int onnx_model_run(struct onnx_model *m, float *input, int channels, int width, int height,
                   struct onnx_answer *ret_answer, struct onnx_fault *fault)
{
    const int64_t shape[4] = {1, channels, height, width};
    const size_t bytes = (size_t)channels * (size_t)height * (size_t)width * sizeof(float);
    const char *const inputs[] = {m->input_name}, *const outputs[] = {m->output_name};
    struct onnx_answer answer = {0};
    OrtValue *shown = NULL, *tensor = NULL;
    int result =
        check(api()->CreateTensorWithDataAsOrtValue(m->memory, input, bytes, shape, 4,
                                                    ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT, &shown),
              "the network's input", fault);
    if (result == 0)
        result = check(api()->Run(m->session, NULL, inputs, (const OrtValue *const *)&shown, 1,
                                  outputs, 1, &tensor),
                       "the network failed", fault);
    if (shown)
        api()->ReleaseValue(shown);
    if (result == 0)
        result = open_answer(tensor, &answer, fault);
    answer.tensor = tensor;
    if (result == 0)
        *ret_answer = answer;
    else
        onnx_answer_finish(&answer);
    return result;
}

void onnx_answer_finish(struct onnx_answer *answer)
{
    if (answer->tensor)
        api()->ReleaseValue(answer->tensor);
    *answer = (struct onnx_answer){0};
}
