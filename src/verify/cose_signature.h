/* Signatures of COSE_Sign1 (RFC 9052, section 4.4; RFC 9053, section 2). Says whether a key signed;
 * not whether the key is to be trusted. */
#ifndef BOOTSEAL_VERIFY_COSE_SIGNATURE_H
#define BOOTSEAL_VERIFY_COSE_SIGNATURE_H

#include "crypto/crypto.h"
#include "wire/cose_sign1.h"

/* *holds: the key signed header and payload, with the algorithm that the protected header names.
 * ERROR_UNSUPPORTED for algorithms other than ES256, ES384, ES512, PS256, PS384 and PS512;
 * ERROR_MEMORY. */
bool cose_signature_verify(struct crypto *crypto, const struct cose_sign1 *sign1,
                           struct crypto_key *key, struct arena *arena, bool *holds,
                           struct error *error) MUST_CHECK;

#endif
