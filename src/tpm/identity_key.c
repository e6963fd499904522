/* The identity key: a signing key that works in the states the service has approved, and in no
 * other.
 *
 * docs/protocol.md section 4; TPM 2.0 Library part 3, 23.7 (PolicyPCR), 20.1
 * (VerifySignature), 23.16 (PolicyAuthorize). The TPM itself checks the approval; nothing here
 * could let it sign otherwise. */
#include "tpm/internal.h"

bool tpm_identity_open(struct tpm *tpm, struct span auth_policy, struct arena *arena,
                       struct tpm_key *key, struct error *error)
{
    TPM2B_PUBLIC template = {
        .publicArea = {
            .type = TPM2_ALG_ECC,
            .nameAlg = TPM2_ALG_SHA256,
            .objectAttributes = TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT |
                                TPMA_OBJECT_SENSITIVEDATAORIGIN | TPMA_OBJECT_NODA |
                                TPMA_OBJECT_SIGN_ENCRYPT,
            .parameters.eccDetail = {
                .symmetric.algorithm = TPM2_ALG_NULL,
                .scheme = {.scheme = TPM2_ALG_ECDSA, .details.ecdsa.hashAlg = TPM2_ALG_SHA256},
                .curveID = TPM2_ECC_NIST_P256,
                .kdf.scheme = TPM2_ALG_NULL}}};
    TPM2B_DIGEST *policy = &template.publicArea.authPolicy;

    if (auth_policy.len != tpm_digest_len(TPM_ALG_SHA256))
        return error_plain(error, ERROR_USAGE, "The identity key's policy is no SHA-256 digest");
    policy->size = (UINT16)auth_policy.len;
    memcpy(policy->buffer, auth_policy.data, auth_policy.len);
    return tpm_key_open(tpm, &template, arena, key, error);
}

/* --- signing --- */

/* An approval as TSS has it. */
struct approval_parts {
    TPML_PCR_SELECTION pcrs;
    TPM2B_DIGEST policy;
    TPM2B_NONCE policy_ref;
    TPM2B_PUBLIC policy_key;
    TPMT_SIGNATURE signature;
};

static bool split(const struct tpm_approval *approval, struct approval_parts *parts,
                  struct error *error)
{
    size_t key_at = 0, signature_at = 0;

    *parts = (struct approval_parts){
        .pcrs = {.count = 1,
                 .pcrSelections = {{.hash = approval->bank,
                                    .sizeofSelect = 3,
                                    .pcrSelect = {(BYTE)approval->pcrs, (BYTE)(approval->pcrs >> 8),
                                                  (BYTE)(approval->pcrs >> 16)}}}},
        .policy.size = (UINT16)approval->policy.len,
        .policy_ref.size = (UINT16)approval->policy_ref.len};
    if (approval->policy.len != tpm_digest_len(TPM_ALG_SHA256) ||
        approval->policy_ref.len > LIMIT_POLICY_REF_LEN ||
        Tss2_MU_TPMT_PUBLIC_Unmarshal(approval->policy_key.data, approval->policy_key.len, &key_at,
                                      &parts->policy_key.publicArea) ||
        key_at != approval->policy_key.len ||
        Tss2_MU_TPMT_SIGNATURE_Unmarshal(approval->signature.data, approval->signature.len,
                                         &signature_at, &parts->signature) ||
        signature_at != approval->signature.len)
        return error_plain(error, ERROR_MALFORMED,
                           "The service's approval of this host's state is not well formed");
    memcpy(parts->policy.buffer, approval->policy.data, approval->policy.len);
    if (approval->policy_ref.len)
        memcpy(parts->policy_ref.buffer, approval->policy_ref.data, approval->policy_ref.len);
    return true;
}

/* SHA-256(policy || policyRef), by the TPM: the agent's own code hashes nothing that is signed. */
static bool hash_approval(struct tpm *tpm, const struct approval_parts *parts, TPM2B_DIGEST **hash,
                          struct error *error)
{
    TPM2B_MAX_BUFFER text = {.size = (UINT16)(parts->policy.size + parts->policy_ref.size)};
    TSS2_RC rc;

    memcpy(text.buffer, parts->policy.buffer, parts->policy.size);
    memcpy(text.buffer + parts->policy.size, parts->policy_ref.buffer, parts->policy_ref.size);
    rc = Esys_Hash(tpm->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &text, TPM2_ALG_SHA256,
                   ESYS_TR_RH_OWNER, hash, NULL);
    return rc ? tpm_fail(error, rc, "hash") : true;
}

/* Has the TPM check the policy key's signature: a ticket for it, and the key's name. */
static bool verify_approval(struct tpm *tpm, const struct approval_parts *parts, TPM2B_NAME **name,
                            TPMT_TK_VERIFIED **ticket, struct error *error)
{
    ESYS_TR key = ESYS_TR_NONE;
    TPM2B_DIGEST *hash = NULL;
    /* Only tickets of a real hierarchy count for PolicyAuthorize (part 3, 20.1.1). */
    TSS2_RC rc = Esys_LoadExternal(tpm->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, NULL,
                                   &parts->policy_key, ESYS_TR_RH_OWNER, &key);
    bool done;

    if (rc)
        return tpm_fail(error, rc, "load the service's policy key");
    done = hash_approval(tpm, parts, &hash, error);
    if (done) {
        rc = Esys_VerifySignature(tpm->esys, key, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, hash,
                                  &parts->signature, ticket);
        if (!rc)
            rc = Esys_TR_GetName(tpm->esys, key, name);
        done = rc ? tpm_fail(error, rc, "accept the service's approval") : true;
    }
    Esys_Free(hash);
    tpm_flush(tpm, &key);
    return done;
}

static bool fulfil_policy(struct tpm *tpm, const struct approval_parts *parts, ESYS_TR session,
                          struct error *error)
{
    const TPM2B_DIGEST current = {0}; /* the PCRs as they are now */
    TPM2B_NAME *name = NULL;
    TPMT_TK_VERIFIED *ticket = NULL;
    bool done = verify_approval(tpm, parts, &name, &ticket, error);
    TSS2_RC rc;

    if (done) {
        rc = Esys_PolicyPCR(tpm->esys, session, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &current,
                            &parts->pcrs);
        done = rc ? tpm_fail(error, rc, "look at the approved PCRs") : true;
    }
    if (done) {
        rc = Esys_PolicyAuthorize(tpm->esys, session, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                                  &parts->policy, &parts->policy_ref, name, ticket);
        if (tpm_rc_is(rc, TPM2_RC_VALUE))
            done = error_plain(error, ERROR_DENIED,
                               "The identity key stays shut: the PCRs are not those of the state "
                               "that the service approved; attest again");
        else
            done = rc ? tpm_fail(error, rc, "accept the service's approval") : true;
    }
    Esys_Free(name);
    Esys_Free(ticket);
    return done;
}

/* Big endian numbers of the TPM may be shorter than the curve's. */
static bool put_number(const TPM2B_ECC_PARAMETER *number, uint8_t out[32])
{
    if (number->size > 32)
        return false;
    memset(out, 0, 32);
    memcpy(out + 32 - number->size, number->buffer, number->size);
    return true;
}

static bool sign(struct tpm *tpm, ESYS_TR key, ESYS_TR session, struct span digest,
                 struct tpm_ecdsa *signature, struct error *error)
{
    const TPMT_SIG_SCHEME own_scheme = {.scheme = TPM2_ALG_NULL};
    const TPMT_TK_HASHCHECK no_ticket = {.tag = TPM2_ST_HASHCHECK, .hierarchy = TPM2_RH_NULL};
    TPM2B_DIGEST hash = {.size = (UINT16)digest.len};
    TPMT_SIGNATURE *made = NULL;
    struct tpm_ecdsa taken;
    bool done;
    TSS2_RC rc;

    memcpy(hash.buffer, digest.data, digest.len);
    rc = Esys_Sign(tpm->esys, key, session, ESYS_TR_NONE, ESYS_TR_NONE, &hash, &own_scheme,
                   &no_ticket, &made);
    if (rc)
        return tpm_fail(error, rc, "sign with the identity key");
    done = made->sigAlg == TPM2_ALG_ECDSA &&
           put_number(&made->signature.ecdsa.signatureR, taken.r) &&
           put_number(&made->signature.ecdsa.signatureS, taken.s);
    Esys_Free(made);
    if (!done)
        return error_plain(error, ERROR_IO, "The TPM answers with a signature of another kind");
    *signature = taken;
    return true;
}

bool tpm_identity_sign(struct tpm *tpm, uint32_t handle, const struct tpm_approval *approval,
                       struct span digest, struct tpm_ecdsa *signature, struct error *error)
{
    ESYS_TR key = ESYS_TR_NONE, session = ESYS_TR_NONE;
    struct approval_parts parts;
    bool done;

    if (digest.len != tpm_digest_len(TPM_ALG_SHA256))
        return error_plain(error, ERROR_USAGE, "The identity key signs SHA-256 digests only");
    done = split(approval, &parts, error) && tpm_policy_start(tpm, &session, error) &&
           fulfil_policy(tpm, &parts, session, error) &&
           tpm_handle_open(tpm, handle, &key, error) &&
           sign(tpm, key, session, digest, signature, error);
    tpm_handle_close(tpm, &key);
    tpm_flush(tpm, &session);
    return done;
}
