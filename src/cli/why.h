/* Why a host is what it is on one screen, from a service or from a saved bundle. */
#ifndef BOOTSEAL_CLI_WHY_H
#define BOOTSEAL_CLI_WHY_H

#include "cli/talk.h"

/* Says it and returns the exit code. Takes the reference. What the object does not have is left out. */
enum exit_status why_show(struct cli *cli, json_t *why);

/* bootseal why BUNDLE --policy FILE: no service is asked, so nothing is said of other hosts and of time. */
enum exit_status why_bundle(struct cli *cli);

#endif
