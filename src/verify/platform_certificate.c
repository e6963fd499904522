/* Owns the judgement of platform certificates. Trusts the issuers, the time and the EK certificate it is
 * given. Must never believe what an issuer did not sign for this very EK certificate: another TPM of the
 * same machine, or the same name without its number, is somebody else. */
#include "verify/platform_certificate.h"

#include <stdlib.h>

#include "base/text.h"
#include "wire/platform_certificate.h"

struct platform_issuers {
    struct arena arena;
    struct crypto_trust *trust; /* the same certificates, for their validity */
    struct span certificates[LIMIT_PLATFORM_ISSUERS];
    size_t n_certificates;
};

enum { ISSUERS_ARENA_LEN = 8 * 1024 * 1024 }; /* LIMIT_PLATFORM_ISSUERS certificates, and PEM */

struct platform_issuers *platform_issuers_new(struct error *error)
{
    struct platform_issuers *issuers = calloc(1, sizeof *issuers);

    if (!issuers) {
        error_plain(error, ERROR_MEMORY, "no memory for issuers");
        return NULL;
    }
    issuers->arena = arena_init(ISSUERS_ARENA_LEN);
    issuers->trust = crypto_trust_new(error);
    if (!issuers->trust) {
        platform_issuers_free(issuers);
        return NULL;
    }
    return issuers;
}

void platform_issuers_free(struct platform_issuers *issuers)
{
    if (!issuers)
        return;
    crypto_trust_free(issuers->trust);
    arena_done(&issuers->arena);
    free(issuers);
}

bool platform_issuers_add(struct platform_issuers *issuers, struct span text, struct error *error)
{
    size_t room = LIMIT_PLATFORM_ISSUERS - issuers->n_certificates, n_read, n_added;

    if (!crypto_certificates_read(text, room, &issuers->arena,
                                  issuers->certificates + issuers->n_certificates, &n_read,
                                  error) ||
        !crypto_trust_add(issuers->trust, text, &n_added, error))
        return false;
    issuers->n_certificates += n_read;
    return true;
}

/* --- One certificate --- */

struct judgement {
    struct crypto *crypto;
    const struct platform_issuers *issuers;
    const struct platform_request *request;
    const struct crypto_certificate *ek;
    struct arena *arena;
    struct reasons *reasons;
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

/* The algorithms that are believed (RFC 4055, 5; RFC 5758, 3.2), and the keys that they are for. */
static const struct algorithm {
    const char *oid, *key;
    uint16_t hash;
} ALGORITHMS[] = {
    {"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b", "RSA-", TPM_ALG_SHA256},
    {"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0c", "RSA-", TPM_ALG_SHA384},
    {"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0d", "RSA-", TPM_ALG_SHA512},
    {"\x2a\x86\x48\xce\x3d\x04\x03\x02", "EC ", TPM_ALG_SHA256},
    {"\x2a\x86\x48\xce\x3d\x04\x03\x03", "EC ", TPM_ALG_SHA384},
    {"\x2a\x86\x48\xce\x3d\x04\x03\x04", "EC ", TPM_ALG_SHA512},
};

static const struct algorithm *find_algorithm(struct span oid)
{
    for (size_t i = 0; i < sizeof ALGORITHMS / sizeof *ALGORITHMS; i++)
        if (span_is(oid, ALGORITHMS[i].oid))
            return &ALGORITHMS[i];
    return NULL;
}

/* The signature is the key's of this certificate. */
static bool is_signed_by(struct judgement *judgement, struct span der, const char *key,
                         const struct platform_certificate *platform,
                         const struct algorithm *algorithm)
{
    struct crypto_signer *signer;
    struct crypto_digest digest;
    struct error error;
    bool good;

    if (strncmp(key, algorithm->key, strlen(algorithm->key)) != 0 ||
        !crypto_signer_new(judgement->crypto, der, &signer, &error))
        return false;
    crypto_hash_span(judgement->crypto, algorithm->hash, platform->signed_part, &digest);
    good = crypto_signer_verify(judgement->crypto, signer, algorithm->hash,
                                crypto_digest_span(&digest),
                                platform->signature) == CRYPTO_SIGNATURE_GOOD;
    crypto_signer_free(signer);
    return good;
}

enum issuing {
    ISSUING_NOT = 0, /* another name, or it may not */
    ISSUING_FORGED,  /* the name, and not the signature */
    ISSUING_PAST,    /* both, and not valid now */
    ISSUING_HOLDS,
};

static enum issuing ask_issuer(struct judgement *judgement, struct span der,
                               const struct platform_certificate *platform,
                               const struct algorithm *algorithm, const char **subject)
{
    enum issuing issuing = ISSUING_NOT;
    struct crypto_certificate *certificate;
    struct crypto_certificate_view view;
    struct error error;
    const char *detail;
    size_t len_used;

    if (!crypto_certificate_decode(judgement->crypto, der, &len_used, &certificate, &error))
        return ISSUING_NOT;
    if (crypto_certificate_issues_as(certificate, platform->issuer) &&
        crypto_certificate_view(certificate, judgement->arena, &view, &error)) {
        issuing = is_signed_by(judgement, der, view.key, platform, algorithm) ? ISSUING_PAST
                                                                              : ISSUING_FORGED;
        *subject = view.subject;
    }
    if (issuing == ISSUING_PAST &&
        crypto_chain_verify(judgement->issuers->trust, certificate, NULL, 0,
                            judgement->request->now_s, judgement->arena,
                            &detail) == CRYPTO_CHAIN_OK)
        issuing = ISSUING_HOLDS;
    crypto_certificate_free(certificate);
    return issuing;
}

/* An issuer may have several certificates of one name: one that holds is enough. */
static bool judge_issuer(struct judgement *judgement, const struct platform_certificate *platform,
                         const char **issuer)
{
    const struct algorithm *algorithm = find_algorithm(platform->algorithm);
    enum issuing best = ISSUING_NOT;

    if (!algorithm)
        return refuse(judgement, REASON_PLATFORM_CERTIFICATE,
                      "its signature is of a kind that does not count: RSA (PKCS #1 v1.5) and "
                      "ECDSA with SHA-256, SHA-384 and SHA-512 do");
    for (size_t i = 0; i < judgement->issuers->n_certificates && best < ISSUING_HOLDS; i++) {
        const char *subject = "";
        enum issuing issuing = ask_issuer(judgement, judgement->issuers->certificates[i], platform,
                                          algorithm, &subject);

        if (issuing > best) {
            best = issuing;
            *issuer = subject;
        }
    }
    switch (best) {
    case ISSUING_HOLDS:
        return true;
    case ISSUING_PAST:
        return refuse(judgement, REASON_PLATFORM_ISSUER,
                      "the certificate of its issuer is not valid now");
    case ISSUING_FORGED:
        return refuse(judgement, REASON_PLATFORM_ISSUER,
                      "its signature is not that of the issuer it names");
    case ISSUING_NOT:
        break;
    }
    return refuse(judgement, REASON_PLATFORM_ISSUER,
                  "its issuer is not one that the operator trusts");
}

static bool judge_contents(struct judgement *judgement, struct platform_certificate *platform,
                           const char **issuer)
{
    if (platform->delta)
        return refuse(judgement, REASON_PLATFORM_CERTIFICATE,
                      "a delta certificate: it only changes another one");
    if (!crypto_certificate_is_named(judgement->ek, platform->holder_issuer,
                                     platform->holder_serial))
        return refuse(judgement, REASON_PLATFORM_HOLDER, "it names another EK certificate");
    if (judgement->request->now_s < platform->not_before_s ||
        judgement->request->now_s > platform->not_after_s)
        return refuse(judgement, REASON_PLATFORM_CERTIFICATE, "it is not valid now");
    return judge_issuer(judgement, platform, issuer);
}

static bool judge(struct judgement *judgement, struct span der, struct platform_result *result)
{
    struct platform_certificate *platform;
    struct error error;
    char text[256];

    if (!platform_certificate_decode(der, judgement->arena, &platform, &error))
        return refuse(judgement, REASON_PLATFORM_CERTIFICATE,
                      error_print(&error, text, sizeof text));
    if (!judge_contents(judgement, platform, &result->issuer))
        return false;
    result->manufacturer = text_printable(judgement->arena, platform->manufacturer);
    result->model = text_printable(judgement->arena, platform->model);
    result->version = text_printable(judgement->arena, platform->version);
    result->serial = text_printable(judgement->arena, platform->serial);
    if (!result->manufacturer || !result->model || !result->version || !result->serial)
        return refuse(judgement, REASON_PLATFORM_CERTIFICATE, "there is no memory for its texts");
    return true;
}

/* --- All of a host --- */

static bool is_same_machine(const struct platform_result *a, const struct platform_result *b)
{
    return strcmp(a->manufacturer, b->manufacturer) == 0 && strcmp(a->model, b->model) == 0 &&
           strcmp(a->version, b->version) == 0 && strcmp(a->serial, b->serial) == 0;
}

static bool judge_all(struct judgement *judgement, struct platform_result *result)
{
    struct platform_result found = {0}, next = {0};
    bool any = false;

    for (size_t i = 0; i < judgement->request->n_certificates; i++) {
        if (!judge(judgement, judgement->request->certificates[i], &next))
            continue;
        if (any && !is_same_machine(&found, &next))
            return refuse(judgement, REASON_PLATFORM_CERTIFICATE,
                          "two certificates name different machines");
        if (!any)
            found = next;
        any = true;
    }
    if (any)
        *result = found;
    return any;
}

bool platform_certificates_check(struct crypto *crypto, const struct platform_issuers *issuers,
                                 const struct platform_request *request, struct arena *arena,
                                 struct platform_result *result, struct reasons *reasons)
{
    struct judgement judgement = {.crypto = crypto,
                                  .issuers = issuers,
                                  .request = request,
                                  .arena = arena,
                                  .reasons = reasons};
    struct crypto_certificate *ek;
    struct error error;
    size_t len_used;
    bool any;

    if (!crypto_certificate_decode(crypto, request->ek_certificate, &len_used, &ek, &error))
        return refuse(&judgement, REASON_EK_CERTIFICATE, error.message);
    judgement.ek = ek;
    any = judge_all(&judgement, result);
    crypto_certificate_free(ek);
    return any;
}
