/* The connection to the TPM, its properties, and the sentences for its errors.
 *
 * Owns struct tpm. Trusts libtss2 to frame what the TPM answers. Must never print: TSS's own log is
 * switched off, since its lines say less than ours. */
#include "tpm/internal.h"

#include <ctype.h>
#include <stdlib.h>
#include <tss2/tss2_rc.h>
#include <tss2/tss2_tctildr.h>

/* --- errors --- */

/* The part of a response code that names the error: part 2, 6.6. Format one carries the number of
 * the parameter, handle or session too. */
static TSS2_RC bare_code(TSS2_RC rc)
{
    return rc & TPM2_RC_FMT1 ? rc & (TPM2_RC_FMT1 | 0x3F) : rc & 0xFFF;
}

bool tpm_rc_is(TSS2_RC rc, TSS2_RC code)
{
    TSS2_RC layer = rc & TSS2_RC_LAYER_MASK;

    return (layer == TSS2_TPM_RC_LAYER || layer == TSS2_RESMGR_TPM_RC_LAYER ||
            layer == TSS2_RESMGR_RC_LAYER) &&
           bare_code(rc) == code;
}

static const struct {
    TSS2_RC rc;
    enum error_code code;
    const char *why;
} SENTENCES[] = {
    {TPM2_RC_AUTH_FAIL, ERROR_DENIED, "a password is set that is not known here"},
    {TPM2_RC_BAD_AUTH, ERROR_DENIED, "a password is set that is not known here"},
    {TPM2_RC_AUTH_MISSING, ERROR_DENIED, "it demands an authorisation that was not given"},
    {TPM2_RC_AUTH_TYPE, ERROR_DENIED, "it demands another kind of authorisation"},
    {TPM2_RC_AUTH_UNAVAILABLE, ERROR_DENIED, "it demands an authorisation by policy"},
    {TPM2_RC_POLICY_FAIL, ERROR_DENIED, "the key's policy is not fulfilled"},
    {TPM2_RC_PCR_CHANGED, ERROR_DENIED, "PCRs changed during the operation; try again"},
    {TPM2_RC_PCR, ERROR_DENIED, "the PCRs are not those that were approved"},
    {TPM2_RC_LOCKOUT, ERROR_DENIED,
     "it is locked out after wrong passwords; wait, or run tpm2_dictionarylockout --clear-lockout"},
    {TPM2_RC_INTEGRITY, ERROR_DENIED, "the data were made for another TPM or another key"},
    {TPM2_RC_SIGNATURE, ERROR_DENIED, "a signature given to it is not genuine"},
    {TPM2_RC_TICKET, ERROR_DENIED, "a signature given to it was not checked for this TPM"},
    {TPM2_RC_HIERARCHY, ERROR_DENIED, "the hierarchy of the key is switched off"},
    {TPM2_RC_DISABLED, ERROR_UNSUPPORTED, "the command is switched off"},
    {TPM2_RC_COMMAND_CODE, ERROR_UNSUPPORTED, "it does not know the command"},
    {TPM2_RC_CURVE, ERROR_UNSUPPORTED, "it does not know the elliptic curve"},
    {TPM2_RC_SCHEME, ERROR_UNSUPPORTED, "it does not know the signing scheme"},
    {TPM2_RC_HASH, ERROR_UNSUPPORTED, "it does not know the hash algorithm or has no such bank"},
    {TPM2_RC_ASYMMETRIC, ERROR_UNSUPPORTED, "it does not know the kind of key"},
    {TPM2_RC_KEY_SIZE, ERROR_UNSUPPORTED, "it does not know the size of key"},
    {TPM2_RC_HANDLE, ERROR_NOT_FOUND, "there is no such object in it"},
    {TPM2_RC_REFERENCE_H0, ERROR_NOT_FOUND, "there is no such object in it"},
    {TPM2_RC_OBJECT_MEMORY, ERROR_IO,
     "its slots for keys are full; use the resource manager /dev/tpmrm0, or tpm2_flushcontext -t"},
    {TPM2_RC_SESSION_MEMORY, ERROR_IO,
     "its slots for sessions are full; use /dev/tpmrm0, or tpm2_flushcontext -l"},
    {TPM2_RC_SESSION_HANDLES, ERROR_IO,
     "its session handles are used up; use /dev/tpmrm0, or tpm2_flushcontext -l"},
    {TPM2_RC_NV_SPACE, ERROR_IO, "its memory for persistent keys is full"},
    {TPM2_RC_NV_DEFINED, ERROR_CONFLICT, "something is at that handle already"},
    {TPM2_RC_NV_LOCKED, ERROR_DENIED, "the index is locked"},
    {TPM2_RC_NV_AUTHORIZATION, ERROR_DENIED, "the index may not be read by the owner"},
    {TPM2_RC_NV_UNAVAILABLE, ERROR_IO, "its memory is not available at the moment"},
    {TPM2_RC_INITIALIZE, ERROR_IO, "it has not been started by the firmware"},
    {TPM2_RC_FAILURE, ERROR_IO, "it is in failure mode; a cold boot may help"},
    {TPM2_RC_RETRY, ERROR_IO, "it is busy"},
    {TPM2_RC_TESTING, ERROR_IO, "it is testing itself"},
};

bool tpm_fail(struct error *error, TSS2_RC rc, const char *what)
{
    TSS2_RC layer = rc & TSS2_RC_LAYER_MASK;

    if (layer == TSS2_TCTI_RC_LAYER)
        return error_plain(error, ERROR_IO, "The TPM cannot %s: the connection to it failed (%s)",
                           what, Tss2_RC_Decode(rc));
    for (size_t i = 0; i < sizeof SENTENCES / sizeof *SENTENCES; i++)
        if (tpm_rc_is(rc, SENTENCES[i].rc))
            return error_plain(error, SENTENCES[i].code, "The TPM cannot %s: %s (0x%x)", what,
                               SENTENCES[i].why, rc);
    return error_plain(error, ERROR_IO, "The TPM cannot %s: it answers 0x%x (%s)", what, rc,
                       Tss2_RC_Decode(rc));
}

/* --- connection --- */

static bool start(struct tpm *tpm, const char *tcti, struct error *error)
{
    TSS2_RC rc = Tss2_TctiLdr_Initialize(tcti, &tpm->tcti);

    if (rc)
        return error_plain(error, ERROR_NOT_FOUND,
                           "No TPM can be reached through %s: no such device, no permission, or "
                           "another program holds it",
                           tcti);
    rc = Esys_Initialize(&tpm->esys, tpm->tcti, NULL);
    if (rc)
        return tpm_fail(error, rc, "be used");
    return true;
}

bool tpm_open(const char *tcti, struct tpm **tpm, struct error *error)
{
    struct tpm *opened = calloc(1, sizeof *opened);

    if (!opened)
        return error_plain(error, ERROR_MEMORY, "no memory for the TPM's connection");
    if (!tcti)
        tcti = getenv(TPM_TCTI_ENVIRONMENT);
    if (!tcti || !*tcti)
        tcti = TPM_DEFAULT_TCTI;
    setenv("TSS2_LOG", "all+none", 0);
    if (!start(opened, tcti, error)) {
        tpm_close(opened);
        return false;
    }
    *tpm = opened;
    return true;
}

void tpm_close(struct tpm *tpm)
{
    if (!tpm)
        return;
    if (tpm->esys)
        Esys_Finalize(&tpm->esys);
    if (tpm->tcti)
        Tss2_TctiLdr_Finalize(&tpm->tcti);
    free(tpm);
}

/* --- handles --- */

bool tpm_handle_open(struct tpm *tpm, uint32_t handle, ESYS_TR *object, struct error *error)
{
    TSS2_RC rc = Esys_TR_FromTPMPublic(tpm->esys, handle, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                                       object);

    if (rc) {
        *object = ESYS_TR_NONE;
        return tpm_fail(error, rc, "open a key or index");
    }
    return true;
}

void tpm_handle_close(struct tpm *tpm, ESYS_TR *object)
{
    if (*object != ESYS_TR_NONE)
        Esys_TR_Close(tpm->esys, object);
    *object = ESYS_TR_NONE;
}

void tpm_flush(struct tpm *tpm, ESYS_TR *object)
{
    if (*object != ESYS_TR_NONE)
        Esys_FlushContext(tpm->esys, *object);
    *object = ESYS_TR_NONE;
}

bool tpm_policy_start(struct tpm *tpm, ESYS_TR *session, struct error *error)
{
    const TPMT_SYM_DEF symmetric = {.algorithm = TPM2_ALG_NULL};
    TSS2_RC rc = Esys_StartAuthSession(tpm->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                                       ESYS_TR_NONE, ESYS_TR_NONE, NULL, TPM2_SE_POLICY, &symmetric,
                                       TPM2_ALG_SHA256, session);

    if (rc) {
        *session = ESYS_TR_NONE;
        return tpm_fail(error, rc, "start a session");
    }
    return true;
}

bool tpm_persistent_handles(struct tpm *tpm, uint32_t first, uint32_t last, TPML_HANDLE *handles,
                            struct error *error)
{
    TPMS_CAPABILITY_DATA *data = NULL;
    TSS2_RC rc = Esys_GetCapability(tpm->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                                    TPM2_CAP_HANDLES, first, TPM2_MAX_CAP_HANDLES, NULL, &data);

    if (rc)
        return tpm_fail(error, rc, "list its keys");
    handles->count = 0;
    for (uint32_t i = 0; i < data->data.handles.count; i++)
        if (data->data.handles.handle[i] <= last)
            handles->handle[handles->count++] = data->data.handles.handle[i];
    Esys_Free(data);
    return true;
}

bool tpm_persist(struct tpm *tpm, ESYS_TR object, uint32_t first, uint32_t n, uint32_t *handle,
                 struct error *error)
{
    ESYS_TR kept = ESYS_TR_NONE;
    TPML_HANDLE taken = {0};
    uint32_t free_handle = first;
    TSS2_RC rc;

    if (!tpm_persistent_handles(tpm, first, first + n - 1, &taken, error))
        return false;
    for (uint32_t i = 0; i < taken.count && taken.handle[i] == free_handle; i++)
        free_handle++;
    if (free_handle == first + n)
        return error_plain(error, ERROR_CONFLICT,
                           "All %u handles from 0x%x on are taken in the TPM; remove old keys with "
                           "tpm2_evictcontrol -c 0x%x",
                           n, first, first);
    rc = Esys_EvictControl(tpm->esys, ESYS_TR_RH_OWNER, object, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                           ESYS_TR_NONE, free_handle, &kept);
    if (rc)
        return tpm_fail(error, rc, "keep a key");
    tpm_handle_close(tpm, &kept);
    *handle = free_handle;
    return true;
}

/* --- bytes --- */

bool tpm_copy_bytes(const void *data, size_t len, struct arena *arena, struct span *bytes,
                    struct error *error)
{
    uint8_t *copy = arena_alloc(arena, len);

    if (!copy)
        return arena_error(arena, error);
    memcpy(copy, data, len);
    *bytes = span_of(copy, len);
    return true;
}

bool tpm_public_bytes(const TPMT_PUBLIC *public_area, struct arena *arena, struct span *bytes,
                      struct error *error)
{
    uint8_t buffer[sizeof *public_area];
    size_t len = 0;
    TSS2_RC rc = Tss2_MU_TPMT_PUBLIC_Marshal(public_area, buffer, sizeof buffer, &len);

    if (rc)
        return tpm_fail(error, rc, "describe a key");
    return tpm_copy_bytes(buffer, len, arena, bytes, error);
}

bool tpm_signature_bytes(const TPMT_SIGNATURE *signature, struct arena *arena, struct span *bytes,
                         struct error *error)
{
    uint8_t buffer[sizeof *signature];
    size_t len = 0;
    TSS2_RC rc = Tss2_MU_TPMT_SIGNATURE_Marshal(signature, buffer, sizeof buffer, &len);

    if (rc)
        return tpm_fail(error, rc, "hand out a signature");
    return tpm_copy_bytes(buffer, len, arena, bytes, error);
}

/* --- properties --- */

static void put_text(char *text, uint32_t value)
{
    for (int i = 0; i < 4; i++) {
        char c = (char)(value >> (24 - 8 * i));
        text[i] = (char)(isprint((unsigned char)c) ? c : '\0');
    }
}

static void take_property(struct tpm_properties *properties, const TPMS_TAGGED_PROPERTY *tagged)
{
    uint32_t value = tagged->value, vendor_at;

    switch (tagged->property) {
    case TPM2_PT_REVISION:
        properties->revision = value;
        break;
    case TPM2_PT_MANUFACTURER:
        put_text(properties->manufacturer, value);
        break;
    case TPM2_PT_VENDOR_STRING_1:
    case TPM2_PT_VENDOR_STRING_2:
    case TPM2_PT_VENDOR_STRING_3:
    case TPM2_PT_VENDOR_STRING_4:
        vendor_at = 4 * (tagged->property - TPM2_PT_VENDOR_STRING_1);
        put_text(properties->vendor + vendor_at, value);
        break;
    case TPM2_PT_FIRMWARE_VERSION_1:
        properties->firmware_version |= (uint64_t)value << 32;
        break;
    case TPM2_PT_FIRMWARE_VERSION_2:
        properties->firmware_version |= value;
        break;
    case TPM2_PT_PERMANENT:
        properties->locked_out = value & TPMA_PERMANENT_INLOCKOUT;
        properties->owner_auth_set = value & TPMA_PERMANENT_OWNERAUTHSET;
        properties->endorsement_auth_set = value & TPMA_PERMANENT_ENDORSEMENTAUTHSET;
        break;
    default:
        break;
    }
}

static bool read_properties(struct tpm *tpm, uint32_t first, struct tpm_properties *properties,
                            struct error *error)
{
    TPMS_CAPABILITY_DATA *data = NULL;
    TSS2_RC rc = Esys_GetCapability(tpm->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                                    TPM2_CAP_TPM_PROPERTIES, first, TPM2_MAX_TPM_PROPERTIES, NULL,
                                    &data);

    if (rc)
        return tpm_fail(error, rc, "tell its properties");
    for (uint32_t i = 0; i < data->data.tpmProperties.count; i++)
        take_property(properties, &data->data.tpmProperties.tpmProperty[i]);
    Esys_Free(data);
    return true;
}

static bool read_banks(struct tpm *tpm, struct tpm_properties *properties, struct error *error)
{
    TPMS_CAPABILITY_DATA *data = NULL;
    TSS2_RC rc = Esys_GetCapability(tpm->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                                    TPM2_CAP_PCRS, 0, TPM2_MAX_PCRS, NULL, &data);

    if (rc)
        return tpm_fail(error, rc, "tell its PCR banks");
    for (uint32_t i = 0; i < data->data.assignedPCR.count; i++) {
        const TPMS_PCR_SELECTION *bank = &data->data.assignedPCR.pcrSelections[i];
        if (properties->n_banks < LIMIT_EVENTLOG_BANKS && bank->sizeofSelect && bank->pcrSelect[0])
            properties->banks[properties->n_banks++] = bank->hash;
    }
    Esys_Free(data);
    return true;
}

static bool read_clock(struct tpm *tpm, struct tpm_properties *properties, struct error *error)
{
    TPMS_TIME_INFO *time = NULL;
    TSS2_RC rc = Esys_ReadClock(tpm->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &time);

    if (rc)
        return tpm_fail(error, rc, "tell its clock");
    properties->clock_ms = time->clockInfo.clock;
    properties->reset_count = time->clockInfo.resetCount;
    properties->restart_count = time->clockInfo.restartCount;
    properties->clock_safe = time->clockInfo.safe;
    Esys_Free(time);
    return true;
}

bool tpm_properties_read(struct tpm *tpm, struct tpm_properties *properties, struct error *error)
{
    struct tpm_properties found = {0};

    if (!read_properties(tpm, TPM2_PT_FIXED, &found, error) ||
        !read_properties(tpm, TPM2_PT_VAR, &found, error) || !read_banks(tpm, &found, error) ||
        !read_clock(tpm, &found, error))
        return false;
    *properties = found;
    return true;
}

static bool take_pcrs(const TPML_PCR_SELECTION *selection, const TPML_DIGEST *digests,
                      uint32_t *left, uint8_t values[LIMIT_PCRS][LIMIT_TPM_DIGEST_LEN])
{
    uint32_t taken = 0, at = 0;

    if (selection->count != 1)
        return false;
    for (unsigned pcr = 0; pcr < LIMIT_PCRS; pcr++) {
        if (pcr / 8 >= selection->pcrSelections[0].sizeofSelect ||
            !(selection->pcrSelections[0].pcrSelect[pcr / 8] & 1u << pcr % 8))
            continue;
        if (at == digests->count || digests->digests[at].size > LIMIT_TPM_DIGEST_LEN)
            return false;
        memcpy(values[pcr], digests->digests[at].buffer, digests->digests[at].size);
        taken |= 1u << pcr;
        at++;
    }
    *left &= ~taken;
    return taken != 0;
}

bool tpm_pcr_read(struct tpm *tpm, uint16_t bank, uint32_t pcrs,
                  uint8_t values[LIMIT_PCRS][LIMIT_TPM_DIGEST_LEN], struct error *error)
{
    while (pcrs) {
        TPML_PCR_SELECTION wanted = {
            .count = 1,
            .pcrSelections = {{.hash = bank,
                               .sizeofSelect = 3,
                               .pcrSelect = {(BYTE)pcrs, (BYTE)(pcrs >> 8), (BYTE)(pcrs >> 16)}}}};
        TPML_PCR_SELECTION *given = NULL;
        TPML_DIGEST *digests = NULL;
        TSS2_RC rc = Esys_PCR_Read(tpm->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &wanted,
                                   NULL, &given, &digests);
        bool more = !rc && take_pcrs(given, digests, &pcrs, values);

        Esys_Free(given);
        Esys_Free(digests);
        if (rc)
            return tpm_fail(error, rc, "read PCRs");
        if (!more)
            return error_plain(error, ERROR_UNSUPPORTED, "The TPM has no such PCR bank");
    }
    return true;
}
