#include "support/soft_key.h"
#include "tpm/key_provider.h"

#include <openssl/ssl.h>
#include <openssl/x509.h>
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
    EVP_PKEY *server_key;
    X509 *server_certificate;
};

static bool sign_digest(void *context, struct span digest, struct tpm_ecdsa *signature,
                        struct error *error)
{
    struct parties *parties = context;
    EVP_PKEY_CTX *signer = EVP_PKEY_CTX_new(parties->key.pkey, NULL);
    unsigned char der[80];
    const unsigned char *at = der;
    size_t len = sizeof der;
    ECDSA_SIG *pair;

    if (parties->refuse)
        return error_plain(error, ERROR_DENIED, "not in the approved state");
    parties->n_signatures++;
    assert_true(EVP_PKEY_sign_init(signer) == 1 &&
                EVP_PKEY_sign(signer, der, &len, digest.data, digest.len) == 1);
    pair = d2i_ECDSA_SIG(NULL, &at, (long)len);
    BN_bn2binpad(ECDSA_SIG_get0_r(pair), signature->r, 32);
    BN_bn2binpad(ECDSA_SIG_get0_s(pair), signature->s, 32);
    ECDSA_SIG_free(pair);
    EVP_PKEY_CTX_free(signer);
    return true;
}

static X509 *self_signed(EVP_PKEY *key, const char *name)
{
    X509 *certificate = X509_new();
    X509_NAME *subject = X509_get_subject_name(certificate);

    X509_set_version(certificate, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0);
    X509_set_issuer_name(certificate, subject);
    X509_set_pubkey(certificate, key);
    assert_true(X509_sign(certificate, key, EVP_sha256()) > 0);
    return certificate;
}

static int set_up(void **state)
{
    struct parties *parties = calloc(1, sizeof *parties);
    struct error error;

    soft_key_ecc(&parties->key, TPM_ECC_NIST_P256);
    soft_key_encode(&parties->key);
    parties->certificate = self_signed(parties->key.pkey, "host");
    parties->server_key = EVP_EC_gen("P-256");
    parties->server_certificate = self_signed(parties->server_key, "server");
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
    X509_free(parties->server_certificate);
    EVP_PKEY_free(parties->server_key);
    free(parties);
    return 0;
}

static struct span der_of(X509 *certificate)
{
    unsigned char *der = NULL;
    int len = i2d_X509(certificate, &der);

    assert_true(len > 0);
    return span_of(der, (size_t)len);
}

static bool use(SSL_CTX *ctx, const struct parties *parties, X509 *certificate, struct error *error)
{
    struct span der = der_of(certificate);
    bool done = key_provider_use(ctx, &parties->provided, &der, 1, error);

    OPENSSL_free((void *)der.data);
    return done;
}

static SSL_CTX *server_context(const struct parties *parties, int version)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

    SSL_CTX_set_min_proto_version(ctx, version);
    SSL_CTX_set_max_proto_version(ctx, version);
    assert_true(SSL_CTX_use_certificate(ctx, parties->server_certificate) == 1);
    assert_true(SSL_CTX_use_PrivateKey(ctx, parties->server_key) == 1);
    X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), parties->certificate);
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    return ctx;
}

static SSL_CTX *client_context(const struct parties *parties)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    struct error error;

    X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), parties->server_certificate);
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
    if (!use(ctx, parties, parties->certificate, &error))
        fail_msg("%s", error.message);
    return ctx;
}

/* True when the server has seen the client's certificate and its signature. */
static bool handshake(const struct parties *parties, int version)
{
    SSL_CTX *server_ctx = server_context(parties, version), *client_ctx = client_context(parties);
    SSL *server = SSL_new(server_ctx), *client = SSL_new(client_ctx);
    BIO *server_end, *client_end;
    X509 *seen = NULL;
    bool done;

    BIO_new_bio_pair(&server_end, 0, &client_end, 0);
    SSL_set_bio(server, server_end, server_end);
    SSL_set_bio(client, client_end, client_end);
    SSL_set_accept_state(server);
    SSL_set_connect_state(client);
    for (int i = 0; i < 10; i++) {
        SSL_do_handshake(client);
        SSL_do_handshake(server);
    }
    done = SSL_is_init_finished(server) && SSL_is_init_finished(client);
    if (done)
        seen = SSL_get1_peer_certificate(server);
    done = seen && X509_cmp(seen, parties->certificate) == 0;
    X509_free(seen);
    SSL_free(client);
    SSL_free(server);
    SSL_CTX_free(client_ctx);
    SSL_CTX_free(server_ctx);
    return done;
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
    struct error error;

    assert_false(use(ctx, parties, parties->server_certificate, &error));
    assert_int_equal(error.code, ERROR_CRYPTO);
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
    X509 *certificate = self_signed(fresh, "other");

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
