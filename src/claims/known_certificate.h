/* Certificates of Secure Boot known by their fingerprint: Microsoft's, and keys that everybody has.
 *
 * Nothing is trusted for being in this table; a name is given to what a digest covers. */
#ifndef BOOTSEAL_CLAIMS_KNOWN_CERTIFICATE_H
#define BOOTSEAL_CLAIMS_KNOWN_CERTIFICATE_H

#include "crypto/crypto.h"

enum known_group {
    KNOWN_MICROSOFT_2011 = 1,
    KNOWN_MICROSOFT_2023 = 2,
    KNOWN_TEST_KEY = 4,
    KNOWN_ANY = 7,
};

enum known_use { KNOWN_IN_KEK = 1, KNOWN_IN_DB = 2, KNOWN_WINDOWS = 4 };

struct known_certificate {
    enum known_group group;
    unsigned uses; /* bits of enum known_use */
    const char *name;
    size_t der_len;
    struct span serial;
    const char *sha256; /* 32 bytes */
};

/* The certificate with these DER bytes; NULL when it is none of the groups (bits of enum known_group),
 * or crypto is NULL. Hashes only where length and serial number fit already. */
const struct known_certificate *known_certificate_find(struct crypto *crypto, struct span der,
                                                       unsigned groups);

/* True when the bytes have the form of one certificate: a DER SEQUENCE with a length of two bytes
 * that they fill (X.690 8.1.3). Nothing in it is parsed. */
bool certificate_is_framed(struct span bytes);

/* True for a key that the whole world has: one of the table, or a name with "DO NOT TRUST" or "DO NOT
 * SHIP", as the samples of firmware makers have that were shipped all the same (PKfail). */
bool certificate_is_test_key(struct crypto *crypto, struct span der);

#endif
