/* Checks IMA's signatures. Owns the operator's keys and the memory of what was checked with them;
 * trusts the caller's certificates and nothing in the list. Must not judge: an entry without a
 * signature is as good a result as any. */
#include "verify/ima_signatures.h"

#include <stdlib.h>

#include "wire/ima_signature.h"

enum {
    KEY_ID_LEN = 4,
    CHECKED_SLOTS = 16384, /* 38 bytes each; a distribution has fewer executables */
    FILE_ID_HEADER_LEN = 2,
};

/* A check that was made: a signature, a digest, and what came of it. */
struct checked {
    uint8_t sha256[32];
    uint8_t state; /* enum ima_signed; IMA_SIGNED_NONE: the slot is empty */
    uint8_t signer;
};

struct ima_certificates {
    struct crypto_signer *signers[LIMIT_IMA_CERTIFICATES];
    size_t n_signers;
    struct crypto_digest digest;
    struct checked checked[CHECKED_SLOTS];
};

void ima_certificates_free(struct ima_certificates *certificates)
{
    if (!certificates)
        return;
    for (size_t i = 0; i < certificates->n_signers; i++)
        crypto_signer_free(certificates->signers[i]);
    free(certificates);
}

static bool fill(struct crypto *crypto, struct ima_certificates *certificates, struct span text,
                 struct arena *arena, struct error *error)
{
    struct span ders[LIMIT_IMA_CERTIFICATES];
    size_t n_ders;

    if (!crypto_certificates_read(text, LIMIT_IMA_CERTIFICATES, arena, ders, &n_ders, error))
        return false;
    for (size_t i = 0; i < n_ders; i++) {
        if (!crypto_signer_new(crypto, ders[i], &certificates->signers[i], error))
            return false;
        certificates->n_signers++;
    }
    crypto_hash(crypto, TPM_ALG_SHA256, ders, n_ders, &certificates->digest);
    return true;
}

bool ima_certificates_new(struct crypto *crypto, struct span text,
                          struct ima_certificates **certificates, struct error *error)
{
    struct ima_certificates *made = calloc(1, sizeof *made);
    struct arena arena = arena_init(2 * LIMIT_IMA_CERTIFICATES_LEN);
    bool good;

    if (!made)
        return error_plain(error, ERROR_MEMORY, "no memory for certificates");
    good = fill(crypto, made, text, &arena, error);
    arena_done(&arena);
    if (!good) {
        ima_certificates_free(made);
        return false;
    }
    *certificates = made;
    return true;
}

struct span ima_certificates_digest(const struct ima_certificates *certificates)
{
    return crypto_digest_span(&certificates->digest);
}

/* The kernel finds a key by the last bytes of its certificate's identifier, ima-evm-utils of the
 * public key's digest; mostly they are the same. */
static bool has_key_id(const struct crypto_signer *signer, uint32_t key_id)
{
    const struct span identifiers[] = {crypto_signer_key_digest(signer),
                                       crypto_signer_key_identifier(signer)};
    const uint8_t wanted[KEY_ID_LEN] = {(uint8_t)(key_id >> 24), (uint8_t)(key_id >> 16),
                                        (uint8_t)(key_id >> 8), (uint8_t)key_id};

    for (size_t i = 0; i < 2; i++)
        if (identifiers[i].len >= KEY_ID_LEN &&
            memcmp(identifiers[i].data + identifiers[i].len - KEY_ID_LEN, wanted, KEY_ID_LEN) == 0)
            return true;
    return false;
}

static enum ima_signed state_of(enum crypto_signature result)
{
    switch (result) {
    case CRYPTO_SIGNATURE_GOOD:
        return IMA_SIGNED_VALID;
    case CRYPTO_SIGNATURE_WEAK:
        return IMA_SIGNED_WEAK;
    case CRYPTO_SIGNATURE_UNSUPPORTED:
        return IMA_SIGNED_UNCHECKED;
    case CRYPTO_SIGNATURE_STRANGER:
        return IMA_SIGNED_UNKNOWN_KEY;
    case CRYPTO_SIGNATURE_BAD:
        break;
    }
    return IMA_SIGNED_INVALID;
}

/* Tries every key of that name: four bytes are no proof of which it is. */
static struct checked verify(struct crypto *crypto, struct ima_certificates *certificates,
                             uint32_t key_id, uint16_t alg, struct span digest, struct span bytes)
{
    struct checked result = {.state = IMA_SIGNED_UNKNOWN_KEY};

    for (size_t i = 0; i < certificates->n_signers; i++) {
        if (!has_key_id(certificates->signers[i], key_id))
            continue;
        result.signer = (uint8_t)i;
        result.state = (uint8_t)state_of(
            crypto_signer_verify(crypto, certificates->signers[i], alg, digest, bytes));
        if (result.state == IMA_SIGNED_VALID || result.state == IMA_SIGNED_WEAK)
            break;
    }
    return result;
}

/* What a signature of version 3 is over: struct ima_file_id without the room that the digest leaves
 * (Linux ima_appraise.c, calc_file_id_hash). */
static void hash_file_id(struct crypto *crypto, const struct ima_signature *signature,
                         struct span digest, struct crypto_digest *hashed)
{
    const uint8_t header[FILE_ID_HEADER_LEN] = {(uint8_t)signature->type, signature->hash->id};

    crypto_hash(crypto, signature->hash->tpm_alg,
                (struct span[]){span_of(header, sizeof header), digest}, 2, hashed);
}

/* True when the signature is for this kind of digest. In templates that do not say the kind, the
 * signature's own type does; the kernel demands version 3 of fs-verity's. */
static bool fits(const struct ima_signature *signature, const struct ima_digest *digest)
{
    bool verity = signature->type == IMA_SIGNATURE_VERITY;

    if (verity && signature->version != 3)
        return false;
    if (digest->kind.len && !span_is(digest->kind, verity ? "verity" : "ima"))
        return false;
    return span_is(digest->alg, signature->hash->name) &&
           digest->bytes.len == signature->hash->digest_len;
}

static struct checked check_file(struct crypto *crypto, struct ima_certificates *certificates,
                                 const struct ima_fields *fields)
{
    struct ima_signature signature;
    struct crypto_digest hashed;
    struct span digest = fields->digest.bytes;
    struct error error;

    if (!ima_signature_decode(fields->signature, &signature, &error))
        return (struct checked){.state = error.code == ERROR_UNSUPPORTED ? IMA_SIGNED_UNCHECKED
                                                                         : IMA_SIGNED_INVALID};
    if (signature.type == IMA_SIGNATURE_EVM_PORTABLE || !signature.hash->tpm_alg)
        return (struct checked){.state = IMA_SIGNED_UNCHECKED};
    if (!fits(&signature, &fields->digest))
        return (struct checked){.state = IMA_SIGNED_INVALID};
    if (signature.version == 3) {
        hash_file_id(crypto, &signature, digest, &hashed);
        digest = crypto_digest_span(&hashed);
    }
    return verify(crypto, certificates, signature.key_id, signature.hash->tpm_alg, digest,
                  signature.bytes);
}

static struct checked check_appended(struct crypto *crypto, struct ima_certificates *certificates,
                                     const struct ima_fields *fields)
{
    const struct ima_hash *hash = ima_hash_by_name(fields->modsig_digest.alg);
    size_t which = 0;
    enum crypto_signature result;

    if (!hash || !hash->tpm_alg)
        return (struct checked){.state = IMA_SIGNED_UNCHECKED};
    result = crypto_signers_verify_cms(crypto, certificates->signers, certificates->n_signers,
                                       hash->tpm_alg, fields->modsig_digest.bytes, fields->modsig,
                                       &which);
    return (struct checked){.state = (uint8_t)state_of(result), .signer = (uint8_t)which};
}

/* Over all that the result depends on; each part with its length, so that none runs into another.
 */
static void name_check(struct crypto *crypto, const struct ima_fields *fields, bool appended,
                       struct crypto_digest *name)
{
    const struct ima_digest *digest = appended ? &fields->modsig_digest : &fields->digest;
    const struct span parts[] = {appended ? fields->modsig : fields->signature, digest->kind,
                                 digest->alg, digest->bytes};
    uint32_t lens[] = {appended, (uint32_t)parts[0].len, (uint32_t)parts[1].len,
                       (uint32_t)parts[2].len};

    crypto_hash(crypto, TPM_ALG_SHA256,
                (struct span[]){span_of(lens, sizeof lens), parts[0], parts[1], parts[2], parts[3]},
                5, name);
}

static struct checked check(struct crypto *crypto, struct ima_certificates *certificates,
                            const struct ima_fields *fields)
{
    bool appended = fields->signature.len == 0;
    struct crypto_digest name;
    struct checked *slot;

    name_check(crypto, fields, appended, &name);
    slot = &certificates->checked[(name.bytes[0] | name.bytes[1] << 8) % CHECKED_SLOTS];
    if (slot->state != IMA_SIGNED_NONE && memcmp(slot->sha256, name.bytes, name.len) == 0)
        return *slot;
    *slot = appended ? check_appended(crypto, certificates, fields)
                     : check_file(crypto, certificates, fields);
    memcpy(slot->sha256, name.bytes, name.len);
    return *slot;
}

struct ima_signer ima_signature_check(struct crypto *crypto, struct ima_certificates *certificates,
                                      const struct ima_entry *entry,
                                      const struct ima_fields *fields)
{
    struct ima_signer signer = {.state = IMA_SIGNED_NONE};
    struct ima_signature signature;
    struct error ignored; /* check has said what is wrong */
    struct checked checked;

    if (entry->violation || (fields->signature.len == 0 && fields->modsig.len == 0))
        return signer;
    checked = check(crypto, certificates, fields);
    signer.state = checked.state;
    if (signer.state == IMA_SIGNED_VALID || signer.state == IMA_SIGNED_WEAK)
        signer.subject = crypto_signer_subject(certificates->signers[checked.signer]);
    if (fields->signature.len && ima_signature_decode(fields->signature, &signature, &ignored))
        signer.key_id = signature.key_id;
    return signer;
}

const char *ima_signed_name(enum ima_signed state)
{
    static const char *const NAMES[IMA_SIGNED_STATES] = {
        [IMA_SIGNED_NONE] = "none",       [IMA_SIGNED_VALID] = "valid",
        [IMA_SIGNED_WEAK] = "weak",       [IMA_SIGNED_UNKNOWN_KEY] = "unknown_key",
        [IMA_SIGNED_INVALID] = "invalid", [IMA_SIGNED_UNCHECKED] = "unchecked",
    };

    return NAMES[state];
}
