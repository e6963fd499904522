#include "support/soft_key.h"
#include "support/tls_pair.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* A TLS server that demands a client certificate, in memory, against a client whose key only our
 * provider can use. The key is in software here; scenario tests have it in a TPM. */

struct parties {
    struct soft_key key; /* the client's; the provider sees the callback only */
    struct key_provider_key provided;
    struct error sign_error;
    int n_signatures;
    bool refuse;
    X509 *certificate;
};

static bool sign_digest(void *context, struct span digest, struct tpm_ecdsa *signature,
                        struct error *error)
{
    struct parties *parties = context;
    EVP_PKEY_CTX *signer;
    unsigned char der[80];
    const unsigned char *at = der;
    size_t len = sizeof der;
    ECDSA_SIG *pair;

    if (parties->refuse)
        return error_plain(error, ERROR_DENIED, "not in the approved state");
    parties->n_signatures++;
    signer = EVP_PKEY_CTX_new(parties->key.pkey, NULL);
    assert_true(EVP_PKEY_sign_init(signer) == 1 &&
                EVP_PKEY_sign(signer, der, &len, digest.data, digest.len) == 1);
    pair = d2i_ECDSA_SIG(NULL, &at, (long)len);
    BN_bn2binpad(ECDSA_SIG_get0_r(pair), signature->r, 32);
    BN_bn2binpad(ECDSA_SIG_get0_s(pair), signature->s, 32);
    ECDSA_SIG_free(pair);
    EVP_PKEY_CTX_free(signer);
    return true;
}

static int set_up(void **state)
{
    struct parties *parties = calloc(1, sizeof *parties);
    struct error error;

    soft_key_ecc(&parties->key, TPM_ECC_NIST_P256);
    soft_key_encode(&parties->key);
    parties->certificate = tls_pair_certificate(parties->key.pkey, "host", NULL, NULL);
    assert_true(key_provider_key_init(parties->key.public_area.whole, sign_digest, parties,
                                      &parties->sign_error, &parties->provided, &error));
    *state = parties;
    return 0;
}

static int tear_down(void **state)
{
    struct parties *parties = *state;

    soft_key_done(&parties->key);
    X509_free(parties->certificate);
    free(parties);
    return 0;
}

static bool handshake(const struct parties *parties, int version)
{
    return tls_pair_handshake(&parties->provided, parties->certificate, parties->certificate,
                              version);
}

static void tls_1_3_authenticates_with_the_key(void **state)
{
    struct parties *parties = *state;

    assert_true(handshake(parties, TLS1_3_VERSION));
    assert_int_equal(parties->n_signatures, 1);
}

static void tls_1_2_authenticates_with_the_key(void **state)
{
    struct parties *parties = *state;

    assert_true(handshake(parties, TLS1_2_VERSION));
    assert_int_equal(parties->n_signatures, 1);
}

static void a_key_that_refuses_fails_the_handshake_and_says_why(void **state)
{
    struct parties *parties = *state;

    parties->refuse = true;
    assert_false(handshake(parties, TLS1_3_VERSION));
    assert_int_equal(parties->sign_error.code, ERROR_DENIED);
    assert_string_equal(parties->sign_error.message, "not in the approved state");
}

static void a_certificate_of_another_key_is_refused(void **state)
{
    struct parties *parties = *state;
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    EVP_PKEY *other = EVP_EC_gen("P-256");
    X509 *certificate = tls_pair_certificate(other, "other", NULL, NULL);
    struct error error;

    assert_false(tls_pair_use(ctx, &parties->provided, certificate, &error));
    assert_int_equal(error.code, ERROR_CRYPTO);
    X509_free(certificate);
    EVP_PKEY_free(other);
    SSL_CTX_free(ctx);
}

static void only_p256_keys_are_taken(void **state)
{
    struct parties *parties = *state;
    struct key_provider_key key;
    struct soft_key other;
    struct error error;

    soft_key_ecc(&other, TPM_ECC_NIST_P384);
    soft_key_encode(&other);
    assert_false(key_provider_key_init(other.public_area.whole, sign_digest, parties,
                                       &parties->sign_error, &key, &error));
    assert_int_equal(error.code, ERROR_UNSUPPORTED);
    soft_key_done(&other);
}

/* OpenSSL's own keys must not end up in our provider once it is loaded. */
static void other_keys_work_as_before(void **state)
{
    struct parties *parties = *state;
    EVP_PKEY *fresh = EVP_EC_gen("P-384"), *from_certificate;
    X509 *certificate = tls_pair_certificate(fresh, "other", NULL, NULL);

    from_certificate = X509_get_pubkey(parties->certificate);
    assert_true(X509_verify(parties->certificate, from_certificate) == 1);
    assert_true(X509_verify(certificate, fresh) == 1);
    EVP_PKEY_free(from_certificate);
    X509_free(certificate);
    EVP_PKEY_free(fresh);
}

#define WITH_PARTIES(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_PARTIES(tls_1_3_authenticates_with_the_key),
        WITH_PARTIES(tls_1_2_authenticates_with_the_key),
        WITH_PARTIES(a_key_that_refuses_fails_the_handshake_and_says_why),
        WITH_PARTIES(a_certificate_of_another_key_is_refused),
        WITH_PARTIES(only_p256_keys_are_taken),
        WITH_PARTIES(other_keys_work_as_before),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
