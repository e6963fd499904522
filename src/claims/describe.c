/* What an event measures, by its type, its PCR and the names in its data. Names are hints unless
 * the digest covers them; they choose words here and nothing else. Says the same for the same
 * component in another log, so that two logs can be laid side by side. */
#include "claims/describe.h"

#include "base/reason.h"
#include "base/text.h"
#include "claims/summary.h"
#include "claims/unified_kernel.h"
#include "wire/efi_device_path.h"
#include "wire/efi_image_load.h"
#include "wire/efi_variable.h"
#include "wire/event_type.h"
#include "wire/tcg_no_action.h"

/* How far to look for the events that tell what an image without a telling name is. */
enum { NEIGHBOURS = 64 };

struct naming {
    const struct measured_log *log;
    size_t index;
    struct arena *arena;
    const char *component; /* NULL: the arena is full */
    const char *detail;    /* what tells two events of the same component apart; or NULL */
    bool out_of_memory;    /* a name is missing that there should be: no other may stand for it */
};

static const struct measured_event *this_event(const struct naming *naming)
{
    return &naming->log->events[naming->index];
}

static bool begins(struct span text, const char *prefix)
{
    return text.len >= strlen(prefix) && memcmp(text.data, prefix, strlen(prefix)) == 0;
}

/* Case-insensitive for ASCII: firmware and people write paths as they like. */
static bool holds_word(const char *text, const char *word)
{
    return strcasestr(text, word) != NULL;
}

/* --- images --- */

static const struct {
    const char *word; /* in the image's path */
    const char *component;
} IMAGES[] = {
    {"shim", "shim"},
    {"grub", "GRUB"},
    {"bootmgfw", "Windows boot manager"},
    {"bootmgr", "Windows boot manager"},
    {"mmx64", "MOK manager"},
    {"fbx64", "shim fallback"},
    {"systemd-boot", "systemd-boot"},
    {"fwup", "fwupd updater"},
    {"\\EFI\\Linux\\", "unified kernel image"},
    {"vmlinuz", "Linux kernel"},
};

/* "" when the event has none that can be read. */
static const char *image_path(struct naming *naming)
{
    struct efi_image_load image;
    struct error error;
    const char *path;

    if (efi_image_load_decode(this_event(naming)->event.data, &image, &error) &&
        efi_device_path_file(image.device_path, naming->arena, &path, &error))
        return path;
    naming->out_of_memory = error.code == ERROR_MEMORY;
    return "";
}

/* True when one of the next events is shim's own list in PCR 14. */
static bool is_before_shim_lists(const struct naming *naming)
{
    for (size_t i = naming->index + 1; i < naming->log->n_events && i < naming->index + NEIGHBOURS;
         i++) {
        const struct eventlog_event *event = &naming->log->events[i].event;

        if (event->pcr == 14 && event->type == EV_IPL)
            return begins(event->data, "MokList");
        if (event->pcr == 4)
            return false;
    }
    return false;
}

static bool is_after_grub(const struct naming *naming)
{
    for (size_t i = naming->index; i > 0 && naming->index - i < NEIGHBOURS; i--)
        if (naming->log->events[i - 1].event.pcr == 8)
            return true;
    return false;
}

/* By what it measures before the next image: systemd-stub its sections, a kernel what it got. */
static const char *name_by_measurements(const struct naming *naming)
{
    for (size_t i = naming->index + 1; i < naming->log->n_events && i < naming->index + NEIGHBOURS;
         i++) {
        const struct measured_event *event = &naming->log->events[i];

        if (event->event.pcr == 4)
            return NULL;
        if (event->event.pcr == 11 && unified_kernel_section(event))
            return "unified kernel image";
        if (event->event.pcr == 9 && event->event.type == EV_EVENT_TAG &&
            linux_event_tag(event->event.data) != LINUX_TAG_NONE)
            return "Linux kernel";
    }
    return NULL;
}

static void name_image(struct naming *naming)
{
    uint32_t type = this_event(naming)->event.type;
    const char *path = image_path(naming);

    for (size_t i = 0; i < sizeof IMAGES / sizeof *IMAGES; i++)
        if (holds_word(path, IMAGES[i].word)) {
            naming->component = IMAGES[i].component;
            return;
        }
    if (type != EV_EFI_BOOT_SERVICES_APPLICATION) {
        naming->component = "UEFI driver";
        naming->detail = *path ? path : NULL;
    } else if (is_before_shim_lists(naming)) {
        naming->component = "shim";
    } else if (!*path && is_after_grub(naming)) {
        naming->component = "Linux kernel"; /* GRUB asks shim, which knows no path */
    } else if ((naming->component = name_by_measurements(naming))) {
        naming->detail = NULL;
    } else {
        naming->component = "UEFI application";
        naming->detail = *path ? path : NULL;
    }
}

/* --- variables --- */

static void name_variable(struct naming *naming)
{
    const struct eventlog_event *event = &this_event(naming)->event;
    const char *name = NULL;
    bool boot = event->type == EV_EFI_VARIABLE_BOOT || event->type == EV_EFI_VARIABLE_BOOT2;

    naming->out_of_memory = !event_variable_name(this_event(naming), naming->arena, &name);
    if (!name)
        naming->component = event_type_find(event->type)->title;
    else if (event->type == EV_EFI_VARIABLE_AUTHORITY)
        naming->component = arena_printf(naming->arena, "Secure Boot authority from %s", name);
    else if (boot && strcmp(name, "BootOrder") == 0)
        naming->component = "boot order";
    else if (boot)
        naming->component = arena_printf(naming->arena, "boot option %s", name);
    else if (event->pcr == 7)
        naming->component = arena_printf(naming->arena, "Secure Boot variable %s", name);
    else
        naming->component = arena_printf(naming->arena, "UEFI variable %s", name);
}

/* --- what boot loaders measure --- */

/* The first word of a GRUB command, so that "linux" lies beside "linux" in another log. */
static void name_grub_command(struct naming *naming, struct span command)
{
    size_t len = 0;

    while (len < command.len && len < 32 && command.data[len] != ' ')
        len++;
    naming->component = "GRUB command";
    naming->detail = text_printable(naming->arena, span_of(command.data, len));
    naming->out_of_memory = !naming->detail;
}

static const struct {
    const char *word; /* in the file's path; the first that fits */
    const char *component;
} FILES[] = {
    {"grub.cfg", "grub.cfg"},       {"grubenv", "GRUB environment"},   {"vmlinu", "Linux kernel"},
    {"initrd", "initial RAM disk"}, {"initramfs", "initial RAM disk"}, {".mod", "GRUB module"},
};

static void name_file(struct naming *naming, struct span path)
{
    const char *text;

    if (path.len > LIMIT_SUMMARY_TEXT_LEN)
        path.len = LIMIT_SUMMARY_TEXT_LEN;
    text = text_printable(naming->arena, path);
    naming->component = text ? "file read by the boot loader" : NULL;
    naming->detail = text;
    for (size_t i = 0; text && i < sizeof FILES / sizeof *FILES; i++)
        if (holds_word(text, FILES[i].word)) {
            naming->component = FILES[i].component;
            naming->detail = strcmp(FILES[i].word, ".mod") == 0 ? text : NULL;
            return;
        }
}

static void name_text(struct naming *naming, const char *component)
{
    struct span data = this_event(naming)->event.data;

    if (data.len > LIMIT_SUMMARY_TEXT_LEN)
        data.len = LIMIT_SUMMARY_TEXT_LEN;
    naming->component = component;
    naming->detail = text_printable(naming->arena, data);
    naming->out_of_memory = !naming->detail;
}

static void name_loader_event(struct naming *naming)
{
    static const char grub_command[] = "grub_cmd: ";
    const struct eventlog_event *event = &this_event(naming)->event;
    size_t prefix = sizeof grub_command - 1;

    switch (event->pcr) {
    case 8:
        if (begins(event->data, "kernel_cmdline: ") || begins(event->data, "grub_kernel_cmdline "))
            naming->component = "kernel command line";
        else if (begins(event->data, grub_command))
            name_grub_command(naming, span_of(event->data.data + prefix, event->data.len - prefix));
        else
            naming->component = "boot loader text";
        break;
    case 9:
        name_file(naming, event->data);
        break;
    case 11:
        name_text(naming, unified_kernel_section(this_event(naming))
                              ? "name of a section of the unified kernel image"
                              : "section of the unified kernel image");
        break;
    case 12:
        naming->component = this_event(naming)->covered.data
                                ? "kernel command line"
                                : "what systemd-stub gave to the kernel";
        break;
    case 13:
        naming->component = "system extension";
        break;
    case 14:
        name_text(naming, "shim list");
        break;
    default:
        naming->component = event_type_find(event->type)->title;
    }
}

static void name_tag(struct naming *naming)
{
    const char *linux_name = linux_event_tag_name(linux_event_tag(this_event(naming)->event.data));

    if (linux_name) {
        naming->component = linux_name;
        return;
    }
    switch (this_event(naming)->event.pcr) {
    case 9:
        naming->component = "what the Linux EFI stub loaded";
        break;
    case 12:
        naming->component = "Windows boot phase";
        break;
    case 13:
        naming->component = "Windows boot phase, details";
        break;
    case 14:
        naming->component = "Windows signing authorities";
        break;
    default:
        naming->component = event_type_find(EV_EVENT_TAG)->title;
    }
}

/* --- all the rest --- */

static void name_no_action(struct naming *naming)
{
    struct tcg_no_action body;
    struct error ignored;

    naming->component = "note in the log (not measured)";
    if (event_holds_records(&this_event(naming)->event))
        naming->component = "quote that Windows made of itself (not measured)";
    if (!tcg_no_action_decode(this_event(naming)->event.data, &body, &ignored))
        return;
    if (body.kind == TCG_NO_ACTION_SPEC_ID)
        naming->component = "log header";
    else if (body.kind == TCG_NO_ACTION_STARTUP_LOCALITY)
        naming->component = "TPM start-up locality (not measured)";
    else if (body.kind == TCG_NO_ACTION_REFERENCE_MANIFEST)
        naming->component = "reference manifest (not measured)";
    else if (body.kind == TCG_NO_ACTION_HCRTM_COMPONENT)
        naming->component = "part of the hardware root's measurement (not measured)";
    else if (body.kind == TCG_NO_ACTION_NV_INSTANCE || body.kind == TCG_NO_ACTION_NV_DYNAMIC)
        naming->component = "device evidence in an NV index (not measured)";
}

static void name_other(struct naming *naming)
{
    const struct eventlog_event *event = &this_event(naming)->event;
    const struct event_type *type = event_type_find(event->type);

    if (type)
        naming->component = type->title;
    else
        naming->component = arena_printf(naming->arena, "event of unknown type 0x%08x",
                                         event->type);
}

/* What systemd measures in user space, by the text that it measures (systemd
 * docs/TPM2_PCR_MEASUREMENTS.md); that of a disk's key is beside an HMAC. */
static const struct {
    const char *beginning, *component;
} SYSTEMD_TEXTS[] = {
    {"machine-id:", "machine ID"},
    {"file-system:", "file system that was mounted"},
    {"cryptsetup:", "key of an encrypted disk"},
    {"os-separator", "end of what was measured before the system"},
    {"nvpcr-init:", "register in NV memory"},
    {"nvpcr-separator", "end of the registers in NV memory"},
};

static void name_systemd(struct naming *naming)
{
    const struct eventlog_event *event = &this_event(naming)->event;

    name_text(naming, event->pcr == 11 ? "boot phase" : "measurement of user space");
    for (size_t i = 0; i < sizeof SYSTEMD_TEXTS / sizeof *SYSTEMD_TEXTS; i++)
        if (begins(event->data, SYSTEMD_TEXTS[i].beginning))
            naming->component = SYSTEMD_TEXTS[i].component;
}

static void name_event(struct naming *naming)
{
    const struct eventlog_event *event = &this_event(naming)->event;

    if (measured_log_source(naming->log, naming->index)->kind == EVIDENCE_LOG_SYSTEMD) {
        name_systemd(naming);
        if (naming->out_of_memory)
            naming->component = NULL;
        return;
    }

    switch (event->type) {
    case EV_NO_ACTION:
        name_no_action(naming);
        break;
    case EV_EFI_VARIABLE_DRIVER_CONFIG:
    case EV_EFI_VARIABLE_BOOT:
    case EV_EFI_VARIABLE_BOOT2:
    case EV_EFI_VARIABLE_AUTHORITY:
    case EV_EFI_SPDM_DEVICE_POLICY:
        name_variable(naming);
        break;
    case EV_EFI_BOOT_SERVICES_APPLICATION:
    case EV_EFI_BOOT_SERVICES_DRIVER:
    case EV_EFI_RUNTIME_SERVICES_DRIVER:
        name_image(naming);
        break;
    case EV_IPL:
        name_loader_event(naming);
        break;
    case EV_EVENT_TAG:
        name_tag(naming);
        break;
    case EV_EFI_ACTION:
    case EV_ACTION:
        name_text(naming, "firmware action");
        break;
    case EV_TXT_SLAUNCH:
        name_text(naming, event_type_find(EV_TXT_SLAUNCH)->title);
        break;
    case EV_SEPARATOR:
        naming->component = event->pcr <= 7 ? "end of the firmware's own measurements"
                                            : event_type_find(EV_SEPARATOR)->title;
        break;
    case EV_COMPACT_HASH:
        if (event->pcr == 11) {
            naming->component = "BitLocker access";
            break;
        }
        name_other(naming);
        break;
    default:
        name_other(naming);
    }
    if (naming->out_of_memory)
        naming->component = NULL;
}

const char *event_component(const struct measured_log *log, size_t index, struct arena *arena)
{
    struct naming naming = {.log = log, .index = index, .arena = arena};
    const struct measured_source *source = measured_log_source(log, index);

    name_event(&naming);
    if (source->first == 0 || !naming.component)
        return naming.component;
    return arena_printf(arena, "%s, event %zu: %s", evidence_log_kind_name(source->kind),
                        index - source->first, naming.component);
}

/* What a reader must not take for proven. */
static const char *event_caveat(const struct measured_event *event)
{
    switch (event->coverage) {
    case COVERAGE_WHOLE:
        break;
    case COVERAGE_PART:
        if (event->covered.data == event->event.data.data)
            break; /* shim's byte too many, which is nothing */
        return event->event.type == EV_IPL ? "the digest does not cover the prefix"
                                           : "the digest does not cover the name";
    case COVERAGE_MISMATCH:
        return "the digest is of other data";
    case COVERAGE_UNMEASURED:
        return "never measured";
    case COVERAGE_NONE:
        return event->digest.len ? "the digest does not cover this" : "no digest in this bank";
    }
    return NULL;
}

bool event_describe(const struct measured_log *log, size_t index, struct crypto *crypto,
                    struct arena *arena, struct event_description *description, struct error *error)
{
    const struct measured_event *event = &log->events[index];
    struct naming naming = {.log = log, .index = index, .arena = arena};
    struct event_description described = {0};

    name_event(&naming);
    described.component = naming.component;
    described.summary = event_summary(event, crypto, arena);
    if (naming.component)
        described.key = arena_printf(
            arena, "%d/%s%s%s",
            event->event.pcr < LIMIT_PCRS ? (int)event->event.pcr : REASON_NO_PCR, naming.component,
            naming.detail ? "/" : "", naming.detail ? naming.detail : "");
    described.proven = event->coverage == COVERAGE_WHOLE || event->coverage == COVERAGE_PART;
    described.caveat = event_caveat(event);
    if (!described.component || !described.summary || !described.key)
        return arena_error(arena, error);
    *description = described;
    return true;
}
