/* The hash algorithms of the kernel's integrity subsystem: wire/ima_hashes.def. */
#ifndef BOOTSEAL_WIRE_IMA_HASH_H
#define BOOTSEAL_WIRE_IMA_HASH_H

#include "base/span.h"

struct ima_hash {
    const char *name;
    size_t name_len;
    uint16_t tpm_alg; /* 0: none that we can compute */
    uint8_t id;       /* enum hash_algo */
    uint8_t digest_len;
};

/* By enum hash_algo, or by name ("sha256"); NULL for one that is not known. */
const struct ima_hash *ima_hash_by_id(uint8_t id);
const struct ima_hash *ima_hash_by_name(struct span name);

#endif
