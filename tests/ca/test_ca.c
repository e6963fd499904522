/* What the authority issues, read back with OpenSSL and with our own readers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "ca/ca.h"
#include "crypto/crypto.h"

enum { NOW_S = 1800000000 };

struct fixture {
    struct arena arena;
    struct crypto *crypto;
    struct ca *ca;
    struct span key_pem, certificate_pem, policy_key_pem, host_spki;
    X509 *authority;
};

static X509 *parse(struct span der)
{
    const unsigned char *at = der.data;
    X509 *certificate = d2i_X509(NULL, &at, (long)der.len);

    assert_non_null(certificate);
    return certificate;
}

static int start(void **state)
{
    static struct fixture fixture;
    struct error error;
    struct span unused;

    fixture.arena = arena_init(1024 * 1024);
    fixture.crypto = crypto_new(&error);
    assert_true(ca_make_authority("fleet.example", NOW_S, &fixture.arena, &fixture.key_pem,
                                  &fixture.certificate_pem, &error));
    assert_true(ca_make_key(&fixture.arena, &fixture.policy_key_pem, NULL, &error));
    assert_true(ca_make_key(&fixture.arena, &unused, &fixture.host_spki, &error));
    fixture.ca = ca_open(fixture.key_pem, fixture.certificate_pem, fixture.policy_key_pem, &error);
    assert_non_null(fixture.ca);
    fixture.authority = parse(ca_certificate(fixture.ca));
    *state = &fixture;
    return 0;
}

static int end(void **state)
{
    struct fixture *fixture = *state;

    X509_free(fixture->authority);
    ca_free(fixture->ca);
    crypto_free(fixture->crypto);
    arena_done(&fixture->arena);
    return 0;
}

/* True when OpenSSL accepts certificate under the authority at time_s for the purpose. */
static bool verifies(struct fixture *fixture, X509 *certificate, time_t time_s, int purpose)
{
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    bool ok;

    X509_STORE_add_cert(store, fixture->authority);
    X509_STORE_CTX_init(context, store, certificate, NULL);
    X509_VERIFY_PARAM_set_flags(X509_STORE_CTX_get0_param(context), X509_V_FLAG_X509_STRICT);
    X509_VERIFY_PARAM_set_time(X509_STORE_CTX_get0_param(context), time_s);
    X509_STORE_CTX_set_purpose(context, purpose);
    ok = X509_verify_cert(context) == 1;
    X509_STORE_CTX_free(context);
    X509_STORE_free(store);
    return ok;
}

static struct ca_issued issue(struct fixture *fixture, const char *name, struct span spki)
{
    struct ca_identity_request request = {
        .name = name, .spki = spki, .not_before_s = NOW_S, .not_after_s = NOW_S + 600};
    struct ca_issued issued;
    struct error error;

    memset(request.host_id, 0xAB, sizeof request.host_id);
    assert_true(ca_issue_identity(fixture->ca, &request, &fixture->arena, &issued, &error));
    return issued;
}

static void test_identity_holds_until_its_end(void **state)
{
    struct fixture *fixture = *state;
    X509 *certificate = parse(issue(fixture, "web-1.example", fixture->host_spki).der);

    assert_true(verifies(fixture, certificate, NOW_S + 1, X509_PURPOSE_SSL_CLIENT));
    assert_true(verifies(fixture, certificate, NOW_S + 599, X509_PURPOSE_SSL_SERVER));
    assert_false(verifies(fixture, certificate, NOW_S + 601, X509_PURPOSE_SSL_CLIENT));
    assert_false(verifies(fixture, certificate, NOW_S - 1, X509_PURPOSE_SSL_CLIENT));
    assert_int_equal(X509_check_ca(certificate), 0);
    X509_free(certificate);
}

static void test_identity_names_the_host(void **state)
{
    static const char EXPECTED[] =
        "spiffe://fleet.example/host/"
        "abababababababababababababababababababababababababababababababab";
    struct fixture *fixture = *state;
    X509 *certificate = parse(issue(fixture, "web-1.example", fixture->host_spki).der);
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);

    /* SPIFFE X.509-SVID: exactly one URI. */
    assert_int_equal(sk_GENERAL_NAME_num(names), 2);
    assert_int_equal(sk_GENERAL_NAME_value(names, 0)->type, GEN_URI);
    assert_string_equal(
        ASN1_STRING_get0_data(sk_GENERAL_NAME_value(names, 0)->d.uniformResourceIdentifier),
        EXPECTED);
    assert_int_equal(X509_check_host(certificate, "web-1.example", 0, 0, NULL), 1);
    assert_int_equal(X509_check_host(certificate, "web-2.example", 0, 0, NULL), 0);
    GENERAL_NAMES_free(names);
    X509_free(certificate);
}

static void test_long_name_still_gives_a_certificate(void **state)
{
    struct fixture *fixture = *state;
    const char *name = "a-name-that-is-longer-than-a-common-name-may-be.in-a-domain-that-is-long-"
                       "enough.example";
    X509 *certificate = parse(issue(fixture, name, fixture->host_spki).der);

    assert_int_equal(X509_check_host(certificate, name, 0, 0, NULL), 1);
    X509_free(certificate);
}

static void test_identity_is_for_the_key_asked_for(void **state)
{
    struct fixture *fixture = *state;
    X509 *certificate = parse(issue(fixture, "web-1.example", fixture->host_spki).der);
    unsigned char *der = NULL;
    int len = i2d_PUBKEY(X509_get0_pubkey(certificate), &der);

    assert_int_equal(len, CA_SPKI_P256_LEN);
    assert_memory_equal(der, fixture->host_spki.data, (size_t)len);
    OPENSSL_free(der);
    X509_free(certificate);
}

static void test_other_keys_are_refused(void **state)
{
    struct fixture *fixture = *state;
    struct ca_identity_request request = {
        .name = "web-1.example", .not_before_s = NOW_S, .not_after_s = NOW_S + 600};
    struct ca_issued issued;
    struct error error;
    uint8_t spki[CA_SPKI_P256_LEN + 1];

    memcpy(spki, fixture->host_spki.data, CA_SPKI_P256_LEN);
    for (size_t len = 0; len < CA_SPKI_P256_LEN; len++) {
        request.spki = span_of(spki, len);
        assert_false(ca_issue_identity(fixture->ca, &request, &fixture->arena, &issued, &error));
    }
    request.spki = span_of(spki, CA_SPKI_P256_LEN + 1);
    assert_false(ca_issue_identity(fixture->ca, &request, &fixture->arena, &issued, &error));
    request.spki = span_of(spki, CA_SPKI_P256_LEN);
    for (size_t at = 0; at < CA_SPKI_P256_LEN; at++) {
        /* Every byte: the head must be that of P-256, and the point must be on the curve. */
        spki[at] ^= 1;
        assert_false(ca_issue_identity(fixture->ca, &request, &fixture->arena, &issued, &error));
        spki[at] ^= 1;
    }
    assert_true(ca_issue_identity(fixture->ca, &request, &fixture->arena, &issued, &error));
}

static void test_serials_differ(void **state)
{
    struct fixture *fixture = *state;
    struct ca_issued a = issue(fixture, "web-1.example", fixture->host_spki);
    struct ca_issued b = issue(fixture, "web-1.example", fixture->host_spki);

    assert_memory_not_equal(a.serial, b.serial, CA_SERIAL_LEN);
    assert_int_equal(a.serial[0] & 0xC0, 0x40);
}

static void test_server_certificate_has_names_and_addresses(void **state)
{
    struct fixture *fixture = *state;
    struct ca_server_request request = {.names = {"seal.example", "192.0.2.7", "::1"},
                                        .n_names = 3,
                                        .spki = fixture->host_spki,
                                        .not_before_s = NOW_S,
                                        .not_after_s = NOW_S + 600};
    struct ca_issued issued;
    struct error error;
    X509 *certificate;

    assert_true(ca_issue_server(fixture->ca, &request, &fixture->arena, &issued, &error));
    certificate = parse(issued.der);
    assert_int_equal(X509_check_host(certificate, "seal.example", 0, 0, NULL), 1);
    assert_int_equal(X509_check_ip_asc(certificate, "192.0.2.7", 0), 1);
    assert_int_equal(X509_check_ip_asc(certificate, "::1", 0), 1);
    assert_true(verifies(fixture, certificate, NOW_S + 1, X509_PURPOSE_SSL_SERVER));
    assert_false(verifies(fixture, certificate, NOW_S + 1, X509_PURPOSE_SSL_CLIENT));
    X509_free(certificate);
}

static void test_crl_lists_the_revoked(void **state)
{
    struct fixture *fixture = *state;
    struct ca_issued bad = issue(fixture, "bad.example", fixture->host_spki);
    struct ca_issued good = issue(fixture, "good.example", fixture->host_spki);
    struct ca_revoked revoked = {.revoked_s = NOW_S};
    struct span der;
    struct error error;
    const unsigned char *at;
    X509_CRL *crl;
    X509_REVOKED *entry;
    X509 *bad_certificate = parse(bad.der), *good_certificate = parse(good.der);

    memcpy(revoked.serial, bad.serial, sizeof revoked.serial);
    assert_true(
        ca_crl(fixture->ca, &revoked, 1, 7, NOW_S, NOW_S + 3600, &fixture->arena, &der, &error));
    at = der.data;
    crl = d2i_X509_CRL(NULL, &at, (long)der.len);
    assert_non_null(crl);
    assert_int_equal(X509_CRL_verify(crl, X509_get0_pubkey(fixture->authority)), 1);
    assert_int_equal(X509_CRL_get0_by_cert(crl, &entry, bad_certificate), 1);
    assert_int_equal(X509_CRL_get0_by_cert(crl, &entry, good_certificate), 0);
    X509_CRL_free(crl);
    X509_free(bad_certificate);
    X509_free(good_certificate);
}

static void test_approval_verifies_under_the_policy_key(void **state)
{
    struct fixture *fixture = *state;
    uint8_t message[64];
    struct tpm_public public_area;
    struct tpm_signature signature;
    struct crypto_key *key;
    struct span encoded;
    struct error error;

    memset(message, 0x11, 32);
    memset(message + 32, 0x22, 32);
    assert_true(ca_approve(fixture->ca, span_of(message, 32), span_of(message + 32, 32),
                           &fixture->arena, &encoded, &error));
    assert_true(tpm_signature_decode(encoded, &signature, &error));
    assert_true(tpm_public_decode(ca_policy_public(fixture->ca), &public_area, &error));
    assert_true(crypto_key_from_tpm(fixture->crypto, &public_area, &key, &error));
    assert_true(crypto_key_verify(fixture->crypto, key, span_of(message, 64), &signature));
    message[0] ^= 1;
    assert_false(crypto_key_verify(fixture->crypto, key, span_of(message, 64), &signature));
    crypto_key_free(key);
}

static void test_foreign_keys_do_not_open(void **state)
{
    struct fixture *fixture = *state;
    struct error error;

    assert_null(ca_open(fixture->policy_key_pem, fixture->certificate_pem, fixture->policy_key_pem,
                        &error));
    assert_int_equal(error.code, ERROR_MALFORMED);
    assert_null(
        ca_open(span_text("no"), fixture->certificate_pem, fixture->policy_key_pem, &error));
    assert_null(ca_open(fixture->key_pem, fixture->certificate_pem, span_text(""), &error));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_identity_holds_until_its_end),
        cmocka_unit_test(test_identity_names_the_host),
        cmocka_unit_test(test_long_name_still_gives_a_certificate),
        cmocka_unit_test(test_identity_is_for_the_key_asked_for),
        cmocka_unit_test(test_other_keys_are_refused),
        cmocka_unit_test(test_serials_differ),
        cmocka_unit_test(test_server_certificate_has_names_and_addresses),
        cmocka_unit_test(test_crl_lists_the_revoked),
        cmocka_unit_test(test_approval_verifies_under_the_policy_key),
        cmocka_unit_test(test_foreign_keys_do_not_open),
    };

    return cmocka_run_group_tests_name("ca", tests, start, end);
}
