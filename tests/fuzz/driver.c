/* Runs a libFuzzer entry over the files of a folder, where libFuzzer is not at hand: every input that
 * was kept is a test. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define INPUT_BYTES_MAX ((size_t)16 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int run_file(const char *folder, const char *name, uint8_t *bytes)
{
    char path[4096];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    if (!file) {
        perror(path);
        return -1;
    }
    const size_t length = fread(bytes, 1, INPUT_BYTES_MAX, file);
    const int failed = ferror(file);
    (void)fclose(file);
    if (failed) {
        (void)fprintf(stderr, "%s cannot be read\n", path);
        return -1;
    }
    /* A copy of the exact size, so that reading past its end shows under a sanitizer. */
    uint8_t *exact = malloc(length > 0 ? length : 1);
    if (!exact)
        return -1;
    for (size_t i = 0; i < length; i++)
        exact[i] = bytes[i];
    (void)printf("%s: %zu bytes\n", name, length);
    (void)fflush(stdout);
    (void)LLVMFuzzerTestOneInput(exact, length);
    free(exact);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        (void)fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
        return 2;
    }
    DIR *folder = opendir(argv[1]);
    uint8_t *bytes = malloc(INPUT_BYTES_MAX);
    size_t count = 0;
    int failed = !folder || !bytes;
    if (!folder)
        perror(argv[1]);
    for (const struct dirent *entry; !failed && (entry = readdir(folder));) {
        if (entry->d_name[0] == '.')
            continue;
        failed = run_file(argv[1], entry->d_name, bytes) != 0;
        count++;
    }
    if (folder)
        (void)closedir(folder);
    free(bytes);
    (void)printf("%zu inputs\n", count);
    return failed || count == 0;
}
