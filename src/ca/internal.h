/* What the files of src/ca share. Not for others. */
#ifndef BOOTSEAL_CA_INTERNAL_H
#define BOOTSEAL_CA_INTERNAL_H

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "ca/ca.h"

struct ca {
    EVP_PKEY *key;
    X509 *certificate;
    EVP_PKEY *policy_key;
    X509_EXTENSION *leaf_constraints, *leaf_usage, *authority; /* the same in every leaf */
    unsigned char *der;
    size_t der_len;
    char trust_domain[LIMIT_NAME_LEN + 1];
    uint8_t policy_public[128];
    size_t policy_public_len;
};

/* ERROR_CRYPTO with OpenSSL's own reason behind what; empties its error queue. Returns false. */
bool ca_crypto_error(struct error *error, const char *what);

/* Sets version 3, a random serial (kept in serial), validity, issuer and key (NULL: the caller
 * does). */
bool ca_certificate_begin(X509 *certificate, const X509_NAME *issuer, EVP_PKEY *key,
                          int64_t not_before_s, int64_t not_after_s, uint8_t serial[CA_SERIAL_LEN]);

/* Adds the extension written in OpenSSL's own notation (x509v3_config). */
bool ca_add_extension(X509 *certificate, X509 *issuer, int nid, const char *value);

/* A one-entry subject: CN. */
bool ca_set_subject(X509 *certificate, const char *common_name);

#endif
