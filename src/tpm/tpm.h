/* The host's TPM 2.0, behind a narrow header: everything the agent asks of it, and nothing of TSS.
 *
 * Owns the connection, the persistent keys of the agent, and the words for what goes wrong. Trusts
 * the TPM no further than the service will: nothing here is a proof for the host itself. Must never
 * leave a transient object or session behind (a TPM has three slots), and never touches a key that
 * is not named in the call.
 *
 * One struct tpm per thread; calls block for as long as the TPM needs (up to seconds). Public
 * areas, attestations and signatures are TPMT_PUBLIC, TPMS_ATTEST and TPMT_SIGNATURE as the TPM
 * wrote them, in the caller's arena. Errors: ERROR_NOT_FOUND no such key or no TPM, ERROR_DENIED
 * the TPM refuses (authorisation, policy, lock-out), ERROR_IO it cannot be reached or answers
 * nonsense, ERROR_UNSUPPORTED it lacks what is asked. Every message is a plain sentence. */
#ifndef BOOTSEAL_TPM_TPM_H
#define BOOTSEAL_TPM_TPM_H

#include "crypto/crypto.h"

#define TPM_DEFAULT_TCTI     "device:/dev/tpmrm0"
#define TPM_TCTI_ENVIRONMENT "BOOTSEAL_TCTI"

struct tpm;

/* Connects by a TCTI's name ("device:/dev/tpmrm0", "swtpm:path=/run/s.sock"); NULL takes the
 * environment's BOOTSEAL_TCTI, else the default. */
bool tpm_open(const char *tcti, struct tpm **tpm, struct error *error) MUST_CHECK;
void tpm_close(struct tpm *tpm);

/* --- what it is (tpm/connection.c) --- */

struct tpm_properties {
    char manufacturer[5];                 /* "IFX", "INTC"; printable */
    char vendor[17];                      /* vendor string; printable */
    uint64_t firmware_version;            /* as quotes carry it */
    uint32_t revision;                    /* of the library specification, times 100 */
    bool locked_out;                      /* dictionary attack protection is in force */
    bool owner_auth_set;                  /* the owner hierarchy has a password */
    bool endorsement_auth_set;            /* the endorsement hierarchy has a password */
    uint16_t banks[LIMIT_EVENTLOG_BANKS]; /* active PCR banks */
    size_t n_banks;
    uint64_t clock_ms;
    uint32_t reset_count, restart_count;
    bool clock_safe;
};
bool tpm_properties_read(struct tpm *tpm, struct tpm_properties *properties,
                         struct error *error) MUST_CHECK;

/* The PCRs of one bank that are named (bit n is PCR n), into values[n]. */
bool tpm_pcr_read(struct tpm *tpm, uint16_t bank, uint32_t pcrs,
                  uint8_t values[LIMIT_PCRS][LIMIT_TPM_DIGEST_LEN], struct error *error) MUST_CHECK;

/* --- its endorsement key (tpm/endorsement_key.c) --- */

struct tpm_endorsement {
    uint32_t handle;                                    /* persistent */
    struct span public_area;                            /* TPMT_PUBLIC */
    struct span certificates[LIMIT_CHAIN_CERTIFICATES]; /* DER, the EK's first; n may be 0 */
    size_t n_certificates;
};

/* Finds the EK that a certificate in the TPM belongs to, or makes it by the template of the TCG (EK
 * Credential Profile 2.5, annex B and 2.2.1.4) and keeps it in the TPM. Without any certificate it
 * is the RSA-2048 key, or the P-256 key where RSA is missing. */
bool tpm_endorsement_find(struct tpm *tpm, struct crypto *crypto, struct arena *arena,
                          struct tpm_endorsement *endorsement, struct error *error) MUST_CHECK;

/* What the TPM holds where platform certificates belong, as it is there: often padded, perhaps none. At most
 * cap; an index that cannot be read is passed over. */
bool tpm_platform_certificates_read(struct tpm *tpm, struct arena *arena, size_t cap,
                                    struct span *certificates, size_t *n_certificates,
                                    struct error *error) MUST_CHECK;

/* TPM2_ActivateCredential: what make_credential hid for EK and AK. id_object and secret carry their
 * TPM2B lengths. ERROR_DENIED when it was made for other keys. */
bool tpm_activate_credential(struct tpm *tpm, const struct tpm_endorsement *endorsement,
                             uint32_t ak_handle, struct span id_object, struct span secret,
                             struct arena *arena, struct span *credential,
                             struct error *error) MUST_CHECK;

/* --- its attestation key (tpm/attestation_key.c) --- */

enum tpm_key_type { TPM_KEY_ECC_P256 = 0, TPM_KEY_RSA_2048 };

/* A key of ours that stays in the TPM. */
struct tpm_key {
    uint32_t handle;         /* persistent */
    struct span public_area; /* TPMT_PUBLIC */
    struct span name;        /* nameAlg || digest */
};

/* Finds the restricted signing key of that type that an earlier call made, or makes it under the
 * storage root key and keeps it at a free handle: a host that lost its state directory keeps its
 * AK. */
bool tpm_ak_open(struct tpm *tpm, enum tpm_key_type type, struct arena *arena, struct tpm_key *key,
                 struct error *error) MUST_CHECK;

/* Reads a persistent key; ERROR_NOT_FOUND when there is none at the handle. */
bool tpm_key_read(struct tpm *tpm, uint32_t handle, struct arena *arena, struct tpm_key *key,
                  struct error *error) MUST_CHECK;

/* Removes a persistent key. The caller has made sure that it is its own. */
bool tpm_key_remove(struct tpm *tpm, uint32_t handle, struct error *error) MUST_CHECK;

struct tpm_attestation {
    struct span attest;    /* TPMS_ATTEST */
    struct span signature; /* TPMT_SIGNATURE */
};

bool tpm_quote(struct tpm *tpm, uint32_t ak_handle, uint16_t bank, uint32_t pcrs,
               struct span qualifying_data, struct arena *arena, struct tpm_attestation *quote,
               struct error *error) MUST_CHECK;

bool tpm_certify(struct tpm *tpm, uint32_t ak_handle, uint32_t key_handle,
                 struct span qualifying_data, struct arena *arena, struct tpm_attestation *certify,
                 struct error *error) MUST_CHECK;

/* --- its identity key, docs/protocol.md section 4 (tpm/identity_key.c) --- */

/* Finds the signing key whose authPolicy is given (SHA-256), or makes and keeps it. */
bool tpm_identity_open(struct tpm *tpm, struct span auth_policy, struct arena *arena,
                       struct tpm_key *key, struct error *error) MUST_CHECK;

/* What lets the identity key sign: the service's word for one PCR state. */
struct tpm_approval {
    uint16_t bank;
    uint32_t pcrs;
    struct span policy;    /* approved PolicyPCR digest, SHA-256 */
    struct span signature; /* TPMT_SIGNATURE of the policy key over SHA-256(policy || policy_ref) */
    struct span policy_key; /* TPMT_PUBLIC */
    struct span policy_ref;
};

struct tpm_ecdsa {
    uint8_t r[32], s[32]; /* big endian */
};

/* ECDSA over a SHA-256 digest. ERROR_DENIED when the PCRs are no longer those approved, or the
 * approval is not the policy key's. */
bool tpm_identity_sign(struct tpm *tpm, uint32_t handle, const struct tpm_approval *approval,
                       struct span digest, struct tpm_ecdsa *signature,
                       struct error *error) MUST_CHECK;

#endif
