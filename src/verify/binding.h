/* What a quote is bound to: the one rule that agent and service share (docs/protocol.md).
 *
 * Built and compared whole (style rule 5). */
#ifndef BOOTSEAL_VERIFY_BINDING_H
#define BOOTSEAL_VERIFY_BINDING_H

#include "crypto/crypto.h"
#include "wire/evidence.h"

/* The qualifying data of quote and certify: SHA-256 over the deterministic CBOR array
 * ["bootseal attest v1", nonce, identity key name, [[kind, covered length, sha256]...], channel
 * binding]. identity_name and channel_binding may be empty. */
bool evidence_binding(struct crypto *crypto, const struct evidence *evidence, struct span nonce,
                      struct span identity_name, struct span channel_binding,
                      struct crypto_digest *binding, struct error *error) MUST_CHECK;

#endif
