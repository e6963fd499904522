/* Signatures of COSE_Sign1 (RFC 9052, section 4.4; RFC 9053, section 2; RFC 9864). Says whether a key signed;
 * not whether the key is to be trusted. */
#ifndef BOOTSEAL_VERIFY_COSE_SIGNATURE_H
#define BOOTSEAL_VERIFY_COSE_SIGNATURE_H

#include "crypto/crypto.h"
#include "wire/cose_sign1.h"

/* *holds: the key signed header and payload, with the algorithm that the protected header names.
 * ERROR_UNSUPPORTED for algorithms other than ES256, ES384, ES512, PS256, PS384, PS512 and EdDSA with Ed25519,
 * also by the numbers that name the curve; ERROR_MEMORY. */
bool cose_signature_verify(struct crypto *crypto, const struct cose_sign1 *sign1,
                           struct crypto_key *key, struct arena *arena, bool *holds,
                           struct error *error) MUST_CHECK;

/* Whether the thumbprint of the protected header (x5t; RFC 9360, 2) is the certificate's; true without
 * one. ERROR_UNSUPPORTED for hash algorithms other than SHA-256, SHA-384 and SHA-512. */
bool cose_thumbprint_fits(struct crypto *crypto, const struct cose_sign1 *sign1,
                          struct span certificate, bool *fits, struct error *error) MUST_CHECK;

#endif
