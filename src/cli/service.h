/* Requests of the command line to a service: address, trust and token from options or environment.
 *
 * Trusts the service as far as TLS goes; its texts are made safe before a terminal sees them. The
 * token is never printed. */
#ifndef BOOTSEAL_CLI_SERVICE_H
#define BOOTSEAL_CLI_SERVICE_H

#include "cli/talk.h"
#include "http/http_client.h"

struct service_request {
    const char *method;
    const char *path;         /* names that people type are made safe by service_path */
    const char *content_type; /* NULL without a body */
    struct span body;
    const char *if_match; /* as in struct http_client_request */
    bool if_none_match;
    size_t answer_cap;  /* 0: that of JSON */
    http_take_fn *take; /* gets a streamed answer piece by piece (http/http_client.h); or NULL */
    void *take_context;
};

/* Does one request with --server, --ca or --ca-fingerprint, and --token-file, or BOOTSEAL_URL,
 * BOOTSEAL_CA, BOOTSEAL_CA_FINGERPRINT and BOOTSEAL_TOKEN. Any HTTP status is true. On false the
 * error has been said and *status is the exit code: 7 without a trusted connection. */
bool service_ask(struct cli *cli, const struct service_request *request,
                 struct http_client_answer *answer, enum exit_status *status) MUST_CHECK;

/* As service_ask, but an answer of 400 and more is false too, and the problem has been said. 401 and
 * 403 exit with 4; 404: 5; 409, 412, 428: 6; other 4xx: 2; 5xx: 9. */
bool service_do(struct cli *cli, const struct service_request *request,
                struct http_client_answer *answer, enum exit_status *status) MUST_CHECK;

/* Says the problem of an answer of 400 and more; gives the exit code as above. */
enum exit_status service_say_problem(struct cli *cli, const struct http_client_answer *answer);

/* As service_do for an object in JSON, which the caller drops. */
bool service_json(struct cli *cli, const struct service_request *request, json_t **object,
                  enum exit_status *status) MUST_CHECK;

/* As service_json; with --json the answer is printed as it came, and *object is NULL. */
bool service_show(struct cli *cli, const struct service_request *request, json_t **object,
                  enum exit_status *status) MUST_CHECK;

/* The service's address, as given; NULL when none is. */
const char *service_url(struct cli *cli);

/* "/api/v1/hosts/NAME" and what follows; in the arena. */
const char *service_path(struct cli *cli, const char *collection, const char *name,
                         const char *act);

/* path with the fields that have a value as its query; in the arena. */
struct service_field {
    const char *name, *value; /* value NULL: left out */
};
const char *service_query(struct cli *cli, const char *path, const struct service_field *fields,
                          size_t n_fields);

/* Says on stderr how to go on when the list's "next" is not null. */
void service_say_next(struct cli *cli, const json_t *list);

#endif
