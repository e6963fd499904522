/* Operators' documents in requests: which kind a path means, one by name and version, and the check by
 * a worker before anything is kept or bound. */
#ifndef BOOTSEAL_SERVER_DOCUMENTS_H
#define BOOTSEAL_SERVER_DOCUMENTS_H

#include "server/exchange.h"
#include "server/work_message.h"

/* "policy", "reference-values", "update". */
const char *document_kind_name(enum store_document_kind kind);

/* Reads a document without its text. False after having answered, also when there is none. */
bool document_head(struct exchange *exchange, const uint8_t sha256[STORE_DIGEST_LEN],
                   struct arena *arena, struct store_document *document) MUST_CHECK;

/* {"name", "version", "sha256"}. */
json_t *document_name_json(const struct store_document *document);

/* What is to be checked: a text of a kind, with kept reference values by their digests. */
struct document_check {
    enum store_document_kind kind;
    struct span text; /* empty: that of the kept document `sha256` */
    uint8_t sha256[STORE_DIGEST_LEN];
    const uint8_t (*references)[STORE_DIGEST_LEN];
    size_t n_references; /* at most LIMIT_BINDING_REFERENCES */
};

/* Called with an answer that says the document is valid; everything else is answered before. */
typedef void document_checked_fn(void *context, const struct work_check_answer *answer);

/* Lets a worker read the document. False after having answered. */
bool document_check(struct exchange *exchange, const struct document_check *check,
                    document_checked_fn *done, void *context) MUST_CHECK;

#endif
