#include "support/tls_pair.h"

#include <assert.h>
#include <openssl/x509v3.h>

/* Not assert alone: the calls must happen, and must succeed, in every build. */
static void demand(bool good)
{
    assert(good);
    if (!good)
        __builtin_trap();
}

X509 *tls_pair_certificate(EVP_PKEY *key, const char *name, X509 *issuer, EVP_PKEY *issuer_key)
{
    X509 *certificate = X509_new();
    X509_NAME *subject = X509_get_subject_name(certificate);

    X509_set_version(certificate, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0);
    X509_set_issuer_name(certificate, issuer ? X509_get_subject_name(issuer) : subject);
    X509_set_pubkey(certificate, key);
    if (!issuer) {
        X509_EXTENSION *ca = X509V3_EXT_conf_nid(NULL, NULL, NID_basic_constraints, "CA:TRUE");

        X509_add_ext(certificate, ca, -1);
        X509_EXTENSION_free(ca);
    }
    demand(X509_sign(certificate, issuer ? issuer_key : key, EVP_sha256()) > 0);
    return certificate;
}

bool tls_pair_use(SSL_CTX *ctx, const struct key_provider_key *key, X509 *certificate,
                  struct error *error)
{
    unsigned char *der = NULL;
    int len = i2d_X509(certificate, &der);
    struct span bytes;
    bool done;

    demand(len > 0);
    bytes = span_of(der, (size_t)len);
    done = key_provider_use(ctx, key, &bytes, 1, error);
    OPENSSL_free(der);
    return done;
}

static SSL_CTX *server_context(X509 *ca, int version)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = tls_pair_certificate(key, "server", NULL, NULL);

    SSL_CTX_set_min_proto_version(ctx, version);
    SSL_CTX_set_max_proto_version(ctx, version);
    demand(SSL_CTX_use_certificate(ctx, certificate) == 1);
    demand(SSL_CTX_use_PrivateKey(ctx, key) == 1);
    X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), ca);
    X509_STORE_set_flags(SSL_CTX_get_cert_store(ctx), X509_V_FLAG_PARTIAL_CHAIN);
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    X509_free(certificate);
    EVP_PKEY_free(key);
    return ctx;
}

static SSL_CTX *client_context(const struct key_provider_key *key, X509 *certificate)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    struct error error;

    demand(tls_pair_use(ctx, key, certificate, &error));
    return ctx;
}

static bool join(SSL *server, SSL *client)
{
    BIO *server_end, *client_end;

    BIO_new_bio_pair(&server_end, 0, &client_end, 0);
    SSL_set_bio(server, server_end, server_end);
    SSL_set_bio(client, client_end, client_end);
    SSL_set_accept_state(server);
    SSL_set_connect_state(client);
    for (int i = 0; i < 10; i++) {
        SSL_do_handshake(client);
        SSL_do_handshake(server);
    }
    return SSL_is_init_finished(server) && SSL_is_init_finished(client);
}

bool tls_pair_handshake(const struct key_provider_key *key, X509 *certificate, X509 *ca,
                        int version)
{
    SSL_CTX *server_ctx = server_context(ca, version);
    SSL_CTX *client_ctx = client_context(key, certificate);
    SSL *server = SSL_new(server_ctx), *client = SSL_new(client_ctx);
    X509 *seen = join(server, client) ? SSL_get1_peer_certificate(server) : NULL;
    bool done = seen && X509_cmp(seen, certificate) == 0;

    X509_free(seen);
    SSL_free(client);
    SSL_free(server);
    SSL_CTX_free(client_ctx);
    SSL_CTX_free(server_ctx);
    return done;
}
