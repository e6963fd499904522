/* Certificates and scripted peers; see peer.h. */
#include "peer.h"

#include "http/tls.h"

#include <arpa/inet.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

/* --- Certificates --- */

static void extend(X509 *certificate, int nid, const char *value)
{
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

    assert_true(extension && X509_add_ext(certificate, extension, -1) == 1);
    X509_EXTENSION_free(extension);
}

static void pem_of(X509 *certificate, EVP_PKEY *key, char *text, size_t text_len)
{
    BIO *bio = BIO_new(BIO_s_mem());
    int len;

    assert_true(certificate ? PEM_write_bio_X509(bio, certificate)
                            : PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL));
    len = BIO_read(bio, text, (int)text_len - 1);
    assert_true(len > 0);
    text[len] = '\0';
    BIO_free(bio);
}

/* issuer NULL: signs itself. */
struct authority authority_issue(const char *name, const struct authority *issuer, struct wish wish)
{
    struct authority made = {.key = EVP_EC_gen("P-256"), .certificate = X509_new()};
    X509_NAME *subject = X509_get_subject_name(made.certificate);

    X509_set_version(made.certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(made.certificate), 1 + rand());
    X509_gmtime_adj(X509_getm_notBefore(made.certificate), -7200);
    X509_gmtime_adj(X509_getm_notAfter(made.certificate), wish.ends_s);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const uint8_t *)name, -1, -1, 0);
    X509_set_issuer_name(made.certificate,
                         issuer ? X509_get_subject_name(issuer->certificate) : subject);
    X509_set_pubkey(made.certificate, made.key);
    if (wish.signs)
        extend(made.certificate, NID_basic_constraints, "critical,CA:TRUE");
    if (wish.names)
        extend(made.certificate, NID_subject_alt_name, wish.names);
    assert_true(X509_sign(made.certificate, issuer ? issuer->key : made.key, EVP_sha256()) > 0);
    assert_int_equal(X509_digest(made.certificate, EVP_sha256(), made.sha256, NULL), 1);
    pem_of(made.certificate, NULL, made.pem, sizeof made.pem);
    return made;
}

struct authority authority_root(const char *name)
{
    return authority_issue(name, NULL, (struct wish){.ends_s = 3600, .signs = true});
}

struct authority authority_leaf(const struct authority *root)
{
    return authority_issue("service", root,
                           (struct wish){.names = "DNS:service.test,IP:127.0.0.1", .ends_s = 3600});
}

void authority_drop(struct authority *authority)
{
    X509_free(authority->certificate);
    EVP_PKEY_free(authority->key);
}

/* --- A peer that does what it is told --- */

static int peer_read(int fd, SSL *ssl, char *bytes, int len)
{
    return ssl ? SSL_read(ssl, bytes, len) : (int)recv(fd, bytes, (size_t)len, 0);
}

static bool peer_write(int fd, SSL *ssl, const char *bytes, size_t len)
{
    return ssl ? SSL_write(ssl, bytes, (int)len) > 0 : send(fd, bytes, len, MSG_NOSIGNAL) > 0;
}

/* Bodies are binary, so they are searched by length. */
static bool request_is_whole(const char *text, size_t len)
{
    static const char LAST_CHUNK[] = "\r\n0\r\n\r\n";
    const char *head_end = strstr(text, "\r\n\r\n"), *length = strstr(text, "Content-Length: ");
    size_t body_len;

    if (!head_end)
        return false;
    body_len = len - (size_t)(head_end + 4 - text);
    if (strstr(text, "chunked"))
        return memmem(head_end, body_len + 4, LAST_CHUNK, sizeof LAST_CHUNK - 1) != NULL;
    return !length || body_len >= strtoul(length + 16, NULL, 10);
}

static bool peer_take(struct peer *peer, int fd, SSL *ssl)
{
    char *text = peer->requests[peer->n_requests % 4];
    size_t len = 0;

    memset(text, 0, PEER_REQUEST_LEN);
    while (!request_is_whole(text, len)) {
        int n = peer_read(fd, ssl, text + len, (int)(PEER_REQUEST_LEN - 1 - len));

        if (n <= 0)
            return false;
        len += (size_t)n;
    }
    peer->n_requests++;
    return true;
}

static void peer_serve(struct peer *peer, int fd, SSL *ssl, const char *const *answers)
{
    for (int i = 0; i < PEER_ANSWERS_MAX && answers[i]; i++) {
        char byte;

        if (!peer_take(peer, fd, ssl) || !*answers[i])
            return;
        if (peer->silent) {
            peer_read(fd, ssl, &byte, 1); /* until the client gives up */
            return;
        }
        for (size_t at = 0; peer->trickle_ms && at < strlen(answers[i]); at++) {
            if (!peer_write(fd, ssl, answers[i] + at, 1))
                return;
            usleep(peer->trickle_ms * 1000);
        }
        if (!peer->trickle_ms && !peer_write(fd, ssl, answers[i], strlen(answers[i])))
            return;
    }
}

static void *peer_run(void *context)
{
    struct peer *peer = context;

    for (int i = 0; i < PEER_CONNECTIONS_MAX; i++) {
        int fd = accept(peer->listener, NULL, NULL);
        SSL *ssl = NULL;

        if (fd < 0)
            break;
        peer->n_connections++;
        if (peer->tls) {
            ssl = SSL_new(peer->tls);
            SSL_set_fd(ssl, fd);
        }
        if (!ssl || (SSL_accept(ssl) == 1 && tls_channel_binding(ssl, peer->bindings[i])))
            peer_serve(peer, fd, ssl, peer->answers[i]);
        SSL_free(ssl);
        close(fd);
    }
    return NULL;
}

void peer_start(struct peer *peer)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t address_len = sizeof address;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    peer->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(peer->listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(peer->listener, 8), 0);
    assert_int_equal(getsockname(peer->listener, (struct sockaddr *)&address, &address_len), 0);
    snprintf(peer->url, sizeof peer->url, "%s://127.0.0.1:%u", peer->tls ? "https" : "http",
             ntohs(address.sin_port));
    assert_int_equal(pthread_create(&peer->thread, NULL, peer_run, peer), 0);
}

void peer_end(struct peer *peer)
{
    shutdown(peer->listener, SHUT_RDWR);
    pthread_join(peer->thread, NULL);
    close(peer->listener);
    SSL_CTX_free(peer->tls);
}

/* A TLS context with the certificates in order. */
SSL_CTX *peer_tls(const struct authority *leaf, const struct authority *second,
                  const struct authority *third)
{
    char chain[12288], key[4096];
    struct error error = {0};
    SSL_CTX *tls = NULL;

    snprintf(chain, sizeof chain, "%s%s%s", leaf->pem, second ? second->pem : "",
             third ? third->pem : "");
    pem_of(NULL, leaf->key, key, sizeof key);
    assert_true(tls_server_context(span_text(chain), span_text(key), NULL, &tls, &error));
    return tls;
}
