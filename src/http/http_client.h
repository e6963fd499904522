/* The HTTPS client of agent and command line: libcurl, TLS 1.3 only, one host, connection kept.
 *
 * Trusts exactly one thing: the root certificates it was given or the pinned root fingerprint,
 * never the system's list. There is no insecure switch. Follows no redirects, uses no proxy unless
 * told. */
#ifndef BOOTSEAL_HTTP_HTTP_CLIENT_H
#define BOOTSEAL_HTTP_HTTP_CLIENT_H

#include "base/arena.h"
#include "base/limits.h"

struct http_client;

/* Called with an SSL_CTX (OpenSSL's) before a connection is made, to install a client
 * certificate and key (of the TPM, through our provider). */
typedef bool http_ssl_ctx_fn(void *context, void *ssl_ctx, struct error *error);

struct http_client_settings {
    const char *url;     /* "https://host[:port]"; http:// only for a loopback address */
    struct span ca;      /* root certificates, PEM; or empty with a pin */
    struct span ca_pin;  /* SHA-256 (32 bytes) of the root certificate's DER; or empty */
    const char *resolve; /* connect to this address instead of the name's ("" or NULL: by DNS) */
    unsigned connect_s;  /* 0: 10 */
    unsigned request_s;  /* 0: 30 */
    http_ssl_ctx_fn *ssl_ctx; /* or NULL */
    void *ssl_ctx_context;
};

/* Makes a client; connects at the first request. */
bool http_client_new(const struct http_client_settings *settings, struct http_client **client,
                     struct error *error) MUST_CHECK;
void http_client_free(struct http_client *client);

/* Makes the body when the connection stands, for evidence that is bound to it: channel_binding
 * is the RFC 9266 exporter value (32 bytes; empty over plain HTTP). *body must live until the
 * request has ended. May be called again when a kept connection turns out to be dead. */
typedef bool http_body_fn(void *context, struct span channel_binding, struct span *body,
                          struct error *error);

/* Takes a piece of an answer; false ends the request, which is then ERROR_IO. */
typedef bool http_take_fn(void *context, struct span piece);

struct http_client_request {
    const char *method;       /* "GET", "POST"... */
    const char *path;         /* "/api/v1/enrol", with query */
    const char *content_type; /* or NULL without body */
    const char *accept;       /* or NULL */
    const char *bearer;       /* API token, or NULL; never logged */
    const char *if_match;     /* an ETag that the resource must have; or NULL */
    bool if_none_match;       /* there must be no such resource yet */
    struct span body;
    http_body_fn *body_fn; /* instead of body; or NULL */
    void *body_context;
    size_t answer_cap; /* bytes; 0: LIMIT_HTTP_JSON_LEN */
    /* Gets the body of an answer with status 200 as it comes, instead of the answer: it may have any
     * length and take any time, as long as something comes every request_s. NULL: not wanted. */
    http_take_fn *take;
    void *take_context;
};

struct http_client_answer {
    int status;
    const char *content_type; /* "" when there is none */
    const char *etag;         /* "" when there is none */
    unsigned retry_after_s;   /* 0 when there is none */
    struct span body;
};

/* Does one request; texts and body of the answer live in the arena. Any HTTP status is true.
 * ERROR_NOT_FOUND: the name has no address; ERROR_IO: unreachable, connection lost, deadline;
 * ERROR_DENIED: the service's certificate is not vouched for (the message names the issuer seen
 * and what was expected); ERROR_LIMIT: the answer is over its cap. */
bool http_client_do(struct http_client *client, const struct http_client_request *request,
                    struct arena *arena, struct http_client_answer *answer,
                    struct error *error) MUST_CHECK;

/* With a pin: the root certificate that matched it (PEM), after the first request, so that an
 * agent can keep it. Empty before. Lives as long as the client. */
struct span http_client_root(const struct http_client *client);

#endif
