/* The HTTPS server: libevent's evhttp over TLS 1.3, with every cap and deadline that keeps one
 * client from using up the service.
 *
 * Owns sockets, TLS and framing of HTTP/1.1. Trusts nothing a client sends. Knows no routes and
 * makes no decision about what is permitted: that is the handler's. Everything runs on the thread
 * that runs the event base; nothing here blocks. */
#ifndef BOOTSEAL_HTTP_HTTP_SERVER_H
#define BOOTSEAL_HTTP_HTTP_SERVER_H

#include "base/arena.h"
#include "base/limits.h"

struct event_base; /* libevent's */
struct http_server;
struct http_request;

enum { HTTP_CHANNEL_BINDING_LEN = 32, HTTP_PEER_LEN = 64, HTTP_REQUEST_ID_LEN = 17 };

enum http_method {
    HTTP_METHOD_NONE = 0,
    HTTP_GET,
    HTTP_HEAD,
    HTTP_POST,
    HTTP_PUT,
    HTTP_PATCH,
    HTTP_DELETE,
};

/* Called with a whole request. Answers now or later, on the same thread, exactly once by one of
 * http_answer, http_problem, http_stream_start; until then the request and all it points to stay
 * valid, even when the client has gone. */
typedef void http_handler_fn(void *context, struct http_request *request);

/* How many bytes the body of such a request may have, asked before any of it is taken. path is
 * NUL-terminated, undecoded, without query. More is answered 413 (http.body_too_large). */
typedef size_t http_body_cap_fn(void *context, enum http_method method, const char *path);

struct http_server_settings {
    const char *listen;      /* "127.0.0.1:8443", "[::]:8443"; port 0: any free one */
    bool plain;              /* no TLS; refused unless listen is a loopback address */
    struct span certificate; /* PEM chain, leaf first; empty with plain */
    struct span key;         /* PEM; empty with plain */
    http_handler_fn *handler;
    http_body_cap_fn *body_cap; /* NULL: LIMIT_HTTP_JSON_LEN for all */
    void *context;              /* handed to both */
    /* 0 takes the cap of base/limits.h; a larger value than that is an error. */
    size_t connections, connections_per_address;
    unsigned idle_s, handshake_s, request_s;
};

/* Binds and starts to serve when the base runs. Ignores SIGPIPE for the process. The settings'
 * texts are copied. ERROR_USAGE for a bad address, certificate or key, or plain elsewhere than on
 * loopback; ERROR_IO when the address cannot be had. */
bool http_server_start(struct event_base *base, const struct http_server_settings *settings,
                       struct http_server **server, struct error *error) MUST_CHECK;

/* The port that it listens on. */
uint16_t http_server_port(const struct http_server *server);

/* Takes a new certificate and key for connections from now on; keeps the old ones on failure. */
bool http_server_set_certificate(struct http_server *server, struct span certificate,
                                 struct span key, struct error *error) MUST_CHECK;

/* Stops taking connections and closes idle ones; requests under way are answered with
 * "Connection: close". stopped is called on the loop thread when the last one has gone, or after
 * deadline_s with the rest cut off. */
void http_server_stop(struct http_server *server, unsigned deadline_s,
                      void (*stopped)(void *context), void *context);

/* Cuts everything off at once and frees. Requests not answered yet must not be touched after
 * it. http_server_free(NULL) is fine. */
void http_server_free(struct http_server *server);

struct http_server_counts {
    uint64_t accepted;        /* connections, since start */
    uint64_t refused_total;   /* over the cap of all connections */
    uint64_t refused_address; /* over the cap of one address */
    uint64_t handshakes;      /* finished */
    uint64_t handshakes_resumed;
    uint64_t deadline_handshake, deadline_idle, deadline_request; /* closed by one of these */
    uint64_t requests, answers;
    size_t connections;   /* now */
    size_t requests_open; /* handed to the handler and not answered yet */
    size_t bodies_len;    /* bytes of requests held now */
};
struct http_server_counts http_server_counts(const struct http_server *server);

/* --- The request --- */

enum http_method http_request_method(const struct http_request *request);
const char *http_method_name(enum http_method method);
/* Path, still percent-encoded, starts with "/"; no query. */
const char *http_request_path(const struct http_request *request);
/* The names of the query's fields, one after the other, as they stand there; *at starts at 0. False
 * after the last. */
bool http_request_query_next(const struct http_request *request, size_t *at, struct span *name);
/* The decoded value of a query's first field of that name, in the arena; NULL when there is none,
 * it is badly encoded, or holds a NUL. */
const char *http_request_query_value(const struct http_request *request, const char *name,
                                     struct arena *arena);
/* A header's value, name in any case; NULL when there is none. */
const char *http_request_header(const struct http_request *request, const char *name);
struct span http_request_body(const struct http_request *request);
/* "192.0.2.1:4711", "[2001:db8::1]:4711". */
const char *http_request_peer(const struct http_request *request);
/* The address alone, for rate limits and the audit. */
const char *http_request_address(const struct http_request *request);
/* Random, printable, 16 characters; also in the answer's X-Request-Id and in problem objects. */
const char *http_request_id(const struct http_request *request);
/* RFC 9266 tls-exporter of the connection: HTTP_CHANNEL_BINDING_LEN bytes; empty with plain. */
struct span http_request_channel_binding(const struct http_request *request);
/* An arena that lives as long as the request (cap 1 MiB), for what the handler makes. */
struct arena *http_request_arena(struct http_request *request);

/* --- The answer --- */

/* Adds a header to the answer. Names and values with CR or LF are an assertion. */
void http_answer_header(struct http_request *request, const char *name, const char *value);

/* Sends the answer and ends the request. body is copied. content_type may be NULL without body. */
void http_answer(struct http_request *request, int status, const char *content_type,
                 struct span body);

/* Answers RFC 9457 application/problem+json: {"type", "title", "status", "code", "detail",
 * "request_id"}. code is a stable word like "enrol.conflict_name"; title is static text; detail
 * may be NULL. 429 and 503 carry Retry-After: retry_after_s, when that is not 0. */
struct http_problem {
    int status;
    const char *code;
    const char *title;
    const char *detail;
    unsigned retry_after_s;
};
void http_problem(struct http_request *request, const struct http_problem *problem);

/* --- Streams (server-sent events) --- */

/* Starts an answer without end. http_stream_send queues bytes; false when the client is gone or
 * takes too little (more than LIMIT_HTTP_STREAM_LEN wait): then call http_stream_end. on_close is
 * called when the client goes, after which http_stream_end is still due. */
void http_stream_start(struct http_request *request, int status, const char *content_type,
                       void (*on_close)(void *context), void *context);
bool http_stream_send(struct http_request *request, struct span bytes) MUST_CHECK;
/* Bytes that wait for the client. */
size_t http_stream_waiting(const struct http_request *request);
void http_stream_end(struct http_request *request);

#endif
