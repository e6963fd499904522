/* What shim measures of itself: switches, revocation level, built-in and owner's keys (shim README.tpm,
 * SBAT.md).
 *
 * PCR 7 has its variables with names that the digest covers. PCR 14 has digests of whole lists with
 * names that no digest covers: shim measures MokList first, before anything that it loads can
 * measure. Trusts none of it unless Secure Boot and shim checked who could measure. */
#include "base/text.h"
#include "claims/secure_boot.h"
#include "wire/efi_signature_list.h"
#include "wire/event_type.h"

/* The first thing that shim measures, before it loads anything. */
static void shim_begins(struct secure_boot *state, size_t index)
{
    uint32_t number = state->collector->log->events[index].event.number;

    if (number < state->collector->shim_begins)
        state->collector->shim_begins = number;
}

/* A byte other than 0 switches validation off; no byte at all is no way to say that it is on. */
static void read_switch(struct secure_boot *state, size_t index, struct span data)
{
    if (data.len == 1 && data.data[0] == 0)
        return;
    state->shim_off = true;
    state->collector->claims->claims[CLAIM_SECURE_BOOT_SHIM_VALIDATION].settled_by =
        state->collector->log->events[index].event.number;
}

static void read_sbat(struct secure_boot *state, size_t index, struct span data)
{
    shim_begins(state, index);
    collect_event(state->collector, CLAIM_SECURE_BOOT_SBAT_LEVEL, index);
    if (!state->sbat.data) {
        state->sbat = data;
        state->sbat_late = state->shim_loads;
    } else if (!span_equal(state->sbat, data)) {
        state->sbat_differs = true;
        collect_reason(state->collector, REASON_EVENTLOG_DUPLICATE, index,
                       text_printable(state->collector->arena, state->sbat),
                       text_printable(state->collector->arena, data), NULL);
    }
}

/* An authority from the owner's list; or, from shims of 2022, the whole list. */
static void read_mok(struct secure_boot *state, size_t index, struct span data)
{
    if (!efi_signature_list_is(data)) {
        secure_boot_add_authority(state, index, data, "MOK");
        return;
    }
    shim_begins(state, index);
    collect_event(state->collector, CLAIM_SECURE_BOOT_MOK_LIST, index);
    if (state->mok_measured) {
        collect_unknown(state->collector, CLAIM_SECURE_BOOT_MOK_LIST);
        collect_reason(state->collector, REASON_EVENTLOG_DUPLICATE, index, NULL, NULL, NULL);
        return;
    }
    state->mok_measured = true;
    secure_boot_read_list(state, index, CLAIM_SECURE_BOOT_MOK_LIST, 7, data);
}

void secure_boot_read_shim(struct secure_boot *state, size_t index,
                           const struct efi_variable *variable)
{
    static const char *const authorities[] = {"Shim", "vendor_db"};

    state->shim = true;
    collect_event(state->collector, CLAIM_SECURE_BOOT_SHIM_VALIDATION, index);
    if (efi_variable_is(variable, "MokSBState"))
        read_switch(state, index, variable->data);
    else if (efi_variable_is(variable, "SbatLevel"))
        read_sbat(state, index, variable->data);
    else if (efi_variable_is(variable, "MokListRT") || efi_variable_is(variable, "MokList"))
        read_mok(state, index, variable->data);
    else if (efi_variable_is(variable, "MokListX") && !efi_signature_list_is(variable->data))
        collect_reason(state->collector, REASON_BOOT_IMAGE_DENIED, index, NULL, "MokListX", NULL);
    for (size_t i = 0; i < sizeof authorities / sizeof *authorities; i++)
        if (efi_variable_is(variable, authorities[i]))
            secure_boot_add_authority(state, index, variable->data, authorities[i]);
}

void secure_boot_conclude_validation(struct secure_boot *state)
{
    struct collector *collector = state->collector;
    const enum claim_id id = CLAIM_SECURE_BOOT_SHIM_VALIDATION;

    if (!state->shim || !collector->claims->claims[CLAIM_SECURE_BOOT_ENABLED].known)
        return;
    /* Without Secure Boot it does not validate, whatever MokSBState says. */
    if (state->shim_off || !secure_boot_is_true(collector, CLAIM_SECURE_BOOT_ENABLED))
        collect_bool(collector, id, false);
    else if (!state->authority_unknown)
        collect_bool(collector, id, true);
    collect_from(collector, id, CLAIM_SECURE_BOOT_ENABLED);
}

/* One line: the lines of SbatLevel are separated by spaces. */
static const char *sbat_text(struct arena *arena, struct span level)
{
    char *text = arena_text(arena, level);
    size_t len = level.len;

    if (!text)
        return NULL;
    while (len && (text[len - 1] == '\n' || text[len - 1] == '\0'))
        text[--len] = '\0';
    for (size_t i = 0; i < len; i++)
        if (text[i] == '\n')
            text[i] = ' ';
    return text_printable(arena, span_of(text, len));
}

/* The first level is shim's, measured before it loads anything and before what it loads could measure
 * another; unless an event that cannot be read hides it. A shim without revocation levels measures
 * none, and then what comes behind its first authority is somebody else's. */
static void conclude_sbat(struct secure_boot *state)
{
    struct collector *collector = state->collector;
    const enum claim_id id = CLAIM_SECURE_BOOT_SBAT_LEVEL;

    if (!state->sbat.data || state->sbat_differs || state->authority_unknown)
        return;
    if (!span_begins(state->sbat, span_text("sbat,"))) {
        collect_reason(collector, REASON_EVENTLOG_DATA_MALFORMED,
                       collector->claims->claims[id].events[0], "sbat,...",
                       text_printable(collector->arena, state->sbat), NULL);
        return;
    }
    collect_text(collector, id, sbat_text(collector->arena, state->sbat));
    if (!collector->loader_vouched || state->sbat_late)
        collect_unproven(collector, id);
}

/* --- the owner's keys --- */

/* shim's name for what it measured, NUL and all; old ones add another byte. */
static bool is_named(const struct measured_event *event, const char *name)
{
    size_t len = strlen(name) + 1;

    return event->event.type == EV_IPL && event->event.data.len >= len &&
           memcmp(event->event.data.data, name, len) == 0;
}

/* The first measured event of PCR 14; n_events when there is none. */
static size_t find_mok(const struct collector *collector)
{
    const struct measured_log *log = collector->log;
    size_t index = 0;

    while (index < log->n_events && (collect_pcr(collector, &log->events[index]) != 14 ||
                                     log->events[index].coverage == COVERAGE_UNMEASURED))
        index++;
    return index;
}

/* The list that the host sent, when PCR 14 holds its digest; else that digest. */
static void read_mok_digest(struct secure_boot *state, size_t index)
{
    struct collector *collector = state->collector;
    const struct measured_event *event = &collector->log->events[index];
    const enum claim_id id = CLAIM_SECURE_BOOT_MOK_LIST;
    struct span sent = collector->input->mok_list;
    struct crypto_digest digest = {0};
    struct claim_item item = {.kind = CLAIM_ITEM_DIGEST,
                              .alg = collector->log->bank,
                              .event = event->event.number,
                              .pcr = 14,
                              .label = "MokList as measured",
                              .bytes = event->digest};

    collect_event(collector, id, index);
    if (sent.len && collector->input->crypto) {
        crypto_hash_span(collector->input->crypto, collector->log->bank, sent, &digest);
        if (span_equal(crypto_digest_span(&digest), event->digest)) {
            secure_boot_read_list(state, index, id, 14, sent);
            return;
        }
        collect_reason(collector, REASON_MOK_LIST_MISMATCH, index,
                       text_hex(collector->arena, event->digest),
                       text_hex(collector->arena, crypto_digest_span(&digest)), NULL);
    }
    collect_item(collector, id, item);
}

static void conclude_mok(struct secure_boot *state)
{
    struct collector *collector = state->collector;
    const enum claim_id id = CLAIM_SECURE_BOOT_MOK_LIST;
    size_t index = find_mok(collector);

    if (state->mok_measured) {
        if (state->authority_unknown)
            collect_unknown(collector, id);
    } else if (state->shim && index < collector->log->n_events &&
               is_named(&collector->log->events[index], "MokList") &&
               collector->log->events[index].digest.len) {
        read_mok_digest(state, index);
    }
    if (!collector->loader_vouched)
        collect_unproven(collector, id);
}

/* Shims before 2017 left no more than their list in PCR 14, whose name is a hint. */
static void conclude_presence(struct secure_boot *state, bool is_list)
{
    struct collector *collector = state->collector;

    if (!collector->secure_boot_sound || state->authority_unknown || (is_list && !state->shim))
        return;
    collect_bool(collector, CLAIM_BOOT_SHIM, state->shim);
    collect_event(collector, CLAIM_BOOT_SHIM, collector->separators[7]);
    if (!collector->claims->claims[CLAIM_SECURE_BOOT_ENABLED].known)
        collect_unproven(collector, CLAIM_BOOT_SHIM);
    collect_from(collector, CLAIM_BOOT_SHIM, CLAIM_SECURE_BOOT_ENABLED);
}

void secure_boot_conclude_shim(struct secure_boot *state)
{
    struct collector *collector = state->collector;
    size_t index = find_mok(collector);
    bool is_list = index < collector->log->n_events &&
                   is_named(&collector->log->events[index], "MokList");

    collector->shim = state->shim;
    conclude_presence(state, is_list);
    if (is_list)
        shim_begins(state, index);
    conclude_sbat(state);
    conclude_mok(state);
    if (state->shim && !state->authority_unknown)
        collect_claim(collector, CLAIM_SECURE_BOOT_VENDOR_DB);
    else if (!state->shim)
        return;
    if (state->authority_unknown)
        collect_unknown(collector, CLAIM_SECURE_BOOT_VENDOR_DB);
    if (!collector->loader_vouched)
        collect_unproven(collector, CLAIM_SECURE_BOOT_VENDOR_DB);
}
