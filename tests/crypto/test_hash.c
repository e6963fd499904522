/* Known answers from FIPS 180-4's examples, GB/T 32905 and RFC 4231. */
#include "base/text.h"
#include "crypto/crypto.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static int make_crypto(void **state)
{
    struct error error = {0};

    *state = crypto_new(&error);
    return *state ? 0 : -1;
}

static int free_crypto(void **state)
{
    crypto_free(*state);
    return 0;
}

static void assert_digest(const struct crypto_digest *digest, const char *hex)
{
    char text[2 * LIMIT_TPM_DIGEST_LEN + 1];

    text_hex_into(text, crypto_digest_span(digest));
    assert_string_equal(text, hex);
}

static const struct {
    uint16_t alg;
    const char *abc;
} ANSWERS[] = {
    {TPM_ALG_SHA1, "a9993e364706816aba3e25717850c26c9cd0d89d"},
    {TPM_ALG_SHA256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {TPM_ALG_SHA384, "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
                     "8086072ba1e7cc2358baeca134c825a7"},
    {TPM_ALG_SHA512, "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
                     "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"},
    {TPM_ALG_SM3_256, "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"},
};

static void hashes_have_their_known_answers(void **state)
{
    struct span parts[] = {span_text("a"), span_text(""), span_text("bc")};

    for (size_t i = 0; i < sizeof ANSWERS / sizeof *ANSWERS; i++) {
        struct crypto_digest digest;

        crypto_hash_span(*state, ANSWERS[i].alg, span_text("abc"), &digest);
        assert_digest(&digest, ANSWERS[i].abc);
        crypto_hash(*state, ANSWERS[i].alg, parts, 3, &digest);
        assert_digest(&digest, ANSWERS[i].abc);
    }
}

static void extend_hashes_old_value_and_measured_digest(void **state)
{
    for (size_t i = 0; i < sizeof ANSWERS / sizeof *ANSWERS; i++) {
        uint8_t pcr[LIMIT_TPM_DIGEST_LEN] = {0};
        struct crypto_digest measured, expected;

        crypto_hash_span(*state, ANSWERS[i].alg, span_text("abc"), &measured);
        struct span parts[] = {span_of(pcr, measured.len), crypto_digest_span(&measured)};
        crypto_hash(*state, ANSWERS[i].alg, parts, 2, &expected);
        crypto_extend(*state, ANSWERS[i].alg, pcr, crypto_digest_span(&measured));
        assert_memory_equal(pcr, expected.bytes, expected.len);
    }
}

static void hmac_has_its_known_answers(void **state)
{
    struct crypto_digest mac;

    crypto_hmac(*state, TPM_ALG_SHA256, span_text("Jefe"),
                span_text("what do ya want for nothing?"), &mac);
    assert_digest(&mac, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    crypto_hmac(*state, TPM_ALG_SHA256, span_text(""), span_text(""), &mac);
    assert_digest(&mac, "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

static void equal_compares_length_and_bytes(void **state)
{
    (void)state;
    assert_true(crypto_equal(span_text("abc"), span_text("abc")));
    assert_true(crypto_equal(span_text(""), span_text("")));
    assert_false(crypto_equal(span_text("abc"), span_text("abd")));
    assert_false(crypto_equal(span_text("abc"), span_text("ab")));
}

static void random_bytes_differ(void **state)
{
    struct error error;
    uint8_t a[32] = {0}, b[32] = {0};

    (void)state;
    assert_true(crypto_random(a, sizeof a, &error));
    assert_true(crypto_random(b, sizeof b, &error));
    assert_memory_not_equal(a, b, sizeof a);
}

/* Certificates of many lengths and endings, more than are kept, each seen twice and then changed in
 * one byte: the digest is always that of the bytes given. */
static void fingerprints_are_those_of_the_very_bytes(void **state)
{
    uint8_t certificate[2100];
    struct crypto_digest plain, fingerprint;

    for (size_t len = 0; len <= sizeof certificate; len += len < 1990 ? 199 : 1) {
        for (unsigned round = 0; round < 6; round++) {
            struct span bytes = span_of(certificate, len);

            memset(certificate, (int)(len % 7), sizeof certificate);
            if (len)
                certificate[round / 2 * len / 3] ^= 1;
            crypto_hash_span(*state, TPM_ALG_SHA256, bytes, &plain);
            crypto_fingerprint(*state, bytes, &fingerprint);
            assert_true(span_equal(crypto_digest_span(&plain), crypto_digest_span(&fingerprint)));
        }
    }
}

static void algorithm_names_go_both_ways(void **state)
{
    (void)state;
    assert_int_equal(tpm_hash_by_name(span_text("sha384")), TPM_ALG_SHA384);
    assert_int_equal(tpm_hash_by_name(span_text("sha3")), 0);
    assert_int_equal(tpm_hash_by_name(span_text("rsassa")), 0);
    assert_string_equal(tpm_alg_name(TPM_ALG_RSASSA), "rsassa");
    assert_null(tpm_alg_name(0x7FFF));
    assert_int_equal(tpm_digest_len(TPM_ALG_SHA512), 64);
    assert_int_equal(tpm_digest_len(TPM_ALG_ECDSA), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hashes_have_their_known_answers),
        cmocka_unit_test(extend_hashes_old_value_and_measured_digest),
        cmocka_unit_test(hmac_has_its_known_answers),
        cmocka_unit_test(equal_compares_length_and_bytes),
        cmocka_unit_test(random_bytes_differ),
        cmocka_unit_test(fingerprints_are_those_of_the_very_bytes),
        cmocka_unit_test(algorithm_names_go_both_ways),
    };
    return cmocka_run_group_tests(tests, make_crypto, free_crypto);
}
