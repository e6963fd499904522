/* A host without a TPM or a machine, for tests, fuzzing and benchmarks: real logs from
 * tests/fixtures, the PCRs they lead to, and evidence signed by a key in software.
 *
 * What the TPM holds (booted) and what the host sends (evidence.logs) are apart, and every field of
 * the quote can be changed before it is signed, so that each attack is one line. Failures end the
 * program. */
#ifndef BOOTSEAL_TESTS_SUPPORT_SOFT_HOST_H
#define BOOTSEAL_TESTS_SUPPORT_SOFT_HOST_H

#include "appraise/appraise.h"
#include "support/soft_key.h"

/* TPMS_ATTEST, field by field. */
struct soft_attest {
    uint32_t magic;
    uint16_t type;
    struct span extra_data;
    uint64_t clock_ms;
    uint32_t reset_count, restart_count;
    uint64_t firmware_version;
    struct tpm_pcr_selection selection; /* of a quote */
    struct span pcr_digest;
    struct span name; /* of a certify */
};

struct soft_host {
    struct crypto *crypto;
    struct arena arena;
    struct soft_key ak, identity;
    struct span booted_tcg, booted_ima; /* what the TPM measured */
    uint8_t pcrs[LIMIT_PCRS][LIMIT_TPM_DIGEST_LEN];
    struct crypto_digest pcr_digest;
    uint8_t nonce[32];
    struct crypto_digest binding;
    struct evidence evidence; /* what will be sent */
    struct soft_attest quote;
    uint8_t identity_policy[32];
    struct span booted_drtm; /* the log of a dynamic launch; empty: none happened */
};

/* folder: "secure-boot" and so on, or an absolute path to logs elsewhere. key: TPM_ALG_RSA or
 * TPM_ALG_ECC. bank: TPM_ALG_SHA256... */
void soft_host_init(struct soft_host *host, const char *folder, uint16_t key, uint16_t bank);
void soft_host_done(struct soft_host *host);

/* Bytes of a fixture; in the host's arena. Empty when there is no such file. */
struct span soft_host_fixture(struct soft_host *host, const char *folder, const char *file);

/* A changeable copy in the host's arena. */
uint8_t *soft_host_copy(struct soft_host *host, struct span bytes);

/* Sets the log that is sent: named by its digest, all of it covered. */
void soft_host_send(struct soft_host *host, enum evidence_log_kind kind, struct span bytes);

/* PCRs from what was booted; the quote's fields from them and from the evidence as it stands. */
void soft_host_measure(struct soft_host *host);

/* The digest of the PCRs as they stand, into the quote; soft_host_measure ends with it. */
void soft_host_digest_pcrs(struct soft_host *host);

/* Sends the values of the quoted PCRs beside the quote. */
void soft_host_send_pcr_values(struct soft_host *host);

/* The qualifying data for the evidence as it stands, into the quote. */
void soft_host_bind(struct soft_host *host);

/* Encodes and signs a structure; spans in the host's arena. */
void soft_host_sign(struct soft_host *host, struct soft_key *key, const struct soft_attest *attest,
                    struct span *bytes, struct span *signature);

/* Adds an identity key made by the template of docs/protocol.md, section 4. */
void soft_host_add_identity(struct soft_host *host);

/* Certifies the identity key for the binding as it stands. */
void soft_host_certify(struct soft_host *host);

/* Signs the quote as it stands and encodes the evidence. */
struct span soft_host_evidence(struct soft_host *host);

/* measure, bind, sign, encode: what an honest host sends. */
struct span soft_host_attest(struct soft_host *host);

/* The input of an honest service for this host: its AK, its nonce; no policy. */
struct appraise_input soft_host_input(struct soft_host *host, struct span evidence);

#endif
