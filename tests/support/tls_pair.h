/* A TLS server that demands a client certificate, and a client whose key is in our provider, joined in
 * memory. For tests; failures to set up end the program. */
#ifndef BOOTSEAL_TESTS_SUPPORT_TLS_PAIR_H
#define BOOTSEAL_TESTS_SUPPORT_TLS_PAIR_H

#include "tpm/key_provider.h"

#include <openssl/ssl.h>

/* A certificate of key, by an issuer, or self-signed when issuer is NULL. */
X509 *tls_pair_certificate(EVP_PKEY *key, const char *name, X509 *issuer, EVP_PKEY *issuer_key);

/* key_provider_use with one certificate. */
bool tls_pair_use(SSL_CTX *ctx, const struct key_provider_key *key, X509 *certificate,
                  struct error *error);

/* True when the server has accepted the client's certificate, issued by ca, and its signature. version
 * is TLS1_2_VERSION or TLS1_3_VERSION. */
bool tls_pair_handshake(const struct key_provider_key *key, X509 *certificate, X509 *ca,
                        int version);

#endif
