/* Owns the table; trusts nothing, hashes nothing. */
#include "wire/ima_hash.h"

#include "wire/tpm_alg.h"

static const struct ima_hash HASHES[] = {
#define IMA_HASH(id, name, digest_len, tpm_alg) {name, sizeof(name) - 1, tpm_alg, id, digest_len},
#include "wire/ima_hashes.def"
#undef IMA_HASH
};
enum { N_HASHES = sizeof HASHES / sizeof *HASHES };

const struct ima_hash *ima_hash_by_id(uint8_t id)
{
    for (size_t i = 0; i < N_HASHES; i++)
        if (HASHES[i].id == id)
            return &HASHES[i];
    return NULL;
}

const struct ima_hash *ima_hash_by_name(struct span name)
{
    for (size_t i = 0; i < N_HASHES; i++)
        if (span_equal(name, span_of(HASHES[i].name, HASHES[i].name_len)))
            return &HASHES[i];
    return NULL;
}
