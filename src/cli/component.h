/* Components as text for people and as JSON; what bootseal component finds out stands in component.c. */
#ifndef BOOTSEAL_CLI_COMPONENT_H
#define BOOTSEAL_CLI_COMPONENT_H

#include "cli/talk.h"
#include "component/index.h"

/* Every component with its package, digests, signers and SBAT, but no COMPONENT_WORD. */
void component_print_all(struct cli *cli, const struct component_set *set);
json_t *component_json_all(const struct component_set *set);

/* Which components have a digest: one in a line, indented; "unknown" when none has it. */
void component_print_found(struct cli *cli, const struct component_digest *const *found,
                           size_t n_found);
json_t *component_json_found(const struct component_digest *const *found, size_t n_found);

#endif
