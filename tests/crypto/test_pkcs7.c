/* Who signed an image: read from messages like sbsign's, and believed only as far as it goes. */
#include "crypto/crypto.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <stdlib.h>

#include "support/soft_certificate.h"
#include "support/soft_image_signature.h"
#include "support/soft_key.h"

static struct soft_key key;
static X509 *certificate;
static struct arena arena;
static uint8_t buffer[8192];

static const uint8_t DIGEST[32] = {0x5A, 0x17};

static struct soft_image_signature sample(void)
{
    return (struct soft_image_signature){
        .certificate = certificate, .key = key.pkey, .digest = span_of(DIGEST, 32)};
}

static struct span make(const struct soft_image_signature *wanted)
{
    return soft_image_signature_make(wanted, buffer, sizeof buffer);
}

static void a_signature_names_its_signer_and_the_image(void **state)
{
    struct soft_image_signature wanted = sample();
    struct crypto_image_signature signature;
    struct error error;

    (void)state;
    assert_true(crypto_image_signature_decode(make(&wanted), &arena, &signature, &error));
    assert_true(signature.holds);
    assert_int_equal(signature.n_signers, 1);
    assert_string_equal(signature.signers[0].subject, "CN=Secure Boot Signer");
    assert_string_equal(signature.signers[0].issuer, "CN=Secure Boot Signer");
    assert_int_equal(signature.alg, TPM_ALG_SHA256);
    assert_true(span_equal(crypto_digest_span(&signature.digest), wanted.digest));
}

static void padding_behind_the_message_is_left_alone(void **state)
{
    struct soft_image_signature wanted = sample();
    struct crypto_image_signature signature;
    struct error error;
    struct span der = make(&wanted);

    (void)state;
    memset(buffer + der.len, 0, 7);
    assert_true(
        crypto_image_signature_decode(span_of(buffer, der.len + 7), &arena, &signature, &error));
    assert_true(signature.holds);
}

static void a_signature_over_something_else_does_not_hold(void **state)
{
    struct soft_image_signature wanted = sample();
    struct crypto_image_signature signature;
    struct error error;

    (void)state;
    wanted.other_content = true;
    assert_true(crypto_image_signature_decode(make(&wanted), &arena, &signature, &error));
    assert_false(signature.holds);
    wanted = sample();
    wanted.without_certificate = true;
    assert_true(crypto_image_signature_decode(make(&wanted), &arena, &signature, &error));
    assert_false(signature.holds);
    assert_string_equal(signature.signers[0].subject, "");
    assert_string_equal(signature.signers[0].issuer, "CN=Secure Boot Signer");
}

/* Whatever bit is changed: it is refused, or it does not hold, or nothing that was signed changed. */
static void no_changed_bit_makes_another_digest_hold(void **state)
{
    struct soft_image_signature wanted = sample();
    struct span der = make(&wanted);

    (void)state;
    for (size_t at = 0; at < der.len; at++) {
        struct crypto_image_signature signature;
        struct error error;

        buffer[at] ^= 1;
        if (crypto_image_signature_decode(der, &arena, &signature, &error) && signature.holds)
            assert_true(span_equal(crypto_digest_span(&signature.digest), wanted.digest));
        buffer[at] ^= 1;
        arena_reset(&arena);
    }
}

static void other_messages_are_refused(void **state)
{
    struct soft_image_signature wanted = sample();
    struct crypto_image_signature signature;
    struct error error = {0};
    struct span der;

    (void)state;
    wanted.content_oid = "1.3.6.1.4.1.311.2.1.5";
    assert_false(crypto_image_signature_decode(make(&wanted), &arena, &signature, &error));
    assert_int_equal(error.code, ERROR_MALFORMED);
    wanted.content_oid = "1.2.840.113549.1.7.1"; /* plain data */
    assert_false(crypto_image_signature_decode(make(&wanted), &arena, &signature, &error));
    wanted = sample();
    wanted.two_hashes = true;
    assert_false(crypto_image_signature_decode(make(&wanted), &arena, &signature, &error));
    wanted = sample();
    der = make(&wanted);
    for (size_t len = 0; len < der.len; len++) {
        uint8_t *copy = malloc(len ? len : 1);

        memcpy(copy, der.data, len);
        assert_false(crypto_image_signature_decode(span_of(copy, len), &arena, &signature, &error));
        assert_int_equal(error.code, ERROR_MALFORMED);
        free(copy);
    }
}

static int start(void **state)
{
    (void)state;
    soft_key_rsa(&key, 2048);
    certificate = soft_certificate_make(&(struct soft_certificate){.subject = "Secure Boot Signer",
                                                                   .key = key.pkey,
                                                                   .issuer_key = key.pkey,
                                                                   .no_tpm_name = true});
    arena = arena_init((size_t)16 * 1024 * 1024);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    X509_free(certificate);
    soft_key_done(&key);
    arena_done(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_signature_names_its_signer_and_the_image),
        cmocka_unit_test(padding_behind_the_message_is_left_alone),
        cmocka_unit_test(a_signature_over_something_else_does_not_hold),
        cmocka_unit_test(no_changed_bit_makes_another_digest_hold),
        cmocka_unit_test(other_messages_are_refused),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
