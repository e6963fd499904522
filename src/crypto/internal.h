/* What the files of src/crypto share; nobody else includes this. */
#ifndef BOOTSEAL_CRYPTO_INTERNAL_H
#define BOOTSEAL_CRYPTO_INTERNAL_H

#include "crypto/crypto.h"

#include <openssl/evp.h>
#include <openssl/x509.h>

struct crypto {
    EVP_MD *sm3;
    EVP_MD_CTX *sm3_context;
    /* SHA-256 under an empty key, to be copied: looking the hash up costs more than using it. */
    EVP_MAC_CTX *hmac;
    struct crypto_fingerprints *fingerprints;
};

/* Nothing remembered yet; NULL without memory. free() ends it. */
struct crypto_fingerprints *crypto_fingerprints_new(void);

struct crypto_key {
    EVP_PKEY *pkey;
    uint16_t type;        /* TPM_ALG_RSA, TPM_ALG_ECC or TPM_ALG_EDDSA */
    uint16_t curve;       /* ECC: TPM_ECC_... */
    uint16_t scheme;      /* the only one it signs with; TPM_ALG_NULL for any */
    uint16_t scheme_hash; /* with the scheme */
    EVP_PKEY_CTX *verify; /* ready for verify_scheme and verify_hash; NULL before the first use */
    uint16_t verify_scheme, verify_hash;
};

/* What this folder needs to know of a curve. */
struct crypto_curve {
    uint16_t curve; /* TPM_ECC_... */
    const char *name;
    size_t len; /* bytes of a coordinate */
};

/* NULL for a curve that is not supported. */
const struct crypto_curve *crypto_curve_find(uint16_t curve);

/* OpenSSL's name of a hash algorithm, "SHA2-256"; NULL for what is none. */
const char *crypto_hash_name(uint16_t alg);

enum { CRYPTO_RSA_BITS_STRONG = 2048 }; /* shorter keys' signatures on files are weak */

/* Whether we can check signatures of the key on files; ERROR_UNSUPPORTED when not. */
bool crypto_signer_key_check(const EVP_PKEY *pkey, struct error *error) MUST_CHECK;

/* A distinguished name as text (RFC 4514), its UTF-8 kept, printable; NULL when the arena is full. */
const char *crypto_name_text(const X509_NAME *name, struct arena *arena);

/* Fills in ERROR_CRYPTO with what was tried and OpenSSL's own words, empties its error queue and
 * returns false. */
bool crypto_error(struct error *error, const char *what);

#endif
