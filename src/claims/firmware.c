/* Firmware as PCR 0, 1, 5 and 7 show it: version, code, start of the measurements, boot options, boot
 * disk, warnings, reference manifests.
 *
 * Believes only what a digest covers; a name that none covers costs the grade. Code is listed
 * whatever type its event has, so that a changed type hides none. Must never believe an unmeasured
 * note: the start value of PCR 0 is believed because no other start leads to the quoted value. */
#include "base/text.h"
#include "claims/collect.h"
#include "claims/summary.h"
#include "wire/efi_firmware_blob.h"
#include "wire/efi_gpt.h"
#include "wire/efi_load_option.h"
#include "wire/efi_variable.h"
#include "wire/event_type.h"
#include "wire/tcg_no_action.h"

enum { BOOT_OPTIONS = 128, NUMBER_LEN = 2 };

struct boot_option {
    int number; /* of Boot#### */
    size_t event;
    struct span contents;
    bool proven;
};

struct firmware {
    struct collector *collector;
    size_t n_versions;
    bool version_first;               /* nothing was measured in PCR 0 before it */
    bool other_texts;                 /* PCR 0 has others that may be versions under another type */
    struct crypto_digest exit_digest; /* of the action below; no bytes when it cannot be told */
    size_t order;                     /* event of BootOrder; the log's n_events without one */
    size_t n_orders;
    struct span order_contents;
    struct boot_option options[BOOT_OPTIONS];
    size_t n_options;
    bool options_proven; /* each name and contents, and none twice with other contents */
    size_t n_disks;
    struct span disk;
    bool disk_hidden; /* PCR 5 has something that may be a partition table under another type */
    size_t exit;      /* event that says that the boot loader left the firmware */
};

static const struct measured_event *event_at(const struct firmware *firmware, size_t index)
{
    return &firmware->collector->log->events[index];
}

static bool is_covered(const struct measured_event *event)
{
    return event->coverage == COVERAGE_WHOLE || event->coverage == COVERAGE_PART;
}

/* --- PCR 0 --- */

static bool is_printable(uint8_t byte)
{
    return byte >= 0x20 && byte < 0x7F;
}

/* Text in ASCII (with NULs behind it or none) or UTF-16, or a GUID: PFP 1.06, 10.4.1. */
static bool may_be_version(struct span data)
{
    size_t i = 0;

    if (data.len == EFI_GUID_LEN || (data.len >= 2 && is_printable(data.data[0]) && !data.data[1]))
        return true;
    while (i < data.len && is_printable(data.data[i]))
        i++;
    while (i && i < data.len && data.data[i] == 0)
        i++;
    return i && i == data.len;
}

/* The same, and of text whatever stands behind its NUL; NULL when it says nothing. */
static const char *version_text(struct collector *collector, struct span data)
{
    char guid[EFI_GUID_TEXT_LEN + 1];
    const char *text;

    if (data.len > LIMIT_SUMMARY_TEXT_LEN)
        data.len = LIMIT_SUMMARY_TEXT_LEN;
    if (data.len >= 2 && is_printable(data.data[0]) && data.data[1] == 0) {
        text = text_utf16(collector->arena, data);
    } else if (data.len && is_printable(data.data[0])) {
        const uint8_t *end = memchr(data.data, 0, data.len);

        text = text_printable(collector->arena,
                              span_of(data.data, end ? (size_t)(end - data.data) : data.len));
    } else if (data.len == EFI_GUID_LEN) {
        efi_guid_print(data, guid);
        text = arena_text(collector->arena, span_text(guid));
    } else {
        return NULL;
    }
    collector->out_of_memory |= !text;
    return text;
}

/* No digest covers which measurement is the version: the first of PCR 0 is (PFP 1.06, 3.3.4.1), and of
 * others the only text. */
static void conclude_version(struct firmware *firmware)
{
    if (firmware->n_versions && firmware->other_texts && !firmware->version_first)
        collect_unproven(firmware->collector, CLAIM_FIRMWARE_VERSION);
}

static void read_version(struct firmware *firmware, size_t index)
{
    struct collector *collector = firmware->collector;
    const struct measured_event *event = event_at(firmware, index);
    const char *text = version_text(collector, event->event.data);

    if (!text)
        return;
    collect_event(collector, CLAIM_FIRMWARE_VERSION, index);
    if (++firmware->n_versions > 1) {
        collect_unknown(collector, CLAIM_FIRMWARE_VERSION);
        return;
    }
    collect_text(collector, CLAIM_FIRMWARE_VERSION, text);
    if (event->coverage != COVERAGE_WHOLE || collector->separators[0] == collector->log->n_events)
        collect_unproven(collector, CLAIM_FIRMWARE_VERSION);
}

/* What the event's data call the code; NULL when they do not. */
static const char *code_label(struct collector *collector, const struct measured_event *event)
{
    struct efi_firmware_blob blob;
    struct error ignored;
    struct span text = event->event.data;
    const char *label;

    if (event->event.type == EV_EFI_PLATFORM_FIRMWARE_BLOB2 || event->event.type == EV_POST_CODE2)
        text = efi_firmware_blob_decode(text, true, &blob, &ignored) ? blob.description
                                                                     : (struct span){0};
    else if (event->event.type != EV_POST_CODE && event->event.type != EV_S_CRTM_CONTENTS)
        return NULL;
    if (text.len == 0 || text.data[0] < 0x20 || text.len > LIMIT_SUMMARY_TEXT_LEN)
        return NULL;
    label = text_printable(collector->arena, text);
    collector->out_of_memory |= !label;
    return label;
}

/* Whatever PCR 0 holds and the log does not is code, or might be, also where the log calls it the
 * version: a type is not proven. So is what the log does hold when it is longer than firmware's texts
 * and tables: root could put the code itself there. */
static void read_code(struct firmware *firmware, size_t index)
{
    struct collector *collector = firmware->collector;
    const struct measured_event *event = event_at(firmware, index);

    if ((is_covered(event) && event->covered.len <= LIMIT_SUMMARY_TEXT_LEN) ||
        event->digest.len == 0)
        return;
    collect_item(collector, CLAIM_FIRMWARE_IMAGES,
                 (struct claim_item){.kind = CLAIM_ITEM_DIGEST,
                                     .alg = collector->log->bank,
                                     .event = event->event.number,
                                     .pcr = 0,
                                     .label = code_label(collector, event),
                                     .bytes = event->digest});
    collect_event(collector, CLAIM_FIRMWARE_IMAGES, index);
    if (collector->separators[0] == collector->log->n_events)
        collect_unproven(collector, CLAIM_FIRMWARE_IMAGES);
}

/* The first extension of PCR 0 starts from the value that the notes before it say. With another
 * start the replay would lead elsewhere: so what the quote proves of PCR 0, it proves of its start. */
static void read_start(struct firmware *firmware, size_t index)
{
    struct collector *collector = firmware->collector;

    if (collector->claims->claims[CLAIM_FIRMWARE_HARDWARE_ROOT].known)
        return;
    collect_bool(collector, CLAIM_FIRMWARE_HARDWARE_ROOT, collector->log->startup_locality != 0);
    collect_event(collector, CLAIM_FIRMWARE_HARDWARE_ROOT, index);
}

static void read_pcr_0(struct firmware *firmware, size_t index)
{
    bool first = !firmware->collector->claims->claims[CLAIM_FIRMWARE_HARDWARE_ROOT].known;

    read_start(firmware, index);
    if (index >= firmware->collector->separators[0])
        return;
    if (event_at(firmware, index)->event.type == EV_S_CRTM_VERSION) {
        firmware->version_first = first;
        firmware->other_texts |= !may_be_version(event_at(firmware, index)->event.data);
        read_version(firmware, index);
    } else {
        firmware->other_texts |= is_covered(event_at(firmware, index)) &&
                                 may_be_version(event_at(firmware, index)->covered);
    }
    read_code(firmware, index);
}

/* --- boot options --- */

static void add_option(struct firmware *firmware, size_t index, int number, struct span contents,
                       bool proven)
{
    for (size_t i = 0; i < firmware->n_options; i++)
        if (firmware->options[i].number == number) {
            firmware->options_proven &= span_equal(firmware->options[i].contents, contents);
            return;
        }
    if (firmware->n_options == BOOT_OPTIONS)
        return; /* its number alone is listed then */
    firmware->options[firmware->n_options++] = (struct boot_option){
        .number = number, .event = index, .contents = contents, .proven = proven};
}

/* Before the separator it is the firmware that measures: afterwards anybody may have extended it. */
static void read_boot_variable(struct firmware *firmware, size_t index)
{
    struct collector *collector = firmware->collector;
    const struct measured_event *event = event_at(firmware, index);
    bool proven = event->coverage == COVERAGE_WHOLE && index < collector->separators[1] &&
                  collector->separators[1] < collector->log->n_events;
    struct efi_variable variable;
    struct error ignored;
    int number;

    if (!is_covered(event) || !efi_variable_decode(event->event.data, &variable, &ignored) ||
        efi_guid_find(variable.guid) != EFI_GUID_GLOBAL_VARIABLE)
        return;
    if (efi_variable_is(&variable, "BootOrder")) {
        if (firmware->n_orders && span_equal(firmware->order_contents, variable.data))
            return;
        firmware->n_orders++;
        firmware->order = index;
        firmware->order_contents = variable.data;
        firmware->options_proven &= proven;
    } else {
        number = efi_variable_number(&variable, "Boot");
        if (number >= 0)
            add_option(firmware, index, number, variable.data, proven);
    }
}

/* One item of the order: described as the option is, or by its number. */
static struct claim_item boot_item(struct firmware *firmware, int number)
{
    struct collector *collector = firmware->collector;
    struct claim_item item = {.kind = CLAIM_ITEM_TEXT,
                              .event = event_at(firmware, firmware->order)->event.number,
                              .pcr = 1};
    const char *name = arena_printf(collector->arena, "Boot%04X", (unsigned)number);
    const char *text = name;
    struct efi_load_option option;
    struct error ignored;
    size_t i = 0;

    while (i < firmware->n_options && firmware->options[i].number != number)
        i++;
    if (i == firmware->n_options) {
        firmware->options_proven = false;
    } else {
        firmware->options_proven &= firmware->options[i].proven;
        item.event = event_at(firmware, firmware->options[i].event)->event.number;
        collect_event(collector, CLAIM_BOOT_ORDER, firmware->options[i].event);
        if (efi_load_option_decode(firmware->options[i].contents, &option, &ignored)) {
            item.label = name;
            text = text_utf16(collector->arena, option.description);
        }
    }
    collector->out_of_memory |= !text;
    item.bytes = text ? span_text(text) : (struct span){0};
    return item;
}

static void conclude_order(struct firmware *firmware)
{
    struct collector *collector = firmware->collector;
    struct error ignored;
    struct reader order = reader_init(firmware->order_contents, "UEFI 2.10 3.3", &ignored);

    if (firmware->n_orders == 0 || !collect_wants(collector, CLAIM_BOOT_ORDER))
        return;
    collect_event(collector, CLAIM_BOOT_ORDER, firmware->order);
    if (firmware->n_orders > 1 ||
        !collect_room(collector, CLAIM_BOOT_ORDER, reader_left(&order) / NUMBER_LEN)) {
        collect_unknown(collector, CLAIM_BOOT_ORDER);
        return;
    }
    while (reader_left(&order) >= NUMBER_LEN)
        collect_item(collector, CLAIM_BOOT_ORDER, boot_item(firmware, reader_le16(&order)));
    if (!firmware->options_proven)
        collect_unproven(collector, CLAIM_BOOT_ORDER);
}

/* --- boot disk --- */

/* Partition tables are measured on the way to the boot loader; the last action of the boot loader in
 * the firmware is to leave it, in the same PCR, so a table behind that is somebody else's. A table is
 * one whatever type its event has, and what no digest covers may be one. */
static void read_disk(struct firmware *firmware, size_t index)
{
    struct collector *collector = firmware->collector;
    const struct measured_event *event = event_at(firmware, index);
    static const uint8_t NONE[EFI_GUID_LEN];
    struct efi_gpt gpt;
    struct error ignored;

    if (firmware->exit < collector->log->n_events)
        return;
    if (event->coverage != COVERAGE_WHOLE) {
        firmware->disk_hidden = true;
        return;
    }
    if (!efi_gpt_decode(event->covered, &gpt, &ignored) ||
        span_equal(gpt.disk_guid, span_of(NONE, sizeof NONE)))
        return;
    collect_event(collector, CLAIM_BOOT_DISK, index);
    if (firmware->n_disks && span_equal(firmware->disk, gpt.disk_guid))
        return;
    firmware->n_disks++;
    firmware->disk = gpt.disk_guid;
}

/* The first time counts, and by its digest: root can extend the same once more, with other tables
 * before it, and call the true one something else. */
static void read_exit(struct firmware *firmware, size_t index)
{
    if (firmware->exit == firmware->collector->log->n_events && firmware->exit_digest.len &&
        span_equal(event_at(firmware, index)->digest, crypto_digest_span(&firmware->exit_digest)))
        firmware->exit = index;
}

static void conclude_disk(struct firmware *firmware)
{
    struct collector *collector = firmware->collector;
    char text[EFI_GUID_TEXT_LEN + 1];

    if (firmware->n_disks != 1) /* two leave open which one was booted */
        return;
    efi_guid_print(firmware->disk, text);
    collect_text(collector, CLAIM_BOOT_DISK, arena_text(collector->arena, span_text(text)));
    if (firmware->exit == collector->log->n_events || firmware->disk_hidden)
        collect_unproven(collector, CLAIM_BOOT_DISK);
}

/* --- warnings and notes --- */

static void add_text(struct firmware *firmware, enum claim_id id, size_t index, const char *label,
                     const char *text)
{
    const struct measured_event *event = event_at(firmware, index);

    if (!text) {
        firmware->collector->out_of_memory = true;
        return;
    }
    collect_item(firmware->collector, id,
                 (struct claim_item){.kind = CLAIM_ITEM_TEXT,
                                     .event = event->event.number,
                                     .pcr = event->event.pcr < LIMIT_PCRS ? (int)event->event.pcr
                                                                          : REASON_NO_PCR,
                                     .label = label,
                                     .bytes = span_text(text)});
    collect_event(firmware->collector, id, index);
}

/* PFP 1.06, 3.3.4.8: what PCR 7 records as an action weakens the boot. Its type is not proven, so
 * everything counts there that is neither variable nor separator. */
static void read_warning(struct firmware *firmware, size_t index)
{
    const struct measured_event *event = event_at(firmware, index);
    struct span text = event->event.data;
    struct efi_variable variable;
    struct error ignored;

    if (event->separator != SEPARATOR_NONE || event->coverage != COVERAGE_WHOLE)
        return;
    if (event->event.type != EV_EFI_ACTION &&
        (event->event.type == EV_SEPARATOR || efi_variable_decode(text, &variable, &ignored)))
        return;
    if (text.len > LIMIT_SUMMARY_TEXT_LEN)
        text.len = LIMIT_SUMMARY_TEXT_LEN;
    add_text(firmware, CLAIM_FIRMWARE_WARNINGS, index, NULL,
             text_printable(firmware->collector->arena, text));
}

static void read_omission(struct firmware *firmware, size_t index)
{
    add_text(firmware, CLAIM_FIRMWARE_WARNINGS, index, NULL, "boot attempts are not measured");
}

/* Without a finding in PCR 7 the absence of warnings there is proven; with one it is open. */
static void conclude_warnings(struct firmware *firmware)
{
    struct collector *collector = firmware->collector;

    if (collector->separators[7] == collector->log->n_events) {
        collect_unknown(collector, CLAIM_FIRMWARE_WARNINGS);
        return;
    }
    if (!collector->secure_boot_sound && !collector->claims->claims[CLAIM_FIRMWARE_WARNINGS].known)
        return;
    collect_claim(collector, CLAIM_FIRMWARE_WARNINGS);
    collect_event(collector, CLAIM_FIRMWARE_WARNINGS, collector->separators[7]);
    if (!collector->secure_boot_sound)
        collect_unproven(collector, CLAIM_FIRMWARE_WARNINGS);
}

static void read_manifest(struct firmware *firmware, size_t index)
{
    struct collector *collector = firmware->collector;
    const struct measured_event *event = event_at(firmware, index);
    struct tcg_no_action body;
    struct error ignored;

    if (!tcg_no_action_decode(event->event.data, &body, &ignored) ||
        body.kind != TCG_NO_ACTION_REFERENCE_MANIFEST)
        return;
    add_text(firmware, CLAIM_FIRMWARE_REFERENCE_MANIFESTS, index, NULL,
             event_summary(event, NULL, collector->arena));
    collect_unproven(collector, CLAIM_FIRMWARE_REFERENCE_MANIFESTS);
}

/* --- all of it --- */

/* Registers of confidential VMs hold what PCRs of a number below and above hold: there position and
 * type decide. */
static void read_event(struct firmware *firmware, size_t index)
{
    const struct measured_event *event = event_at(firmware, index);
    bool registers = firmware->collector->log->measurement_registers;

    if (event->event.type == EV_NO_ACTION) {
        read_manifest(firmware, index);
        return;
    }
    if (event->coverage == COVERAGE_UNMEASURED)
        return;
    if (!registers && event->event.pcr == 0)
        read_pcr_0(firmware, index);
    if (!registers && event->event.pcr == 7)
        read_warning(firmware, index);
    if (!registers && event->event.pcr == 5) {
        read_exit(firmware, index);
        read_disk(firmware, index);
    }
    switch (event->event.type) {
    case EV_EFI_VARIABLE_BOOT:
    case EV_EFI_VARIABLE_BOOT2:
        if (event->event.pcr == 1 || registers)
            read_boot_variable(firmware, index);
        break;
    case EV_EFI_GPT_EVENT:
        if (registers)
            read_disk(firmware, index);
        break;
    case EV_OMIT_BOOT_DEVICE_EVENTS:
        read_omission(firmware, index);
        break;
    case EV_EFI_ACTION:
        if (registers)
            read_exit(firmware, index);
        break;
    default:
        break;
    }
}

void collect_firmware(struct collector *collector)
{
    struct firmware firmware = {.collector = collector, .options_proven = true};

    if (collector->input->crypto && collector->log->n_events)
        crypto_hash_span(collector->input->crypto, collector->log->bank,
                         span_text("Exit Boot Services Invocation"), &firmware.exit_digest);
    firmware.order = firmware.exit = collector->log->n_events;
    for (size_t i = 0; i < collector->log->n_events; i++)
        read_event(&firmware, i);
    conclude_version(&firmware);
    conclude_order(&firmware);
    conclude_disk(&firmware);
    conclude_warnings(&firmware);
}
