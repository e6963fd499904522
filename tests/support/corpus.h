/* The folder of real evidence that BOOTSEAL_CORPUS names: lab/ and public/, each with truth files.
 *
 * Only read, never copied from. Tests that need it skip where the variable is not set. */
#ifndef BOOTSEAL_TESTS_SUPPORT_CORPUS_H
#define BOOTSEAL_TESTS_SUPPORT_CORPUS_H

#include <ftw.h>
#include <jansson.h>

#include "base/span.h"

/* Calls visit for everything below a folder of the corpus; skips the test without a corpus. */
void corpus_walk(const char *folder,
                 int (*visit)(const char *, const struct stat *, int, struct FTW *));

/* The file's bytes, for corpus_free; empty when there is no such file. */
struct span corpus_read(const char *path);
void corpus_free(struct span bytes);

/* A truth file, for json_decref; fails the test when it is no JSON. */
json_t *corpus_truth(const char *path);

/* The value of a PCR, in hex, from a file of "number hex" lines; false when it has none. */
bool corpus_pcr(const char *path, unsigned pcr, char hex[200]);

bool corpus_ends_with(const char *path, const char *end);

#endif
