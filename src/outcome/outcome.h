/* Outcome: a verdict turned into typed requests for the signer, and the policy digests in them.
 *
 * Pure. Decides what a host may be given, signs nothing: only the signer holds keys. A host whose
 * verdict does not pass is never given anything; the zero value of every request asks for nothing.
 * TPM 2.0 Library part 3, 23.7 (PolicyPCR) and 23.16 (PolicyAuthorize). */
#ifndef BOOTSEAL_OUTCOME_OUTCOME_H
#define BOOTSEAL_OUTCOME_OUTCOME_H

#include "appraise/appraise.h"

enum { OUTCOME_POLICY_LEN = 32 }; /* every policy session of ours uses SHA-256 */

/* "This state is approved": a PolicyPCR digest for the policy key to sign. */
struct outcome_approval {
    bool wanted;
    uint16_t bank;
    uint32_t pcrs; /* bit n is PCR n */
    uint8_t policy[OUTCOME_POLICY_LEN];
};

/* An X.509 certificate for a key that the host's AK has certified. */
struct outcome_certificate {
    bool wanted;
    struct span public_area; /* TPMT_PUBLIC of the proven key; in the appraisal's input */
};

struct outcome {
    struct outcome_approval approval;
    struct outcome_certificate certificate;
};

/* Trusted and attention pass; everything else, "none" and unknown included, does not. */
bool outcome_passes(enum verdict verdict);

/* What a full appraisal gives the host a right to. The approval needs a log that reproduces the
 * signed PCRs; PCR 10 is left out because IMA extends it with every file (the quote covers it, the
 * key must not stop working for it). */
void outcome_decide(struct crypto *crypto, const struct appraisal *appraisal, uint32_t pcrs,
                    struct outcome *outcome);

/* The PolicyPCR digest of the given values; pcrs holds LIMIT_PCRS values of the bank. */
void outcome_policy_pcr(struct crypto *crypto, uint16_t bank, uint32_t pcrs,
                        const uint8_t (*values)[LIMIT_TPM_DIGEST_LEN],
                        uint8_t policy[OUTCOME_POLICY_LEN]);

/* The authPolicy that an identity key must have: PolicyAuthorize by the key of that name with the
 * policy reference (docs/protocol.md, section 4). */
void outcome_policy_authorize(struct crypto *crypto, struct span key_name, struct span policy_ref,
                              uint8_t policy[OUTCOME_POLICY_LEN]);

/* The policy reference of one host: SHA-256 of a label and the host id, so that an approval made
 * for one host opens no other host's key. */
void outcome_policy_ref(struct crypto *crypto, struct span host_id,
                        uint8_t policy_ref[OUTCOME_POLICY_LEN]);

/* A DNS name that may stand in a certificate: RFC 1123 labels in lower case, no wildcard, no
 * trailing dot, LIMIT_NAME_LEN at most. Front and signer both ask. */
bool outcome_name_ok(struct span name);

#endif
