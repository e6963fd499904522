/* Decodes any bytes as a TPM key's public area, writes it again, and makes a key of it: what is
 * written reads as the same, and a key reads back from its SubjectPublicKeyInfo. */
#include <stdlib.h>

#include "crypto/crypto.h"
#include "fuzz.h"

static void check_encoding(const struct tpm_public *public_area)
{
    uint8_t bytes[LIMIT_TPM_STRUCT_LEN], bytes_again[LIMIT_TPM_STRUCT_LEN];
    struct writer writer = writer_init(bytes, sizeof bytes);
    struct writer writer_again = writer_init(bytes_again, sizeof bytes_again);
    struct tpm_public again;
    struct error error;

    tpm_public_encode(&writer, public_area);
    if (!tpm_public_decode(writer_span(&writer), &again, &error))
        abort();
    tpm_public_encode(&writer_again, &again);
    /* An exponent of 65537 may stand there as 0, so that only what we wrote is compared. */
    if (!span_equal(writer_span(&writer), writer_span(&writer_again)))
        abort();
    if (writer.len != public_area->whole.len)
        abort();
}

static void check_key(struct crypto *crypto, const struct tpm_public *public_area)
{
    struct arena arena = arena_init(1 << 16);
    struct crypto_key *key, *again;
    struct error error;
    struct span spki;

    if (!crypto_key_from_tpm(crypto, public_area, &key, &error))
        return;
    if (!crypto_key_spki(key, &arena, &spki, &error) ||
        !crypto_key_from_spki(crypto, spki, &again, &error) || !crypto_key_equal(key, again))
        abort();
    crypto_key_free(again);
    crypto_key_free(key);
    arena_done(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static struct crypto *crypto;
    struct tpm_public public_area;
    struct error error;

    if (!crypto && !(crypto = crypto_new(&error)))
        abort();
    if (!tpm_public_decode(span_of(data, len), &public_area, &error))
        return 0;
    check_encoding(&public_area);
    check_key(crypto, &public_area);
    return 0;
}
