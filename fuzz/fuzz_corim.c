/* Decodes foreign bytes as a CoRIM or CoSWID, signed or not, and as what a signature says of itself.
 * Reaches: corim_decode, coswid_decode, corim_meta_decode, cose_sign1_decode, all of cbor_foreign. */
#include <stdlib.h>

#include "fuzz.h"
#include "wire/corim.h"
#include "wire/cose_sign1.h"
#include "wire/tpm_alg.h"

static bool lies_inside(struct span part, struct span whole)
{
    return part.len == 0 ||
           (part.data >= whole.data && part.data + part.len <= whole.data + whole.len);
}

typedef bool decoder(struct span bytes, size_t offset, struct arena *arena, struct corim *corim,
                     struct error *error);

static void decode(decoder *decode, struct span bytes, size_t offset, struct span whole)
{
    struct arena arena = arena_init((size_t)16 << 20);
    struct corim corim;
    struct error error;

    if (decode(bytes, offset, &arena, &corim, &error)) {
        for (size_t i = 0; i < corim.n_digests; i++) {
            const struct corim_digest *digest = &corim.digests[i];

            if (!lies_inside(digest->digest, bytes) || !lies_inside(digest->name, bytes) ||
                !lies_inside(digest->vendor, bytes) || !lies_inside(digest->version, bytes) ||
                digest->digest.len != tpm_digest_len(digest->alg))
                abort();
        }
        for (size_t i = 0; i < corim.n_dependents; i++)
            if (!lies_inside(corim.dependents[i], bytes))
                abort();
    } else if (error.offset != ERROR_NO_OFFSET && error.offset > whole.len) {
        abort();
    }
    arena_done(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct span bytes = span_of(data, len);
    struct corim_validity validity;
    struct cose_sign1 sign1;
    struct error error;

    (void)coswid_is(bytes);
    decode(corim_decode, bytes, 0, bytes);
    decode(coswid_decode, bytes, 0, bytes);
    if (cose_sign1_decode(bytes, &sign1, &error)) {
        if (!cose_sign1_is(bytes) || !lies_inside(sign1.payload, bytes) ||
            sign1.n_chain > LIMIT_CHAIN_CERTIFICATES ||
            sign1.payload.len == 0 != (sign1.payload.data == NULL))
            abort();
        for (size_t i = 0; i < sign1.n_chain; i++)
            if (!lies_inside(sign1.chain[i], bytes))
                abort();
        decode(corim_decode, sign1.payload, sign1.payload_offset, bytes);
        decode(coswid_decode, sign1.payload, sign1.payload_offset, bytes);
        (void)!corim_meta_decode(sign1.corim_meta, &validity, &error);
    }
    return 0;
}
