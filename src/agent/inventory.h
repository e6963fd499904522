/* What the host says of itself: facts that nobody proves, for people to see and for claims of grade
 * "reported". Nothing in it changes while the host runs, so that a steady host stays steady. */
#ifndef BOOTSEAL_AGENT_INVENTORY_H
#define BOOTSEAL_AGENT_INVENTORY_H

#include "tpm/tpm.h"
#include "wire/evidence.h"

/* Collects into the arena; what cannot be read is left out. */
bool inventory_collect(struct tpm *tpm, struct arena *arena, struct evidence_item **items,
                       size_t *n_items, struct error *error) MUST_CHECK;

#endif
