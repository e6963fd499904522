/* Where a log shows a known deviation. Owns nothing. Trusts digests to tell what was measured and
 * nothing to tell who did it: whose machine a name speaks of is history, not a check. */
#include "claims/quirks.h"

#include "wire/efi_image_load.h"
#include "wire/efi_variable.h"
#include "wire/event_type.h"
#include "wire/sipa.h"

/* A type that no specification has; see lenovo.event_8401. */
enum { EV_LENOVO_8401 = 0x8401, PCRS_0_7 = 8 };

static const struct quirk_text TEXTS[QUIRKS] = {
#define QUIRK(symbol, name, effect, deviation, cost, shown_by)                                     \
    [QUIRK_##symbol] = {name, QUIRK_##effect, deviation, cost, shown_by},
#include "claims/quirks.def"
#undef QUIRK
};

const struct quirk_text *quirk_text(enum quirk quirk)
{
    return &TEXTS[quirk];
}

enum quirk quirk_by_name(const char *name)
{
    int quirk = 0;

    while (quirk < QUIRKS && strcmp(TEXTS[quirk].name, name) != 0)
        quirk++;
    return (enum quirk)quirk;
}

bool quirk_is_legacy(const struct measured_log *log)
{
    for (size_t i = 0; i < log->n_events; i++)
        if (log->events[i].event.type >= EV_EFI_VARIABLE_DRIVER_CONFIG)
            return false;
    return true;
}

void quirk_scan_init(struct quirk_scan *scan, const struct measured_log *log)
{
    *scan = (struct quirk_scan){.log = log, .legacy = quirk_is_legacy(log)};
    /* The header of the crypto-agile form is of the older one and carries SHA-1 alone. */
    scan->end = log->n_sources > 1 ? log->sources[1].first : log->n_events;
    for (size_t i = 0; i < scan->end; i++)
        if (log->events[i].event.n_digests > scan->n_banks)
            scan->n_banks = log->events[i].event.n_digests;
}

static bool is_zero(struct span bytes)
{
    for (size_t i = 0; i < bytes.len; i++)
        if (bytes.data[i])
            return false;
    return true;
}

/* --- one event by itself --- */

static quirk_set of_unmeasured(const struct measured_event *event)
{
    struct error ignored;
    struct reader reader = reader_init(event->event.data, "wbcl.h", &ignored);

    if (event->event.pcr >= LIMIT_PCRS)
        return reader_le32(&reader) == (uint32_t)SIPA_TRUSTPOINT_AGGREGATION
                   ? QUIRK_BIT(TRUST_POINT)
                   : 0;
    if (event->event.number == 0 && event->event.n_digests &&
        !is_zero(event->event.digests[0].bytes))
        return QUIRK_BIT(HEADER_DIGEST);
    return 0;
}

static quirk_set of_separator(const struct quirk_scan *scan, const struct measured_event *event)
{
    bool ones = event->separator == SEPARATOR_BIOS;

    if (event->event.type == EV_SEPARATOR && event->coverage == COVERAGE_WHOLE) {
        if (ones && scan->legacy)
            return QUIRK_BIT(BIOS_SEPARATOR);
        return event->event.data.len == 1 && event->event.data.data[0] == 0xFF
                   ? QUIRK_BIT(BIOS_SEPARATOR_BYTE)
                   : 0;
    }
    if (ones && scan->legacy)
        return QUIRK_BIT(SKIBOOT_SEPARATOR);
    if (event->separator == SEPARATOR_FIRMWARE && event->event.type == EV_S_CRTM_CONTENTS &&
        event->event.pcr == 0)
        return QUIRK_BIT(RECORD_OF_ZEROS);
    return 0;
}

static quirk_set of_text(const struct measured_event *event)
{
    struct span data = event->event.data;

    if (event->coverage == COVERAGE_PART)
        return QUIRK_BIT(GRUB_PREFIX);
    /* Half a character of UTF-16 at the end. */
    if (event->coverage == COVERAGE_WHOLE && data.len > 2 && data.len % 2 == 1 && data.data[1] == 0)
        return QUIRK_BIT(SYSTEMD_CUT);
    return 0;
}

static quirk_set of_variable(const struct measured_event *event)
{
    struct efi_variable variable;
    struct error ignored;

    if (event->event.data.len < 64 && event->coverage == COVERAGE_WHOLE &&
        efi_variable_decode(event->event.data, &variable, &ignored) && variable.data.len == 0 &&
        efi_variable_is(&variable, "SecureBoot"))
        return QUIRK_BIT(SECURE_BOOT_EMPTY);
    return 0;
}

static quirk_set of_image(const struct measured_event *event)
{
    struct efi_image_load image;
    struct error ignored;

    return efi_image_load_decode(event->event.data, &image, &ignored) && image.trailing.len
               ? QUIRK_BIT(SHIM_PATH)
               : 0;
}

static quirk_set of_digest(const struct measured_event *event)
{
    bool none = event->coverage == COVERAGE_NONE && event->digest.len;
    struct span data = event->event.data;

    switch (event->event.type) {
    case EV_S_CRTM_VERSION:
        return none ? QUIRK_BIT(MAKER_VERSION) : 0;
    case EV_ACTION:
        return none && event->separator == SEPARATOR_NONE ? QUIRK_BIT(MAKER_ACTION) : 0;
    case EV_EVENT_TAG:
        return none ? QUIRK_BIT(LINUX_TAG) : 0;
    case EV_EFI_BOOT_SERVICES_APPLICATION:
        return of_image(event);
    case EV_EFI_VARIABLE_BOOT:
        return event->coverage == COVERAGE_WHOLE ? QUIRK_BIT(BOOT_VARIABLE_WHOLE) : 0;
    case EV_EFI_VARIABLE_DRIVER_CONFIG:
        return of_variable(event);
    case EV_EFI_VARIABLE_AUTHORITY:
        return event->coverage == COVERAGE_PART && event->covered.data == data.data
                   ? QUIRK_BIT(SHIM_ONE_BYTE)
                   : 0;
    case EV_IPL:
        return of_text(event);
    default:
        return 0;
    }
}

/* --- one event in its place --- */

static bool is_shims(const struct measured_event *event)
{
    struct efi_variable variable;
    struct error ignored;

    return event->coverage == COVERAGE_WHOLE &&
           efi_variable_decode(event->event.data, &variable, &ignored) &&
           efi_guid_find(variable.guid) == EFI_GUID_SHIM_LOCK;
}

static quirk_set of_late_configuration(uint32_t type)
{
    switch (type) {
    case EV_EFI_HANDOFF_TABLES:
    case EV_EFI_HANDOFF_TABLES2:
        return QUIRK_BIT(TABLES_LATE);
    case EV_EFI_VARIABLE_BOOT:
    case EV_EFI_VARIABLE_BOOT2:
        return QUIRK_BIT(BOOT_VARIABLES_LATE);
    case EV_EFI_VARIABLE_DRIVER_CONFIG:
    case EV_PLATFORM_CONFIG_FLAGS:
        return QUIRK_BIT(SETTINGS_LATE);
    default:
        return 0;
    }
}

static quirk_set of_late_code(uint32_t type)
{
    switch (type) {
    case EV_EFI_BOOT_SERVICES_DRIVER:
    case EV_EFI_RUNTIME_SERVICES_DRIVER:
        return QUIRK_BIT(OPTION_ROM_LATE);
    case EV_EFI_BOOT_SERVICES_APPLICATION:
    case EV_EFI_GPT_EVENT:
        return QUIRK_BIT(GOOGLE_BOOT_IN_PCR_2);
    case EV_LENOVO_8401:
        return QUIRK_BIT(LENOVO_8401);
    default:
        return 0;
    }
}

/* PFP 1.06, 3.3.3: what may still come behind the separator of a PCR. */
static quirk_set of_late(const struct measured_event *event)
{
    switch (event->event.pcr) {
    case 1:
        return of_late_configuration(event->event.type);
    case 2:
        return of_late_code(event->event.type);
    case 7:
        if (event->event.type == EV_EFI_ACTION && event->coverage == COVERAGE_WHOLE)
            return QUIRK_BIT(HP_ACTION);
        return event->event.type == EV_EFI_VARIABLE_DRIVER_CONFIG && is_shims(event)
                   ? QUIRK_BIT(SHIM_LIST)
                   : 0;
    default:
        return 0;
    }
}

static quirk_set of_register(const struct quirk_scan *scan, const struct measured_event *event)
{
    quirk_set quirks = scan->left ? QUIRK_BIT(REGISTER_EVENT_LATE) : 0;

    if (event->event.pcr != 2)
        return quirks;
    switch (event->event.type) {
    case EV_PLATFORM_CONFIG_FLAGS:
    case EV_EFI_VARIABLE_BOOT:
    case EV_EFI_VARIABLE_BOOT2:
        return quirks | QUIRK_BIT(REGISTER_2_CONFIG);
    default:
        return quirks;
    }
}

static quirk_set of_banks(const struct quirk_scan *scan, const struct measured_event *event)
{
    if (event->event.n_digests == scan->n_banks || scan->next > scan->end)
        return 0; /* further logs carry what banks they like */
    return event->event.type == EV_TXT_TBOOT_MODULE ? QUIRK_BIT(TBOOT_ONE_BANK)
                                                    : QUIRK_BIT(BANK_CAPPED);
}

quirk_set quirk_scan_next(struct quirk_scan *scan)
{
    const struct measured_event *event = &scan->log->events[scan->next++];
    uint32_t pcr = event->event.pcr;
    quirk_set quirks;

    if (event->coverage == COVERAGE_UNMEASURED)
        return of_unmeasured(event);
    quirks = of_banks(scan, event) | of_digest(event);
    if (scan->log->measurement_registers) {
        quirks |= of_register(scan, event);
        scan->left |= event->event.type == EV_EFI_ACTION && event->coverage == COVERAGE_WHOLE &&
                      span_is(event->covered, "Exit Boot Services Returned with Success");
        return quirks;
    }
    if (pcr >= PCRS_0_7)
        return quirks;
    if (event->event.type == EV_SEPARATOR || event->separator != SEPARATOR_NONE)
        quirks |= of_separator(scan, event);
    else if (scan->separated >> pcr & 1)
        quirks |= of_late(event);
    if (event->event.type == EV_SEPARATOR)
        scan->separated |= UINT32_C(1) << pcr;
    return quirks;
}

/* --- the log as a whole --- */

struct census {
    uint32_t separated;
    bool secure_boot, exit;
};

static void count(struct census *census, const struct measured_event *event)
{
    struct efi_variable variable;
    struct error ignored;

    switch (event->event.type) {
    case EV_SEPARATOR:
        if (event->event.pcr < PCRS_0_7) /* or registers, of which there are fewer */
            census->separated |= UINT32_C(1) << event->event.pcr;
        break;
    case EV_EFI_VARIABLE_DRIVER_CONFIG:
        census->secure_boot |= efi_variable_decode(event->event.data, &variable, &ignored) &&
                               efi_variable_is(&variable, "SecureBoot");
        break;
    case EV_EFI_ACTION:
        census->exit |= span_begins(event->event.data, span_text("Exit Boot Services"));
        break;
    default:
        break;
    }
}

quirk_set quirks_of_log(const struct measured_log *log)
{
    struct census census = {0};
    quirk_set quirks = 0;

    for (size_t i = 0; i < log->n_events; i++)
        count(&census, &log->events[i]);
    if (log->measurement_registers && census.separated == EVENT_PCR(1))
        quirks |= QUIRK_BIT(REGISTER_2_OPEN);
    if (log->measurement_registers || (log->replay.extended & EVENT_PCRS_0_7) == 0)
        return quirks;
    if (!census.exit)
        quirks |= QUIRK_BIT(EXIT_UNMARKED);
    if (!census.secure_boot && census.separated >> 7 & 1 && !quirk_is_legacy(log))
        quirks |= QUIRK_BIT(SECURE_BOOT_UNMEASURED);
    if (census.separated == 0)
        quirks |= QUIRK_BIT(PART_OF_A_LOG);
    else if (census.separated != EVENT_PCRS_0_7 && census.separated >> 7 & 1)
        quirks |= QUIRK_BIT(SEPARATORS_MISSING);
    return quirks;
}
