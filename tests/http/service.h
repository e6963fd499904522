/* A service for tests of src/http: certificate, server on its own thread, and clients that behave
 * badly on purpose. Failures end the program. */
#ifndef BOOTSEAL_TESTS_HTTP_SERVICE_H
#define BOOTSEAL_TESTS_HTTP_SERVICE_H

#include "http/http_server.h"
#include "http/loop.h"

#include <openssl/ssl.h>
#include <pthread.h>

struct identity {
    char certificate[4096], key[4096]; /* PEM */
    uint8_t sha256[32];                /* of the certificate */
};

/* A self-signed certificate for localhost and 127.0.0.1. */
void identity_make(struct identity *identity);

struct service {
    struct identity identity;
    struct event_base *loop;
    struct http_server *server;
    struct loop_source *ask_source;
    int ask, answer; /* eventfds between the two threads */
    void (*action)(struct service *service);
    struct http_server_counts counts;
    pthread_t thread;
    uint16_t port;
    bool plain, stopped, stream_closed;
    struct http_request *stream;
};

/* Starts a server on 127.0.0.1. settings' listen, plain, certificate, key, handler, body_cap and
 * context are filled in. Routes: /echo answers the body; /peer the peer's address; /binding the
 * channel binding; /late after 300 ms; /large 16 MiB; /stream starts one; /short-stream starts one and
 * ends it in the next round; /small takes 100 bytes,
 * /big 4 MiB. */
void service_start(struct service *service, struct http_server_settings settings, bool plain);
void service_end(struct service *service);

/* The server's counts, taken on its thread. */
struct http_server_counts service_counts(struct service *service);

/* Runs http_server_stop with the deadline; service->stopped tells when it is done. */
void service_stop(struct service *service);

/* Sends on the stream that /stream has started. */
void service_stream(struct service *service);

/* A client's connection; ssl is NULL without TLS. */
struct client {
    int fd;
    SSL *ssl;
    SSL_CTX *tls;
};

/* TCP only. */
struct client client_tcp(const struct service *service);
/* With a TLS handshake; session may be NULL. ssl is NULL when the handshake failed. */
struct client client_tls(const struct service *service, SSL_SESSION *session, int max_version);
struct client client_open(const struct service *service);
void client_close(struct client *client);
/* False when the other side has closed. */
bool client_send(struct client *client, const char *bytes, size_t len);
bool client_say(struct client *client, const char *text);
/* Reads one answer (by Content-Length, or up to the end) into text; its status, or 0 when the
 * connection ends or 5 s pass without one. */
int client_answer(struct client *client, char *text, size_t text_len);
/* Says and reads. */
int client_ask(struct client *client, const char *request, char *text, size_t text_len);
/* Milliseconds until the other side closes; -1 when it has not after limit_ms. */
int client_closed_after(struct client *client, int limit_ms);

#endif
