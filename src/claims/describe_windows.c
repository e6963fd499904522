/* Windows records one by one, in words. Nothing here is believed: who measured them, and whether a
 * digest covers them, is for others to say. Texts of a host come out printable and cut. */
#include "claims/describe.h"

#include "base/text.h"
#include "claims/windows_text.h"
#include "crypto/crypto.h"
#include "wire/event_type.h"
#include "wire/sipa.h"
#include "wire/sipa_payload.h"
#include "wire/tpm_attest.h"

#include <inttypes.h>

struct telling {
    struct crypto *crypto;
    struct arena *arena;
};

static struct span cut(struct span bytes)
{
    return bytes.len > LIMIT_SUMMARY_TEXT_LEN ? span_of(bytes.data, LIMIT_SUMMARY_TEXT_LEN) : bytes;
}

static const char *tell_hex(struct telling *telling, struct span bytes)
{
    const char *hex = text_hex(telling->arena, cut(bytes));

    return hex && bytes.len > LIMIT_SUMMARY_TEXT_LEN
               ? arena_printf(telling->arena, "%s... (%zu bytes)", hex, bytes.len)
               : hex;
}

static const char *tell_utf16(struct telling *telling, struct span utf16)
{
    return text_utf16(telling->arena, cut(utf16));
}

static const char *tell_digest(struct telling *telling, uint16_t alg, struct span digest)
{
    const char *hex = tell_hex(telling, digest);
    const char *name = tpm_alg_name(alg);

    return hex && name ? arena_printf(telling->arena, "%s:%s", name, hex) : hex;
}

static const char *tell_broken(struct telling *telling, const struct error *error)
{
    return arena_printf(telling->arena, "cannot be read: %s", error->message);
}

/* "TPM, PIN". */
static const char *tell_unlock(struct telling *telling, uint32_t flags)
{
    const char *text = windows_unlock_word(telling->arena, &flags);

    while (text && flags) {
        const char *word = windows_unlock_word(telling->arena, &flags);

        text = word ? arena_printf(telling->arena, "%s, %s", text, word) : NULL;
    }
    return text;
}

/* NULL for numbers that speak for themselves. */
static const char *word_of(uint32_t id, uint64_t number)
{
    switch (id) {
    case SIPA_TRANSFER_CONTROL:
        return windows_transfer_word(number);
    case SIPA_DATAEXECUTIONPREVENTION:
        return windows_nx_word(number);
    case SIPA_HYPERVISOR_IOMMU_POLICY:
        return windows_iommu_word(number);
    case SIPA_OSDEVICE:
        return windows_device_word(number);
    case SIPA_HASHALGORITHMID:
        return tpm_alg_name(sipa_capi_hash((uint32_t)number));
    default:
        return NULL;
    }
}

static const char *tell_number(struct telling *telling, uint32_t id, uint64_t number)
{
    enum sipa_payload kind = sipa_payload_kind(id);
    const char *word = word_of(id, number);

    if (id == SIPA_BITLOCKER_UNLOCK)
        return tell_unlock(telling, (uint32_t)number);
    if (kind == SIPA_PAYLOAD_BOOL && number < 2)
        return number ? "yes" : "no";
    if (kind == SIPA_PAYLOAD_STATUS || id == SIPA_IMAGEBASE)
        return arena_printf(telling->arena, "0x%08" PRIx64, number);
    return word ? arena_printf(telling->arena, "%" PRIu64 " (%s)", number, word)
                : arena_printf(telling->arena, "%" PRIu64, number);
}

static const char *tell_policy(struct telling *telling, struct span payload, struct error *error)
{
    struct sipa_si_policy policy;
    const char *name, *version, *digest;

    if (!sipa_si_policy_decode(payload, &policy, error))
        return tell_broken(telling, error);
    name = tell_utf16(telling, policy.name);
    version = windows_version(telling->arena, policy.version);
    digest = tell_digest(telling, policy.alg, policy.digest);
    return name && version && digest
               ? arena_printf(telling->arena, "%s %s %s", name, version, digest)
               : NULL;
}

static const char *tell_revocation_list(struct telling *telling, struct span payload,
                                        struct error *error)
{
    struct sipa_revocation_list list;
    const char *date, *digest;

    if (!sipa_revocation_list_decode(payload, &list, error))
        return tell_broken(telling, error);
    date = windows_date(telling->arena, list.creation_time);
    digest = tell_digest(telling, list.alg, list.digest);
    return date && digest ? arena_printf(telling->arena, "%s %s", date, digest) : NULL;
}

static const char *tell_secure_boot_policy(struct telling *telling, struct span payload,
                                           struct error *error)
{
    struct sipa_sbcp policy;
    const char *digest;

    if (!sipa_sbcp_decode(payload, &policy, error))
        return tell_broken(telling, error);
    digest = tell_digest(telling, policy.alg, policy.digest);
    return digest ? arena_printf(telling->arena, "version %u, options 0x%08x, %u signers, %s",
                                 policy.version, policy.options, policy.n_signers, digest)
                  : NULL;
}

static const char *tell_signer(struct telling *telling, struct span payload, struct error *error)
{
    struct sipa_certificate certificate;
    struct sipa_signer signer;
    const char *text;

    if (!sipa_signer_decode(payload, &signer, error))
        return tell_broken(telling, error);
    text = tell_utf16(telling, signer.policy_name);
    if (text)
        text = arena_printf(telling->arena, "%s, root %u, %u key usages", text, signer.root_id,
                            signer.n_ekus);
    while (text && sipa_signer_next(&signer.certificates, &certificate, error)) {
        const char *publisher = tell_utf16(telling, certificate.publisher);
        const char *issuer = tell_utf16(telling, certificate.issuer);

        text = publisher && issuer
                   ? arena_printf(telling->arena, "%s; %s, issued by %s", text, publisher, issuer)
                   : NULL;
    }
    return text;
}

static const char *tell_vsm_key(struct telling *telling, struct span payload, struct error *error)
{
    struct sipa_vsm_key key;
    const char *modulus;

    if (!sipa_vsm_key_decode(payload, &key, error))
        return tell_broken(telling, error);
    modulus = tell_hex(telling, key.modulus);
    return modulus ? arena_printf(telling->arena, "algorithm %u, %u bits, modulus %s", key.alg,
                                  key.bits, modulus)
                   : NULL;
}

static const char *tell_signature(struct telling *telling, struct span payload, struct error *error)
{
    struct sipa_signature signature;
    const char *hex;

    if (!sipa_signature_decode(payload, &signature, error))
        return tell_broken(telling, error);
    hex = tell_hex(telling, signature.signature);
    return hex ? arena_printf(telling->arena, "algorithm %u, %s", signature.alg, hex) : NULL;
}

/* A key by its fingerprint: nobody reads a modulus. */
static const char *tell_key(struct telling *telling, struct span payload)
{
    struct crypto_digest digest;
    const char *hex;

    if (!telling->crypto)
        return arena_printf(telling->arena, "%zu bytes", payload.len);
    crypto_hash_span(telling->crypto, TPM_ALG_SHA256, payload, &digest);
    hex = text_hex(telling->arena, crypto_digest_span(&digest));
    return hex ? arena_printf(telling->arena, "%zu bytes, fingerprint sha256:%s", payload.len, hex)
               : NULL;
}

/* A TPM 1.2 quotes in a structure of its own, which is shown as it is. */
static const char *tell_attest(struct telling *telling, struct span payload)
{
    struct tpm_attest attest;
    struct error ignored;
    const char *digest, *extra;

    if (!tpm_attest_decode(payload, &attest, &ignored) || attest.type != TPM_ST_ATTEST_QUOTE)
        return tell_hex(telling, payload);
    digest = tell_hex(telling, attest.quote.pcr_digest);
    extra = tell_hex(telling, attest.extra_data);
    return digest && extra ? arena_printf(telling->arena,
                                          "PCR digest %s, extra data %s, %u resets, %u restarts",
                                          digest, extra, attest.reset_count, attest.restart_count)
                           : NULL;
}

static const char *tell_value(struct telling *telling, const struct sipa_record *record)
{
    struct error error = {0};
    uint64_t number;

    if (sipa_number(record, &number))
        return tell_number(telling, record->id, number);
    switch (sipa_payload_kind(record->id)) {
    case SIPA_PAYLOAD_UTF16:
        return tell_utf16(telling, record->payload);
    case SIPA_PAYLOAD_SI_POLICY:
        return tell_policy(telling, record->payload, &error);
    case SIPA_PAYLOAD_REVOCATION_LIST:
        return tell_revocation_list(telling, record->payload, &error);
    case SIPA_PAYLOAD_SBCP:
        return tell_secure_boot_policy(telling, record->payload, &error);
    case SIPA_PAYLOAD_SIGNER:
        return tell_signer(telling, record->payload, &error);
    case SIPA_PAYLOAD_VSM_KEY:
        return tell_vsm_key(telling, record->payload, &error);
    case SIPA_PAYLOAD_SIGNATURE:
        return tell_signature(telling, record->payload, &error);
    case SIPA_PAYLOAD_KEY:
        return tell_key(telling, record->payload);
    case SIPA_PAYLOAD_ATTEST:
        return tell_attest(telling, record->payload);
    default:
        return tell_hex(telling, record->payload);
    }
}

/* --- all records of an event --- */

bool event_holds_records(const struct eventlog_event *event)
{
    struct error ignored;
    struct reader reader = reader_init(event->data, "wbcl.h", &ignored);

    if (event->type == EV_NO_ACTION)
        return event->pcr >= LIMIT_PCRS &&
               reader_le32(&reader) == (uint32_t)SIPA_TRUSTPOINT_AGGREGATION;
    return event->type == EV_EVENT_TAG &&
           ((event->pcr >= 12 && event->pcr <= 14) || (event->pcr >= 17 && event->pcr <= 22));
}

static size_t count(struct span data)
{
    struct sipa_record record;
    struct sipa_walk walk;
    struct error ignored;
    size_t n_records = 0;

    sipa_open(&walk, data, &ignored);
    while (sipa_next(&walk, &record) == SIPA_RECORD)
        n_records++;
    return n_records;
}

static struct event_record describe(struct telling *telling, const struct sipa_record *record)
{
    const char *name = sipa_name(record->id);
    bool container = record->id & SIPA_FLAG_AGGREGATION;

    return (struct event_record){
        .depth = record->depth,
        .id = record->id,
        .name = name ? name : arena_printf(telling->arena, "0x%08" PRIx32, record->id),
        .meaning = sipa_meaning(record->id),
        .value = container ? NULL : tell_value(telling, record),
        .container = container,
        .measured = !(record->id & SIPA_FLAG_UNMEASURED),
    };
}

bool event_records(const struct measured_log *log, size_t index, struct crypto *crypto,
                   struct arena *arena, struct event_records *records, struct error *error)
{
    const struct eventlog_event *event = &log->events[index].event;
    struct telling telling = {.crypto = crypto, .arena = arena};
    struct event_records described = {0};
    struct error broken = {0};
    struct sipa_record record;
    struct sipa_walk walk;
    enum sipa_step step;

    if (!event_holds_records(event)) {
        *records = described;
        return true;
    }
    described.records = arena_array(arena, count(event->data) + 1, sizeof *described.records);
    if (!described.records)
        return arena_error(arena, error);
    sipa_open(&walk, event->data, &broken);
    while ((step = sipa_next(&walk, &record)) == SIPA_RECORD) {
        struct event_record *each = &described.records[described.n_records++];

        *each = describe(&telling, &record);
        if (!each->name || (!each->container && !each->value))
            return arena_error(arena, error);
    }
    if (step == SIPA_FAILED)
        described.broken = tell_broken(&telling, &broken);
    if (step == SIPA_FAILED && !described.broken)
        return arena_error(arena, error);
    *records = described;
    return true;
}
