/* Requests of the command line to a service: address, trust and token from options or environment. */
#ifndef BOOTSEAL_CLI_SERVICE_H
#define BOOTSEAL_CLI_SERVICE_H

#include "cli/talk.h"
#include "http/http_client.h"

/* A path below /api/v1 made with printf; names that people type are percent-encoded by service_name. */
struct service_request {
    const char *method;
    const char *path;
    const char *content_type; /* NULL without a body */
    struct span body;
    size_t answer_cap; /* 0: that of JSON */
};

/* Does one request with --server, --ca and --token-file, or BOOTSEAL_URL, BOOTSEAL_CA, BOOTSEAL_TOKEN.
 * On false (no connection, or an answer of 400 and more) the problem has been said and *status is the
 * exit code: 401, 403: 4; 404: 5; 409, 412, 428: 6; other 4xx: 2; 5xx: 9; no connection: 7. */
bool service_do(struct cli *cli, const struct service_request *request,
                struct http_client_answer *answer, enum cli_exit *status) MUST_CHECK;

/* As service_do for a JSON answer; the caller drops *object. */
bool service_json(struct cli *cli, const struct service_request *request, json_t **object,
                  enum cli_exit *status) MUST_CHECK;

/* text with everything but letters, digits, '-', '_', '.' percent-encoded; in the arena. */
const char *service_name(struct cli *cli, const char *text);

#endif
