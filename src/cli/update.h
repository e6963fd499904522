/* What the commands on announced updates share. */
#ifndef BOOTSEAL_CLI_UPDATE_H
#define BOOTSEAL_CLI_UPDATE_H

#include "cli/talk.h"
#include "policy/policy.h"
#include "update/update.h"

/* Checks an update's document; what it says of itself is in *values. On false all has been said. */
bool update_check_text(struct cli *cli, const char *path, struct span text,
                       struct policy_values *values, enum exit_status *status) MUST_CHECK;

/* Called with the last evidence of a host of the service; false ends the work, and *status is set. What
 * comes from cli->arena during the call does not outlive it. */
typedef bool update_host_fn(void *context, const char *name, struct span bundle,
                            enum exit_status *status);

struct update_fleet {
    const char *globs; /* over names, with commas between them */
    bool sound_only;   /* trusted hosts and those that need attention; others are named on stderr */
    update_host_fn *visit;
    void *context;
    size_t n_visited, n_left_out;
};

/* Visits every host of the service that is meant and has evidence. */
bool update_visit_hosts(struct cli *cli, struct update_fleet *fleet,
                        enum exit_status *status) MUST_CHECK;

/* True when the host's name matches one of the globs with commas between them. */
bool update_is_meant(struct cli *cli, const char *globs, const char *name);

/* Adds "update" to reasons of `bootseal why`: what an announced update has to do with what was found. */
void update_blame(struct cli *cli, json_t *why);

/* One host's plan as text for people, and as JSON. */
void update_print(struct cli *cli, const char *host, const struct measured_log *log,
                  const struct update_plan *plan);
json_t *update_json(const char *host, const struct measured_log *log,
                    const struct update_plan *plan);

/* Values by claim: {"boot.images": ["sha256:..."]}. */
json_t *update_values_json(struct cli *cli, const struct reference_values *values);

#endif
