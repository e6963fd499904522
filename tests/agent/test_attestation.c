/* When the agent has to come again, and when it asks for a certificate. */
#include "agent/attestation.h"
#include "support/soft_certificate.h"
#include "support/soft_key.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include <cmocka.h>

enum { LIFE_S = 900 };
static const int64_t NOW_S = 1800000000;

static struct crypto *crypto;
static struct arena arena;

static int set_up(void **state)
{
    struct error error;

    (void)state;
    arena = arena_init((size_t)1 << 20);
    crypto = crypto_new(&error);
    assert_non_null(crypto);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    crypto_free(crypto);
    arena_done(&arena);
    return 0;
}

static struct span certificate_until(int64_t ends_s)
{
    uint8_t *bytes = arena_alloc(&arena, LIMIT_CERTIFICATE_LEN);
    time_t at = (time_t)ends_s;
    struct soft_key key;
    struct tm ends;
    char text[32];
    struct span der;
    X509 *x509;

    strftime(text, sizeof text, "%Y%m%d%H%M%SZ", gmtime_r(&at, &ends));
    soft_key_ecc(&key, TPM_ECC_NIST_P256);
    x509 = soft_certificate_make(&(struct soft_certificate){
        .subject = "host", .key = key.pkey, .issuer_key = key.pkey, .not_after = text});
    der = soft_certificate_der(x509, bytes, LIMIT_CERTIFICATE_LEN);
    X509_free(x509);
    soft_key_done(&key);
    return der;
}

/* After an answer at NOW_S whose verdict lives for LIFE_S, with or without a certificate in it. */
static struct attestation answered(struct span certificate, bool brought)
{
    static const uint8_t BYTES[200] = {1};
    struct attestation attestation = {
        .state = {.certificates = {certificate}, .n_certificates = 1, .answered_s = NOW_S},
        .answer = {.verdict = VERDICT_TRUSTED,
                   .ends_s = (uint64_t)(NOW_S + LIFE_S),
                   .challenge = {.nonce = span_of(BYTES, 32),
                                 .bank = TPM_ALG_SHA256,
                                 .pcrs = 1,
                                 .policy_key = span_of(BYTES, 90),
                                 .policy_ref = span_of(BYTES, 32)},
                   .certificates = {certificate},
                   .n_certificates = brought ? 1 : 0}};
    struct error error;

    assert_true(
        attest_answer_encode(&attestation.answer, &arena, &attestation.state.answer, &error));
    return attestation;
}

static bool needs(const struct attestation *attestation, int64_t now_s)
{
    return attestation_needs_certificate(crypto, &attestation->state, now_s, &arena);
}

static void the_earlier_end_counts(void **state)
{
    struct attestation attestation = answered(certificate_until(NOW_S + LIFE_S - 300), false);

    (void)state;
    assert_int_equal(attestation_ends_s(crypto, &attestation, &arena), NOW_S + LIFE_S - 300);
    attestation = answered(certificate_until(NOW_S + LIFE_S + 300), false);
    assert_int_equal(attestation_ends_s(crypto, &attestation, &arena), NOW_S + LIFE_S);
    attestation.state.n_certificates = 0;
    assert_int_equal(attestation_ends_s(crypto, &attestation, &arena), NOW_S + LIFE_S);
}

static void a_certificate_is_asked_for_when_there_is_none(void **state)
{
    struct attestation attestation = answered(certificate_until(NOW_S + LIFE_S), true);

    (void)state;
    assert_false(needs(&attestation, NOW_S));
    assert_false(needs(&attestation, NOW_S + LIFE_S - 1));
    assert_true(needs(&attestation, NOW_S + LIFE_S));
    attestation.state.n_certificates = 0;
    assert_true(needs(&attestation, NOW_S));
    attestation = answered(span_of("no certificate", 14), true);
    assert_true(needs(&attestation, NOW_S));
}

/* The service was due to bring one and did not: it believes in one that never came. */
static void a_certificate_that_is_due_is_asked_for(void **state)
{
    struct attestation attestation = answered(certificate_until(NOW_S + LIFE_S / 2), false);

    (void)state;
    assert_false(needs(&attestation, NOW_S + 1));
    attestation = answered(certificate_until(NOW_S + LIFE_S / 2 - 1), false);
    assert_true(needs(&attestation, NOW_S + 1));
    /* Certificates that are short by configuration come with every answer. */
    attestation = answered(certificate_until(NOW_S + LIFE_S / 2 - 1), true);
    assert_false(needs(&attestation, NOW_S + 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_earlier_end_counts),
        cmocka_unit_test(a_certificate_is_asked_for_when_there_is_none),
        cmocka_unit_test(a_certificate_that_is_due_is_asked_for),
    };

    return cmocka_run_group_tests_name("agent attestation", tests, set_up, tear_down);
}
