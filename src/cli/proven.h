/* Evidence that a command builds on: only what proves itself and contradicts nothing. */
#ifndef BOOTSEAL_CLI_PROVEN_H
#define BOOTSEAL_CLI_PROVEN_H

#include "appraise/appraise.h"
#include "cli/talk.h"

/* Appraises a bundle without a policy. False, with everything said, unless its quote holds, its logs
 * lead to it, and nothing makes the host untrusted. path is for errors. */
bool proven_bundle(struct cli *cli, const char *path, struct span bytes,
                   struct appraisal **appraisal, enum exit_status *status) MUST_CHECK;

/* The claims of the host behind path: a bundle as above, or a bare log, which is taken at the
 * operator's word, and that is said. */
bool proven_claims(struct cli *cli, const char *path, struct claims *claims,
                   enum exit_status *status) MUST_CHECK;

#endif
