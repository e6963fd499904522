/* What was loaded: UEFI images by Authenticode digest (PCR 2, 4), files that the boot loader read
 * (PCR 9), the kernel command line (PCR 8, 12).
 *
 * Paths and names beside a digest are hints and become labels only. Root can extend these PCRs
 * after the boot and relabel events in the log, so a command line counts only when all that the log
 * holds agree. */
#include "base/text.h"
#include "claims/collect.h"
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

/* --- the kernel command line --- */

struct command_line {
    struct collector *collector;
    struct span kernel; /* the first one found; PCR 8 */
    struct span stub;   /* the first one found, UTF-16; PCR 12 */
    struct span loaded; /* arguments of the first "linux" command; PCR 8 */
    bool differ;        /* another one says something else */
    bool unclear;       /* something in these PCRs cannot be read */
};

static bool begins(struct span text, const char *prefix)
{
    return text.len >= strlen(prefix) && memcmp(text.data, prefix, strlen(prefix)) == 0;
}

static struct span after(struct span text, const char *prefix)
{
    size_t len = strlen(prefix);

    return span_of(text.data + len, text.len - len);
}

/* True when the text is the first of its kind or equal to it. */
static bool agrees(struct span *first, struct span text)
{
    if (first->data == NULL)
        *first = text;
    return span_equal(*first, text);
}

/* GRUB measures each command and, once per kernel, its command line. The prefix that tells them
 * apart is not measured: a kernel's command line can be passed off as a command, so the arguments
 * of "linux" commands, whose text is measured, are counted against it. */
static void read_grub(struct command_line *line, size_t index)
{
    static const char *const commands[] = {"linux ", "linuxefi ", "linux16 "};
    const struct measured_event *event = &line->collector->log->events[index];

    if (event->event.type != EV_IPL || event->covered.data == NULL) {
        line->unclear = true;
        return;
    }
    if (begins(event->event.data, "kernel_cmdline: ") ||
        begins(event->event.data, "grub_kernel_cmdline ")) {
        line->differ |= !agrees(&line->kernel, event->covered);
        collect_event(line->collector, CLAIM_BOOT_KERNEL_COMMAND_LINE, index);
        return;
    }
    /* No command begins as a file's name does; a kernel's line called a command does. */
    if (event->covered.len && (event->covered.data[0] == '/' || event->covered.data[0] == '('))
        line->unclear = true;
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (begins(event->covered, commands[i]))
            line->unclear |= !agrees(&line->loaded, after(event->covered, commands[i]));
}

/* systemd-stub measures the command line that it was given (systemd-stub(7), PCR 12). */
static void read_stub(struct command_line *line, size_t index)
{
    const struct measured_event *event = &line->collector->log->events[index];

    if (line->collector->windows)
        return;
    if (event->event.type != EV_IPL || event->covered.data == NULL) {
        line->unclear = true;
        return;
    }
    line->differ |= !agrees(&line->stub, event->covered);
    collect_event(line->collector, CLAIM_BOOT_KERNEL_COMMAND_LINE, index);
}

/* Tabs and such separate parameters for the kernel, and print as something else. */
static bool is_plain(struct span text, size_t step)
{
    for (size_t i = 0; i < text.len; i += step) {
        bool last = i + step >= text.len;

        if (step == 2 && i + 1 < text.len && text.data[i + 1] != 0)
            return false;
        if ((text.data[i] < 0x20 || text.data[i] > 0x7E) && !(last && text.data[i] == 0))
            return false;
    }
    return true;
}

void collect_command_line(struct collector *collector)
{
    const enum claim_id id = CLAIM_BOOT_KERNEL_COMMAND_LINE;
    const struct measured_log *log = collector->log;
    struct command_line line = {.collector = collector};

    for (size_t i = 0; i < log->n_events; i++) {
        uint32_t pcr = collect_pcr(collector, &log->events[i]);

        if (log->events[i].coverage == COVERAGE_UNMEASURED)
            continue;
        if (pcr == 8)
            read_grub(&line, i);
        else if (pcr == 12)
            read_stub(&line, i);
    }
    /* Root can extend a line after the boot and call the true one a command; the command that loaded
     * the kernel stays. GRUB's quoting makes some sound lines differ too: that costs the grade. */
    line.unclear |= line.kernel.data && line.loaded.data && !span_equal(line.kernel, line.loaded);
    line.unclear |= !is_plain(line.kernel, 1) || !is_plain(line.stub, 2);
    /* Both at once: GRUB started a unified kernel image, and no log says whose line the kernel
     * took. */
    if (line.differ || (line.kernel.data && line.stub.data))
        return;
    if (line.kernel.data)
        collect_text(collector, id, text_printable(collector->arena, line.kernel));
    else if (line.stub.data)
        collect_text(collector, id, text_utf16(collector->arena, line.stub));
    else
        return;
    if (line.unclear || !collector->loader_vouched)
        collect_unproven(collector, id);
}
