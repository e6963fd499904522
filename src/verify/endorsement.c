/* Owns the judgement of who vouches for a TPM: the EK's template, its certificate and the chain.
 * Trusts the trust set and the time it is given; the EK itself only once it answers a credential.
 * Must never ask for less than the profile where the certificate says something, nor take a chain
 * that ends elsewhere for more than "nobody vouches". */
#include "verify/endorsement.h"

enum {
    LOW_ATTRIBUTES = TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT |
                     TPMA_OBJECT_SENSITIVEDATAORIGIN | TPMA_OBJECT_ADMINWITHPOLICY |
                     TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_DECRYPT,
    HIGH_ATTRIBUTES = LOW_ATTRIBUTES | TPMA_OBJECT_USERWITHAUTH,
};

/* PolicyA (profile, B.6.1): PolicySecret(TPM_RH_ENDORSEMENT). PolicyB (B.6.3): PolicyOR of PolicyA
 * and PolicyAuthorizeNV of the index the profile reserves. */
static const uint8_t POLICY_A_SHA256[] = {
    0x83, 0x71, 0x97, 0x67, 0x44, 0x84, 0xb3, 0xf8, 0x1a, 0x90, 0xcc, 0x8d, 0x46, 0xa5, 0xd7, 0x24,
    0xfd, 0x52, 0xd7, 0x6e, 0x06, 0x52, 0x0b, 0x64, 0xf2, 0xa1, 0xda, 0x1b, 0x33, 0x14, 0x69, 0xaa};
static const uint8_t POLICY_B_SHA256[] = {
    0xca, 0x3d, 0x0a, 0x99, 0xa2, 0xb9, 0x39, 0x06, 0xf7, 0xa3, 0x34, 0x24, 0x14, 0xef, 0xcf, 0xb3,
    0xa3, 0x85, 0xd4, 0x4c, 0xd1, 0xfd, 0x45, 0x90, 0x89, 0xd1, 0x9b, 0x50, 0x71, 0xc0, 0xb7, 0xa0};
static const uint8_t POLICY_B_SHA384[] = {
    0xb2, 0x6e, 0x7d, 0x28, 0xd1, 0x1a, 0x50, 0xbc, 0x53, 0xd8, 0x82, 0xbc, 0xf5, 0xfd, 0x3a, 0x1a,
    0x07, 0x41, 0x48, 0xbb, 0x35, 0xd3, 0xb4, 0xe4, 0xcb, 0x1c, 0x0a, 0xd9, 0xbd, 0xe4, 0x19, 0xca,
    0xcb, 0x47, 0xba, 0x09, 0x69, 0x96, 0x46, 0x15, 0x0f, 0x9f, 0xc0, 0x00, 0xf3, 0xf8, 0x0e, 0x12};
static const uint8_t POLICY_B_SHA512[] = {
    0xb8, 0x22, 0x1c, 0xa6, 0x9e, 0x85, 0x50, 0xa4, 0x91, 0x4d, 0xe3, 0xfa, 0xa6, 0xa1, 0x8c, 0x07,
    0x2c, 0xc0, 0x12, 0x08, 0x07, 0x3a, 0x92, 0x8d, 0x5d, 0x66, 0xd5, 0x9e, 0xf7, 0x9e, 0x49, 0xa4,
    0x29, 0xc4, 0x1a, 0x6b, 0x26, 0x95, 0x71, 0xd5, 0x7e, 0xdb, 0x25, 0xfb, 0xdb, 0x18, 0x38, 0x42,
    0x56, 0x08, 0xb4, 0x13, 0xcd, 0x61, 0x6a, 0x5f, 0x6d, 0xb5, 0xb6, 0x07, 0x1a, 0xf9, 0x9b, 0xea};

/* The profile's default templates, B.3 (low range) and B.4 (high range). */
static const struct template
{
    uint16_t type;
    uint16_t size; /* bits of an RSA key, or the curve */
    uint16_t name_alg;
    uint16_t symmetric_bits;
    uint32_t attributes;
    struct span policy;
}
TEMPLATES[] = {
    {TPM_ALG_RSA, 2048, TPM_ALG_SHA256, 128, LOW_ATTRIBUTES, {POLICY_A_SHA256, 32}},
    {TPM_ALG_ECC, TPM_ECC_NIST_P256, TPM_ALG_SHA256, 128, LOW_ATTRIBUTES, {POLICY_A_SHA256, 32}},
    {TPM_ALG_RSA, 2048, TPM_ALG_SHA256, 128, HIGH_ATTRIBUTES, {POLICY_B_SHA256, 32}},
    {TPM_ALG_ECC, TPM_ECC_NIST_P256, TPM_ALG_SHA256, 128, HIGH_ATTRIBUTES, {POLICY_B_SHA256, 32}},
    {TPM_ALG_ECC, TPM_ECC_NIST_P384, TPM_ALG_SHA384, 256, HIGH_ATTRIBUTES, {POLICY_B_SHA384, 48}},
    {TPM_ALG_ECC, TPM_ECC_NIST_P521, TPM_ALG_SHA512, 256, HIGH_ATTRIBUTES, {POLICY_B_SHA512, 64}},
    {TPM_ALG_RSA, 3072, TPM_ALG_SHA384, 256, HIGH_ATTRIBUTES, {POLICY_B_SHA384, 48}},
    {TPM_ALG_RSA, 4096, TPM_ALG_SHA384, 256, HIGH_ATTRIBUTES, {POLICY_B_SHA384, 48}},
    {TPM_ALG_RSA, 4096, TPM_ALG_SHA512, 256, HIGH_ATTRIBUTES, {POLICY_B_SHA512, 64}},
};

/* The public area that the template makes of the EK's key, compared whole. */
static bool is_of_template(const struct tpm_public *ek, const struct template *template)
{
    struct tpm_public expected = {
        .type = template->type,
        .name_alg = template->name_alg,
        .attributes = template->attributes,
        .auth_policy = template->policy,
        .symmetric_alg = TPM_ALG_AES,
        .symmetric_bits = template->symmetric_bits,
        .symmetric_mode = TPM_ALG_CFB,
        .scheme = TPM_ALG_NULL,
    };
    uint8_t bytes[LIMIT_TPM_STRUCT_LEN];
    struct writer writer = writer_init(bytes, sizeof bytes);

    if (template->type == TPM_ALG_RSA) {
        expected.rsa = ek->rsa;
        expected.rsa.bits = template->size;
        expected.rsa.exponent = 65537;
    } else {
        expected.ecc = ek->ecc;
        expected.ecc.curve = template->size;
    }
    tpm_public_encode(&writer, &expected);
    return span_equal(writer_span(&writer), ek->whole);
}

/* One enrolment being judged. */
struct judgement {
    struct crypto *crypto;
    struct crypto_trust *trust;
    const struct endorsement_request *request;
    struct arena *arena;
    struct reasons *reasons;
    struct tpm_public ek;
    struct crypto_key *ek_key;
    struct endorsement_result result;
};

static bool refuse(struct judgement *judgement, enum reason_code code, const char *detail)
{
    reason_add(judgement->reasons,
               (struct reason){.code = code,
                               .pcr = REASON_NO_PCR,
                               .event = REASON_NO_EVENT,
                               .message = arena_printf(judgement->arena, "%s", detail)});
    return false;
}

static bool check_template(struct judgement *judgement)
{
    const struct tpm_public *ek = &judgement->ek;

    for (size_t i = 0; i < sizeof TEMPLATES / sizeof *TEMPLATES; i++)
        if (is_of_template(ek, &TEMPLATES[i]))
            return true;
    reason_add_plain(judgement->reasons, REASON_EK_TEMPLATE, REASON_NO_PCR,
                     "a default template of the TCG EK Credential Profile",
                     arena_printf(judgement->arena, "attributes 0x%08x, policy of %zu bytes",
                                  ek->attributes, ek->auth_policy.len));
    return false;
}

/* The host id is SHA-256 over the EK's canonical SubjectPublicKeyInfo (docs/protocol.md). */
static bool make_host_id(struct judgement *judgement)
{
    struct crypto_digest digest;
    struct error error;
    struct span spki;

    if (!crypto_key_spki(judgement->ek_key, judgement->arena, &spki, &error))
        return refuse(judgement, REASON_EVIDENCE_MALFORMED, error.message);
    crypto_hash_span(judgement->crypto, TPM_ALG_SHA256, spki, &digest);
    memcpy(judgement->result.host_id, digest.bytes, ENDORSEMENT_ID_LEN);
    return true;
}

/* The template is judged before the key material, of which a template fixes the kind. */
static bool judge_ek(struct judgement *judgement)
{
    struct error error;

    if (!tpm_public_decode(judgement->request->ek_public, &judgement->ek, &error))
        return refuse(judgement, REASON_EVIDENCE_MALFORMED, error.message);
    if (!check_template(judgement))
        return false;
    if (!crypto_key_from_tpm(judgement->crypto, &judgement->ek, &judgement->ek_key, &error))
        return refuse(judgement, REASON_EK_TEMPLATE, error.message);
    return make_host_id(judgement);
}

/* The AK's attributes, its key material and its name. */
static bool judge_ak(struct judgement *judgement)
{
    struct endorsement_result *result = &judgement->result;
    struct tpm_public ak;
    struct crypto_key *key;
    struct error error;

    if (!tpm_public_decode(judgement->request->ak_public, &ak, &error))
        return refuse(judgement, REASON_EVIDENCE_MALFORMED, error.message);
    if (!ak_check(&ak, judgement->reasons))
        return false;
    if (!crypto_key_from_tpm(judgement->crypto, &ak, &key, &error))
        return refuse(judgement, REASON_AK_NOT_SIGNING, error.message);
    crypto_key_free(key);
    if (!tpm_name(judgement->crypto, &ak, result->ak_name, sizeof result->ak_name,
                  &result->ak_name_len, &error))
        return refuse(judgement, REASON_AK_NOT_SIGNING, error.message);
    return true;
}

/* Profile 3.2. Real certificates leave out some of what the profile demands; what they do say must
 * fit, and something must say that this is an EK certificate. NULL when it fits, else what does
 * not. */
static const char *profile_violation(const struct crypto_ek_view *view, uint16_t key_type)
{
    bool use = key_type == TPM_ALG_RSA ? view->key_encipherment : view->key_agreement;

    if (view->version != 3)
        return "the certificate is not of version 3";
    if (view->is_ca)
        return "the certificate is a CA's";
    if (view->has_key_usage && !use)
        return "the certificate's key usage does not fit an EK";
    if (view->has_extended_key_usage && !view->ek_usage)
        return "the certificate's extended key usage is not tcg-kp-EKCertificate";
    if (!view->has_extended_key_usage && view->manufacturer[0] == '\0')
        return "nothing says that this is an EK certificate";
    return NULL;
}

static bool is_the_ek(struct judgement *judgement, struct span spki)
{
    struct crypto_key *certified;
    struct error error;
    bool same;

    if (!crypto_key_from_spki(judgement->crypto, spki, &certified, &error))
        return false;
    same = crypto_key_equal(judgement->ek_key, certified);
    crypto_key_free(certified);
    return same;
}

static bool judge_chain(struct judgement *judgement, const struct crypto_certificate *certificate)
{
    const struct endorsement_request *request = judgement->request;
    const char *detail;

    switch (crypto_chain_verify(judgement->trust, certificate, request->intermediates,
                                request->n_intermediates, request->now_s, judgement->arena,
                                &detail)) {
    case CRYPTO_CHAIN_OK:
        judgement->result.endorsement = ENDORSEMENT_CHAIN;
        return true;
    case CRYPTO_CHAIN_UNTRUSTED: /* no refusal: a person may approve the host by its EK */
        refuse(judgement, REASON_EK_CHAIN, detail);
        return true;
    default:
        return refuse(judgement, REASON_EK_CERTIFICATE, detail);
    }
}

static bool judge_contents(struct judgement *judgement,
                           const struct crypto_certificate *certificate)
{
    struct endorsement_result *result = &judgement->result;
    struct crypto_certificate_view view;
    struct crypto_ek_view facts;
    struct error error;
    const char *violation;

    if (!crypto_certificate_view(certificate, judgement->arena, &view, &error) ||
        !crypto_certificate_ek_view(certificate, judgement->arena, &facts, &error))
        return refuse(judgement, REASON_EK_CERTIFICATE, error.message);
    if (!is_the_ek(judgement, view.spki))
        return refuse(judgement, REASON_EK_KEY_MISMATCH, view.subject);
    violation = profile_violation(&facts, judgement->ek.type);
    if (violation)
        return refuse(judgement, REASON_EK_CERTIFICATE, violation);
    result->issuer = view.issuer;
    result->manufacturer = facts.manufacturer;
    result->model = facts.model;
    result->version = facts.firmware;
    return judge_chain(judgement, certificate);
}

static bool judge_certificate(struct judgement *judgement)
{
    struct span der = judgement->request->ek_certificate;
    struct crypto_certificate *certificate;
    struct error error;
    size_t len_used;
    bool good;

    if (der.len == 0) {
        refuse(judgement, REASON_EK_NO_CERTIFICATE, "no certificate was sent");
        return true;
    }
    if (!crypto_certificate_decode(judgement->crypto, der, &len_used, &certificate, &error))
        return refuse(judgement, REASON_EK_CERTIFICATE, error.message);
    good = judge_contents(judgement, certificate);
    crypto_certificate_free(certificate);
    return good;
}

bool endorsement_check(struct crypto *crypto, struct crypto_trust *trust,
                       const struct endorsement_request *request, struct arena *arena,
                       struct endorsement_result *result, struct reasons *reasons)
{
    struct judgement judgement = {
        .crypto = crypto,
        .trust = trust,
        .request = request,
        .arena = arena,
        .reasons = reasons,
        .result = {.endorsement = ENDORSEMENT_UNPROVEN,
                   .issuer = "",
                   .manufacturer = "",
                   .model = "",
                   .version = ""},
    };
    bool good = judge_ek(&judgement);

    good &= judge_ak(&judgement);
    good = good && judge_certificate(&judgement);
    crypto_key_free(judgement.ek_key);
    if (good)
        *result = judgement.result;
    return good;
}
