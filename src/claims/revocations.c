/* See revocations.h. Sorts dbx once and looks each listed entry up. */
#include "claims/revocations.h"

#include <stdlib.h>

#include "wire/tpm_alg.h"

/* One thing that is forbidden. */
struct forbidden {
    struct efi_signature signature;
    uint64_t since; /* when a certificate's digest revokes, to compare; 0: always */
};

struct comparison {
    struct crypto *crypto;
    struct arena *arena;
    struct forbidden *dbx; /* sorted, each thing once */
    size_t n_dbx;
    unsigned listed_algs, dbx_algs; /* hashes of certificates that they name: bits of ALGS */
};

static const uint16_t ALGS[] = {TPM_ALG_SHA256, TPM_ALG_SHA384, TPM_ALG_SHA512};
enum { N_ALGS = sizeof ALGS / sizeof *ALGS };

/* EFI_TIME (UEFI 2.10 section 8.3.1) as a number that grows with it; 0 for none. */
static uint64_t since(const struct efi_signature *signature)
{
    struct span time = efi_signature_time(signature);
    uint64_t value = 0;

    if (time.len == 0)
        return 0;
    value = (uint64_t)(time.data[0] | time.data[1] << 8);
    for (size_t i = 2; i < 7; i++) /* month, day, hour, minute, second */
        value = value << 8 | time.data[i];
    return value;
}

/* Orders by what is forbidden, whoever owns the entry and whenever it began. */
static int compare_things(const struct efi_signature *a, const struct efi_signature *b)
{
    bool typed = a->kind == EFI_SIGNATURE_OTHER || a->kind == EFI_SIGNATURE_RSA2048;
    int order;

    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    if (a->alg != b->alg)
        return a->alg < b->alg ? -1 : 1;
    order = typed ? span_compare(a->type, b->type) : 0;
    return order ? order : span_compare(a->data, b->data);
}

static int compare_forbidden(const void *left, const void *right)
{
    const struct forbidden *a = left, *b = right;
    int order = compare_things(&a->signature, &b->signature);

    return order ? order : (a->since > b->since) - (a->since < b->since);
}

static unsigned alg_bit(const struct efi_signature *signature)
{
    for (unsigned i = 0; signature->kind == EFI_SIGNATURE_X509_DIGEST && i < N_ALGS; i++)
        if (ALGS[i] == signature->alg)
            return 1u << i;
    return 0;
}

/* How many entries there are, how many of them certificates, and which hashes of certificates. */
static bool survey(struct span lists, size_t *n_entries, size_t *n_certificates, unsigned *algs,
                   struct error *error)
{
    struct efi_signature_list list;
    struct efi_signature signature;
    enum efi_signature_step step;

    efi_signature_list_open(&list, lists, error);
    while ((step = efi_signature_list_next(&list, &signature)) == EFI_SIGNATURE_ENTRY) {
        ++*n_entries;
        *n_certificates += signature.kind == EFI_SIGNATURE_X509;
        *algs |= alg_bit(&signature);
    }
    return step == EFI_SIGNATURE_END;
}

/* A certificate as the entry that forbids it by the digest of what its issuer signed: the
 * TBSCertificate, the first member of the outer SEQUENCE (RFC 5280, 4.1). False when it is not framed
 * as one, or memory is full. */
static bool by_digest(struct comparison *comparison, const struct efi_signature *certificate,
                      unsigned alg, struct efi_signature *entry)
{
    struct span der = certificate->data;
    struct crypto_digest digest;
    uint8_t *copy;
    size_t len;

    if (!comparison->crypto || der.len < 8 || der.data[4] != 0x30 || der.data[5] != 0x82)
        return false;
    len = (size_t)(der.data[6] << 8 | der.data[7]) + 4;
    if (len > der.len - 4)
        return false;
    crypto_hash_span(comparison->crypto, ALGS[alg], span_of(der.data + 4, len), &digest);
    /* A digest that an EFI_TIME of zeros follows: since ever. */
    copy = arena_alloc(comparison->arena, digest.len + 16);
    if (!copy)
        return false;
    memcpy(copy, digest.bytes, digest.len);
    *entry = (struct efi_signature){.kind = EFI_SIGNATURE_X509_DIGEST,
                                    .alg = ALGS[alg],
                                    .owner = certificate->owner,
                                    .data = span_of(copy, digest.len)};
    return true;
}

static void add(struct comparison *comparison, const struct efi_signature *signature)
{
    comparison->dbx[comparison->n_dbx++] = (struct forbidden){.signature = *signature,
                                                              .since = since(signature)};
}

static void read_dbx(struct comparison *comparison, struct span dbx, struct error *error)
{
    struct efi_signature_list list;
    struct efi_signature signature, digest;

    efi_signature_list_open(&list, dbx, error);
    while (efi_signature_list_next(&list, &signature) == EFI_SIGNATURE_ENTRY) {
        add(comparison, &signature);
        for (unsigned i = 0; signature.kind == EFI_SIGNATURE_X509 && i < N_ALGS; i++)
            if (comparison->listed_algs >> i & 1 && by_digest(comparison, &signature, i, &digest))
                add(comparison, &digest);
    }
}

/* Sorts, and keeps of the same thing the entry that forbids longest. */
static void sort(struct comparison *comparison)
{
    size_t n = 0;

    if (comparison->n_dbx)
        qsort(comparison->dbx, comparison->n_dbx, sizeof *comparison->dbx, compare_forbidden);
    for (size_t i = 0; i < comparison->n_dbx; i++)
        if (n == 0 ||
            compare_things(&comparison->dbx[n - 1].signature, &comparison->dbx[i].signature) != 0)
            comparison->dbx[n++] = comparison->dbx[i];
    comparison->n_dbx = n;
}

static bool holds(const struct comparison *comparison, const struct efi_signature *wanted)
{
    size_t low = 0, high = comparison->n_dbx;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = compare_things(&comparison->dbx[middle].signature, wanted);

        if (order == 0)
            return comparison->dbx[middle].since <= since(wanted);
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

static bool is_forbidden(struct comparison *comparison, const struct efi_signature *wanted)
{
    struct efi_signature digest;

    if (holds(comparison, wanted))
        return true;
    for (unsigned i = 0; wanted->kind == EFI_SIGNATURE_X509 && i < N_ALGS; i++)
        if (comparison->dbx_algs >> i & 1 && by_digest(comparison, wanted, i, &digest) &&
            holds(comparison, &digest))
            return true;
    return false;
}

bool revocations_compare(struct crypto *crypto, struct span listed, struct span dbx,
                         struct arena *arena, struct revocations *revocations, struct error *error)
{
    struct comparison comparison = {.crypto = crypto, .arena = arena};
    struct revocations compared = {0};
    struct efi_signature_list list;
    struct efi_signature signature;
    size_t n_dbx = 0, n_certificates = 0, ignored = 0;

    if (!survey(listed, &compared.n_listed, &ignored, &comparison.listed_algs, error) ||
        !survey(dbx, &n_dbx, &n_certificates, &comparison.dbx_algs, error))
        return false;
    comparison.dbx = arena_array(arena, 1 + n_dbx + N_ALGS * n_certificates,
                                 sizeof *comparison.dbx);
    compared.missing = arena_array(arena, 1 + compared.n_listed, sizeof *compared.missing);
    if (!comparison.dbx || !compared.missing)
        return arena_error(arena, error);
    read_dbx(&comparison, dbx, error);
    sort(&comparison);
    efi_signature_list_open(&list, listed, error);
    while (efi_signature_list_next(&list, &signature) == EFI_SIGNATURE_ENTRY)
        if (!is_forbidden(&comparison, &signature))
            compared.missing[compared.n_missing++] = signature;
    *revocations = compared;
    return true;
}
