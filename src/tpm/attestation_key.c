/* The attestation key, the storage root key above it, and what the attestation key signs.
 *
 * Owns the handles from KEY_HANDLE_FIRST on, of which it takes the first free one and never one in
 * use. The keys have no password: an attestation proves a state, whoever asks for it, and the
 * identity key is guarded by its policy. */
#include "tpm/internal.h"

/* TCG Provisioning Guidance 1.0, 7.8: storage root key; 0x81000000 to 0x817FFFFF are the owner's.
 */
#define SRK_HANDLE       0x81000001u
#define KEY_HANDLE_FIRST 0x8100B501u
enum { KEY_HANDLES = 32 };

/* TPM 2.0 Provisioning Guidance 7.5.1: the P-256 storage key without password. */
static TPM2B_PUBLIC srk_template(void)
{
    return (TPM2B_PUBLIC){
        .publicArea = {.type = TPM2_ALG_ECC,
                       .nameAlg = TPM2_ALG_SHA256,
                       .objectAttributes = TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT |
                                           TPMA_OBJECT_SENSITIVEDATAORIGIN |
                                           TPMA_OBJECT_USERWITHAUTH | TPMA_OBJECT_NODA |
                                           TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_DECRYPT,
                       .parameters.eccDetail = {.symmetric = {.algorithm = TPM2_ALG_AES,
                                                              .keyBits.aes = 128,
                                                              .mode.aes = TPM2_ALG_CFB},
                                                .scheme.scheme = TPM2_ALG_NULL,
                                                .curveID = TPM2_ECC_NIST_P256,
                                                .kdf.scheme = TPM2_ALG_NULL}}};
}

static bool make_srk(struct tpm *tpm, struct error *error)
{
    const TPM2B_SENSITIVE_CREATE sensitive = {0};
    const TPM2B_DATA outside = {0};
    const TPML_PCR_SELECTION no_pcrs = {0};
    const TPM2B_PUBLIC template = srk_template();
    ESYS_TR made = ESYS_TR_NONE;
    uint32_t handle;
    bool done;
    TSS2_RC rc = Esys_CreatePrimary(tpm->esys, ESYS_TR_RH_OWNER, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                                    ESYS_TR_NONE, &sensitive, &template, &outside, &no_pcrs, &made,
                                    NULL, NULL, NULL, NULL);

    if (rc)
        return tpm_fail(error, rc, "make its storage root key");
    done = tpm_persist(tpm, made, SRK_HANDLE, 1, &handle, error);
    tpm_flush(tpm, &made);
    return done;
}

/* Opens the storage root key; makes it where the system has not done so. */
static bool open_srk(struct tpm *tpm, ESYS_TR *srk, struct error *error)
{
    TPML_HANDLE handles;

    if (!tpm_persistent_handles(tpm, SRK_HANDLE, SRK_HANDLE, &handles, error))
        return false;
    if (handles.count == 0 && !make_srk(tpm, error))
        return false;
    return tpm_handle_open(tpm, SRK_HANDLE, srk, error);
}

static bool create_under(struct tpm *tpm, ESYS_TR srk, const TPM2B_PUBLIC *template,
                         uint32_t *handle, struct error *error)
{
    const TPM2B_SENSITIVE_CREATE sensitive = {0};
    const TPM2B_DATA outside = {0};
    const TPML_PCR_SELECTION no_pcrs = {0};
    TPM2B_PRIVATE *private_area = NULL;
    TPM2B_PUBLIC *public_area = NULL;
    ESYS_TR loaded = ESYS_TR_NONE;
    bool done;
    TSS2_RC rc = Esys_Create(tpm->esys, srk, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE,
                             &sensitive, template, &outside, &no_pcrs, &private_area, &public_area,
                             NULL, NULL, NULL);

    if (rc)
        return tpm_fail(error, rc, "make a key");
    rc = Esys_Load(tpm->esys, srk, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, private_area,
                   public_area, &loaded);
    done = rc ? tpm_fail(error, rc, "load a key")
              : tpm_persist(tpm, loaded, KEY_HANDLE_FIRST, KEY_HANDLES, handle, error);
    tpm_flush(tpm, &loaded);
    Esys_Free(private_area);
    Esys_Free(public_area);
    return done;
}

/* True when the key is of the template: equal in all but the key material. */
static bool key_is_of(const struct tpm_key *key, const TPM2B_PUBLIC *template)
{
    uint8_t wanted[sizeof(TPMT_PUBLIC)], found[sizeof(TPMT_PUBLIC)];
    size_t at = 0, wanted_len = 0, found_len = 0;
    TPMT_PUBLIC area;

    if (Tss2_MU_TPMT_PUBLIC_Unmarshal(key->public_area.data, key->public_area.len, &at, &area) ||
        area.type != template->publicArea.type)
        return false;
    area.unique = template->publicArea.unique;
    return !Tss2_MU_TPMT_PUBLIC_Marshal(&area, found, sizeof found, &found_len) &&
           !Tss2_MU_TPMT_PUBLIC_Marshal(&template->publicArea, wanted, sizeof wanted,
                                        &wanted_len) &&
           span_equal(span_of(found, found_len), span_of(wanted, wanted_len));
}

static bool find_key(struct tpm *tpm, const TPM2B_PUBLIC *template, struct arena *arena,
                     struct tpm_key *key, bool *found, struct error *error)
{
    TPML_HANDLE handles;

    *found = false;
    if (!tpm_persistent_handles(tpm, KEY_HANDLE_FIRST, KEY_HANDLE_FIRST + KEY_HANDLES - 1, &handles,
                                error))
        return false;
    for (uint32_t i = 0; i < handles.count && !*found; i++) {
        struct tpm_key candidate;

        if (!tpm_key_read(tpm, handles.handle[i], arena, &candidate, error))
            return false;
        *found = key_is_of(&candidate, template);
        if (*found)
            *key = candidate;
    }
    return true;
}

bool tpm_key_open(struct tpm *tpm, const TPM2B_PUBLIC *template, struct arena *arena,
                  struct tpm_key *key, struct error *error)
{
    ESYS_TR srk = ESYS_TR_NONE;
    uint32_t handle = 0;
    bool done, found;

    if (!find_key(tpm, template, arena, key, &found, error))
        return false;
    if (found)
        return true;
    if (!open_srk(tpm, &srk, error))
        return false;
    done = create_under(tpm, srk, template, &handle, error);
    tpm_handle_close(tpm, &srk);
    return done && tpm_key_read(tpm, handle, arena, key, error);
}

bool tpm_ak_open(struct tpm *tpm, enum tpm_key_type type, struct arena *arena, struct tpm_key *key,
                 struct error *error)
{
    TPM2B_PUBLIC template = {
        .publicArea = {.nameAlg = TPM2_ALG_SHA256,
                       .objectAttributes = TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT |
                                           TPMA_OBJECT_SENSITIVEDATAORIGIN |
                                           TPMA_OBJECT_USERWITHAUTH | TPMA_OBJECT_NODA |
                                           TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_SIGN_ENCRYPT}};
    TPMT_PUBLIC *area = &template.publicArea;

    if (type == TPM_KEY_RSA_2048) {
        area->type = TPM2_ALG_RSA;
        area->parameters.rsaDetail = (TPMS_RSA_PARMS){
            .symmetric.algorithm = TPM2_ALG_NULL,
            .scheme = {.scheme = TPM2_ALG_RSASSA, .details.rsassa.hashAlg = TPM2_ALG_SHA256},
            .keyBits = 2048};
    } else {
        area->type = TPM2_ALG_ECC;
        area->parameters.eccDetail = (TPMS_ECC_PARMS){
            .symmetric.algorithm = TPM2_ALG_NULL,
            .scheme = {.scheme = TPM2_ALG_ECDSA, .details.ecdsa.hashAlg = TPM2_ALG_SHA256},
            .curveID = TPM2_ECC_NIST_P256,
            .kdf.scheme = TPM2_ALG_NULL};
    }
    return tpm_key_open(tpm, &template, arena, key, error);
}

static bool read_opened(struct tpm *tpm, ESYS_TR object, struct arena *arena, struct tpm_key *key,
                        struct error *error)
{
    TPM2B_PUBLIC *public_area = NULL;
    TPM2B_NAME *name = NULL;
    bool done;
    TSS2_RC rc = Esys_ReadPublic(tpm->esys, object, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                                 &public_area, &name, NULL);

    if (rc)
        return tpm_fail(error, rc, "describe a key");
    done = tpm_public_bytes(&public_area->publicArea, arena, &key->public_area, error) &&
           tpm_copy_bytes(name->name, name->size, arena, &key->name, error);
    Esys_Free(public_area);
    Esys_Free(name);
    return done;
}

bool tpm_key_read(struct tpm *tpm, uint32_t handle, struct arena *arena, struct tpm_key *key,
                  struct error *error)
{
    struct tpm_key found = {.handle = handle};
    ESYS_TR object = ESYS_TR_NONE;
    bool done;

    if (!tpm_handle_open(tpm, handle, &object, error))
        return false;
    done = read_opened(tpm, object, arena, &found, error);
    tpm_handle_close(tpm, &object);
    if (done)
        *key = found;
    return done;
}

bool tpm_key_remove(struct tpm *tpm, uint32_t handle, struct error *error)
{
    ESYS_TR object = ESYS_TR_NONE, gone = ESYS_TR_NONE;
    TSS2_RC rc;

    if (!tpm_handle_open(tpm, handle, &object, error))
        return false;
    rc = Esys_EvictControl(tpm->esys, ESYS_TR_RH_OWNER, object, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                           ESYS_TR_NONE, handle, &gone);
    tpm_handle_close(tpm, &object);
    return rc ? tpm_fail(error, rc, "remove a key") : true;
}

/* --- what the attestation key signs --- */

static bool take_attestation(TPM2B_ATTEST *attest, TPMT_SIGNATURE *signature, struct arena *arena,
                             struct tpm_attestation *attestation, struct error *error)
{
    struct tpm_attestation taken = {0};
    bool done = tpm_copy_bytes(attest->attestationData, attest->size, arena, &taken.attest,
                               error) &&
                tpm_signature_bytes(signature, arena, &taken.signature, error);

    Esys_Free(attest);
    Esys_Free(signature);
    if (done)
        *attestation = taken;
    return done;
}

static bool qualify(struct span qualifying_data, TPM2B_DATA *data, struct error *error)
{
    *data = (TPM2B_DATA){.size = (UINT16)qualifying_data.len};
    if (qualifying_data.len > sizeof data->buffer)
        return error_plain(error, ERROR_LIMIT, "Qualifying data of %zu bytes fit no TPM structure",
                           qualifying_data.len);
    memcpy(data->buffer, qualifying_data.data, qualifying_data.len);
    return true;
}

bool tpm_quote(struct tpm *tpm, uint32_t ak_handle, uint16_t bank, uint32_t pcrs,
               struct span qualifying_data, struct arena *arena, struct tpm_attestation *quote,
               struct error *error)
{
    const TPMT_SIG_SCHEME own_scheme = {.scheme = TPM2_ALG_NULL};
    const TPML_PCR_SELECTION selection = {
        .count = 1,
        .pcrSelections = {{.hash = bank,
                           .sizeofSelect = 3,
                           .pcrSelect = {(BYTE)pcrs, (BYTE)(pcrs >> 8), (BYTE)(pcrs >> 16)}}}};
    ESYS_TR ak = ESYS_TR_NONE;
    TPM2B_ATTEST *attest = NULL;
    TPMT_SIGNATURE *signature = NULL;
    TPM2B_DATA data;
    TSS2_RC rc;

    if (!qualify(qualifying_data, &data, error) || !tpm_handle_open(tpm, ak_handle, &ak, error))
        return false;
    rc = Esys_Quote(tpm->esys, ak, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, &data, &own_scheme,
                    &selection, &attest, &signature);
    tpm_handle_close(tpm, &ak);
    if (rc)
        return tpm_fail(error, rc, "quote its PCRs");
    return take_attestation(attest, signature, arena, quote, error);
}

bool tpm_certify(struct tpm *tpm, uint32_t ak_handle, uint32_t key_handle,
                 struct span qualifying_data, struct arena *arena, struct tpm_attestation *certify,
                 struct error *error)
{
    const TPMT_SIG_SCHEME own_scheme = {.scheme = TPM2_ALG_NULL};
    ESYS_TR ak = ESYS_TR_NONE, key = ESYS_TR_NONE;
    TPM2B_ATTEST *attest = NULL;
    TPMT_SIGNATURE *signature = NULL;
    TPM2B_DATA data;
    TSS2_RC rc = 0;
    bool opened = qualify(qualifying_data, &data, error) &&
                  tpm_handle_open(tpm, ak_handle, &ak, error) &&
                  tpm_handle_open(tpm, key_handle, &key, error);

    /* The ADMIN role of a key without adminWithPolicy is its password, which is empty. */
    if (opened)
        rc = Esys_Certify(tpm->esys, key, ak, ESYS_TR_PASSWORD, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                          &data, &own_scheme, &attest, &signature);
    tpm_handle_close(tpm, &key);
    tpm_handle_close(tpm, &ak);
    if (!opened)
        return false;
    if (rc)
        return tpm_fail(error, rc, "certify a key");
    return take_attestation(attest, signature, arena, certify, error);
}
