/* What the files of src/crypto share; nobody else includes this. */
#ifndef BOOTSEAL_CRYPTO_INTERNAL_H
#define BOOTSEAL_CRYPTO_INTERNAL_H

#include "crypto/crypto.h"

#include <openssl/evp.h>

struct crypto {
    EVP_MD *sm3;
    EVP_MD_CTX *sm3_context;
    EVP_MAC *hmac;
};

/* OpenSSL's name of a hash algorithm, "SHA2-256"; NULL for what is none. */
const char *crypto_hash_name(uint16_t alg);

/* Fills in ERROR_CRYPTO with what was tried and OpenSSL's own words, empties its error queue and
 * returns false. */
bool crypto_error(struct error *error, const char *what);

#endif
