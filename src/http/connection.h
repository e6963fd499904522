/* One client's connection: its place in the caps, its deadline, what it may send. Inside src/http.
 *
 * A connection is in one phase at a time, and each phase but HANDLING and STREAMING has a deadline
 * for the whole of it, so that a client who sends or reads one byte now and then gains nothing. */
#ifndef BOOTSEAL_HTTP_CONNECTION_H
#define BOOTSEAL_HTTP_CONNECTION_H

#include "http/http_server.h"

#include <event2/event.h>
#include <event2/http.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <sys/queue.h>

enum phase {
    PHASE_HANDSHAKE = 0,
    PHASE_IDLE,     /* no byte of a request yet */
    PHASE_READING,  /* a request arrives */
    PHASE_HANDLING, /* the handler has it; time is the handler's */
    PHASE_STREAMING,
    PHASE_WRITING, /* the answer leaves */
};

struct connection {
    LIST_ENTRY(connection) next;
    struct http_server *server;
    struct bufferevent *bev;
    SSL *ssl; /* the bufferevent's; NULL with plain */
    struct evhttp_connection *evcon;
    struct evbuffer_cb_entry *input_watch, *output_watch;
    struct event *timer;          /* the phase's deadline */
    struct event *adopt;          /* runs once, when evhttp has put the socket in */
    struct event *rework;         /* runs when evhttp has written an error page of its own */
    struct http_request *request; /* handed to the handler; NULL in other phases */
    enum phase phase;
    bool route_known; /* the request line has been seen, body_cap is the route's */
    bool condemned;   /* cut off; only waits for evhttp to notice */
    size_t body_cap;
    size_t received;         /* bytes of the request under way */
    int own_status;          /* of an answer that evhttp makes by itself; 0: none */
    uint8_t address_key[17]; /* family, then IPv4 or the /64 of IPv6 */
    char address[INET6_ADDRSTRLEN];
    char peer[HTTP_PEER_LEN];
    bool binding_known;
    uint8_t binding[HTTP_CHANNEL_BINDING_LEN];
};

struct http_server {
    struct event_base *base;
    struct evhttp *http;
    struct evhttp_bound_socket *bound; /* NULL once stopped */
    struct evconnlistener *listener;
    struct event *resume_accept;
    SSL_CTX *tls; /* NULL with plain */
    http_handler_fn *handler;
    http_body_cap_fn *body_cap;
    void *context;
    size_t connections_cap, per_address_cap;
    unsigned idle_s, handshake_s, request_s;
    LIST_HEAD(, connection) connections;
    LIST_HEAD(, http_request) requests; /* not answered yet */
    struct http_server_counts counts;
    uint16_t port;
    bool stopping, freeing;
    struct event *stop_timer;
    void (*stopped)(void *context);
    void *stopped_context;
};

/* evhttp's hook: makes the bufferevent of a connection that is being accepted. Never returns NULL
 * while memory lasts: evhttp would then serve the client without TLS and caps. */
struct bufferevent *connection_accept(struct event_base *base, void *server);

/* The record of evhttp's connection; NULL when we have none (then it must not be served). */
struct connection *connection_of(struct http_server *server, struct evhttp_connection *evcon);

/* Enters a phase and sets its deadline. */
void connection_enter(struct connection *connection, enum phase phase);

/* The request under way has been answered: its bytes no longer count. */
void connection_uncharge(struct connection *connection);

/* After an answer has left: the next request may come, or is there already. */
void connection_next(struct connection *connection);

/* Cuts the socket off; evhttp notices and frees everything in order. */
void connection_condemn(struct connection *connection);

/* Frees the record of a connection that evhttp never got, when the server ends. */
void connection_abandon(struct connection *connection);

/* RFC 9266 value; empty with plain. */
struct span connection_binding(struct connection *connection);

/* The client of a request that the handler still has is gone. */
void request_orphan(struct http_request *request);

/* evhttp's callback for every whole request. */
void request_arrived(struct evhttp_request *evhttp_request, void *server);

/* Frees the requests that were never answered, when the server ends. */
void requests_discard(struct http_server *server);

/* Calls stopped when the server is stopping and nothing is left. */
void server_check_stopped(struct http_server *server);

#endif
