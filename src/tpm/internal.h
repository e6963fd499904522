/* What the files of src/tpm share, TSS included. Nobody else includes this. */
#ifndef BOOTSEAL_TPM_INTERNAL_H
#define BOOTSEAL_TPM_INTERNAL_H

#include "tpm/tpm.h"

#include <tss2/tss2_esys.h>
#include <tss2/tss2_mu.h>

struct tpm {
    TSS2_TCTI_CONTEXT *tcti;
    ESYS_CONTEXT *esys;
};

/* Says in a sentence why what failed, and returns false. what completes "The TPM cannot ...". */
bool tpm_fail(struct error *error, TSS2_RC rc, const char *what);

/* True when the TPM said code, whatever parameter or session it blames. */
bool tpm_rc_is(TSS2_RC rc, TSS2_RC code);

/* Opens a persistent object; close it with tpm_handle_close. ERROR_NOT_FOUND when it is not there.
 */
bool tpm_handle_open(struct tpm *tpm, uint32_t handle, ESYS_TR *object,
                     struct error *error) MUST_CHECK;

/* Forgets a persistent object's metadata; ESYS_TR_NONE is fine. */
void tpm_handle_close(struct tpm *tpm, ESYS_TR *object);

/* Removes a transient object or session from the TPM; ESYS_TR_NONE is fine. */
void tpm_flush(struct tpm *tpm, ESYS_TR *object);

/* Starts a policy session with SHA-256. */
bool tpm_policy_start(struct tpm *tpm, ESYS_TR *session, struct error *error) MUST_CHECK;

/* Keeps a transient object at the first free persistent handle from first on, of n. */
bool tpm_persist(struct tpm *tpm, ESYS_TR object, uint32_t first, uint32_t n, uint32_t *handle,
                 struct error *error) MUST_CHECK;

/* The persistent handles from first to last, ascending. */
bool tpm_persistent_handles(struct tpm *tpm, uint32_t first, uint32_t last, TPML_HANDLE *handles,
                            struct error *error) MUST_CHECK;

/* Finds our key of that template, or makes it under the storage root key and keeps it. */
bool tpm_key_open(struct tpm *tpm, const TPM2B_PUBLIC *template, struct arena *arena,
                  struct tpm_key *key, struct error *error) MUST_CHECK;

/* Marshalled copies in the arena. */
bool tpm_public_bytes(const TPMT_PUBLIC *public_area, struct arena *arena, struct span *bytes,
                      struct error *error) MUST_CHECK;
bool tpm_signature_bytes(const TPMT_SIGNATURE *signature, struct arena *arena, struct span *bytes,
                         struct error *error) MUST_CHECK;
bool tpm_copy_bytes(const void *data, size_t len, struct arena *arena, struct span *bytes,
                    struct error *error) MUST_CHECK;

#endif
