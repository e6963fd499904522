/* What commands that take a policy share. */
#ifndef BOOTSEAL_CLI_POLICY_H
#define BOOTSEAL_CLI_POLICY_H

#include "cli/talk.h"
#include "policy/policy.h"

/* Reads and compiles a policy file with the documents of --references, --update and --retired; on
 * false the error has been said with line and column. */
bool policy_load(struct cli *cli, const char *path, struct policy **policy,
                 enum exit_status *status) MUST_CHECK;

/* As policy_load for n files; the array is in the arena. */
bool policy_load_all(struct cli *cli, const char *const *paths, size_t n, struct policy ***policies,
                     enum exit_status *status) MUST_CHECK;

/* As policy_load for a text already read; path is what errors name. */
bool policy_compile_text(struct cli *cli, const char *path, struct span text,
                         struct policy **policy, enum exit_status *status) MUST_CHECK;

/* Says what is wrong with a document, with line and column. Returns the exit code. */
enum exit_status policy_say_error(struct cli *cli, const char *path,
                                  const struct policy_position *position,
                                  const struct error *error);

#endif
