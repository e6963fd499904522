/* Claims and reasons as text for people; the JSON shapes are in msg/result_json.h. */
#ifndef BOOTSEAL_CLI_PRINT_H
#define BOOTSEAL_CLI_PRINT_H

#include "claims/claims.h"
#include "cli/talk.h"

/* Every claim with value, grade and events; lists with their items below. */
void print_claims(struct cli *cli, const struct claims *claims);

/* Every reason: code, where, expected and found, what to do. */
void print_reasons(struct cli *cli, const struct reasons *reasons);

#endif
