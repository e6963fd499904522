/* A finding's digest: what makes the same finding on two hosts, or at two attestations, the same.
 *
 * Pure. Over what was found wrong, not over where it stood in a log: code, policy, rule, claim,
 * component, expected and found. PCR and event number are left out, for the same change stands
 * elsewhere in a longer log; so are weight and advice, which a new version of a policy may reword. */
#ifndef BOOTSEAL_OUTCOME_FINDING_H
#define BOOTSEAL_OUTCOME_FINDING_H

#include "base/reason.h"
#include "crypto/crypto.h"

enum { OUTCOME_FINDING_LEN = 32 }; /* SHA-256 */

/* SHA-256 over the seven texts in the order above, each behind its length as four big-endian bytes;
 * a text that is not there counts as empty. */
void outcome_finding(struct crypto *crypto, const struct reason *reason,
                     uint8_t sha256[OUTCOME_FINDING_LEN]);

#endif
