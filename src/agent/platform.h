/* The platform certificates of this host: where its maker left them, in the TPM and on the EFI partition.
 *
 * Trusts nobody: the service checks what they say. Here they only have to be one value of DER. */
#ifndef BOOTSEAL_AGENT_PLATFORM_H
#define BOOTSEAL_AGENT_PLATFORM_H

#include "tpm/tpm.h"

struct platform_certificates {
    struct span items[LIMIT_PLATFORM_CERTIFICATES]; /* DER, each once */
    size_t n_items;
};

/* Those in the TPM (NULL: it is not asked), then those in files below root ("" for the host's own). What
 * cannot be sent, for its form, its length or because there are too many, is told on standard error and
 * left out: a host enrols without it, too. Fails only for the TPM and memory. */
bool platform_certificates_find(const char *root, struct tpm *tpm, struct arena *arena,
                                struct platform_certificates *found,
                                struct error *error) MUST_CHECK;

#endif
