/* Values that rules compare with: references by name, and what updates accept besides.
 *
 * They stand in the policy's own text, in documents of reference values and in updates; the same
 * name in several of them is one reference with all their values. Internal to src/policy. */
#ifndef BOOTSEAL_POLICY_VALUES_H
#define BOOTSEAL_POLICY_VALUES_H

#include "document/document.h"
#include "policy/expression.h"
#include "policy/policy.h"

enum section_kind {
    SECTION_POLICY = 1,
    SECTION_RULE,
    SECTION_REFERENCE_VALUES,
    SECTION_REFERENCE,
    SECTION_UPDATE,
    SECTION_ACCEPT,
    SECTION_RETIRE,
};

/* Document i of these is source i: the policy, reference values, updates. */
struct values {
    const struct policy_sources *sources;
    struct arena *arena;
    struct document *documents;
    size_t n_documents;
    size_t source; /* the one at hand, for positions of errors */
    struct error *error;
};

/* Reads every source as a document of its kind. */
bool values_read(struct values *values) MUST_CHECK;

/* Name, version and description from a document's head; the name is at most
 * LIMIT_DOCUMENT_NAME_LEN bytes, and both are there. */
bool values_head(const struct document *document, enum section_kind kind,
                 struct policy_values *head, struct error *error) MUST_CHECK;

/* Joins references by name and what updates accept by claim. */
bool values_join(struct values *values, struct expression_references *references) MUST_CHECK;

#endif
