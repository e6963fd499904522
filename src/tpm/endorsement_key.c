/* The endorsement key: finding it by its certificate, making it by the TCG's templates, and
 * activating a credential with it.
 *
 * TCG EK Credential Profile for TPM Family 2.0, 2.5: 2.2.1.4 and 2.2.1.5 (NV indices), annex B
 * (templates, policies). Trusts no certificate: the service checks the chain; here it only has to
 * belong to the key. */
#include "tpm/internal.h"

enum {
    NV_CHAIN_FIRST = 0x01C00100, /* intermediate certificates, concatenated over the indices */
    NV_CHAIN_LAST = 0x01C001FF,
    NV_PLATFORM_FIRST = 0x01C90000, /* TCG Registry of Reserved TPM 2.0 Handles */
    NV_PLATFORM_LAST = 0x01C9FFFF,
    EK_HANDLES = 0x0F,
};
/* TCG Provisioning Guidance 1.0, 7.8: the range of endorsement keys. */
#define EK_HANDLE_FIRST 0x81010001u
#define EK_HANDLE_LAST  0x8101FFFFu
#define EK_SEARCH_FIRST 0x81010000u

/* The NV indices that hold EK certificates, in the order in which they are preferred. */
static const uint32_t CERTIFICATE_INDICES[] = {
    0x01C00002, /* RSA-2048, L-1 */
    0x01C0000A, /* P-256, L-2 */
    0x01C00012, /* RSA-2048, H-1 */
    0x01C00014, /* P-256, H-2 */
    0x01C00016, /* P-384, H-3: what swtpm makes */
};

/* PolicyA of annex B.3: TPM2_PolicySecret(TPM_RH_ENDORSEMENT), SHA-256. */
static const TPM2B_DIGEST POLICY_A = {
    .size = 32, .buffer = {0x83, 0x71, 0x97, 0x67, 0x44, 0x84, 0xB3, 0xF8, 0x1A, 0x90, 0xCC,
                           0x8D, 0x46, 0xA5, 0xD7, 0x24, 0xFD, 0x52, 0xD7, 0x6E, 0x06, 0x52,
                           0x0B, 0x64, 0xF2, 0xA1, 0xDA, 0x1B, 0x33, 0x14, 0x69, 0xAA}};

/* Annex B.3.3 and B.3.4: templates L-1 and L-2. Other EKs are found only when they are persistent.
 */
static TPM2B_PUBLIC ek_template(enum tpm_key_type type)
{
    const TPMT_SYM_DEF_OBJECT aes = {
        .algorithm = TPM2_ALG_AES, .keyBits.aes = 128, .mode.aes = TPM2_ALG_CFB};
    TPM2B_PUBLIC template = {
        .publicArea = {.nameAlg = TPM2_ALG_SHA256,
                       .objectAttributes = TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT |
                                           TPMA_OBJECT_SENSITIVEDATAORIGIN |
                                           TPMA_OBJECT_ADMINWITHPOLICY | TPMA_OBJECT_RESTRICTED |
                                           TPMA_OBJECT_DECRYPT,
                       .authPolicy = POLICY_A}};
    TPMT_PUBLIC *area = &template.publicArea;

    if (type == TPM_KEY_RSA_2048) {
        area->type = TPM2_ALG_RSA;
        area->parameters.rsaDetail = (TPMS_RSA_PARMS){
            .symmetric = aes, .scheme.scheme = TPM2_ALG_NULL, .keyBits = 2048};
        area->unique.rsa.size = 256;
    } else {
        area->type = TPM2_ALG_ECC;
        area->parameters.eccDetail = (TPMS_ECC_PARMS){.symmetric = aes,
                                                      .scheme.scheme = TPM2_ALG_NULL,
                                                      .curveID = TPM2_ECC_NIST_P256,
                                                      .kdf.scheme = TPM2_ALG_NULL};
        area->unique.ecc.x.size = 32;
        area->unique.ecc.y.size = 32;
    }
    return template;
}

/* --- NV --- */

static bool nv_read_part(struct tpm *tpm, ESYS_TR index, bool by_owner, size_t at, size_t len,
                         uint8_t *bytes, struct error *error)
{
    TPM2B_MAX_NV_BUFFER *part = NULL;
    TSS2_RC rc = Esys_NV_Read(tpm->esys, by_owner ? ESYS_TR_RH_OWNER : index, index,
                              ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, (UINT16)len, (UINT16)at,
                              &part);

    if (rc)
        return tpm_fail(error, rc, "read a certificate out of its memory");
    memcpy(bytes, part->buffer, part->size);
    Esys_Free(part);
    return true;
}

static bool nv_read_opened(struct tpm *tpm, ESYS_TR index, struct arena *arena, struct span *bytes,
                           struct error *error)
{
    const size_t part_len = 512; /* below every TPM's TPM_PT_NV_BUFFER_MAX */
    TPM2B_NV_PUBLIC *description = NULL;
    TSS2_RC rc = Esys_NV_ReadPublic(tpm->esys, index, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                                    &description, NULL);
    uint8_t *data;
    size_t len;
    bool by_owner;

    if (rc)
        return tpm_fail(error, rc, "describe an index of its memory");
    len = description->nvPublic.dataSize;
    by_owner = !(description->nvPublic.attributes & TPMA_NV_AUTHREAD);
    Esys_Free(description);
    if (len > LIMIT_CERTIFICATE_LEN)
        return error_plain(error, ERROR_LIMIT, "A certificate in the TPM has %zu bytes", len);
    data = arena_alloc(arena, len);
    if (!data)
        return arena_error(arena, error);
    for (size_t at = 0; at < len; at += part_len)
        if (!nv_read_part(tpm, index, by_owner, at, len - at < part_len ? len - at : part_len,
                          data + at, error))
            return false;
    *bytes = span_of(data, len);
    return true;
}

static bool nv_read(struct tpm *tpm, uint32_t handle, struct arena *arena, struct span *bytes,
                    struct error *error)
{
    ESYS_TR index = ESYS_TR_NONE;
    bool done;

    if (!tpm_handle_open(tpm, handle, &index, error))
        return false;
    done = nv_read_opened(tpm, index, arena, bytes, error);
    tpm_handle_close(tpm, &index);
    return done;
}

/* Reads all indices of the chain, one after the other, as one text. */
static bool read_chain(struct tpm *tpm, struct arena *arena, struct span *chain,
                       struct error *error)
{
    struct span parts[LIMIT_CHAIN_CERTIFICATES];
    TPML_HANDLE indices;
    size_t n_parts = 0, len = 0;
    uint8_t *bytes;

    if (!tpm_persistent_handles(tpm, NV_CHAIN_FIRST, NV_CHAIN_LAST, &indices, error))
        return false;
    for (uint32_t i = 0; i < indices.count && n_parts < LIMIT_CHAIN_CERTIFICATES; i++) {
        if (!nv_read(tpm, indices.handle[i], arena, &parts[n_parts], error))
            return false;
        len += parts[n_parts++].len;
    }
    bytes = arena_alloc(arena, len);
    if (!bytes)
        return arena_error(arena, error);
    len = 0;
    for (size_t i = 0; i < n_parts; i++) {
        memcpy(bytes + len, parts[i].data, parts[i].len);
        len += parts[i].len;
    }
    *chain = span_of(bytes, len);
    return true;
}

bool tpm_platform_certificates_read(struct tpm *tpm, struct arena *arena, size_t cap,
                                    struct span *certificates, size_t *n_certificates,
                                    struct error *error)
{
    TPML_HANDLE indices;
    struct error ignored;

    *n_certificates = 0;
    if (!tpm_persistent_handles(tpm, NV_PLATFORM_FIRST, NV_PLATFORM_LAST, &indices, error))
        return false;
    for (uint32_t i = 0; i < indices.count && *n_certificates < cap; i++)
        if (nv_read(tpm, indices.handle[i], arena, &certificates[*n_certificates], &ignored))
            (*n_certificates)++;
    return true;
}

/* Splits concatenated certificates; what is not a certificate ends the list. */
static void add_certificates(struct crypto *crypto, struct span chain,
                             struct tpm_endorsement *endorsement)
{
    while (chain.len && endorsement->n_certificates < LIMIT_CHAIN_CERTIFICATES) {
        struct crypto_certificate *certificate;
        struct error ignored;
        size_t len;

        if (!crypto_certificate_decode(crypto, chain, &len, &certificate, &ignored))
            return;
        crypto_certificate_free(certificate);
        endorsement->certificates[endorsement->n_certificates++] = span_of(chain.data, len);
        chain = span_of(chain.data + len, chain.len - len);
    }
}

/* --- the key a certificate belongs to --- */

static bool key_is(struct crypto *crypto, struct span public_area, struct span spki,
                   struct arena *arena)
{
    struct tpm_public decoded;
    struct crypto_key *key;
    struct error ignored;
    struct span own;
    bool same;

    if (!tpm_public_decode(public_area, &decoded, &ignored) ||
        !crypto_key_from_tpm(crypto, &decoded, &key, &ignored))
        return false;
    same = crypto_key_spki(key, arena, &own, &ignored) && span_equal(own, spki);
    crypto_key_free(key);
    return same;
}

static bool find_persistent(struct tpm *tpm, struct crypto *crypto, struct span spki,
                            struct arena *arena, struct tpm_endorsement *endorsement,
                            struct error *error)
{
    TPML_HANDLE handles;

    if (!tpm_persistent_handles(tpm, EK_SEARCH_FIRST, EK_HANDLE_LAST, &handles, error))
        return false;
    for (uint32_t i = 0; i < handles.count; i++) {
        struct tpm_key key;

        if (!tpm_key_read(tpm, handles.handle[i], arena, &key, error))
            return false;
        if (!key_is(crypto, key.public_area, spki, arena))
            continue;
        endorsement->handle = key.handle;
        endorsement->public_area = key.public_area;
        return true;
    }
    return true;
}

/* Makes the EK of a template. With spki it is kept only when it is that key. */
static bool make_key(struct tpm *tpm, struct crypto *crypto, enum tpm_key_type type,
                     struct span spki, struct arena *arena, struct tpm_endorsement *endorsement,
                     struct error *error)
{
    const TPM2B_SENSITIVE_CREATE sensitive = {0};
    const TPM2B_DATA outside = {0};
    const TPML_PCR_SELECTION no_pcrs = {0};
    TPM2B_PUBLIC template = ek_template(type), *public_area = NULL;
    ESYS_TR made = ESYS_TR_NONE;
    struct span bytes;
    bool done;
    TSS2_RC rc = Esys_CreatePrimary(tpm->esys, ESYS_TR_RH_ENDORSEMENT, ESYS_TR_PASSWORD,
                                    ESYS_TR_NONE, ESYS_TR_NONE, &sensitive, &template, &outside,
                                    &no_pcrs, &made, &public_area, NULL, NULL, NULL);

    if (rc)
        return tpm_fail(error, rc, "make its endorsement key");
    done = tpm_public_bytes(&public_area->publicArea, arena, &bytes, error);
    Esys_Free(public_area);
    if (done && (spki.len == 0 || key_is(crypto, bytes, spki, arena))) {
        done = tpm_persist(tpm, made, EK_HANDLE_FIRST, EK_HANDLES, &endorsement->handle, error);
        endorsement->public_area = bytes;
    }
    tpm_flush(tpm, &made);
    return done;
}

/* The EK of one certificate, when the TPM has both. endorsement stays as it is when not. */
static bool find_by_certificate(struct tpm *tpm, struct crypto *crypto, uint32_t index,
                                struct arena *arena, struct tpm_endorsement *endorsement,
                                struct error *error)
{
    struct crypto_certificate *certificate;
    struct crypto_certificate_view view;
    struct span bytes = {0};
    size_t len = 0;
    bool done;

    if (!nv_read(tpm, index, arena, &bytes, error))
        return error->code == ERROR_NOT_FOUND;
    if (!crypto_certificate_decode(crypto, bytes, &len, &certificate, error))
        return false;
    done = crypto_certificate_view(certificate, arena, &view, error) &&
           find_persistent(tpm, crypto, view.spki, arena, endorsement, error);
    if (done && !endorsement->handle)
        done = make_key(tpm, crypto, TPM_KEY_RSA_2048, view.spki, arena, endorsement, error);
    if (done && !endorsement->handle)
        done = make_key(tpm, crypto, TPM_KEY_ECC_P256, view.spki, arena, endorsement, error);
    crypto_certificate_free(certificate);
    if (done && endorsement->handle)
        endorsement->certificates[endorsement->n_certificates++] = span_of(bytes.data, len);
    return done;
}

/* Without certificates: the first persistent decryption key of the endorsement range, or a new one.
 */
static bool find_uncertified(struct tpm *tpm, struct crypto *crypto, struct arena *arena,
                             struct tpm_endorsement *endorsement, struct error *error)
{
    const uint32_t storage = TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_DECRYPT;
    TPML_HANDLE handles;

    if (!tpm_persistent_handles(tpm, EK_SEARCH_FIRST, EK_HANDLE_LAST, &handles, error))
        return false;
    for (uint32_t i = 0; i < handles.count; i++) {
        struct tpm_public decoded;
        struct tpm_key key;

        if (!tpm_key_read(tpm, handles.handle[i], arena, &key, error))
            return false;
        if (!tpm_public_decode(key.public_area, &decoded, error) ||
            (decoded.attributes & storage) != storage)
            continue;
        endorsement->handle = key.handle;
        endorsement->public_area = key.public_area;
        return true;
    }
    if (make_key(tpm, crypto, TPM_KEY_RSA_2048, span_of(NULL, 0), arena, endorsement, error))
        return true;
    return error->code == ERROR_UNSUPPORTED &&
           make_key(tpm, crypto, TPM_KEY_ECC_P256, span_of(NULL, 0), arena, endorsement, error);
}

bool tpm_endorsement_find(struct tpm *tpm, struct crypto *crypto, struct arena *arena,
                          struct tpm_endorsement *endorsement, struct error *error)
{
    struct tpm_endorsement found = {0};
    struct span chain = {0};

    for (size_t i = 0; i < sizeof CERTIFICATE_INDICES / sizeof *CERTIFICATE_INDICES; i++) {
        if (!find_by_certificate(tpm, crypto, CERTIFICATE_INDICES[i], arena, &found, error))
            return false;
        if (found.handle)
            break;
    }
    if (!found.handle && !find_uncertified(tpm, crypto, arena, &found, error))
        return false;
    if (found.n_certificates) {
        if (!read_chain(tpm, arena, &chain, error))
            return false;
        add_certificates(crypto, chain, &found);
    }
    *endorsement = found;
    return true;
}

/* --- activation --- */

/* The EK's USER role: by password where the template allows it (annex B.4, H templates), else by
 * PolicyA. Leaves ESYS_TR_PASSWORD or a session in *session. */
static bool authorise_ek(struct tpm *tpm, const struct tpm_endorsement *endorsement,
                         ESYS_TR *session, struct error *error)
{
    struct tpm_public ek;
    TSS2_RC rc;

    if (!tpm_public_decode(endorsement->public_area, &ek, error))
        return false;
    if (ek.attributes & TPMA_OBJECT_USERWITHAUTH) {
        *session = ESYS_TR_PASSWORD;
        return true;
    }
    if (!span_equal(ek.auth_policy, span_of(POLICY_A.buffer, POLICY_A.size)))
        return error_plain(error, ERROR_UNSUPPORTED,
                           "The endorsement key has a policy that is not the TCG's");
    if (!tpm_policy_start(tpm, session, error))
        return false;
    rc = Esys_PolicySecret(tpm->esys, ESYS_TR_RH_ENDORSEMENT, *session, ESYS_TR_PASSWORD,
                           ESYS_TR_NONE, ESYS_TR_NONE, NULL, NULL, NULL, 0, NULL, NULL);
    return rc ? tpm_fail(error, rc, "use its endorsement key") : true;
}

static bool activate_opened(struct tpm *tpm, ESYS_TR ak, ESYS_TR ek, ESYS_TR session,
                            struct span id_object, struct span secret, struct arena *arena,
                            struct span *credential, struct error *error)
{
    TPM2B_ID_OBJECT blob;
    TPM2B_ENCRYPTED_SECRET seed;
    TPM2B_DIGEST *given = NULL;
    size_t blob_at = 0, seed_at = 0;
    bool done;
    TSS2_RC rc;

    if (Tss2_MU_TPM2B_ID_OBJECT_Unmarshal(id_object.data, id_object.len, &blob_at, &blob) ||
        Tss2_MU_TPM2B_ENCRYPTED_SECRET_Unmarshal(secret.data, secret.len, &seed_at, &seed) ||
        blob_at != id_object.len || seed_at != secret.len)
        return error_plain(error, ERROR_MALFORMED, "The credential is no TPM structure");
    rc = Esys_ActivateCredential(tpm->esys, ak, ek, ESYS_TR_PASSWORD, session, ESYS_TR_NONE, &blob,
                                 &seed, &given);
    /* A seed for another EK decrypts to nonsense: TPMs then find its value or size wrong, and libtpms
     * says "failure". One in failure mode for real has refused every command before this one. */
    if (tpm_rc_is(rc, TPM2_RC_VALUE) || tpm_rc_is(rc, TPM2_RC_SIZE) ||
        tpm_rc_is(rc, TPM2_RC_FAILURE))
        return error_plain(error, ERROR_DENIED,
                           "The TPM cannot open the credential: it was made for another TPM (0x%x)",
                           rc);
    if (rc)
        return tpm_fail(error, rc, "open the credential");
    done = tpm_copy_bytes(given->buffer, given->size, arena, credential, error);
    Esys_Free(given);
    return done;
}

bool tpm_activate_credential(struct tpm *tpm, const struct tpm_endorsement *endorsement,
                             uint32_t ak_handle, struct span id_object, struct span secret,
                             struct arena *arena, struct span *credential, struct error *error)
{
    ESYS_TR ak = ESYS_TR_NONE, ek = ESYS_TR_NONE, session = ESYS_TR_NONE;
    bool done = tpm_handle_open(tpm, ak_handle, &ak, error) &&
                tpm_handle_open(tpm, endorsement->handle, &ek, error) &&
                authorise_ek(tpm, endorsement, &session, error) &&
                activate_opened(tpm, ak, ek, session, id_object, secret, arena, credential, error);

    if (session != ESYS_TR_PASSWORD)
        tpm_flush(tpm, &session);
    tpm_handle_close(tpm, &ek);
    tpm_handle_close(tpm, &ak);
    return done;
}
