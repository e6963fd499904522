/* Authenticode signatures as sbsign makes them, for tests. Failures end the program. */
#ifndef BOOTSEAL_TESTS_SUPPORT_SOFT_IMAGE_SIGNATURE_H
#define BOOTSEAL_TESTS_SUPPORT_SOFT_IMAGE_SIGNATURE_H

#include "base/span.h"

#include <openssl/x509.h>

/* What a signature says; zero means: as sbsign would. */
struct soft_image_signature {
    X509 *certificate;
    EVP_PKEY *key;
    struct span digest;       /* of the image: SHA-256 */
    const char *content_oid;  /* NULL: SpcIndirectDataContent */
    bool without_certificate; /* the message does not carry it */
    bool two_hashes;          /* digestAlgorithms names another one too */
    bool other_content;       /* messageDigest is over something else */
};

/* PKCS #7 DER into bytes, which has room for cap. */
struct span soft_image_signature_make(const struct soft_image_signature *wanted, uint8_t *bytes,
                                      size_t cap);

#endif
