/* Certificates of a TPM maker that exists only in tests. Failures end the program. */
#ifndef BOOTSEAL_TESTS_SUPPORT_SOFT_CERTIFICATE_H
#define BOOTSEAL_TESTS_SUPPORT_SOFT_CERTIFICATE_H

#include "base/span.h"

#include <openssl/x509.h>

/* What a certificate says; zero means: as an ordinary EK certificate of today would. */
struct soft_certificate {
    const char *subject; /* common name; NULL for an empty subject */
    EVP_PKEY *key;       /* the public key it names */
    EVP_PKEY *issuer_key;
    X509 *issuer; /* NULL: self-signed */
    bool ca;
    bool v1;                    /* version 1, without extensions */
    bool oaep;                  /* key type id-RSAES-OAEP, as Infineon writes it */
    bool no_tpm_name;           /* no TPM manufacturer, model and version in the SAN */
    const char *key_usage;      /* "keyEncipherment"; NULL leaves it out */
    const char *extended_usage; /* "2.23.133.8.1"; NULL leaves it out */
    const char *critical_oid;   /* one more critical extension */
    const EVP_MD *hash;         /* NULL: SHA-256 */
    const char *not_after;      /* "99991231235959Z" when NULL */
};

X509 *soft_certificate_make(const struct soft_certificate *wanted);

/* DER into bytes, which has room for cap. */
struct span soft_certificate_der(X509 *x509, uint8_t *bytes, size_t cap);

#endif
