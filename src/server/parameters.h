/* What requests carry beside path and body: the table parameters.def, and the one place that holds queries
 * against it. */
#ifndef BOOTSEAL_SERVER_PARAMETERS_H
#define BOOTSEAL_SERVER_PARAMETERS_H

#include "server/exchange.h"

struct parameter {
    enum http_method method;
    const char *path;                    /* of the route */
    const char *in, *name, *description; /* in: "query" or "header" */
};

/* The table. */
const struct parameter *parameters_all(size_t *n_parameters);

/* True when the query has parameters of the route only, each once and with a value that can be read;
 * false after having answered. Values are the handlers' to check. */
bool parameters_check(struct exchange *exchange) MUST_CHECK;

#endif
