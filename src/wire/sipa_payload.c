/* Structured payloads, each read to its last byte. Trusts no length. */
#include "wire/sipa_payload.h"

#include "wire/sipa.h"
#include "wire/tpm_alg.h"

bool sipa_si_policy_decode(struct span payload, struct sipa_si_policy *policy, struct error *error)
{
    struct reader reader = reader_init(payload, "wbcl.h SIPAEVENT_SI_POLICY_PAYLOAD", error);
    struct sipa_si_policy decoded = {0};
    uint16_t name_len;
    uint32_t digest_len;

    decoded.version = reader_le64(&reader);
    name_len = reader_le16(&reader);
    decoded.alg = reader_le16(&reader);
    digest_len = reader_le32(&reader);
    decoded.name = reader_bytes(&reader, name_len, "policy name");
    decoded.digest = reader_bytes(&reader, digest_len, "policy digest");
    if (!reader_end(&reader))
        return false;
    *policy = decoded;
    return true;
}

bool sipa_revocation_list_decode(struct span payload, struct sipa_revocation_list *list,
                                 struct error *error)
{
    struct reader reader = reader_init(payload, "wbcl.h SIPAEVENT_REVOCATION_LIST_PAYLOAD", error);
    struct sipa_revocation_list decoded = {0};
    uint32_t digest_len;

    decoded.creation_time = (int64_t)reader_le64(&reader);
    digest_len = reader_le32(&reader);
    decoded.alg = reader_le16(&reader);
    decoded.digest = reader_bytes(&reader, digest_len, "list digest");
    if (!reader_end(&reader))
        return false;
    *list = decoded;
    return true;
}

bool sipa_sbcp_decode(struct span payload, struct sipa_sbcp *sbcp, struct error *error)
{
    struct reader reader = reader_init(payload, "wbcl.h SIPAEVENT_SBCP_INFO_PAYLOAD_V1", error);
    struct sipa_sbcp decoded = {0};
    uint32_t digest_offset;
    uint16_t digest_len;

    decoded.version = reader_le32(&reader);
    digest_offset = reader_le32(&reader);
    decoded.alg = reader_le16(&reader);
    digest_len = reader_le16(&reader);
    decoded.options = reader_le32(&reader);
    decoded.n_signers = reader_le32(&reader);
    if (reader_ok(&reader) && digest_offset < reader_offset(&reader))
        return reader_fail(&reader, ERROR_MALFORMED, "digest at byte %u, inside the fixed part",
                           digest_offset);
    reader_bytes(&reader, digest_offset - reader_offset(&reader), "bytes before the digest");
    decoded.digest = reader_bytes(&reader, digest_len, "policy digest");
    if (!reader_end(&reader))
        return false;
    *sbcp = decoded;
    return true;
}

bool sipa_signer_next(struct span *rest, struct sipa_certificate *certificate, struct error *error)
{
    struct reader reader = reader_init(*rest, "wbcl.h SIPAEVENT_SI_POLICY_CERTIFICATE_PAYLOAD",
                                       error);
    struct sipa_certificate decoded = {0};
    uint16_t publisher_len = reader_le16(&reader);
    uint16_t issuer_len = reader_le16(&reader);
    uint16_t digest_len;

    decoded.capi_alg = reader_le32(&reader);
    digest_len = reader_le16(&reader);
    decoded.publisher = reader_bytes(&reader, publisher_len, "publisher");
    decoded.issuer = reader_bytes(&reader, issuer_len, "issuer");
    decoded.digest = reader_bytes(&reader, digest_len, "certificate digest");
    if (!reader_ok(&reader))
        return false;
    *certificate = decoded;
    *rest = reader_rest(&reader);
    return true;
}

/* As many as are announced, and nothing behind them. */
static bool check_ekus(const struct sipa_signer *signer, struct error *error)
{
    struct reader reader = reader_init(signer->ekus, "wbcl.h SIPAEVENT_SI_POLICY_SIGNER_PAYLOAD",
                                       error);

    for (size_t i = 0; i < signer->n_ekus; i++)
        reader_bytes(&reader, reader_u8(&reader), "extended key usage");
    return reader_end(&reader);
}

static bool check_certificates(const struct sipa_signer *signer, struct error *error)
{
    struct span rest = signer->certificates;
    struct sipa_certificate certificate;

    for (size_t i = 0; i < signer->n_certificates; i++)
        if (!sipa_signer_next(&rest, &certificate, error))
            return false;
    if (rest.len)
        return error_set(error, ERROR_TRAILING, signer->certificates.len - rest.len,
                         "wbcl.h SIPAEVENT_SI_POLICY_SIGNER_PAYLOAD",
                         "%zu bytes behind the last certificate", rest.len);
    return true;
}

bool sipa_signer_decode(struct span payload, struct sipa_signer *signer, struct error *error)
{
    struct reader reader = reader_init(payload, "wbcl.h SIPAEVENT_SI_POLICY_SIGNER_PAYLOAD", error);
    struct sipa_signer decoded = {0};
    uint32_t certificates_len;
    uint16_t name_len, ekus_len;

    decoded.root_id = reader_le32(&reader);
    certificates_len = reader_le32(&reader);
    decoded.n_certificates = reader_le16(&reader);
    name_len = reader_le16(&reader);
    ekus_len = reader_le16(&reader);
    decoded.n_ekus = reader_le16(&reader);
    decoded.policy_name = reader_bytes(&reader, name_len, "policy name");
    decoded.ekus = reader_bytes(&reader, ekus_len, "extended key usages");
    decoded.certificates = reader_bytes(&reader, certificates_len, "certificates");
    if (!reader_end(&reader) || !check_ekus(&decoded, error) ||
        !check_certificates(&decoded, error))
        return false;
    *signer = decoded;
    return true;
}

bool sipa_vsm_key_decode(struct span payload, struct sipa_vsm_key *key, struct error *error)
{
    struct reader reader = reader_init(payload, "wbcl.h SIPAEVENT_VSM_IDK_INFO_PAYLOAD", error);
    struct sipa_vsm_key decoded = {0};
    uint32_t exponent_len, modulus_len;

    decoded.alg = reader_le32(&reader);
    decoded.bits = reader_le32(&reader);
    exponent_len = reader_le32(&reader);
    modulus_len = reader_le32(&reader);
    decoded.exponent = reader_bytes(&reader, exponent_len, "public exponent");
    decoded.modulus = reader_bytes(&reader, modulus_len, "modulus");
    if (!reader_end(&reader))
        return false;
    *key = decoded;
    return true;
}

bool sipa_signature_decode(struct span payload, struct sipa_signature *signature,
                           struct error *error)
{
    struct reader reader = reader_init(payload, "wbcl.h SIPAEVENT_KSR_SIGNATURE_PAYLOAD", error);
    struct sipa_signature decoded = {0};

    decoded.alg = reader_le32(&reader);
    decoded.signature = reader_le32_bytes(&reader, LIMIT_TPM_STRUCT_LEN, "signature");
    if (!reader_end(&reader))
        return false;
    *signature = decoded;
    return true;
}

uint16_t sipa_capi_hash(uint32_t alg)
{
    switch (alg) {
    case 0x8004:
        return TPM_ALG_SHA1;
    case 0x800C:
        return TPM_ALG_SHA256;
    case 0x800D:
        return TPM_ALG_SHA384;
    case 0x800E:
        return TPM_ALG_SHA512;
    default:
        return 0;
    }
}

/* An image's record while it is read: each thing may be said once. */
struct module_reader {
    struct reader reader;
    struct sipa_module module;
    uint32_t seen; /* bit n: number n of category 7 */
    uint16_t stated_alg;
};

static uint64_t module_number(struct module_reader *state, uint32_t id, struct span payload)
{
    struct sipa_record record = {.id = id, .payload = payload};
    uint64_t number = 0;

    if (!sipa_number(&record, &number))
        reader_fail(&state->reader, ERROR_MALFORMED, "%s has a wrong size", sipa_name(id));
    return number;
}

static void read_module_record(struct module_reader *state, uint32_t id, struct span payload)
{
    struct sipa_module *module = &state->module;

    switch (id) {
    case SIPA_FILEPATH:
        module->path = payload;
        break;
    case SIPA_AUTHENTICODEHASH:
        module->digest = payload;
        break;
    case SIPA_HASHALGORITHMID:
        state->stated_alg = sipa_capi_hash((uint32_t)module_number(state, id, payload));
        break;
    case SIPA_AUTHORITYISSUER:
        module->issuer = payload;
        break;
    case SIPA_AUTHORITYSERIAL:
        module->serial = payload;
        break;
    case SIPA_AUTHORITYPUBLISHER:
        module->publisher = payload;
        break;
    case SIPA_AUTHORITYSHA1THUMBPRINT:
        module->thumbprint = payload;
        break;
    case SIPA_IMAGEVALIDATED:
        module->states_validated = true;
        module->validated = module_number(state, id, payload) == 1;
        break;
    case SIPA_MODULE_SVN:
        module->states_svn = true;
        module->svn = (uint32_t)module_number(state, id, payload);
        break;
    case SIPA_IMAGESIZE:
    case SIPA_IMAGEBASE:
    case SIPA_MODULE_PLUTON:
    case SIPA_MODULE_ORIGINAL_FILENAME:
    case SIPA_MODULE_VERSION:
    case SIPA_PUBLISHER_OEMNAME:
        break;
    default:
        module->n_unknown++;
    }
}

/* PCR 12 states no algorithm: there the length tells. A hash that nobody here knows stays 0. */
static bool check_module_digest(struct module_reader *state)
{
    static const uint16_t algs[] = {TPM_ALG_SHA256, TPM_ALG_SHA1, TPM_ALG_SHA384, TPM_ALG_SHA512};
    struct sipa_module *module = &state->module;

    if (module->digest.len == 0 || module->digest.len > LIMIT_TPM_DIGEST_LEN)
        return reader_fail(&state->reader, ERROR_MALFORMED, "an image's digest of %zu bytes",
                           module->digest.len);
    if (state->seen >> (SIPA_HASHALGORITHMID & 31) & 1) {
        module->alg = state->stated_alg;
        return module->alg == 0 || module->digest.len == tpm_digest_len(module->alg) ||
               reader_fail(&state->reader, ERROR_MALFORMED,
                           "an image's digest is not of the hash that is named");
    }
    for (size_t i = 0; i < sizeof algs / sizeof *algs; i++)
        if (module->digest.len == tpm_digest_len(algs[i]))
            module->alg = algs[i];
    return true;
}

bool sipa_module_decode(struct span payload, struct sipa_module *module, struct error *error)
{
    struct module_reader state = {
        .reader = reader_init(payload, "wbcl.h SIPAEVENT_LOADEDMODULE_AGGREGATION", error)};
    struct reader *reader = &state.reader;

    while (reader_left(reader)) {
        uint32_t id = reader_le32(reader);
        struct span record = reader_le32_bytes(reader, LIMIT_EVENT_DATA_LEN, "record");
        uint32_t bit = UINT32_C(1) << (id & 31);

        if (!reader_ok(reader))
            return false;
        if (id >> 16 == SIPA_FILEPATH >> 16 && (id & 0xFFFF) < 32) {
            if (state.seen & bit)
                return reader_fail(reader, ERROR_MALFORMED, "an image states record 0x%08x twice",
                                   id);
            state.seen |= bit;
        }
        read_module_record(&state, id, record);
    }
    if (!reader_ok(reader) || !check_module_digest(&state))
        return false;
    *module = state.module;
    return true;
}
