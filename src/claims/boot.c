/* What was loaded: UEFI images by Authenticode digest (PCR 2, 4) and files that the boot loader or
 * the kernel's EFI stub read (PCR 9).
 *
 * Paths and names beside a digest are hints and become labels only. */
#include "base/text.h"
#include "claims/collect.h"
#include "claims/unified_kernel.h"
#include "wire/efi_device_path.h"
#include "wire/efi_image_load.h"
#include "wire/event_type.h"

static bool is_image_type(uint32_t type)
{
    return type == EV_EFI_BOOT_SERVICES_APPLICATION || type == EV_EFI_BOOT_SERVICES_DRIVER ||
           type == EV_EFI_RUNTIME_SERVICES_DRIVER;
}

/* The path in an image event; NULL when it has none that can be read. */
static const char *image_label(struct collector *collector, const struct measured_event *event)
{
    struct efi_image_load image;
    struct error ignored;
    const char *label;

    if (!efi_image_load_decode(event->event.data, &image, &ignored) ||
        !efi_device_path_file(image.device_path, collector->arena, &label, &ignored) || !*label)
        return NULL;
    return label;
}

static void add_digest(struct collector *collector, enum claim_id id, size_t index,
                       const char *label)
{
    const struct measured_event *event = &collector->log->events[index];
    struct claim_item item = {
        .kind = CLAIM_ITEM_DIGEST,
        .alg = collector->log->bank,
        .event = event->event.number,
        .pcr = event->event.pcr < LIMIT_PCRS ? (int)event->event.pcr : REASON_NO_PCR,
        .label = label,
        .bytes = event->digest,
    };

    collect_item(collector, id, item);
    collect_event(collector, id, index);
}

/* Whether the bytes may be an image (PE/COFF section 3, UEFI PI volume 1 for "VZ"): who writes the
 * hashed bytes of one into the log makes its digest that of an event's data. */
static bool is_image(struct span bytes)
{
    return span_begins(bytes, span_text("MZ")) || span_begins(bytes, span_of("PE\0", 4)) ||
           span_begins(bytes, span_text("VZ"));
}

/* Any event of PCR 2 or 4 whose digest is not that of its data, or is that of an image, may be an
 * image under another type: nobody can hide one by relabelling it. */
static void read_image(struct collector *collector, size_t index)
{
    const struct measured_event *event = &collector->log->events[index];

    if (event->coverage == COVERAGE_UNMEASURED || event->digest.len == 0)
        return;
    if (is_image_type(event->event.type))
        add_digest(collector, CLAIM_BOOT_IMAGES, index, image_label(collector, event));
    else if (event->coverage == COVERAGE_NONE || event->coverage == COVERAGE_MISMATCH ||
             is_image(event->covered))
        add_digest(collector, CLAIM_BOOT_IMAGES, index, event_type_name(event->event.type));
}

static void read_file(struct collector *collector, size_t index)
{
    const struct measured_event *event = &collector->log->events[index];
    const char *label;

    if (event->coverage == COVERAGE_UNMEASURED || event->digest.len == 0)
        return;
    if (event->event.type == EV_IPL) {
        label = text_printable(collector->arena, event->event.data);
        collector->out_of_memory |= !label;
    } else {
        label = linux_event_tag_name(linux_event_tag(event->event.data));
        if (event->event.type != EV_EVENT_TAG || !label)
            label = event_type_name(event->event.type);
    }
    add_digest(collector, CLAIM_BOOT_FILES, index, label);
}

void collect_boot(struct collector *collector)
{
    const struct measured_log *log = collector->log;

    for (size_t i = 0; i < log->n_events; i++) {
        uint32_t pcr = collect_pcr(collector, &log->events[i]);

        if (pcr == 2 || pcr == 4)
            read_image(collector, i);
        else if (pcr == 9)
            read_file(collector, i);
        if ((pcr == 2 || pcr == 4) && log->events[i].coverage != COVERAGE_UNMEASURED)
            collect_claim(collector, CLAIM_BOOT_IMAGES);
    }
}
