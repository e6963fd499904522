/* The one function that all programs, tests and fuzzers call: evidence in, verdict out.
 *
 * The only place that writes a verdict, from the complete list of reasons. The zero value is
 * "none", and unknown never passes. Pure: time, expectations and history come in as arguments. */
#ifndef BOOTSEAL_APPRAISE_APPRAISE_H
#define BOOTSEAL_APPRAISE_APPRAISE_H

#include "claims/claims.h"
#include "policy/policy.h"
#include "verify/endorsement.h"
#include "verify/quote.h"
#include "wire/evidence.h"

enum verdict {
    VERDICT_NONE = 0,
    VERDICT_TRUSTED,
    VERDICT_ATTENTION, /* trusted, and somebody should look */
    VERDICT_UNTRUSTED,
    VERDICT_UNKNOWN, /* could not be decided: not bad, not good */
    VERDICT_PENDING, /* waits for a person */
};

/* A log that the caller holds from an earlier attestation. */
struct appraise_known_log {
    struct span sha256; /* of all bytes */
    struct span bytes;
};

struct appraise_input {
    struct span evidence;  /* deterministic CBOR, wire/evidence.h */
    struct span ak_public; /* TPMT_PUBLIC enrolled for the host; empty: take the bundle's */
    struct crypto_key *ak; /* the same key made ready; NULL: made from ak_public */
    struct span nonce;     /* the challenge; empty: take the bundle's (offline only) */
    bool channel_bound;    /* TLS ends at us: channel_binding is demanded */
    struct span channel_binding;
    uint32_t pcrs; /* demanded PCRs; 0: the default set */
    struct span
        identity_policy; /* authPolicy that an identity key must have; empty: none accepted */
    struct quote_history history;
    struct endorsed endorsed; /* by certificates proven at enrolment: with others no memory holds */
    const struct appraise_known_log *known_logs;
    size_t n_known_logs;
    /* The caller has computed the SHA-256 of the covered bytes of every log sent and found it equal
     * to the one that the evidence names; false: it is done here. */
    bool logs_hashed;
    struct span revocations; /* what dbx must hold (wire/efi_revocations.h); empty: nothing given */
    struct span revocations_sha256;            /* of that file: with another one no memory holds */
    struct ima_certificates *ima_certificates; /* whose signatures count on files; NULL: nobody's */
    const struct catalog *catalog;             /* of hardware, signed and in time; NULL: none */
    struct span catalog_sha256; /* its digest: with another one, or none, no memory holds */
    /* Each must hold; none: nothing passes; a NULL one is one that cannot be used. */
    struct policy *const *policies;
    size_t n_policies;
    struct policy *const *observed; /* said what they would say; the verdict is without them */
    size_t n_observed;
    bool policy_claims_only; /* long lists that no rule of these policies reads are left out */
};

/* PCRs demanded by default: 0-7 firmware, 8-15 loader and system, 17-22 dynamic launch, or that there
 * was none. 16 and 23 are anybody's to reset. */
#define APPRAISE_DEFAULT_PCRS 0x007EFFFFu

/* What a later attestation with the same logs and PCRs may rely on. A caller stores it with the
 * host and gives it to appraise_steady; plain values only. */
struct appraise_memory {
    bool valid;
    uint32_t pcrs;
    uint16_t bank;
    uint8_t logs_digest[32]; /* SHA-256 over kinds and digests of the logs named, over the
                                certificates that count on files, the revocation list, the
                                catalogue and what is endorsed */
    uint8_t inventory_digest[32];
    uint8_t pcr_digest[LIMIT_TPM_DIGEST_LEN];
    size_t pcr_digest_len;
    enum verdict verdict;
};

struct appraisal {
    enum verdict verdict;
    struct claims claims;
    struct measured_log log; /* n_events is 0 without one */
    struct tpm_attest quote; /* zero when it could not be decoded */
    bool quote_verified;
    bool logs_match;              /* the logs reproduce the signed PCRs */
    struct quote_history history; /* of this quote, when it was verified */
    struct {
        bool proven; /* certified by the AK under this nonce, attributes as demanded */
        struct span public_area;
        uint8_t name[2 + LIMIT_TPM_DIGEST_LEN];
        size_t name_len;
    } identity;
    struct appraise_memory memory;
    struct evidence evidence;
    struct reasons *observed;      /* if the observed policies alone judged; NULL: there are none */
    enum verdict observed_verdict; /* likewise; VERDICT_NONE: there are none */
    size_t n_evidence_reasons;     /* the first of reasons: about the evidence, not by a policy */
    bool collected[CLAIM_IDS];     /* which claims were looked for */
    struct reasons reasons;        /* last, as its items are in it */
};

/* Appraises. Returns false only when the work could not be done (memory, crypto failure); then
 * there is no verdict. Whatever the host sent gives a verdict with reasons. Everything in
 * *appraisal lives in the arena or in the input. */
bool appraise(struct crypto *crypto, const struct appraise_input *input, struct arena *arena,
              struct appraisal *appraisal, struct error *error) MUST_CHECK;

/* Judges the appraised host once more by other policies, each of which must hold; a NULL one is one
 * that cannot be used. The evidence is not looked at again. *reasons starts with those about the
 * evidence. */
bool appraise_under(struct crypto *crypto, const struct appraisal *appraisal,
                    struct policy *const *policies, size_t n_policies, struct arena *arena,
                    struct reasons *reasons, enum verdict *verdict, struct error *error) MUST_CHECK;

/* For those who ask what a host has and not whether it is trusted: true when a verified quote
 * reproduces the logs; without one no claim keeps its grade. The reasons that leave the evidence itself
 * in doubt are added to findings. */
bool appraise_proven(struct appraisal *appraisal, struct reasons *findings);

/* A reason of a policy knows its event by number; the log knows its PCR and what it measures. Fills in
 * both where they are missing. */
bool appraise_locate(const struct measured_log *log, struct reasons *reasons, struct arena *arena,
                     struct error *error) MUST_CHECK;

/* The short way for an unchanged host: signature, nonce, counters, and the same PCR digest and logs
 * as remembered. *applies is false when anything differs; the caller then does it in full. Claims
 * stay empty; the verdict is the remembered one or worse. */
bool appraise_steady(struct crypto *crypto, const struct appraise_input *input,
                     const struct appraise_memory *memory, struct arena *arena,
                     struct appraisal *appraisal, bool *applies, struct error *error) MUST_CHECK;

/* "trusted", "attention", "untrusted", "unknown", "pending", "none". */
const char *verdict_name(enum verdict verdict);

#endif
