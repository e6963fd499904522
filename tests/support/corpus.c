#include "support/corpus.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

void corpus_walk(const char *folder,
                 int (*visit)(const char *, const struct stat *, int, struct FTW *))
{
    const char *corpus = getenv("BOOTSEAL_CORPUS");
    char path[512];

    if (!corpus)
        skip();
    snprintf(path, sizeof path, "%s/%s", corpus, folder);
    assert_int_equal(nftw(path, visit, 16, FTW_PHYS), 0);
}

struct span corpus_read(const char *path)
{
    FILE *file = fopen(path, "rb");
    uint8_t *bytes;
    long len;

    if (!file)
        return span_of(NULL, 0);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    len = ftell(file);
    rewind(file);
    bytes = malloc((size_t)len + 1);
    assert_non_null(bytes);
    assert_int_equal(fread(bytes, 1, (size_t)len, file), (size_t)len);
    fclose(file);
    return span_of(bytes, (size_t)len);
}

void corpus_free(struct span bytes)
{
    free((void *)(uintptr_t)bytes.data);
}

json_t *corpus_truth(const char *path)
{
    json_error_t problem;
    /* Serial numbers of certificates are too big for integers. */
    json_t *truth = json_load_file(path, JSON_DECODE_INT_AS_REAL, &problem);

    if (!truth)
        fail_msg("%s: %s", path, problem.text);
    return truth;
}

bool corpus_pcr(const char *path, unsigned pcr, char hex[200])
{
    FILE *file = fopen(path, "r");
    bool found = false;
    char line[256], *value;

    while (file && !found && fgets(line, sizeof line, file)) {
        found = strtoul(line, &value, 10) == pcr && value != line;
        value += strspn(value, " ");
        snprintf(hex, 200, "%.*s", (int)strcspn(value, " \n"), value);
    }
    if (file)
        fclose(file);
    return found;
}

bool corpus_ends_with(const char *path, const char *end)
{
    return strlen(path) >= strlen(end) && strcmp(path + strlen(path) - strlen(end), end) == 0;
}
