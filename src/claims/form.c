/* The log's form: what a sound boot always leaves, and what an edited log cannot keep up.
 *
 * No digest covers an event's type (PFP 1.06 section 10.4), so an event of a type that may not
 * stand where it stands may be a true event relabelled. PCR 7 and 12-14 carry configuration: there
 * nothing is skipped. Trusts digests only; judges no value. */
#include "base/text.h"
#include "claims/collect.h"
#include "claims/quirks.h"
#include "wire/efi_variable.h"
#include "wire/event_type.h"

static const uint8_t VALUE_GOOD[] = {0, 0, 0, 0};
static const uint8_t VALUE_BIOS[] = {0xFF, 0xFF, 0xFF, 0xFF};
static const char VALUE_WINDOWS[] = "WBCL";

static bool is_separator(const struct measured_event *event, struct span data)
{
    return event->event.type == EV_SEPARATOR && event->coverage == COVERAGE_WHOLE &&
           span_equal(event->event.data, data);
}

/* Exactly one good separator in each of the PCRs. */
static bool check_separators(struct collector *collector, struct span good, size_t first_pcr,
                             size_t last_pcr)
{
    const struct measured_log *log = collector->log;
    size_t counts[LIMIT_PCRS] = {0};
    bool sound = true;

    for (size_t i = 0; i < log->n_events; i++) {
        const struct measured_event *event = &log->events[i];
        size_t pcr = event->event.pcr;

        if (event->event.type != EV_SEPARATOR || pcr < first_pcr || pcr > last_pcr)
            continue;
        if (++counts[pcr] > 1)
            collect_reason(collector, REASON_EVENTLOG_SEPARATOR, i, "one separator in this PCR",
                           "another one", NULL);
        else if (!is_separator(event, good))
            collect_reason(collector, REASON_EVENTLOG_SEPARATOR, i,
                           text_hex(collector->arena, good),
                           text_hex(collector->arena, event->event.data), NULL);
        else
            continue;
        sound = false;
    }
    for (size_t pcr = first_pcr; pcr <= last_pcr; pcr++)
        if (counts[pcr] == 0) {
            reason_add_plain(collector->reasons, REASON_EVENTLOG_SEPARATOR, (int)pcr,
                             "one separator in this PCR", "none");
            sound = false;
        }
    return sound;
}

/* PFP 1.06 section 3.3.3.2 ends each of PCR 0-7; a log without any of them is one of a dynamic
 * launch and says nothing about the static one. */
static void check_complete(struct collector *collector)
{
    const struct measured_log *log = collector->log;
    struct span good = span_of(VALUE_GOOD, sizeof VALUE_GOOD);
    bool sound;

    if ((log->replay.extended & EVENT_PCRS_0_7) == 0)
        return;
    /* UEFI firmware writes all ones when it failed; a BIOS (SeaBIOS for one) always does. */
    if (quirk_is_legacy(log))
        for (size_t i = 0; i < log->n_events; i++)
            if (is_separator(&log->events[i], span_of(VALUE_BIOS, sizeof VALUE_BIOS)))
                good = span_of(VALUE_BIOS, sizeof VALUE_BIOS);
    sound = check_separators(collector, good, 0, 7);
    collect_bool(collector, CLAIM_LOG_COMPLETE, sound && log->replay.incomplete == 0);
    for (size_t i = 0; i < log->n_events; i++)
        if (log->events[i].event.pcr <= 7 && is_separator(&log->events[i], good))
            collect_event(collector, CLAIM_LOG_COMPLETE, i);
}

static bool is_variable(const struct measured_event *event)
{
    struct efi_variable variable;
    struct error ignored;

    return efi_variable_decode(event->event.data, &variable, &ignored);
}

static bool is_secure_boot_variable(const struct measured_event *event)
{
    static const char *const names[] = {"SecureBoot", "PK", "KEK", "db", "dbx", "dbt", "dbr"};
    struct efi_variable variable;
    struct error ignored;

    if (event->event.type != EV_EFI_VARIABLE_DRIVER_CONFIG ||
        !efi_variable_decode(event->event.data, &variable, &ignored))
        return false;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (efi_variable_is(&variable, names[i]))
            return true;
    return false;
}

/* What may stand in PCR 7: PFP 1.06 section 3.3.4.8. */
static void check_secure_boot_event(struct collector *collector, size_t index, quirk_set quirks)
{
    const struct measured_event *event = &collector->log->events[index];
    bool after = index > collector->separators[7];

    if (event->separator != SEPARATOR_NONE && event->event.type != EV_SEPARATOR)
        return; /* found by check_place */
    switch (event->event.type) {
    case EV_EFI_VARIABLE_DRIVER_CONFIG:
        if (after && !(quirks & QUIRK_BIT(SHIM_LIST)))
            collect_reason(collector, REASON_EVENTLOG_TYPE_UNEXPECTED, index,
                           "configuration before the separator", "after it", NULL);
        return;
    case EV_EFI_VARIABLE_AUTHORITY:
    case EV_EFI_SPDM_DEVICE_POLICY:
    case EV_EFI_SPDM_DEVICE_AUTHORITY:
        if (event->coverage != COVERAGE_MISMATCH && !is_variable(event))
            collect_reason(collector, REASON_EVENTLOG_DATA_MALFORMED, index, "a UEFI variable",
                           "data of another form", NULL);
        return;
    case EV_EFI_ACTION:
    case EV_SEPARATOR:
        return;
    default:
        collect_reason(collector, REASON_EVENTLOG_TYPE_UNEXPECTED, index, NULL,
                       event_type_name(event->event.type), NULL);
    }
}

/* What may stand in PCR 12-14: Windows records and their separators, or what systemd-stub, shim and
 * other boot loaders measure; in PCR 12 and 13 not both. */
static void check_loader_event(struct collector *collector, size_t index)
{
    const struct measured_event *event = &collector->log->events[index];
    bool mixed = collector->windows && event->event.pcr != 14;
    bool separator = event->event.type == EV_SEPARATOR;

    /* A separator under another name, or another event under the name of one. */
    if (separator != (event->separator != SEPARATOR_NONE)) {
        collect_reason(collector, REASON_EVENTLOG_TYPE_UNEXPECTED, index,
                       separator ? NULL : event_type_name(EV_SEPARATOR),
                       event_type_name(event->event.type), NULL);
        return;
    }

    if (event->event.type == EV_EVENT_TAG && event->coverage != COVERAGE_WHOLE)
        collect_reason(collector, REASON_EVENTLOG_DATA_MISMATCH, index, "the digest of its data",
                       "another digest", NULL);
    if (event->event.type == EV_EVENT_TAG || separator)
        return;
    if (event->event.type != EV_IPL || mixed)
        collect_reason(collector, REASON_EVENTLOG_TYPE_UNEXPECTED, index, NULL,
                       event_type_name(event->event.type), NULL);
}

/* The PCRs of the firmware: PFP 1.06 sections 3.3.2.2 and 3.3.3. */
static void check_place(struct collector *collector, size_t index, quirk_set quirks)
{
    static const quirk_set LATE = QUIRK_BIT(TABLES_LATE) | QUIRK_BIT(BOOT_VARIABLES_LATE) |
                                  QUIRK_BIT(SETTINGS_LATE) | QUIRK_BIT(OPTION_ROM_LATE) |
                                  QUIRK_BIT(LENOVO_8401) | QUIRK_BIT(GOOGLE_BOOT_IN_PCR_2);
    static const uint32_t CLOSED = EVENT_PCR(0) | EVENT_PCR(1) | EVENT_PCR(2) | EVENT_PCR(3) |
                                   EVENT_PCR(6);
    const struct measured_event *event = &collector->log->events[index];
    uint32_t pcr = event->event.pcr;

    /* The contents of a variable may be four zero bytes; nothing else that is measured there is. */
    if (event->separator != SEPARATOR_NONE && event->event.type != EV_SEPARATOR) {
        if (event->coverage != COVERAGE_PART && !(quirks & QUIRK_BIT(RECORD_OF_ZEROS)))
            collect_reason(collector, REASON_EVENTLOG_TYPE_UNEXPECTED, index,
                           event_type_name(EV_SEPARATOR), event_type_name(event->event.type),
                           "the digest is that of a separator");
        return;
    }
    if (CLOSED >> pcr & 1 && index > collector->separators[pcr] &&
        event->event.type != EV_SEPARATOR && !(quirks & LATE))
        collect_reason(collector, REASON_EVENTLOG_AFTER_SEPARATOR, index,
                       "the event before the separator", "after it", NULL);
}

/* The boot loader's last action in the firmware, PFP 1.06 section 3.3.4.6. Others may have failed. */
static bool is_exit(const struct measured_event *event, uint32_t pcr)
{
    return event->event.pcr == pcr && event->event.type == EV_EFI_ACTION &&
           event->coverage == COVERAGE_WHOLE &&
           span_is(event->covered, "Exit Boot Services Returned with Success");
}

/* Known deviations that are worth a note, each once. */
static void note_quirks(struct collector *collector, size_t index, quirk_set quirks,
                        quirk_set *noted)
{
    for (quirk_set left = quirks & ~*noted; left; left &= left - 1) {
        enum quirk quirk = (enum quirk)__builtin_ctzll(left);

        if (quirk_text(quirk)->effect != QUIRK_NOTED)
            continue;
        *noted |= UINT64_C(1) << quirk;
        collect_reason(collector, REASON_EVENTLOG_QUIRK, index, NULL, quirk_text(quirk)->name,
                       quirk_text(quirk)->deviation);
    }
}

static void check_digest(struct collector *collector, size_t index)
{
    const struct measured_event *event = &collector->log->events[index];

    if (event->coverage == COVERAGE_MISMATCH && event->event.type != EV_SEPARATOR &&
        event->event.type != EV_EVENT_TAG)
        collect_reason(collector, REASON_EVENTLOG_DATA_MISMATCH, index, "the digest of its data",
                       "another digest", NULL);
}

static void check_events(struct collector *collector)
{
    const struct measured_log *log = collector->log;
    quirk_set noted = 0;
    struct quirk_scan scan;
    bool left = false;

    quirk_scan_init(&scan, log);
    for (size_t i = 0; i < log->n_events; i++) {
        const struct measured_event *event = &log->events[i];
        quirk_set quirks = quirk_scan_next(&scan);
        uint32_t pcr = event->event.pcr;

        if (event->coverage == COVERAGE_UNMEASURED)
            continue;
        note_quirks(collector, i, quirks, &noted);
        check_digest(collector, i);
        if (pcr <= 7)
            check_place(collector, i, quirks);
        if (pcr == 7)
            check_secure_boot_event(collector, i, quirks);
        else if (pcr >= 12 && pcr <= 14)
            check_loader_event(collector, i);
        if (left && pcr <= 7)
            collect_reason(collector, REASON_EVENTLOG_TYPE_UNEXPECTED, i, "nothing",
                           event_type_name(event->event.type),
                           "the boot loader had left the firmware");
        left |= is_exit(event, 5);
    }
}

/* --- measurement registers of confidential VMs: UEFI 2.10 section 38.4.1 --- */

enum { REGISTERS = 5, REGISTER_FIRMWARE = 1 };

/* Types go by the PCRs that a register stands for; the last one is for the guest's own events. */
static bool fits_register(const struct measured_event *event, quirk_set quirks)
{
    static const uint32_t PCRS[REGISTERS] = {0, EVENT_PCR(0) | EVENT_PCR(1) | EVENT_PCR(7),
                                             EVENT_PCR(2) | EVENT_PCR(3) | EVENT_PCR(4) |
                                                 EVENT_PCR(5) | EVENT_PCR(6),
                                             EVENT_PCRS_8_15, EVENT_PCRS_ANY};
    const struct event_type *type = event_type_find(event->event.type);

    if (event->event.pcr == 0 || event->event.pcr >= REGISTERS)
        return false; /* no log extends MRTD */
    return !type || type->pcrs & PCRS[event->event.pcr] || quirks & QUIRK_BIT(REGISTER_2_CONFIG);
}

static void check_register_separator(struct collector *collector, size_t index)
{
    const struct measured_event *event = &collector->log->events[index];

    if (event->event.type != EV_SEPARATOR) {
        if (event->separator == SEPARATOR_FIRMWARE && event->coverage != COVERAGE_PART)
            collect_reason(collector, REASON_EVENTLOG_TYPE_UNEXPECTED, index,
                           event_type_name(EV_SEPARATOR), event_type_name(event->event.type),
                           "the digest is that of a separator");
        return;
    }
    if (!is_separator(event, span_of(VALUE_GOOD, sizeof VALUE_GOOD)))
        collect_reason(collector, REASON_EVENTLOG_SEPARATOR, index,
                       text_hex(collector->arena, span_of(VALUE_GOOD, sizeof VALUE_GOOD)),
                       text_hex(collector->arena, event->event.data), NULL);
}

/* A register holds several PCRs and so several separators: at least one in the register that holds
 * PCR 7, and the Secure Boot configuration before the first of them. Not all firmware separates the
 * second register (tdvf.no_separator_in_register_2). */
static void check_registers(struct collector *collector)
{
    const struct measured_log *log = collector->log;
    bool separated = false, extended = false;
    struct quirk_scan scan;

    quirk_scan_init(&scan, log);
    for (size_t i = 0; i < log->n_events; i++) {
        const struct measured_event *event = &log->events[i];
        quirk_set quirks = quirk_scan_next(&scan);

        if (event->coverage == COVERAGE_UNMEASURED)
            continue;
        if (!fits_register(event, quirks)) {
            collect_reason(collector, REASON_EVENTLOG_TYPE_UNEXPECTED, i,
                           "an event of this measurement register",
                           event_type_name(event->event.type), NULL);
            continue;
        }
        check_digest(collector, i);
        check_register_separator(collector, i);
        extended = true;
        if (event->event.pcr != REGISTER_FIRMWARE)
            continue;
        separated |= event->event.type == EV_SEPARATOR;
        if (is_secure_boot_variable(event) && i > collector->separators[7])
            collect_reason(collector, REASON_EVENTLOG_TYPE_UNEXPECTED, i,
                           "configuration before the separator", "after it", NULL);
    }
    if (extended && !separated)
        reason_add_plain(collector->reasons, REASON_EVENTLOG_SEPARATOR, REASON_NO_PCR,
                         "a separator in measurement register 1", "none");
}

void collect_form(struct collector *collector)
{
    if (collector->log->measurement_registers) {
        check_registers(collector);
        return;
    }
    check_complete(collector);
    check_events(collector);
    if (collector->windows)
        check_separators(collector, span_text(VALUE_WINDOWS), 12, 14);
}
