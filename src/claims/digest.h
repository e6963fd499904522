/* A digest of each claim: hosts with equal digests of the claims that a policy reads are judged alike
 * by it, whatever else differs between them. */
#ifndef BOOTSEAL_CLAIMS_DIGEST_H
#define BOOTSEAL_CLAIMS_DIGEST_H

#include "claims/claims.h"

enum { CLAIM_DIGEST_LEN = 8 }; /* the start of a SHA-256: a what-if rests on it, never a verdict */

/* Over value and grade of each claim; what a claim's items are called in words is left out. Where
 * collected is false the digest is over instead, which must tell apart whatever the claim could. */
bool claims_digest(struct crypto *crypto, const struct claims *claims,
                   const bool collected[CLAIM_IDS], struct span instead, struct arena *arena,
                   uint8_t digests[CLAIM_IDS][CLAIM_DIGEST_LEN], struct error *error) MUST_CHECK;

#endif
