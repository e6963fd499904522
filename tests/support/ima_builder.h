/* Builds IMA lists for tests as the kernel writes them: template hashes of SHA-1, fields with their
 * lengths. */
#ifndef BOOTSEAL_TESTS_SUPPORT_IMA_BUILDER_H
#define BOOTSEAL_TESTS_SUPPORT_IMA_BUILDER_H

#include "crypto/crypto.h"

enum { IMA_BUILDER_LEN = 4 * 1024 * 1024 };

struct ima_builder {
    struct crypto *crypto;
    uint32_t pcr;
    uint8_t bytes[IMA_BUILDER_LEN];
    size_t len;
    uint8_t data[128 * 1024]; /* the fields of the entry under way */
    size_t data_len;
};

void ima_builder_begin(struct ima_builder *list, struct crypto *crypto);

/* A field of the entry under way. */
void ima_builder_field(struct ima_builder *list, struct span bytes);
/* "sha256:", NUL, digest; and a name with its NUL. */
void ima_builder_digest(struct ima_builder *list, const char *alg, struct span digest);
void ima_builder_name(struct ima_builder *list, const char *name);

/* Ends the entry: with the hash of its fields, or with zeros as a violation. */
void ima_builder_entry(struct ima_builder *list, const char *template_name);
void ima_builder_violation(struct ima_builder *list, const char *template_name);

/* Whole entries: a file whose SHA-256 is that of its contents, with signature or without; and bytes
 * that were measured. */
void ima_builder_file(struct ima_builder *list, const char *name, const char *contents,
                      struct span signature);
void ima_builder_buffer(struct ima_builder *list, const char *name, struct span bytes);

struct span ima_builder_span(const struct ima_builder *list);

#endif
