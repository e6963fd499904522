/* Structured payloads of Windows records (Windows SDK wbcl.h): what is behind an id of sipa.def that is
 * neither a number nor a text. Frames, no more; spans point into the payload. */
#ifndef BOOTSEAL_WIRE_SIPA_PAYLOAD_H
#define BOOTSEAL_WIRE_SIPA_PAYLOAD_H

#include "base/reader.h"

struct sipa_si_policy {
    uint64_t version; /* 4 x 16 bits, major first */
    uint16_t alg;     /* TPM_ALG_ID */
    struct span name; /* UTF-16LE */
    struct span digest;
};

bool sipa_si_policy_decode(struct span payload, struct sipa_si_policy *policy,
                           struct error *error) MUST_CHECK;

struct sipa_revocation_list {
    int64_t creation_time; /* FILETIME: 100 ns since 1601 */
    uint16_t alg;
    struct span digest;
};

bool sipa_revocation_list_decode(struct span payload, struct sipa_revocation_list *list,
                                 struct error *error) MUST_CHECK;

struct sipa_sbcp {
    uint32_t version, options, n_signers;
    uint16_t alg;
    struct span digest;
};

bool sipa_sbcp_decode(struct span payload, struct sipa_sbcp *sbcp, struct error *error) MUST_CHECK;

/* Who signed a policy, or may sign its next version. */
struct sipa_signer {
    uint32_t root_id;         /* Windows' number of a well-known root; 0 none */
    struct span policy_name;  /* UTF-16LE, that of the SI_POLICY record */
    struct span ekus;         /* {u8 length, OID}... */
    struct span certificates; /* for sipa_signer_next */
    uint16_t n_ekus, n_certificates;
};

/* Checks the extended key usages and certificates as well. */
bool sipa_signer_decode(struct span payload, struct sipa_signer *signer,
                        struct error *error) MUST_CHECK;

struct sipa_certificate {
    struct span publisher, issuer; /* common names, UTF-16LE */
    uint32_t capi_alg;             /* of the digest of what was signed */
    struct span digest;
};

/* Takes the first certificate off rest. False when it cannot be read: after sipa_signer_decode only
 * when none is left. */
bool sipa_signer_next(struct span *rest, struct sipa_certificate *certificate,
                      struct error *error) MUST_CHECK;

struct sipa_vsm_key {
    uint32_t alg, bits;
    struct span exponent, modulus; /* big endian */
};

bool sipa_vsm_key_decode(struct span payload, struct sipa_vsm_key *key,
                         struct error *error) MUST_CHECK;

struct sipa_signature {
    uint32_t alg;
    struct span signature;
};

bool sipa_signature_decode(struct span payload, struct sipa_signature *signature,
                           struct error *error) MUST_CHECK;

/* What one LOADEDMODULE_AGGREGATION says of an image. */
struct sipa_module {
    struct span digest;                  /* Authenticode; never empty */
    uint16_t alg;                        /* TPM_ALG_ID of the digest; 0 when it is none known */
    struct span path, issuer, publisher; /* UTF-16LE; empty when not stated, as the next */
    struct span serial, thumbprint;
    bool states_validated, validated; /* the loader checked its signature */
    bool states_svn;
    uint32_t svn;
    size_t n_unknown; /* records that are not of an image */
};

/* Fails for an image without a digest, with one of another length than its hash has, and where it
 * says something twice. */
bool sipa_module_decode(struct span payload, struct sipa_module *module,
                        struct error *error) MUST_CHECK;

/* The TPM_ALG_ID of a hash that the Windows CryptoAPI numbers (0x800C is SHA-256); 0 for others. */
uint16_t sipa_capi_hash(uint32_t alg);

#endif
