/* The service as the agent sees it: CBOR out and in over one TLS connection, refusals as errors.
 *
 * Trusts only the CA of the enrolment. A refusal's text comes from the service and is made printable
 * before it is shown. */
#ifndef BOOTSEAL_AGENT_REMOTE_H
#define BOOTSEAL_AGENT_REMOTE_H

#include "http/http_client.h"

struct remote {
    struct http_client *http;
    int status;    /* HTTP status of the last answer; 0 without one */
    char code[64]; /* stable code of the last refusal (RFC 9457); "" without one */
};

/* ca is PEM, or empty with a pin (SHA-256 of the root certificate). */
bool remote_open(const char *url, struct span ca, struct span ca_pin, struct remote *remote,
                 struct error *error) MUST_CHECK;
void remote_close(struct remote *remote);

/* Posts body, or what body_fn makes of the connection, and returns the answer's CBOR in the arena.
 * An answer that is no success is an error: ERROR_DENIED, ERROR_NOT_FOUND, ERROR_CONFLICT,
 * ERROR_MALFORMED (the service does not like the request), ERROR_IO (try again later). */
struct remote_call {
    const char *path;
    struct span body;
    http_body_fn *body_fn; /* instead of body */
    void *body_context;
};
bool remote_post(struct remote *remote, const struct remote_call *call, struct arena *arena,
                 struct span *answer, struct error *error) MUST_CHECK;

#endif
