/* Secure Boot as PCR 7 shows it: state, keys, authorities, shim, debugging and DMA actions.
 *
 * Believes only what a digest covers. An absent event is unknown; a variable of no bytes is one
 * that the firmware found absent, which is "off" for SecureBoot (seen on many real machines).
 * Certificates stay unparsed: a strange one must not hide the SecureBoot byte. */
#include "base/text.h"
#include "claims/collect.h"
#include "wire/efi_signature_list.h"
#include "wire/efi_variable.h"
#include "wire/event_type.h"

/* The variables of PFP 1.06 section 3.3.4.8 that become claims. */
enum { SECURE_BOOT, PK, KEK, DB, DBX, N_VARIABLES };

static const struct {
    const char *name;
    enum efi_guid_id owner;
    enum claim_id claim;
} VARIABLES[N_VARIABLES] = {
    [SECURE_BOOT] = {"SecureBoot", EFI_GUID_GLOBAL_VARIABLE, CLAIM_SECURE_BOOT_ENABLED},
    [PK] = {"PK", EFI_GUID_GLOBAL_VARIABLE, CLAIM_SECURE_BOOT_PK},
    [KEK] = {"KEK", EFI_GUID_GLOBAL_VARIABLE, CLAIM_SECURE_BOOT_KEK},
    [DB] = {"db", EFI_GUID_IMAGE_SECURITY_DATABASE, CLAIM_SECURE_BOOT_DB},
    [DBX] = {"dbx", EFI_GUID_IMAGE_SECURITY_DATABASE, CLAIM_SECURE_BOOT_DBX},
};

/* "DO NOT TRUST" and "DO NOT SHIP" are in the names of the sample keys that some makers shipped. */
static const char TEST_KEY_NAME[] = "DO NOT ";
static const char *const TEST_KEY_ENDS[] = {"TRUST", "SHIP"};

struct secure_boot {
    struct collector *collector;
    size_t counts[N_VARIABLES];
    bool test_key;
    bool shim;              /* shim ran */
    bool shim_off;          /* its validation is switched off */
    bool authority_unknown; /* an authority event that cannot be read */
    size_t n_authorities, n_windows_authorities;
};

static bool is_test_key(struct span certificate)
{
    const uint8_t *end = certificate.data + certificate.len, *at = certificate.data;
    const size_t len = sizeof TEST_KEY_NAME - 1;

    /* memchr before memcmp: memmem takes ten times as long, and there are many certificates. */
    while ((at = memchr(at, TEST_KEY_NAME[0], (size_t)(end - at))) && (size_t)(end - at) > len) {
        struct span rest = span_of(at + len, (size_t)(end - at) - len);

        if (memcmp(at++, TEST_KEY_NAME, len) != 0)
            continue;
        for (size_t i = 0; i < sizeof TEST_KEY_ENDS / sizeof *TEST_KEY_ENDS; i++)
            if (span_begins(rest, span_text(TEST_KEY_ENDS[i])))
                return true;
    }
    return false;
}

static void malformed(struct secure_boot *state, size_t index, enum claim_id id, const char *found)
{
    collect_unknown(state->collector, id);
    collect_reason(state->collector, REASON_EVENTLOG_DATA_MALFORMED, index, NULL, found, NULL);
}

static void read_state(struct secure_boot *state, size_t index, struct span data)
{
    if (data.len > 1 || (data.len == 1 && data.data[0] > 1))
        malformed(state, index, CLAIM_SECURE_BOOT_ENABLED, text_hex(state->collector->arena, data));
    else
        collect_bool(state->collector, CLAIM_SECURE_BOOT_ENABLED, data.len == 1 && data.data[0]);
}

/* Entries of one list: of the same kind, and mostly of one owner. */
static void read_signatures(struct secure_boot *state, enum claim_id id, struct claim_item item,
                            struct efi_signature_list *list, struct efi_signature *signature)
{
    bool is_certificate = signature->kind == EFI_SIGNATURE_X509;
    const uint8_t *owner = NULL;
    size_t n = 1 + efi_signature_list_left(list);
    struct claim_item *items = collect_items(state->collector, id, n);

    item.kind = is_certificate ? CLAIM_ITEM_CERTIFICATE : CLAIM_ITEM_DIGEST;
    item.alg = signature->alg;
    for (size_t i = 0; items && i < n; i++) {
        if (!owner || memcmp(owner, signature->owner.data, EFI_GUID_LEN) != 0) {
            owner = signature->owner.data;
            item.label = efi_guid_name(efi_guid_find(signature->owner));
        }
        if (is_certificate && id != CLAIM_SECURE_BOOT_DBX)
            state->test_key |= is_test_key(signature->data);
        item.bytes = signature->data;
        items[i] = item;
        efi_signature_list_step(list, signature);
    }
}

static void read_list(struct secure_boot *state, size_t index, enum claim_id id, struct span data)
{
    struct claim_item item = {.event = state->collector->log->events[index].event.number, .pcr = 7};
    struct efi_signature_list list;
    struct efi_signature signature;
    struct error error = {0};
    enum efi_signature_step step;

    collect_claim(state->collector, id);
    efi_signature_list_open(&list, data, &error);
    while ((step = efi_signature_list_next(&list, &signature)) == EFI_SIGNATURE_ENTRY)
        read_signatures(state, id, item, &list, &signature);
    if (step == EFI_SIGNATURE_FAILED)
        malformed(state, index, id, arena_printf(state->collector->arena, "%s", error.message));
}

/* A variable measured before the separator. The name counts as proven only when the digest covers
 * it; where it covers the contents alone, the claim keeps its value and loses its grade. */
static void read_variable(struct secure_boot *state, size_t index)
{
    const struct measured_event *event = &state->collector->log->events[index];
    struct efi_variable variable;
    struct error error;
    int found = -1;

    if (event->coverage != COVERAGE_WHOLE && event->coverage != COVERAGE_PART)
        return;
    if (!efi_variable_decode(event->event.data, &variable, &error)) {
        collect_reason(state->collector, REASON_EVENTLOG_DATA_MALFORMED, index, NULL,
                       arena_printf(state->collector->arena, "%s", error.message), NULL);
        return;
    }
    for (int i = 0; i < N_VARIABLES; i++)
        if (efi_variable_is(&variable, VARIABLES[i].name) &&
            efi_guid_find(variable.guid) == VARIABLES[i].owner)
            found = i;
    if (found < 0)
        return;
    enum claim_id id = VARIABLES[found].claim;
    collect_event(state->collector, id, index);
    if (++state->counts[found] > 1) {
        collect_unknown(state->collector, id);
        collect_reason(state->collector, REASON_EVENTLOG_DUPLICATE, index, NULL, NULL, NULL);
        return;
    }
    if (found == SECURE_BOOT)
        read_state(state, index, variable.data);
    else
        read_list(state, index, id, variable.data);
    if (!collect_covers_name(event))
        collect_unproven(state->collector, id);
}

/* SHA-256 fingerprints of the certificates that sign Windows boot managers and nothing of others:
 * Microsoft Windows Production PCA 2011, Windows UEFI CA 2023. */
static const struct {
    size_t len; /* hashing is for certificates of these lengths only */
    uint8_t sha256[32];
} WINDOWS_AUTHORITIES[] = {
    {1499, {0xe8, 0xe9, 0x5f, 0x07, 0x33, 0xa5, 0x5e, 0x8b, 0xad, 0x7b, 0xe0,
            0xa1, 0x41, 0x3e, 0xe2, 0x3c, 0x51, 0xfc, 0xea, 0x64, 0xb3, 0xc8,
            0xfa, 0x6a, 0x78, 0x69, 0x35, 0xfd, 0xdc, 0xc7, 0x19, 0x61}},
    {1454, {0x07, 0x6f, 0x1f, 0xea, 0x90, 0xac, 0x29, 0x15, 0x5e, 0xbf, 0x77,
            0xc1, 0x76, 0x82, 0xf7, 0x5f, 0x1f, 0xdd, 0x1b, 0xe1, 0x96, 0xda,
            0x30, 0x2d, 0xc8, 0x46, 0x1e, 0x35, 0x0a, 0x9a, 0xe3, 0x30}},
};

static bool is_windows_authority(struct crypto *crypto, struct span certificate)
{
    struct crypto_digest digest;

    for (size_t i = 0; crypto && i < sizeof WINDOWS_AUTHORITIES / sizeof *WINDOWS_AUTHORITIES;
         i++) {
        if (certificate.len != WINDOWS_AUTHORITIES[i].len)
            continue;
        crypto_fingerprint(crypto, certificate, &digest);
        if (memcmp(digest.bytes, WINDOWS_AUTHORITIES[i].sha256, 32) == 0)
            return true;
    }
    return false;
}

/* db and MokListRT hold an EFI_SIGNATURE_DATA (owner, then contents); older shims log the bare
 * certificate. A certificate is a DER SEQUENCE with a length of two bytes. */
static bool is_certificate(struct span data)
{
    return data.len > 4 && data.data[0] == 0x30 && data.data[1] == 0x82 &&
           (size_t)(data.data[2] << 8 | data.data[3]) + 4 == data.len;
}

static void add_authority(struct secure_boot *state, size_t index, struct span data,
                          const char *label)
{
    struct collector *collector = state->collector;
    struct claim_item item = {.kind = CLAIM_ITEM_CERTIFICATE,
                              .event = collector->log->events[index].event.number,
                              .pcr = 7,
                              .label = label,
                              .bytes = data};

    if (!is_certificate(data) && data.len > EFI_GUID_LEN)
        item.bytes = span_of(data.data + EFI_GUID_LEN, data.len - EFI_GUID_LEN);
    if (!is_certificate(item.bytes)) {
        item.kind = CLAIM_ITEM_DIGEST;
        item.alg = item.bytes.len == 32 ? TPM_ALG_SHA256 : 0;
    }
    state->n_authorities++;
    if (item.kind == CLAIM_ITEM_CERTIFICATE &&
        is_windows_authority(collector->input->crypto, item.bytes))
        state->n_windows_authorities++;
    collect_item(collector, CLAIM_BOOT_AUTHORITIES, item);
    collect_event(collector, CLAIM_BOOT_AUTHORITIES, index);
}

/* shim's own variables, measured by it into PCR 7 (shim README.tpm). */
static void read_shim(struct secure_boot *state, size_t index, const struct efi_variable *variable)
{
    state->shim = true;
    collect_event(state->collector, CLAIM_SECURE_BOOT_SHIM_VALIDATION, index);
    if (efi_variable_is(variable, "MokSBState")) {
        if (variable->data.len != 1 || variable->data.data[0] != 0) {
            state->shim_off = true;
            state->collector->claims->claims[CLAIM_SECURE_BOOT_SHIM_VALIDATION].settled_by =
                state->collector->log->events[index].event.number;
        }
    } else if (efi_variable_is(variable, "MokListRT") || efi_variable_is(variable, "MokList") ||
               efi_variable_is(variable, "Shim") || efi_variable_is(variable, "vendor_db"))
        add_authority(state, index, variable->data, "shim");
}

static void read_authority(struct secure_boot *state, size_t index)
{
    const struct measured_event *event = &state->collector->log->events[index];
    struct efi_variable variable;
    struct error ignored;

    if (!collect_covers_name(event) || !efi_variable_decode(event->covered, &variable, &ignored)) {
        state->authority_unknown = true;
        return;
    }
    switch (efi_guid_find(variable.guid)) {
    case EFI_GUID_SHIM_LOCK:
        read_shim(state, index, &variable);
        break;
    case EFI_GUID_IMAGE_SECURITY_DATABASE:
        add_authority(state, index, variable.data, "db");
        break;
    default:
        state->authority_unknown = true;
    }
}

/* PFP 1.06 section 3.3.4.8: both texts weaken wherever in PCR 7 they stand, and whatever type the
 * log gives them: that is covered by no digest. */
static void read_action(struct secure_boot *state, size_t index)
{
    const struct measured_event *event = &state->collector->log->events[index];

    if (span_is(event->covered, "UEFI Debug Mode")) {
        collect_bool(state->collector, CLAIM_DEBUG_FIRMWARE, true);
        collect_event(state->collector, CLAIM_DEBUG_FIRMWARE, index);
    } else if (span_is(event->covered, "DMA Protection Disabled")) {
        collect_bool(state->collector, CLAIM_DMA_PROTECTION_BOOT, false);
        collect_event(state->collector, CLAIM_DMA_PROTECTION_BOOT, index);
    }
}

/* Text, as actions are. Authorities are not: their variables begin with a GUID and their
 * certificates are binary. */
static bool is_action(const struct measured_event *event)
{
    if (event->event.type != EV_EFI_ACTION || event->coverage != COVERAGE_WHOLE)
        return false;
    for (size_t i = 0; i < event->covered.len; i++)
        if (event->covered.data[i] < 0x20 || event->covered.data[i] > 0x7E)
            return false;
    return true;
}

static void read_event(struct secure_boot *state, size_t index)
{
    struct collector *collector = state->collector;
    const struct measured_event *event = &collector->log->events[index];
    bool before = index < collector->separators[7];

    read_action(state, index);
    switch (event->event.type) {
    case EV_EFI_VARIABLE_DRIVER_CONFIG:
        if (before)
            read_variable(state, index);
        else
            read_authority(state, index); /* shim's lists; all else is refused by form.c */
        break;
    case EV_EFI_VARIABLE_AUTHORITY:
        read_authority(state, index);
        break;
    default:
        /* An authority that is called something else is one that cannot be read. */
        if (index > collector->separators[7] && event->coverage != COVERAGE_UNMEASURED &&
            !is_action(event))
            state->authority_unknown = true;
        break;
    }
}

/* True when every event of PCR 7 is of a known type and covered, so that what is absent is absent.
 */
static bool is_sound(const struct collector *collector)
{
    const struct measured_log *log = collector->log;

    for (size_t i = 0; i < log->n_events; i++) {
        const struct measured_event *event = &log->events[i];

        if (collect_pcr(collector, event) != 7 || event->coverage == COVERAGE_UNMEASURED)
            continue;
        if (event->event.type == EV_EFI_VARIABLE_AUTHORITY && i > collector->separators[7])
            continue; /* no action hides here: see shim_validation for what may */
        if ((event->coverage != COVERAGE_WHOLE && event->coverage != COVERAGE_PART) ||
            !event_type_fits(event->event.type, log->measurement_registers ? 7 : event->event.pcr))
            return false;
    }
    return collector->separators[7] < log->n_events;
}

static bool is_true(const struct collector *collector, enum claim_id id)
{
    return collector->claims->claims[id].known && collector->claims->claims[id].is_true;
}

/* Whether shim checks what it loads. Without Secure Boot it does not, whatever MokSBState says. */
static void conclude_shim(struct secure_boot *state)
{
    struct collector *collector = state->collector;
    const enum claim_id id = CLAIM_SECURE_BOOT_SHIM_VALIDATION;

    if (!state->shim || !collector->claims->claims[CLAIM_SECURE_BOOT_ENABLED].known)
        return;
    if (state->shim_off || !is_true(collector, CLAIM_SECURE_BOOT_ENABLED))
        collect_bool(collector, id, false);
    else if (!state->authority_unknown)
        collect_bool(collector, id, true);
    collect_from(collector, id, CLAIM_SECURE_BOOT_ENABLED);
}

/* "On" is believable only with a platform key, and with an authority for what was loaded. */
static void conclude_state(struct secure_boot *state)
{
    struct collector *collector = state->collector;
    const struct claim *pk = &collector->claims->claims[CLAIM_SECURE_BOOT_PK];

    if (is_true(collector, CLAIM_SECURE_BOOT_ENABLED) &&
        (!pk->known || pk->n_items == 0 || state->n_authorities == 0))
        collect_unproven(collector, CLAIM_SECURE_BOOT_ENABLED);
}

static void conclude_test_keys(struct secure_boot *state)
{
    struct collector *collector = state->collector;
    static const enum claim_id lists[] = {CLAIM_SECURE_BOOT_PK, CLAIM_SECURE_BOOT_KEK,
                                          CLAIM_SECURE_BOOT_DB};
    bool all = true;

    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        all &= collector->claims->claims[lists[i]].known;
    if (!all && !state->test_key)
        return;
    collect_bool(collector, CLAIM_SECURE_BOOT_TEST_KEYS, state->test_key);
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        if (collector->claims->claims[lists[i]].known)
            collect_from(collector, CLAIM_SECURE_BOOT_TEST_KEYS, lists[i]);
}

/* With a quote that leaves PCR 7 out, nothing signed says which loaders may run. */
static bool quote_covers_state(const struct collector *collector)
{
    return collector->input->attested_pcrs == 0 || collector->input->attested_pcrs >> 7 & 1;
}

void collect_secure_boot(struct collector *collector)
{
    struct secure_boot state = {.collector = collector};
    const struct measured_log *log = collector->log;
    const struct claim *enabled = &collector->claims->claims[CLAIM_SECURE_BOOT_ENABLED];

    collector->secure_boot_sound = is_sound(collector);
    if (collector->separators[7] == log->n_events)
        return; /* nothing says where the firmware's own measurements end */
    collect_claim(collector, CLAIM_BOOT_AUTHORITIES);
    for (size_t i = 0; i < log->n_events; i++)
        if (collect_pcr(collector, &log->events[i]) == 7)
            read_event(&state, i);
    if (collector->secure_boot_sound && !is_true(collector, CLAIM_DEBUG_FIRMWARE)) {
        collect_bool(collector, CLAIM_DEBUG_FIRMWARE, false);
        collect_event(collector, CLAIM_DEBUG_FIRMWARE, collector->separators[7]);
    }
    conclude_state(&state);
    conclude_shim(&state);
    conclude_test_keys(&state);
    collector->loader_vouched = quote_covers_state(collector) &&
                                is_true(collector, CLAIM_SECURE_BOOT_ENABLED) &&
                                enabled->grade >= CLAIM_REPORTED && collector->secure_boot_sound &&
                                !state.authority_unknown &&
                                (!state.shim ||
                                 is_true(collector, CLAIM_SECURE_BOOT_SHIM_VALIDATION));
    collector->windows_vouched = collector->loader_vouched && state.n_authorities > 0 &&
                                 state.n_windows_authorities == state.n_authorities;
}
