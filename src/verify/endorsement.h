/* Who vouches for a TPM: EK certificate chain, EK and AK attributes, credential activation.
 * TCG EK Credential Profile 2.6; TPM 2.0 part 1, 24; part 3, 12.5 and 12.6. */
#ifndef BOOTSEAL_VERIFY_ENDORSEMENT_H
#define BOOTSEAL_VERIFY_ENDORSEMENT_H

#include "base/reason.h"
#include "crypto/crypto.h"

enum { ENDORSEMENT_ID_LEN = 32, ENDORSEMENT_SECRET_LEN = 32 };

enum endorsement {
    ENDORSEMENT_NONE = 0,
    ENDORSEMENT_CHAIN,      /* certificate chains to a trusted root */
    ENDORSEMENT_REGISTERED, /* its host id is on the operator's list */
    ENDORSEMENT_UNPROVEN,   /* real key, nobody vouches: waits for a named approval */
};

struct endorsement_request {
    struct span ek_public;      /* TPMT_PUBLIC */
    struct span ek_certificate; /* DER or empty */
    const struct span *intermediates;
    size_t n_intermediates;
    struct span ak_public; /* TPMT_PUBLIC */
    int64_t now_s;
};

struct endorsement_result {
    enum endorsement endorsement;
    uint8_t host_id[ENDORSEMENT_ID_LEN]; /* SHA-256 of the EK's SubjectPublicKeyInfo */
    uint8_t ak_name[2 + LIMIT_TPM_DIGEST_LEN];
    size_t ak_name_len;
    const char *issuer;       /* printable, in the arena; "" without certificate */
    const char *manufacturer; /* from the certificate's SAN, "id:49465800"; "" without */
    const char *model;
    const char *version;
};

/* Checks everything that can be checked before the TPM is asked. Returns false with reasons when
 * the enrolment must be refused; true with endorsement CHAIN or UNPROVEN else. */
bool endorsement_check(struct crypto *crypto, struct crypto_trust *trust,
                       const struct endorsement_request *request, struct arena *arena,
                       struct endorsement_result *result, struct reasons *reasons) MUST_CHECK;

/* What certificates that were proven at enrolment say of the hardware, as it travels to an appraisal. */
enum endorsed_text {
    ENDORSED_EK_ISSUER,
    ENDORSED_TPM_MANUFACTURER, /* "id:49465800" */
    ENDORSED_TPM_MODEL,
    ENDORSED_PLATFORM_ISSUER, /* of the platform certificate, as the next */
    ENDORSED_PLATFORM_MANUFACTURER,
    ENDORSED_PLATFORM_MODEL,
    ENDORSED_PLATFORM_VERSION,
    ENDORSED_PLATFORM_SERIAL,
    ENDORSED_TEXTS
};

struct endorsed {
    struct span texts[ENDORSED_TEXTS]; /* printable; empty: no certificate says it */
};

/* The AK's attributes: restricted, signing, fixedTPM, fixedParent, sensitiveDataOrigin, an accepted
 * scheme with SHA-256 or better. Adds every reason; true when there was none. */
bool ak_check(const struct tpm_public *ak, struct reasons *reasons) MUST_CHECK;

/* The identity key: ECC or RSA signing key, not restricted, fixedTPM, fixedParent,
 * sensitiveDataOrigin, userWithAuth clear and authPolicy equal to policy. */
bool identity_key_check(const struct tpm_public *key, struct span policy,
                        struct reasons *reasons) MUST_CHECK;

/* A key's name: nameAlg || H(TPMT_PUBLIC). Part 1, 16. */
bool tpm_name(struct crypto *crypto, const struct tpm_public *public_area, uint8_t *name,
              size_t name_cap, size_t *name_len, struct error *error) MUST_CHECK;

struct credential_blob {
    uint8_t id_object[512]; /* TPM2B_ID_OBJECT, with its length */
    size_t id_object_len;
    uint8_t secret[600]; /* TPM2B_ENCRYPTED_SECRET, with its length */
    size_t secret_len;
};

/* TPM2_MakeCredential without a TPM: only the TPM with both keys can answer credential. */
bool make_credential(struct crypto *crypto, const struct tpm_public *ek, struct span ak_name,
                     struct span credential, struct credential_blob *blob,
                     struct error *error) MUST_CHECK;

/* The certify structure for the identity key: signed by the AK, fresh, naming that key. Adds the
 * reason and returns false when not. */
bool certify_verify(struct crypto *crypto, struct crypto_key *ak, struct span attest,
                    struct span signature, struct span qualifying_data, struct span key_name,
                    struct reasons *reasons) MUST_CHECK;

#endif
