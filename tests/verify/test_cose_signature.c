/* Signatures of COSE_Sign1: the published example holds, and nothing else does. */
#include "verify/cose_signature.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/text.h"

/* RFC 9052, C.2.1, and the key "11" of C.7.1 as SubjectPublicKeyInfo. */
static const char EXAMPLE[] = "d28443a10126a10442313154546869732069732074686520636f6e74656e742e5840"
                              "8eb33e4ca31d1c465ab05aac34cc"
                              "6b23d58fef5c083106c4d25a91aef0b0117e2af9a291aa32e14ab834dc56ed2a2234"
                              "44547e01f11d3b0916e5a4c345ca"
                              "cb36";
static const char KEY[] =
    "3059301306072a8648ce3d020106082a8648ce3d03010703420004bac5b11cad8f99f9c72b05cf4b9e26d244dc189f"
    "74"
    "5228255a219a86d6a09eff20138bf82dc1b6d562be0fa54ab7804a3a64b6d72ccfed6b6fb6ed28bbfc117e";
/* The generator of P-256 as a public key. */
static const char OTHER_KEY[] =
    "3059301306072a8648ce3d020106082a8648ce3d030107034200046b17d1f2e12c4247f8bce6e563a440f277037d81"
    "2d"
    "eb33a0f4a13945d898c2964fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5";

struct fixture {
    uint8_t bytes[512], key[128];
    struct crypto *crypto;
    struct crypto_key *signer;
    struct arena arena;
    struct cose_sign1 sign1;
};
static struct fixture fixture;

static void load_key(const char *hex)
{
    struct error error = {0};
    size_t len;

    crypto_key_free(fixture.signer);
    fixture.signer = NULL;
    assert_true(text_unhex(span_text(hex), fixture.key, sizeof fixture.key, &len));
    assert_true(
        crypto_key_from_spki(fixture.crypto, span_of(fixture.key, len), &fixture.signer, &error));
}

static int begin(void **state)
{
    struct error error = {0};
    size_t len;

    (void)state;
    fixture = (struct fixture){.arena = arena_init(65536), .crypto = crypto_new(&error)};
    load_key(KEY);
    assert_true(text_unhex(span_text(EXAMPLE), fixture.bytes, sizeof fixture.bytes, &len));
    assert_true(cose_sign1_decode(span_of(fixture.bytes, len), &fixture.sign1, &error));
    return 0;
}

static int end(void **state)
{
    (void)state;
    crypto_key_free(fixture.signer);
    crypto_free(fixture.crypto);
    arena_done(&fixture.arena);
    return 0;
}

static bool holds(void)
{
    struct error error = {0};
    bool answer = false;

    assert_true(cose_signature_verify(fixture.crypto, &fixture.sign1, fixture.signer,
                                      &fixture.arena, &answer, &error));
    return answer;
}

static void the_published_example_holds(void **state)
{
    (void)state;
    assert_true(holds());
}

static void another_key_did_not_sign_it(void **state)
{
    (void)state;
    load_key(OTHER_KEY);
    assert_false(holds());
}

static void no_byte_of_it_can_change(void **state)
{
    const struct span parts[] = {fixture.sign1.protected_header, fixture.sign1.payload,
                                 fixture.sign1.signature};

    (void)state;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        for (size_t j = 0; j < parts[i].len; j++) {
            size_t at = (size_t)(parts[i].data - fixture.bytes) + j;

            fixture.bytes[at] ^= 1;
            assert_false(holds());
            fixture.bytes[at] ^= 1;
        }
    assert_true(holds());
}

static void a_signature_of_another_length_does_not_hold(void **state)
{
    struct span whole = fixture.sign1.signature;

    (void)state;
    for (size_t len = 0; len < whole.len; len++) {
        fixture.sign1.signature.len = len;
        assert_false(holds());
    }
}

static void the_algorithm_has_to_fit_the_key(void **state)
{
    static const int64_t OTHERS[] = {COSE_ES384,  COSE_ES512,  COSE_PS256, COSE_PS384,  COSE_PS512,
                                     COSE_ESP384, COSE_ESP512, COSE_EDDSA, COSE_ED25519};

    (void)state;
    for (size_t i = 0; i < sizeof OTHERS / sizeof *OTHERS; i++) {
        fixture.sign1.alg = OTHERS[i];
        assert_false(holds());
    }
}

static void other_algorithms_are_unsupported(void **state)
{
    static const int64_t OTHERS[] = {0, -53, -65535, -257, 5, INT64_MIN};
    struct error error = {0};
    bool answer = true;

    (void)state;
    for (size_t i = 0; i < sizeof OTHERS / sizeof *OTHERS; i++) {
        fixture.sign1.alg = OTHERS[i];
        assert_false(cose_signature_verify(fixture.crypto, &fixture.sign1, fixture.signer,
                                           &fixture.arena, &answer, &error));
        assert_int_equal(error.code, ERROR_UNSUPPORTED);
    }
    fixture.sign1.alg = COSE_ES256;
    arena_done(&fixture.arena);
    fixture.arena = arena_init(8);
    assert_false(cose_signature_verify(fixture.crypto, &fixture.sign1, fixture.signer,
                                       &fixture.arena, &answer, &error));
    assert_int_equal(error.code, ERROR_MEMORY);
    assert_true(answer); /* untouched */
}

/* RFC 8032, 7.1, test 1 as a SubjectPublicKeyInfo; what it signed here was made with another program. */
static const char ED25519_KEY[] =
    "302a300506032b6570032100d75a980182b10ab7d54bfed3c964073a0ee172f3daa6"
    "2325af021a68f707511a";
static const char ED25519_DOCUMENT[] =
    "d28443a10127a054546869732069732074686520636f6e74656e742e58406354488f9f290e36cd80e23762e664a5"
    "cb03e4267c66a8cffaef7c66d89a40bf2cbb8222432a08e5ee410d8b540c6931d26fb6af673f7e2100655d8bae76"
    "5c04";

static void open_ed25519(void)
{
    struct error error = {0};
    size_t len;

    load_key(ED25519_KEY);
    assert_true(text_unhex(span_text(ED25519_DOCUMENT), fixture.bytes, sizeof fixture.bytes, &len));
    assert_true(cose_sign1_decode(span_of(fixture.bytes, len), &fixture.sign1, &error));
}

static void ed25519_holds_by_both_its_numbers(void **state)
{
    (void)state;
    open_ed25519();
    assert_int_equal(fixture.sign1.alg, COSE_EDDSA);
    assert_true(holds());
    fixture.sign1.alg = COSE_ED25519;
    assert_true(holds());
    fixture.sign1.alg = COSE_ES256;
    assert_false(holds());
}

static void no_byte_of_an_ed25519_signature_can_change(void **state)
{
    struct span whole;

    (void)state;
    open_ed25519();
    whole = fixture.sign1.signature;
    for (size_t len = 0; len < whole.len; len++) {
        fixture.sign1.signature.len = len;
        assert_false(holds());
    }
    fixture.sign1.signature = whole;
    no_byte_of_it_can_change(state);
}

static void a_curve_that_is_named_has_its_length(void **state)
{
    (void)state;
    fixture.sign1.alg = COSE_ESP256;
    assert_true(holds());
    fixture.sign1.signature.len = 62;
    assert_false(holds());
}

static bool fits(int64_t alg, struct span thumbprint)
{
    struct error error = {0};
    bool answer = false;

    fixture.sign1.thumbprint_alg = alg;
    fixture.sign1.thumbprint = thumbprint;
    assert_true(cose_thumbprint_fits(fixture.crypto, &fixture.sign1, span_text("certificate"),
                                     &answer, &error));
    return answer;
}

static void a_thumbprint_names_one_certificate(void **state)
{
    static const int64_t ALGS[] = {-16, -43, -44};
    static const uint16_t HASHES[] = {TPM_ALG_SHA256, TPM_ALG_SHA384, TPM_ALG_SHA512};
    struct crypto_digest digest;
    struct error error = {0};
    bool answer = true;

    (void)state;
    assert_true(fits(0, span_of(NULL, 0)));
    for (size_t i = 0; i < sizeof ALGS / sizeof *ALGS; i++) {
        crypto_hash_span(fixture.crypto, HASHES[i], span_text("certificate"), &digest);
        assert_true(fits(ALGS[i], crypto_digest_span(&digest)));
        assert_false(fits(ALGS[i], span_of(digest.bytes, digest.len - 1)));
        digest.bytes[0] ^= 1;
        assert_false(fits(ALGS[i], crypto_digest_span(&digest)));
    }
    fixture.sign1.thumbprint_alg = -15; /* SHA-256/64 */
    assert_false(cose_thumbprint_fits(fixture.crypto, &fixture.sign1, span_text("certificate"),
                                      &answer, &error));
    assert_int_equal(error.code, ERROR_UNSUPPORTED);
    assert_true(answer); /* untouched */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_published_example_holds, begin, end),
        cmocka_unit_test_setup_teardown(another_key_did_not_sign_it, begin, end),
        cmocka_unit_test_setup_teardown(no_byte_of_it_can_change, begin, end),
        cmocka_unit_test_setup_teardown(a_signature_of_another_length_does_not_hold, begin, end),
        cmocka_unit_test_setup_teardown(the_algorithm_has_to_fit_the_key, begin, end),
        cmocka_unit_test_setup_teardown(other_algorithms_are_unsupported, begin, end),
        cmocka_unit_test_setup_teardown(ed25519_holds_by_both_its_numbers, begin, end),
        cmocka_unit_test_setup_teardown(no_byte_of_an_ed25519_signature_can_change, begin, end),
        cmocka_unit_test_setup_teardown(a_curve_that_is_named_has_its_length, begin, end),
        cmocka_unit_test_setup_teardown(a_thumbprint_names_one_certificate, begin, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
