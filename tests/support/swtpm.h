/* A real TPM 2.0 in software (swtpm), manufactured with lab/tpm, for tests. Failures end the
 * program; what was started ends with it. BOOTSEAL_SOURCE_ROOT names the folder that lab/ is in. */
#ifndef BOOTSEAL_TESTS_SUPPORT_SWTPM_H
#define BOOTSEAL_TESTS_SUPPORT_SWTPM_H

#include "base/span.h"

#include <sys/types.h>

struct swtpm {
    pid_t pid;
    char dir[64];  /* its state; removed by swtpm_done */
    char tcti[96]; /* for tpm_open */
    char ca[96];   /* folder of its manufacturer: root.pem, issuer.pem */
};

/* Manufactures a TPM with certificates, in a temporary folder, and starts it. */
void swtpm_init(struct swtpm *swtpm);

/* Power off and on: the state stays, PCRs are zero again. */
void swtpm_restart(struct swtpm *swtpm);

/* Extends a PCR of the SHA-256 bank, as a kernel does. digest has 32 bytes. */
void swtpm_extend(struct swtpm *swtpm, unsigned pcr, struct span digest);

/* The same at a locality other than 0, as firmware and launched code do it. False when the TPM refuses:
 * PCR 17-22 are not open to every locality. */
bool swtpm_extend_at(struct swtpm *swtpm, uint8_t locality, unsigned pcr, struct span digest);

/* A dynamic launch of the code, as the CPU makes it: TPM_HASH_START, _DATA and _END at locality 4. */
void swtpm_launch(struct swtpm *swtpm, const char *code);

/* TPM2_Clear by the platform: every key of owner and endorsement hierarchy is gone. */
void swtpm_clear(struct swtpm *swtpm);

void swtpm_done(struct swtpm *swtpm);

#endif
