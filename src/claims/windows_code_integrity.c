/* Lists of what Windows' code integrity works by: policies and who signs them, revocation lists,
 * early-launch anti-malware; and the keys of virtual secure mode.
 *
 * Trusts only covered records, which windows.c has checked. Every boot application states the lists
 * that it uses; what was stated before is not listed again. */
#include "claims/windows.h"

#include "base/text.h"
#include "claims/windows_text.h"
#include "crypto/crypto.h"

/* How far back an equal item is looked for: boot applications are three, lists a handful. */
enum { NEIGHBOURS = 16 };

static bool is_listed(const struct windows *state, enum claim_id id, const struct claim_item *item)
{
    const struct claim *claim = &state->collector->claims->claims[id];

    for (size_t i = claim->n_items; i > 0 && claim->n_items - i < NEIGHBOURS; i--) {
        const struct claim_item *other = &claim->items[i - 1];

        if (other->kind == item->kind && other->alg == item->alg &&
            span_equal(other->bytes, item->bytes) && strcmp(other->label, item->label) == 0)
            return true;
    }
    return false;
}

/* Adds an item once. A NULL label is one that the arena had no room for. */
static void add(struct windows *state, enum claim_id id, enum claim_item_kind kind, uint16_t alg,
                struct span bytes, const char *label)
{
    const struct eventlog_event *event = &state->collector->log->events[state->index].event;
    struct claim_item item = {.kind = kind,
                              .alg = alg,
                              .event = event->number,
                              .pcr = (int)event->pcr,
                              .label = label,
                              .bytes = bytes};

    state->collector->out_of_memory |= !label;
    collect_event(state->collector, id, state->index);
    if (label && !is_listed(state, id, &item))
        collect_item(state->collector, id, item);
}

/* A name as text; so much of it as anybody needs to know it by, for it may go with many items. */
static const char *name_text(struct windows *state, struct span utf16)
{
    if (utf16.len > LIMIT_SUMMARY_TEXT_LEN)
        utf16.len = LIMIT_SUMMARY_TEXT_LEN;
    return text_utf16(state->collector->arena, utf16);
}

static void add_text(struct windows *state, enum claim_id id, const char *text, const char *label)
{
    state->collector->out_of_memory |= !text;
    if (text)
        add(state, id, CLAIM_ITEM_TEXT, 0, span_text(text), label);
}

static bool read_policy(struct windows *state, struct span payload, struct error *error)
{
    struct arena *arena = state->collector->arena;
    struct sipa_si_policy policy;
    const char *name, *version;

    if (!sipa_si_policy_decode(payload, &policy, error))
        return false;
    name = name_text(state, policy.name);
    version = windows_version(arena, policy.version);
    add(state, CLAIM_CODE_INTEGRITY_POLICIES, CLAIM_ITEM_DIGEST, policy.alg, policy.digest,
        name && version ? arena_printf(arena, "%s %s", name, version) : NULL);
    return true;
}

/* One item for each certificate; without any the root stands for the signer. */
static bool read_signer(struct windows *state, struct span payload, const char *label,
                        struct error *error)
{
    const enum claim_id id = CLAIM_CODE_INTEGRITY_POLICY_SIGNERS;
    struct arena *arena = state->collector->arena;
    struct sipa_certificate certificate;
    struct sipa_signer signer;
    const char *policy, *publisher, *issuer;

    if (!sipa_signer_decode(payload, &signer, error))
        return false;
    policy = name_text(state, signer.policy_name);
    if (signer.n_certificates == 0)
        add_text(state, id,
                 policy ? arena_printf(arena, "%s: root %u", policy, signer.root_id) : NULL, label);
    for (size_t i = 0; i < signer.n_certificates; i++) {
        if (!sipa_signer_next(&signer.certificates, &certificate, error))
            return false;
        if (!collect_room(state->collector, id, 1))
            return true;
        publisher = name_text(state, certificate.publisher);
        issuer = name_text(state, certificate.issuer);
        add_text(state, id,
                 policy && publisher && issuer
                     ? arena_printf(arena, "%s: %s, issued by %s", policy, publisher, issuer)
                     : NULL,
                 label);
    }
    return true;
}

static bool read_revocation_list(struct windows *state, struct span payload, const char *whose,
                                 struct error *error)
{
    struct arena *arena = state->collector->arena;
    struct sipa_revocation_list list;
    const char *date;

    if (!sipa_revocation_list_decode(payload, &list, error))
        return false;
    date = windows_date(arena, list.creation_time);
    add(state, CLAIM_CODE_INTEGRITY_REVOCATION_LISTS, CLAIM_ITEM_DIGEST, list.alg, list.digest,
        date ? arena_printf(arena, "%s %s", whose, date) : NULL);
    return true;
}

static bool read_secure_boot_policy(struct windows *state, struct span payload, struct error *error)
{
    struct sipa_sbcp policy;

    if (!sipa_sbcp_decode(payload, &policy, error))
        return false;
    add(state, CLAIM_CODE_INTEGRITY_SECURE_BOOT_POLICIES, CLAIM_ITEM_DIGEST, policy.alg,
        policy.digest,
        arena_printf(state->collector->arena, "version %u, options 0x%08x, %u signer%s",
                     policy.version, policy.options, policy.n_signers,
                     policy.n_signers == 1 ? "" : "s"));
    return true;
}

/* Keys are known by their digest, whatever kind of key they are. */
static bool read_identity_key(struct windows *state, struct span payload, const char *label,
                              struct error *error)
{
    struct collector *collector = state->collector;
    struct crypto_digest *digest;

    if (payload.len == 0)
        return error_plain(error, ERROR_TRUNCATED, "a key of no bytes");
    state->identity_key = true;
    collect_event(collector, CLAIM_VBS_ENABLED, state->index);
    if (!collector->input->crypto)
        return true;
    digest = arena_new(collector->arena, struct crypto_digest);
    if (!digest) {
        collector->out_of_memory = true;
        return true;
    }
    crypto_hash_span(collector->input->crypto, TPM_ALG_SHA256, payload, digest);
    add(state, CLAIM_VBS_IDENTITY_KEYS, CLAIM_ITEM_DIGEST, TPM_ALG_SHA256,
        crypto_digest_span(digest), label);
    return true;
}

/* --- early-launch anti-malware: containers, which may hold one another --- */

static void add_elam(struct windows *state, struct span digest, const char *what)
{
    struct arena *arena = state->collector->arena;
    const char *name;
    uint16_t alg = digest.len == tpm_digest_len(TPM_ALG_SHA1)     ? TPM_ALG_SHA1
                   : digest.len == tpm_digest_len(TPM_ALG_SHA256) ? TPM_ALG_SHA256
                                                                  : 0;

    state->elam_stated = true;
    if (!collect_room(state->collector, CLAIM_CODE_INTEGRITY_ELAM, 1))
        return;
    name = name_text(state, state->elam_name);
    add(state, CLAIM_CODE_INTEGRITY_ELAM, CLAIM_ITEM_DIGEST, alg, digest,
        name ? arena_printf(arena, "%s %s", name, what) : NULL);
}

void windows_elam_end(struct windows *state)
{
    if (state->elam_depth && state->elam_name.len && !state->elam_stated)
        add_text(state, CLAIM_CODE_INTEGRITY_ELAM, name_text(state, state->elam_name),
                 "nothing measured");
    state->elam_depth = 0;
    state->elam_name = span_of(NULL, 0);
    state->elam_stated = false;
}

static bool read_elam(struct windows *state, const struct sipa_record *record)
{
    switch (record->id) {
    case SIPA_ELAM_AGGREGATION:
        windows_elam_end(state);
        state->elam_depth = record->depth + 1;
        return true;
    case SIPA_ELAM_KEYNAME:
        state->elam_name = record->payload;
        return true;
    case SIPA_ELAM_CONFIGURATION:
        add_elam(state, record->payload, "configuration");
        return true;
    case SIPA_ELAM_POLICY:
        add_elam(state, record->payload, "policy");
        return true;
    case SIPA_ELAM_MEASURED:
        add_elam(state, record->payload, "measured");
        return true;
    default:
        return false;
    }
}

/* --- all together --- */

bool windows_list_read(struct windows *state, const struct sipa_record *record)
{
    struct span payload = record->payload;
    struct error error = {0};
    bool good;

    if (state->elam_depth || record->id == SIPA_ELAM_AGGREGATION)
        return read_elam(state, record);
    switch (record->id) {
    case SIPA_SI_POLICY:
        good = read_policy(state, payload, &error);
        break;
    case SIPA_SI_POLICY_SIGNER:
        good = read_signer(state, payload, "signed the policy", &error);
        break;
    case SIPA_SI_POLICY_UPDATE_SIGNER:
        good = read_signer(state, payload, "may change the policy", &error);
        break;
    case SIPA_BOOT_REVOCATION_LIST:
        good = read_revocation_list(state, payload, "boot manager", &error);
        break;
    case SIPA_OS_REVOCATION_LIST:
        good = read_revocation_list(state, payload, "system", &error);
        break;
    case SIPA_SBCP_INFO:
        good = read_secure_boot_policy(state, payload, &error);
        break;
    case SIPA_VSM_IDK_INFO:
        good = read_identity_key(state, payload, "identity key", &error);
        break;
    case SIPA_VSM_IDKS_INFO:
        good = read_identity_key(state, payload, "identity signing key", &error);
        break;
    default:
        return false;
    }
    if (!good)
        windows_malformed(state, sipa_name(record->id), &error);
    return true;
}

/* A boot that states the kernel's settings states policies and ELAM drivers too, when there are any;
 * a resume states neither. */
void windows_lists_conclude(struct windows *state)
{
    static const enum claim_id ids[] = {CLAIM_CODE_INTEGRITY_POLICIES, CLAIM_CODE_INTEGRITY_ELAM};

    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
        if (state->resumed)
            collect_unknown(state->collector, ids[i]);
        else if (windows_fact_known(state, WINDOWS_OSKERNELDEBUG))
            collect_room(state->collector, ids[i], 0);
}
