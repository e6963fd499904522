/* The supervisor: starts the other processes, restarts them with back-off, ends them.
 *
 * Has no network, no keys, no database. A worker or signer that ends is replaced and its new channel
 * handed to the front; when the front ends, everything is started anew. When the supervisor dies,
 * the kernel ends its children. */
#ifndef BOOTSEAL_SERVER_SUPERVISOR_H
#define BOOTSEAL_SERVER_SUPERVISOR_H

#include "server/role.h"

/* Called once, when the front serves for the first time. */
typedef void supervisor_ready_fn(void *context, const struct role_report *report);

/* Runs the service until SIGTERM or SIGINT; gives the exit status. Block no signals before. */
int supervisor_run(const struct role_start *start, supervisor_ready_fn *ready, void *context);

#endif
