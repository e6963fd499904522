/* Peers for tests of the HTTP client: certificates of every kind, and a server on a thread of its own
 * that answers what it was told, over TLS or plain. Failures end the test. */
#ifndef BOOTSEAL_TESTS_HTTP_PEER_H
#define BOOTSEAL_TESTS_HTTP_PEER_H

#include <openssl/ssl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

enum { PEER_ANSWERS_MAX = 4, PEER_CONNECTIONS_MAX = 3, PEER_REQUEST_LEN = 4096 };

struct authority {
    EVP_PKEY *key;
    X509 *certificate;
    char pem[4096];
    uint8_t sha256[32];
};

struct wish {
    const char *names; /* of subjectAltName */
    int ends_s;        /* from now */
    bool signs;        /* CA:TRUE */
};

/* A certificate by issuer; with NULL it signs itself. */
struct authority authority_issue(const char *name, const struct authority *issuer,
                                 struct wish wish);
struct authority authority_root(const char *name);
/* For service.test and 127.0.0.1. */
struct authority authority_leaf(const struct authority *root);
void authority_drop(struct authority *authority);

/* A server's TLS context that shows the certificates in this order; second and third may be NULL. */
SSL_CTX *peer_tls(const struct authority *leaf, const struct authority *second,
                  const struct authority *third);

struct peer {
    /* Of each connection: answers to its requests; "" closes; NULL ends the connection. */
    const char *answers[PEER_CONNECTIONS_MAX][PEER_ANSWERS_MAX];
    SSL_CTX *tls;        /* NULL: plain; freed by peer_end */
    bool silent;         /* takes the request and says nothing */
    unsigned trickle_ms; /* between bytes of the answer */
    int listener, n_connections, n_requests;
    char requests[4][PEER_REQUEST_LEN];
    uint8_t bindings[PEER_CONNECTIONS_MAX][32]; /* channel bindings as the server sees them */
    char url[64];
    pthread_t thread;
};

void peer_start(struct peer *peer);
void peer_end(struct peer *peer);

#endif
