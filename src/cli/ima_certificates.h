/* The certificates of --certificates, for every command that checks signed files. */
#ifndef BOOTSEAL_CLI_IMA_CERTIFICATES_H
#define BOOTSEAL_CLI_IMA_CERTIFICATES_H

#include "cli/talk.h"
#include "verify/ima_signatures.h"

/* Reads them; NULL without the option. On false the error has been said and *status is the exit
 * code. For ima_certificates_free. */
bool cli_ima_certificates(struct cli *cli, struct ima_certificates **certificates,
                          enum exit_status *status) MUST_CHECK;

#endif
