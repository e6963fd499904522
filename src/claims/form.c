/* The log's form: what a sound boot always leaves, and what an edited log cannot keep up.
 *
 * No digest covers an event's type (PFP 1.06 section 10.4), so an event of a type that may not
 * stand where it stands may be a true event relabelled. PCR 7 and 12-14 carry configuration: there
 * nothing is skipped. Trusts digests only; judges no value. */
#include "base/text.h"
#include "claims/collect.h"
#include "wire/efi_variable.h"
#include "wire/event_type.h"

static const uint8_t VALUE_GOOD[] = {0, 0, 0, 0};
static const uint8_t VALUE_BIOS[] = {0xFF, 0xFF, 0xFF, 0xFF};
static const char VALUE_WINDOWS[] = "WBCL";

/* True when no UEFI firmware wrote the log. */
static bool is_legacy(const struct measured_log *log)
{
    for (size_t i = 0; i < log->n_events; i++)
        if (log->events[i].event.type >= EV_EFI_VARIABLE_DRIVER_CONFIG)
            return false;
    return true;
}

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
    if (is_legacy(log))
        for (size_t i = 0; i < log->n_events; i++)
            if (is_separator(&log->events[i], span_of(VALUE_BIOS, sizeof VALUE_BIOS))) {
                good = span_of(VALUE_BIOS, sizeof VALUE_BIOS);
                collect_reason(
                    collector, REASON_EVENTLOG_QUIRK, i, NULL, NULL,
                    "a BIOS without UEFI marks the end of its measurements in its own way");
                break;
            }
    sound = check_separators(collector, good, 0, 7);
    collect_bool(collector, CLAIM_LOG_COMPLETE, sound && log->replay.incomplete == 0);
    for (size_t i = 0; i < log->n_events; i++)
        if (log->events[i].event.pcr <= 7 && is_separator(&log->events[i], good))
            collect_event(collector, CLAIM_LOG_COMPLETE, i);
}

/* shim of 2022 measured its lists as configuration, long after the separator. */
static bool is_shim_variable(const struct measured_event *event)
{
    struct efi_variable variable;
    struct error ignored;

    return collect_covers_name(event) && efi_variable_decode(event->covered, &variable, &ignored) &&
           efi_guid_find(variable.guid) == EFI_GUID_SHIM_LOCK;
}

/* What may stand in PCR 7: PFP 1.06 section 3.3.4.8. */
static void check_secure_boot_event(struct collector *collector, size_t index)
{
    const struct measured_event *event = &collector->log->events[index];
    bool after = index > collector->separators[7];

    if (event->separator != SEPARATOR_NONE && event->event.type != EV_SEPARATOR) {
        collect_reason(collector, REASON_EVENTLOG_TYPE_UNEXPECTED, index,
                       event_type_name(EV_SEPARATOR), event_type_name(event->event.type),
                       "the digest is that of a separator");
        return;
    }
    switch (event->event.type) {
    case EV_EFI_VARIABLE_DRIVER_CONFIG:
        if (after && is_shim_variable(event))
            collect_reason(collector, REASON_EVENTLOG_QUIRK, index, NULL, NULL,
                           "shim measured a list of its own as configuration");
        else if (after)
            collect_reason(collector, REASON_EVENTLOG_TYPE_UNEXPECTED, index,
                           "configuration before the separator", "after it", NULL);
        return;
    case EV_EFI_ACTION:
        if (after)
            collect_reason(collector, REASON_EVENTLOG_QUIRK, index, NULL, NULL,
                           "the firmware measured an action behind the separator");
        return;
    case EV_EFI_VARIABLE_AUTHORITY:
        /* shim hashes another form of some lists than it logs: nothing of them is believed. */
        if (event->coverage == COVERAGE_MISMATCH)
            collect_reason(collector, REASON_EVENTLOG_QUIRK, index, NULL, NULL,
                           "the logged authority is not what was measured; it is not believed");
        return;
    case EV_SEPARATOR:
    case EV_EFI_SPDM_DEVICE_POLICY:
    case EV_EFI_SPDM_DEVICE_AUTHORITY:
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

static void check_events(struct collector *collector)
{
    const struct measured_log *log = collector->log;

    for (size_t i = 0; i < log->n_events; i++) {
        const struct measured_event *event = &log->events[i];
        uint32_t pcr = event->event.pcr;

        if (event->coverage == COVERAGE_UNMEASURED)
            continue;
        if (event->coverage == COVERAGE_MISMATCH && event->event.type != EV_SEPARATOR &&
            event->event.type != EV_EFI_VARIABLE_AUTHORITY && event->event.type != EV_EVENT_TAG)
            collect_reason(collector, REASON_EVENTLOG_DATA_MISMATCH, i, "the digest of its data",
                           "another digest", NULL);
        if (pcr == 7)
            check_secure_boot_event(collector, i);
        else if (pcr >= 12 && pcr <= 14)
            check_loader_event(collector, i);
    }
}

void collect_form(struct collector *collector)
{
    /* Measurement registers hold the events of several PCRs each: these rules are not for them. */
    if (collector->log->measurement_registers)
        return;
    check_complete(collector);
    check_events(collector);
    if (collector->windows)
        check_separators(collector, span_text(VALUE_WINDOWS), 12, 14);
}
