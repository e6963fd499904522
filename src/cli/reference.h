/* What the commands on documents of reference values share. */
#ifndef BOOTSEAL_CLI_REFERENCE_H
#define BOOTSEAL_CLI_REFERENCE_H

#include "cli/talk.h"
#include "policy/policy.h"
#include "policy/reference_values.h"

/* Writes the values as a document of --name and --document-version, which defaults to 1, holds it
 * against the reader, and answers: the text to --output or standard output, or an object with --json. */
enum exit_status reference_answer(struct cli *cli, const struct reference_values *values,
                                  const char *name, const char *description);

#endif
