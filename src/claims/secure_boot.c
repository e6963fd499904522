/* Secure Boot as PCR 7 shows it: state, variables, debugging and DMA actions; what decides whether a
 * boot loader's measurements count.
 *
 * Believes only what a digest covers. An absent event is unknown; a variable of no bytes is one
 * that the firmware found absent, which is "off" for SecureBoot (seen on many real machines).
 * Lists of keys are in secure_boot_keys.c, authorities in authorities.c, shim in shim.c. */
#include "claims/secure_boot.h"
#include "base/text.h"
#include "wire/event_type.h"

/* The variables of PFP 1.06 section 3.3.4.8 that become claims. */
enum { SECURE_BOOT, SETUP_MODE, AUDIT_MODE, PK, KEK, DB, DBX, N_VARIABLES };

static const struct {
    const char *name;
    enum efi_guid_id owner;
    enum claim_id claim;
} VARIABLES[N_VARIABLES] = {
    [SECURE_BOOT] = {"SecureBoot", EFI_GUID_GLOBAL_VARIABLE, CLAIM_SECURE_BOOT_ENABLED},
    [SETUP_MODE] = {"SetupMode", EFI_GUID_GLOBAL_VARIABLE, CLAIM_SECURE_BOOT_ENABLED},
    [AUDIT_MODE] = {"AuditMode", EFI_GUID_GLOBAL_VARIABLE, CLAIM_SECURE_BOOT_ENABLED},
    [PK] = {"PK", EFI_GUID_GLOBAL_VARIABLE, CLAIM_SECURE_BOOT_PK},
    [KEK] = {"KEK", EFI_GUID_GLOBAL_VARIABLE, CLAIM_SECURE_BOOT_KEK},
    [DB] = {"db", EFI_GUID_IMAGE_SECURITY_DATABASE, CLAIM_SECURE_BOOT_DB},
    [DBX] = {"dbx", EFI_GUID_IMAGE_SECURITY_DATABASE, CLAIM_SECURE_BOOT_DBX},
};

void secure_boot_malformed(struct secure_boot *state, size_t index, enum claim_id id,
                           const char *found)
{
    collect_unknown(state->collector, id);
    collect_reason(state->collector, REASON_EVENTLOG_DATA_MALFORMED, index, NULL, found, NULL);
}

static void read_state(struct secure_boot *state, size_t index, struct span data)
{
    if (data.len > 1 || (data.len == 1 && data.data[0] > 1))
        secure_boot_malformed(state, index, CLAIM_SECURE_BOOT_ENABLED,
                              text_hex(state->collector->arena, data));
    else
        collect_bool(state->collector, CLAIM_SECURE_BOOT_ENABLED, data.len == 1 && data.data[0]);
}

/* In setup and audit mode the firmware checks nothing (UEFI 2.10 section 32.3); some measure that. */
static void read_mode(struct secure_boot *state, size_t index, struct span data)
{
    collect_event(state->collector, CLAIM_SECURE_BOOT_ENABLED, index);
    if (data.len == 0 || (data.len == 1 && data.data[0] == 0))
        return;
    state->not_enforced = true;
    state->collector->claims->claims[CLAIM_SECURE_BOOT_ENABLED].settled_by =
        state->collector->log->events[index].event.number;
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
    if (found == SETUP_MODE || found == AUDIT_MODE) {
        read_mode(state, index, variable.data);
        return;
    }
    enum claim_id id = VARIABLES[found].claim;
    collect_event(state->collector, id, index);
    if (state->seen >> found & 1) {
        collect_unknown(state->collector, id);
        collect_reason(state->collector, REASON_EVENTLOG_DUPLICATE, index, NULL, NULL, NULL);
        return;
    }
    state->seen |= 1u << found;
    if (found == DBX)
        state->dbx = variable.data;
    if (found == SECURE_BOOT)
        read_state(state, index, variable.data);
    else
        secure_boot_read_list(state, index, id, 7, variable.data);
    if (!collect_covers_name(event))
        collect_unproven(state->collector, id);
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

/* Keys of devices (PFP 1.06 section 3.3.4.8; DSP0274), which authorise no image: their variable has a
 * name of its own, and the digest covers it. */
static bool is_device_key(const struct measured_event *event)
{
    struct efi_variable variable;
    struct error ignored;

    return (event->event.type == EV_EFI_SPDM_DEVICE_POLICY ||
            event->event.type == EV_EFI_SPDM_DEVICE_AUTHORITY) &&
           collect_covers_name(event) && efi_variable_decode(event->covered, &variable, &ignored) &&
           efi_variable_is(&variable, "devdb");
}

static void read_event(struct secure_boot *state, size_t index)
{
    struct collector *collector = state->collector;
    const struct measured_event *event = &collector->log->events[index];
    bool before = index < collector->separators[7];
    bool registers = collector->log->measurement_registers;

    read_action(state, index);
    switch (event->event.type) {
    case EV_EFI_VARIABLE_DRIVER_CONFIG:
        if (before)
            read_variable(state, index);
        else /* shim's lists; all else is refused by form.c */
            secure_boot_read_authority(state, index);
        break;
    case EV_EFI_VARIABLE_AUTHORITY:
        secure_boot_read_authority(state, index);
        break;
    default:
        /* An authority that is called something else is one that cannot be read: of an image before
         * the separator (an option ROM, a driver) or behind it. Registers hold other PCRs too. */
        if ((index > collector->separators[7] || (before && !registers)) &&
            event->coverage != COVERAGE_UNMEASURED && !is_action(event) && !is_device_key(event))
            state->authority_unknown = true;
        break;
    }
}

/* True when every event of PCR 7 is of a known type and covered, so that what is absent is absent.
 */
static bool is_sound(const struct collector *collector)
{
    const struct measured_log *log = collector->log;
    struct efi_variable variable;
    struct error ignored;

    for (size_t i = 0; i < log->n_events; i++) {
        const struct measured_event *event = &log->events[i];

        if (collect_pcr(collector, event) != 7 || event->coverage == COVERAGE_UNMEASURED)
            continue;
        if (event->event.type == EV_EFI_VARIABLE_AUTHORITY && i > collector->separators[7])
            continue; /* no action hides here: see shim_validation for what may */
        if ((event->coverage != COVERAGE_WHOLE && event->coverage != COVERAGE_PART) ||
            !event_type_fits(event->event.type, log->measurement_registers ? 7 : event->event.pcr))
            return false;
        /* An action called a variable is one that somebody hides. */
        if (event->event.type != EV_EFI_ACTION && event->event.type != EV_SEPARATOR &&
            !efi_variable_decode(event->event.data, &variable, &ignored))
            return false;
    }
    return collector->separators[7] < log->n_events;
}

/* "On" is believable only with a platform key, and with an authority for what was loaded. */
static void conclude_state(struct secure_boot *state)
{
    struct collector *collector = state->collector;
    const struct claim *pk = &collector->claims->claims[CLAIM_SECURE_BOOT_PK];

    if (state->not_enforced && secure_boot_is_true(collector, CLAIM_SECURE_BOOT_ENABLED))
        collect_bool(collector, CLAIM_SECURE_BOOT_ENABLED, false);
    if (secure_boot_is_true(collector, CLAIM_SECURE_BOOT_ENABLED) &&
        (!pk->known || pk->n_items == 0 || state->n_authorities == 0))
        collect_unproven(collector, CLAIM_SECURE_BOOT_ENABLED);
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
    if (collector->secure_boot_sound && !secure_boot_is_true(collector, CLAIM_DEBUG_FIRMWARE)) {
        collect_bool(collector, CLAIM_DEBUG_FIRMWARE, false);
        collect_event(collector, CLAIM_DEBUG_FIRMWARE, collector->separators[7]);
    }
    if (state.authority_unknown && !log->measurement_registers)
        collect_unproven(collector, CLAIM_BOOT_AUTHORITIES); /* one may be missing */
    conclude_state(&state);
    secure_boot_conclude_validation(&state);
    secure_boot_conclude_keys(&state);
    collector->loader_vouched = quote_covers_state(collector) &&
                                secure_boot_is_true(collector, CLAIM_SECURE_BOOT_ENABLED) &&
                                enabled->grade >= CLAIM_REPORTED && collector->secure_boot_sound &&
                                !state.authority_unknown &&
                                (!state.shim ||
                                 secure_boot_is_true(collector, CLAIM_SECURE_BOOT_SHIM_VALIDATION));
    collector->windows_vouched = collector->loader_vouched && state.n_authorities > 0 &&
                                 state.n_windows_authorities == state.n_authorities;
    secure_boot_conclude_shim(&state);
}
