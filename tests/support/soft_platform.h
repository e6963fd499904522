/* Platform certificates of a maker of machines that exists only in tests. Failures end the program. */
#ifndef BOOTSEAL_TESTS_SUPPORT_SOFT_PLATFORM_H
#define BOOTSEAL_TESTS_SUPPORT_SOFT_PLATFORM_H

#include "base/span.h"

#include <openssl/x509.h>

/* What a certificate says; zero means: as an ordinary one of today would. */
struct soft_platform {
    EVP_PKEY *issuer_key;
    X509 *issuer; /* whose subject signs */
    X509 *ek;     /* the holder */
    const char *manufacturer, *model, *version,
        *serial;      /* NULL: "Acme", "Anvil 3000", "2", "4711" */
    bool older_types; /* those of TCG Credential Profiles 1.2, which have no serial number */
    bool named_twice; /* a second name of the platform's model */
    bool no_name;     /* no subjectAltName */
    bool delta;       /* of the type of delta certificates */
    bool other_type;  /* of an EK certificate's type */
    bool type_twice;  /* says its type two times */
    bool components;  /* two, of the second form, with all that one may say */
    bool holder_by_entity_name; /* and by nothing else */
    bool holder_digest;         /* a digest beside issuer and serial number */
    bool holder_serial_differs; /* by one */
    bool issuer_v1;             /* the form that RFC 5755 forbids */
    bool extension_twice;
    bool other_algorithm_inside;        /* than outside of what is signed */
    const char *critical_oid;           /* one more critical extension */
    bool long_boolean;                  /* by which it is critical */
    bool nul_in_model;                  /* one more byte behind the model */
    const EVP_MD *hash;                 /* NULL: SHA-256 */
    const char *not_before, *not_after; /* NULL: "20200101000000Z", "99991231235959Z" */
};

/* DER into bytes, which has room for cap. */
struct span soft_platform_make(const struct soft_platform *wanted, uint8_t *bytes, size_t cap);

#endif
