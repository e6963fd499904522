/* Builds the qualifying data that agent and service compare whole (docs/protocol.md, section 3).
 *
 * Owns nothing, trusts nothing: lengths were capped by the decoder, and a value that does not fit
 * its place fails the writer. Never takes the nonce from the evidence on its own account: the
 * caller says which nonce is meant. */
#include "verify/binding.h"

#include "wire/cbor.h"

enum {
    LOG_LEN_MAX = 1 + 1 + 9 + 2 + 32,
    BINDING_LEN_MAX = 1 + 24 + (2 + LIMIT_NONCE_LEN) + (2 + 2 + LIMIT_TPM_DIGEST_LEN) + 1 +
                      LIMIT_EVIDENCE_LOGS * LOG_LEN_MAX + (2 + 32),
};

bool evidence_binding(struct crypto *crypto, const struct evidence *evidence, struct span nonce,
                      struct span identity_name, struct span channel_binding,
                      struct crypto_digest *binding, struct error *error)
{
    uint8_t buffer[BINDING_LEN_MAX];
    struct cbor_writer writer = cbor_writer_into(buffer, sizeof buffer);
    struct span bytes;

    cbor_write_array(&writer, 5);
    cbor_write_text(&writer, span_text("bootseal attest v1"));
    cbor_write_bytes(&writer, nonce);
    cbor_write_bytes(&writer, identity_name);
    cbor_write_array(&writer, evidence->n_logs);
    for (size_t i = 0; i < evidence->n_logs; i++) {
        cbor_write_array(&writer, 3);
        cbor_write_uint(&writer, evidence->logs[i].kind);
        cbor_write_uint(&writer, evidence->logs[i].covered_len);
        cbor_write_bytes(&writer, evidence->logs[i].sha256);
    }
    cbor_write_bytes(&writer, channel_binding);
    if (!cbor_writer_done(&writer, &bytes, error))
        return false;
    crypto_hash_span(crypto, TPM_ALG_SHA256, bytes, binding);
    return true;
}
