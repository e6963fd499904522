#include "claims/digest.h"

#include "wire/cbor.h"

static void write_item(struct cbor_writer *writer, const struct claim_item *item)
{
    cbor_write_array(writer, 3);
    cbor_write_uint(writer, item->kind);
    cbor_write_uint(writer, item->alg);
    cbor_write_bytes(writer, item->bytes);
}

static void write_claim(struct cbor_writer *writer, enum claim_id id, const struct claim *claim)
{
    cbor_write_array(writer, 3);
    cbor_write_bool(writer, claim->known);
    cbor_write_uint(writer, claim->known ? claim->grade : CLAIM_UNPROVEN);
    if (!claim->known) {
        cbor_write_array(writer, 0);
        return;
    }
    switch (claim_type(id)) {
    case CLAIM_BOOL:
        cbor_write_bool(writer, claim->is_true);
        break;
    case CLAIM_TEXT:
        cbor_write_bytes(writer, span_text(claim->text));
        break;
    case CLAIM_LIST:
        cbor_write_array(writer, claim->n_items);
        for (size_t i = 0; i < claim->n_items; i++)
            write_item(writer, &claim->items[i]);
        break;
    }
}

bool claims_digest(struct crypto *crypto, const struct claims *claims,
                   const bool collected[CLAIM_IDS], struct span instead, struct arena *arena,
                   uint8_t digests[CLAIM_IDS][CLAIM_DIGEST_LEN], struct error *error)
{
    for (int id = 0; id < CLAIM_IDS; id++) {
        struct cbor_writer writer = cbor_writer_init(arena);
        struct crypto_digest digest;
        struct span bytes;

        if (collected[id])
            write_claim(&writer, (enum claim_id)id, &claims->claims[id]);
        else
            cbor_write_bytes(&writer, instead);
        if (!cbor_writer_done(&writer, &bytes, error))
            return false;
        crypto_hash_span(crypto, TPM_ALG_SHA256, bytes, &digest);
        memcpy(digests[id], digest.bytes, CLAIM_DIGEST_LEN);
    }
    return true;
}
