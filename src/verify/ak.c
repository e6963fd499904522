/* Owns the judgement of keys that must live in a TPM: attestation keys and identity keys, and the
 * name by which a TPM knows them.
 * Trusts nothing in a public area before activation or certify has proven that a TPM holds it. Must
 * never pass a key for lack of a check: what is demanded is listed, all of it. */
#include "verify/endorsement.h"

static bool demand(bool holds, struct reasons *reasons, enum reason_code code, const char *expected,
                   const char *found)
{
    if (!holds)
        reason_add_plain(reasons, code, REASON_NO_PCR, expected, found);
    return holds;
}

static bool has_all(const struct tpm_public *key, uint32_t attributes)
{
    return (key->attributes & attributes) == attributes;
}

static bool has_none(const struct tpm_public *key, uint32_t attributes)
{
    return (key->attributes & attributes) == 0;
}

static bool hash_accepted(uint16_t hash)
{
    return hash == TPM_ALG_SHA256 || hash == TPM_ALG_SHA384 || hash == TPM_ALG_SHA512;
}

static bool scheme_accepted(const struct tpm_public *ak)
{
    bool fits = ak->type == TPM_ALG_RSA
                    ? ak->scheme == TPM_ALG_RSASSA || ak->scheme == TPM_ALG_RSAPSS
                    : ak->scheme == TPM_ALG_ECDSA;

    return fits && hash_accepted(ak->scheme_hash);
}

bool ak_check(const struct tpm_public *ak, struct reasons *reasons)
{
    const uint32_t fixed = TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT;
    bool good = true;

    /* Part 1, 24.2: only a restricted key refuses to sign what merely looks like a quote. */
    good &= demand(has_all(ak, TPMA_OBJECT_RESTRICTED), reasons, REASON_AK_NOT_RESTRICTED,
                   "restricted", "restricted clear");
    good &= demand(has_all(ak, fixed), reasons, REASON_AK_NOT_FIXED, "fixedTPM and fixedParent",
                   "fixedTPM or fixedParent clear");
    good &= demand(has_all(ak, TPMA_OBJECT_SENSITIVEDATAORIGIN), reasons,
                   REASON_AK_NOT_CREATED_INSIDE, "sensitiveDataOrigin",
                   "sensitiveDataOrigin clear");
    good &= demand(has_all(ak, TPMA_OBJECT_SIGN_ENCRYPT) && has_none(ak, TPMA_OBJECT_DECRYPT),
                   reasons, REASON_AK_NOT_SIGNING, "sign set, decrypt clear", "another use");
    good &= demand(scheme_accepted(ak), reasons, REASON_AK_NOT_SIGNING,
                   "RSASSA, RSAPSS or ECDSA with SHA-256 or better", tpm_alg_name(ak->scheme));
    /* The name is what activation binds to the EK. */
    good &= demand(hash_accepted(ak->name_alg), reasons, REASON_AK_NOT_SIGNING,
                   "a name by SHA-256 or better", tpm_alg_name(ak->name_alg));
    return good;
}

bool identity_key_check(const struct tpm_public *key, struct span policy, struct reasons *reasons)
{
    const enum reason_code code = REASON_IDENTITY_ATTRIBUTES;
    const uint32_t inside = TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT |
                            TPMA_OBJECT_SENSITIVEDATAORIGIN;
    bool good = true;

    good &= demand(has_all(key, inside), reasons, code,
                   "fixedTPM, fixedParent and sensitiveDataOrigin", "one of them clear");
    good &= demand(has_all(key, TPMA_OBJECT_SIGN_ENCRYPT) &&
                       has_none(key, TPMA_OBJECT_DECRYPT | TPMA_OBJECT_RESTRICTED),
                   reasons, code, "sign set, decrypt and restricted clear", "another use");
    /* With userWithAuth the key could be used by a password instead of the policy. */
    good &= demand(has_none(key, TPMA_OBJECT_USERWITHAUTH), reasons, code, "userWithAuth clear",
                   "userWithAuth set");
    good &= demand(policy.len > 0 && span_equal(key->auth_policy, policy), reasons, code,
                   "the service's authorisation policy", "another policy");
    good &= demand(hash_accepted(key->name_alg), reasons, code, "a name by SHA-256 or better",
                   tpm_alg_name(key->name_alg));
    return good;
}

bool tpm_name(struct crypto *crypto, const struct tpm_public *public_area, uint8_t *name,
              size_t name_cap, size_t *name_len, struct error *error)
{
    struct writer writer = writer_init(name, name_cap);
    struct crypto_digest digest;
    struct span written;

    if (tpm_digest_len(public_area->name_alg) == 0)
        return error_plain(error, ERROR_UNSUPPORTED, "name algorithm 0x%04x",
                           public_area->name_alg);
    crypto_hash_span(crypto, public_area->name_alg, public_area->whole, &digest);
    writer_be16(&writer, public_area->name_alg);
    writer_bytes(&writer, crypto_digest_span(&digest));
    if (!writer_done(&writer, &written, error))
        return false;
    *name_len = written.len;
    return true;
}
