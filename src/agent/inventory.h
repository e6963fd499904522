/* What the host says of itself: facts that nobody proves, for people to see and for claims of grade
 * "reported" (claims/inventory.h names those), under the claims' names. Lists have one item a line.
 *
 * Nothing in it changes while the host runs undisturbed, so that a steady host stays steady; and what
 * cannot change without a boot is read once by a process, so that it costs nothing again. */
#ifndef BOOTSEAL_AGENT_INVENTORY_H
#define BOOTSEAL_AGENT_INVENTORY_H

#include "tpm/tpm.h"
#include "wire/evidence.h"

enum { INVENTORY_ITEMS = 48 };

/* What is read once. Zero before the first use; its arena is inventory_done's. */
struct inventory_constants {
    bool known;
    struct arena arena;
    struct evidence_item items[INVENTORY_ITEMS];
    size_t n_items;
};

/* Collects from the system whose files are under root ("" for this one), and from the TPM (NULL:
 * without it), into the arena; what cannot be read is left out. constants must outlive items. */
bool inventory_collect(const char *root, struct inventory_constants *constants, struct tpm *tpm,
                       struct arena *arena, struct evidence_item **items, size_t *n_items,
                       struct error *error) MUST_CHECK;

/* The value of an item; an empty span when there is none. */
struct span inventory_find(const struct evidence_item *items, size_t n_items, const char *name);

void inventory_done(struct inventory_constants *constants);

#endif
