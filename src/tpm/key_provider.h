/* An OpenSSL provider for one kind of key: ECDSA P-256 with SHA-256, held somewhere else, as in the
 * TPM. Made for the client side of TLS 1.2 and 1.3; it signs, and does nothing else.
 *
 * Owns the provider "bootseal-key" in the process's default OpenSSL context, loaded on first use.
 * OpenSSL's own provider stays the preferred one for every other key. Must never hold private key
 * bytes: it has none. */
#ifndef BOOTSEAL_TPM_KEY_PROVIDER_H
#define BOOTSEAL_TPM_KEY_PROVIDER_H

#include "tpm/tpm.h"

/* Signs a SHA-256 digest with the key. On false *error says why. */
typedef bool key_provider_sign_fn(void *context, struct span digest, struct tpm_ecdsa *signature,
                                  struct error *error);

struct key_provider_key {
    uint8_t point[65]; /* uncompressed: 0x04 || x || y */
    key_provider_sign_fn *sign;
    void *context;       /* lives as long as the SSL_CTX */
    struct error *error; /* filled in when sign fails, since TLS can only say "no"; lives as long */
};

/* Takes the public point of a TPMT_PUBLIC. ERROR_UNSUPPORTED when it is no P-256 key. */
bool key_provider_key_init(struct span public_area, key_provider_sign_fn *sign, void *context,
                           struct error *sign_error, struct key_provider_key *key,
                           struct error *error) MUST_CHECK;

/* Installs certificate chain (DER, leaf first) and key as the client's in an SSL_CTX (OpenSSL's).
 * The key is copied. ERROR_CRYPTO when they do not belong together. */
bool key_provider_use(void *ssl_ctx, const struct key_provider_key *key,
                      const struct span *certificates, size_t n_certificates,
                      struct error *error) MUST_CHECK;

#endif
