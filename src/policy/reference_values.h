/* Reference values as they are gathered, and the documents that hold them.
 *
 * Each value belongs to the claim in which a host would show it. Owns nothing but what is in the
 * arena. Trusts no label: it is a hint beside the value. A value that is there already is not added
 * again, so the variants of several releases stand side by side. */
#ifndef BOOTSEAL_POLICY_REFERENCE_VALUES_H
#define BOOTSEAL_POLICY_REFERENCE_VALUES_H

#include "claims/claims.h"
#include "component/component.h"

struct reference_value {
    enum claim_id claim;
    const char *label;      /* as a key of a document */
    struct claim_item item; /* a digest, or the text of a claim of text */
};

struct reference_values {
    struct arena *arena;
    struct reference_value *values; /* in the order in which they were added */
    size_t n_values, cap;
};

/* What a document says of itself and what its sections are called. */
struct reference_document {
    const char *kind;    /* "reference-values", "update" */
    const char *section; /* "reference", "accept" */
    const char *name, *version, *description;
    const struct reference_values *retired; /* of an update: what it replaces; or NULL */
};

/* Adds a digest. Its bytes outlive values. ERROR_LIMIT over LIMIT_POLICY_REFERENCES. */
bool reference_values_add_digest(struct reference_values *values, enum claim_id claim,
                                 const char *label, uint16_t alg, struct span digest,
                                 struct error *error) MUST_CHECK;

/* Adds a text; printable UTF-8, else ERROR_MALFORMED. */
bool reference_values_add_text(struct reference_values *values, enum claim_id claim,
                               const char *label, struct span text, struct error *error) MUST_CHECK;

/* Adds every digest of a component by which a host may show it: images in boot.images and, as db
 * would name them, in secure_boot.db; files that a boot loader may read in boot.files (of packages
 * only kernels, images and what lies below /boot, /usr/lib/grub and /usr/share/grub); sections of
 * unified kernel images in boot.unified_kernel, and their command line. */
bool reference_values_add_component(struct reference_values *values,
                                    const struct component *component,
                                    struct error *error) MUST_CHECK;

/* Writes the document's text into the arena: a section for each claim, in the order of claims.def.
 * ERROR_NOT_FOUND when there is no value, ERROR_USAGE for a name, version or description that is no
 * single line of text, ERROR_LIMIT over LIMIT_POLICY_LEN. */
bool reference_values_write(const struct reference_values *values,
                            const struct reference_document *document, struct span *text,
                            struct error *error) MUST_CHECK;

#endif
