/* Platform certificates: one that counts, then every check failing by itself. */
#include "support/crypto_arena.h"
#include "support/soft_certificate.h"
#include "support/soft_key.h"
#include "support/soft_platform.h"
#include "verify/platform_certificate.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { NOW_S = 1800000000 }; /* 2027 */

static struct {
    struct soft_key maker_key, other_key, tpm_issuer_key, ek_key;
    X509 *maker, *tpm_issuer, *ek;
    struct platform_issuers *issuers;
    uint8_t ek_der[4096], der[LIMIT_PLATFORM_CERTIFICATES][4096];
    struct soft_platform wanted;
    struct platform_request request;
    struct span certificates[LIMIT_PLATFORM_CERTIFICATES];
    struct platform_result result;
    struct reasons reasons;
} fixture;

static int setup(void **state)
{
    (void)crypto_arena_setup(state);
    soft_key_rsa(&fixture.maker_key, 2048);
    soft_key_ecc(&fixture.other_key, TPM_ECC_NIST_P384);
    soft_key_ecc(&fixture.tpm_issuer_key, TPM_ECC_NIST_P256);
    soft_key_rsa(&fixture.ek_key, 2048);
    fixture.maker = soft_certificate_make(
        &(struct soft_certificate){.subject = "Acme platforms",
                                   .key = fixture.maker_key.pkey,
                                   .issuer_key = fixture.maker_key.pkey,
                                   .no_tpm_name = true});
    fixture.tpm_issuer = soft_certificate_make(
        &(struct soft_certificate){.subject = "TPM maker",
                                   .key = fixture.tpm_issuer_key.pkey,
                                   .issuer_key = fixture.tpm_issuer_key.pkey,
                                   .ca = true});
    fixture.ek = soft_certificate_make(
        &(struct soft_certificate){.key = fixture.ek_key.pkey,
                                   .issuer_key = fixture.tpm_issuer_key.pkey,
                                   .issuer = fixture.tpm_issuer});
    return 0;
}

static int teardown(void **state)
{
    soft_key_done(&fixture.maker_key);
    soft_key_done(&fixture.other_key);
    soft_key_done(&fixture.tpm_issuer_key);
    soft_key_done(&fixture.ek_key);
    X509_free(fixture.maker);
    X509_free(fixture.tpm_issuer);
    X509_free(fixture.ek);
    platform_issuers_free(fixture.issuers);
    return crypto_arena_teardown(state);
}

static void trust_only(X509 *issuer)
{
    uint8_t bytes[4096];
    struct error error;

    platform_issuers_free(fixture.issuers);
    fixture.issuers = platform_issuers_new(&error);
    assert_non_null(fixture.issuers);
    if (issuer)
        assert_true(platform_issuers_add(
            fixture.issuers, soft_certificate_der(issuer, bytes, sizeof bytes), &error));
}

/* Before each test: a trusted maker, and a certificate for the EK. */
static int good_certificate(void **state)
{
    (void)state;
    arena_reset(&arena);
    trust_only(fixture.maker);
    fixture.wanted = (struct soft_platform){
        .issuer_key = fixture.maker_key.pkey, .issuer = fixture.maker, .ek = fixture.ek};
    fixture.request = (struct platform_request){
        .ek_certificate = soft_certificate_der(fixture.ek, fixture.ek_der, sizeof fixture.ek_der),
        .certificates = fixture.certificates,
        .now_s = NOW_S};
    return 0;
}

/* Adds the certificate that is wanted now. */
static void add(void)
{
    size_t n = fixture.request.n_certificates++;

    fixture.certificates[n] = soft_platform_make(&fixture.wanted, fixture.der[n],
                                                 sizeof fixture.der[n]);
}

static bool check(void)
{
    fixture.reasons = (struct reasons){0};
    fixture.result = (struct platform_result){0};
    return platform_certificates_check(crypto, fixture.issuers, &fixture.request, &arena,
                                       &fixture.result, &fixture.reasons);
}

/* The certificate wanted now does not count, for this reason alone. */
static void assert_refused(enum reason_code code, const char *detail)
{
    add();
    assert_false(check());
    assert_int_equal(fixture.reasons.n_items, 1);
    assert_int_equal(fixture.reasons.items[0].code, code);
    if (!strstr(fixture.reasons.items[0].message, detail))
        fail_msg("\"%s\" is not in \"%s\"", detail, fixture.reasons.items[0].message);
    assert_null(fixture.result.model);
}

static void assert_counts(void)
{
    add();
    assert_true(check());
    assert_int_equal(fixture.reasons.n_items, 0);
    assert_string_equal(fixture.result.manufacturer, "Acme");
    assert_string_equal(fixture.result.model, "Anvil 3000");
    assert_string_equal(fixture.result.version, "2");
    assert_string_equal(fixture.result.issuer, "CN=Acme platforms");
}

static void a_sound_one_counts(void **state)
{
    (void)state;
    assert_counts();
    assert_string_equal(fixture.result.serial, "4711");
}

static void older_types_count(void **state)
{
    (void)state;
    fixture.wanted.older_types = true;
    assert_counts();
    assert_string_equal(fixture.result.serial, "");
}

static void other_hashes_and_keys_count(void **state)
{
    const EVP_MD *hashes[] = {EVP_sha256(), EVP_sha384(), EVP_sha512()};
    X509 *maker = soft_certificate_make(
        &(struct soft_certificate){.subject = "Acme platforms",
                                   .key = fixture.other_key.pkey,
                                   .issuer_key = fixture.other_key.pkey,
                                   .ca = true,
                                   .key_usage = "keyCertSign"});

    for (size_t i = 0; i < 3; i++) {
        good_certificate(state);
        fixture.wanted.hash = hashes[i];
        assert_counts();
        good_certificate(state);
        trust_only(maker);
        fixture.wanted.hash = hashes[i];
        fixture.wanted.issuer_key = fixture.other_key.pkey;
        assert_counts();
    }
    X509_free(maker);
}

static void a_weak_hash_does_not(void **state)
{
    (void)state;
    fixture.wanted.hash = EVP_sha1();
    assert_refused(REASON_PLATFORM_CERTIFICATE, "of a kind that does not count");
}

static void another_holder_does_not(void **state)
{
    X509 *other;

    (void)state;
    fixture.wanted.holder_serial_differs = true;
    assert_refused(REASON_PLATFORM_HOLDER, "names another EK certificate");

    /* the same number, from another issuer */
    other = soft_certificate_make(&(struct soft_certificate){.subject = "Other TPM maker",
                                                             .key = fixture.ek_key.pkey,
                                                             .issuer_key = fixture.ek_key.pkey});
    good_certificate(state);
    fixture.wanted.ek = other;
    assert_refused(REASON_PLATFORM_HOLDER, "names another EK certificate");
    X509_free(other);
}

static void a_wrong_signature_does_not(void **state)
{
    (void)state;
    fixture.wanted.issuer_key = fixture.ek_key.pkey; /* RSA, as the issuer's */
    assert_refused(REASON_PLATFORM_ISSUER, "not that of the issuer it names");
    good_certificate(state);
    fixture.wanted.issuer_key = fixture.other_key.pkey; /* another kind of key */
    assert_refused(REASON_PLATFORM_ISSUER, "not that of the issuer it names");
}

/* Whatever byte of what is signed is another. */
static void no_signed_byte_may_change(void **state)
{
    (void)state;
    add();
    for (size_t i = 0; i < fixture.certificates[0].len; i++) {
        fixture.der[0][i] ^= 0x01;
        assert_false(check());
        assert_int_equal(fixture.reasons.n_items, 1);
        fixture.der[0][i] ^= 0x01;
    }
    assert_true(check());
}

static void cut_short_it_does_not(void **state)
{
    (void)state;
    add();
    for (size_t len = fixture.certificates[0].len; len-- > 0;) {
        fixture.certificates[0].len = len;
        assert_false(check());
        assert_int_equal(fixture.reasons.items[0].code, REASON_PLATFORM_CERTIFICATE);
    }
}

static void an_unknown_issuer_does_not(void **state)
{
    (void)state;
    trust_only(NULL);
    assert_refused(REASON_PLATFORM_ISSUER, "not one that the operator trusts");
    good_certificate(state);
    trust_only(fixture.tpm_issuer);
    assert_refused(REASON_PLATFORM_ISSUER, "not one that the operator trusts");
}

/* A maker's root may be trusted, and all that it signed is not: other keys of a maker sign other things. */
static void what_a_trusted_issuer_certified_does_not(void **state)
{
    X509 *root = soft_certificate_make(
        &(struct soft_certificate){.subject = "Acme root",
                                   .key = fixture.other_key.pkey,
                                   .issuer_key = fixture.other_key.pkey,
                                   .ca = true});
    X509 *below = soft_certificate_make(
        &(struct soft_certificate){.subject = "Acme web server",
                                   .key = fixture.maker_key.pkey,
                                   .issuer_key = fixture.other_key.pkey,
                                   .issuer = root,
                                   .key_usage = "digitalSignature"});

    (void)state;
    trust_only(root);
    fixture.wanted.issuer = below;
    assert_refused(REASON_PLATFORM_ISSUER, "not one that the operator trusts");
    X509_free(below);
    X509_free(root);
}

static void an_issuer_that_may_not_sign_does_not(void **state)
{
    X509 *maker = soft_certificate_make(
        &(struct soft_certificate){.subject = "Acme platforms",
                                   .key = fixture.maker_key.pkey,
                                   .issuer_key = fixture.maker_key.pkey,
                                   .no_tpm_name = true,
                                   .key_usage = "keyEncipherment"});

    (void)state;
    trust_only(maker);
    assert_refused(REASON_PLATFORM_ISSUER, "not one that the operator trusts");
    X509_free(maker);
}

static void an_issuer_of_the_past_does_not(void **state)
{
    X509 *maker = soft_certificate_make(
        &(struct soft_certificate){.subject = "Acme platforms",
                                   .key = fixture.maker_key.pkey,
                                   .issuer_key = fixture.maker_key.pkey,
                                   .no_tpm_name = true,
                                   .not_after = "20260101000000Z"});
    uint8_t bytes[4096];
    struct error error;

    (void)state;
    trust_only(maker);
    assert_refused(REASON_PLATFORM_ISSUER, "not valid now");
    /* its newer certificate, of the same name, makes up for it */
    assert_true(platform_issuers_add(
        fixture.issuers, soft_certificate_der(fixture.maker, bytes, sizeof bytes), &error));
    assert_true(check());
    X509_free(maker);
}

static void out_of_its_time_it_does_not(void **state)
{
    (void)state;
    fixture.wanted.not_after = "20270115075959Z"; /* a second before NOW_S */
    assert_refused(REASON_PLATFORM_CERTIFICATE, "not valid now");
    good_certificate(state);
    fixture.wanted.not_before = "20270115080001Z";
    assert_refused(REASON_PLATFORM_CERTIFICATE, "not valid now");
    good_certificate(state);
    fixture.wanted.not_before = fixture.wanted.not_after = "20270115080000Z";
    assert_counts();
}

static void a_delta_does_not(void **state)
{
    (void)state;
    fixture.wanted.delta = true;
    fixture.wanted.critical_oid = "2.5.29.55";
    assert_refused(REASON_PLATFORM_CERTIFICATE, "delta");
}

/* One that does not count takes nothing from one that does. */
static void several_are_judged_one_by_one(void **state)
{
    (void)state;
    fixture.wanted.delta = true;
    add();
    fixture.wanted.delta = false;
    add();
    add();
    assert_true(check());
    assert_int_equal(fixture.reasons.n_items, 1);
    assert_string_equal(fixture.result.model, "Anvil 3000");
}

static void two_machines_are_none(void **state)
{
    (void)state;
    add();
    fixture.wanted.serial = "4712";
    assert_refused(REASON_PLATFORM_CERTIFICATE, "different machines");
}

static void an_ek_certificate_that_is_none_proves_nothing(void **state)
{
    (void)state;
    fixture.request.ek_certificate = span_text("none");
    assert_refused(REASON_EK_CERTIFICATE, "");
}

static void issuers_must_be_certificates(void **state)
{
    struct error error;

    (void)state;
    assert_false(platform_issuers_add(fixture.issuers, span_text("none"), &error));
    assert_int_equal(error.code, ERROR_MALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_sound_one_counts, good_certificate),
        cmocka_unit_test_setup(older_types_count, good_certificate),
        cmocka_unit_test_setup(other_hashes_and_keys_count, good_certificate),
        cmocka_unit_test_setup(a_weak_hash_does_not, good_certificate),
        cmocka_unit_test_setup(another_holder_does_not, good_certificate),
        cmocka_unit_test_setup(a_wrong_signature_does_not, good_certificate),
        cmocka_unit_test_setup(no_signed_byte_may_change, good_certificate),
        cmocka_unit_test_setup(cut_short_it_does_not, good_certificate),
        cmocka_unit_test_setup(an_unknown_issuer_does_not, good_certificate),
        cmocka_unit_test_setup(what_a_trusted_issuer_certified_does_not, good_certificate),
        cmocka_unit_test_setup(an_issuer_that_may_not_sign_does_not, good_certificate),
        cmocka_unit_test_setup(an_issuer_of_the_past_does_not, good_certificate),
        cmocka_unit_test_setup(out_of_its_time_it_does_not, good_certificate),
        cmocka_unit_test_setup(a_delta_does_not, good_certificate),
        cmocka_unit_test_setup(several_are_judged_one_by_one, good_certificate),
        cmocka_unit_test_setup(two_machines_are_none, good_certificate),
        cmocka_unit_test_setup(an_ek_certificate_that_is_none_proves_nothing, good_certificate),
        cmocka_unit_test_setup(issuers_must_be_certificates, good_certificate),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
