/* What a revocation list forbids and a machine's dbx does not.
 *
 * Both are signature lists (UEFI 2.10 section 32.4.1). Owners are ignored: who forbids an image does
 * not matter. A certificate forbids all that its digest forbids, and a digest without a time of
 * revocation all that the certificate does. */
#ifndef BOOTSEAL_CLAIMS_REVOCATIONS_H
#define BOOTSEAL_CLAIMS_REVOCATIONS_H

#include "base/arena.h"
#include "crypto/crypto.h"
#include "wire/efi_signature_list.h"

struct revocations {
    size_t n_listed;
    struct efi_signature *missing; /* in the order of the list; in the arena */
    size_t n_missing;
};

/* Compares. Both spans are signature lists alone; dbx may be empty. crypto hashes certificates where
 * the other side has digests of some; NULL: such a pair counts as missing. Fails for malformed lists
 * and for memory. Cost: that of sorting dbx. */
bool revocations_compare(struct crypto *crypto, struct span listed, struct span dbx,
                         struct arena *arena, struct revocations *revocations,
                         struct error *error) MUST_CHECK;

#endif
