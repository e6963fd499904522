/* The kernel command line, from whoever measured it: GRUB (PCR 8), systemd-boot and systemd-stub
 * (PCR 12), the kernel's own EFI stub (PCR 9, as a digest), a unified kernel image (PCR 11, as a
 * digest).
 *
 * Root can extend these PCRs after the boot and relabel events in the log, so a line counts only
 * when all that the log holds agree. Where only a digest was measured, the line that the host says
 * it has is believed if it hashes to that. kexec starts another kernel with another line and
 * measures nothing; nor does a kernel before 5.17 measure what it got. */
#include "base/text.h"
#include "base/writer.h"
#include "claims/collect.h"
#include "claims/unified_kernel.h"
#include "wire/event_type.h"

struct command_line {
    struct collector *collector;
    struct span kernel;       /* the first one found; PCR 8 */
    struct span stub;         /* the first one found, UTF-16; PCR 12 */
    struct span loaded;       /* arguments of the first "linux" command; PCR 8 */
    struct span load_options; /* digest of what the EFI stub got, UTF-16; PCR 9 */
    bool load_options_first;  /* and nothing was measured there before: root cannot have added it */
    bool any_in_11;           /* something was measured into PCR 11 */
    bool any_in_12;           /* something was measured into PCR 12 */
    bool differ;              /* another line says something else */
    bool unclear;             /* something in PCR 8 cannot be read */
    bool unclear_stub;        /* the same for PCR 12 */
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

/* systemd-boot and systemd-stub measure the line that they were given, and what was added to it
 * (systemd-stub(7)). What is no text may be a line under another name. */
static void read_stub(struct command_line *line, size_t index)
{
    const struct measured_event *event = &line->collector->log->events[index];

    if (line->collector->windows)
        return;
    line->any_in_12 = true;
    if (event->event.type != EV_IPL || event->covered.data == NULL) {
        line->unclear_stub = true;
        return;
    }
    line->differ |= !agrees(&line->stub, event->covered);
    collect_event(line->collector, CLAIM_BOOT_KERNEL_COMMAND_LINE, index);
}

/* The EFI stub measures its load options under a tag that says so (Linux drivers/firmware/efi/
 * libstub/efi-stub-helper.c, efi_measure_tagged_event). */
static void read_load_options(struct command_line *line, size_t index, bool first)
{
    const struct measured_event *event = &line->collector->log->events[index];

    if (line->load_options.data || event->event.type != EV_EVENT_TAG ||
        linux_event_tag(event->event.data) != LINUX_TAG_LOAD_OPTIONS)
        return;
    line->load_options = event->digest;
    line->load_options_first = first;
}

static void read_events(struct command_line *line)
{
    const struct measured_log *log = line->collector->log;
    bool first = true;

    for (size_t i = 0; i < log->n_events; i++) {
        uint32_t pcr = collect_pcr(line->collector, &log->events[i]);

        if (log->events[i].coverage == COVERAGE_UNMEASURED)
            continue;
        if (pcr == 8)
            read_grub(line, i);
        else if (pcr == 12)
            read_stub(line, i);
        line->any_in_11 |= pcr == 11;
        if (log->events[i].event.pcr != 9)
            continue;
        read_load_options(line, i, first);
        first = false;
    }
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

/* True when the kernel's load options are the text in UTF-16, as one loader or another ends it. */
static bool is_load_options(const struct command_line *line, struct span prefix, struct span text)
{
    uint8_t bytes[2 * (LIMIT_KERNEL_COMMAND_LINE_LEN + 16)];
    struct writer writer = writer_init(bytes, sizeof bytes);
    struct crypto_digest digest;

    if (line->collector->input->crypto == NULL || text.len > LIMIT_KERNEL_COMMAND_LINE_LEN)
        return false;
    for (size_t i = 0; i < prefix.len; i++)
        writer_le16(&writer, prefix.data[i]);
    for (size_t i = 0; i < text.len; i++)
        writer_le16(&writer, text.data[i]);
    for (int nul = 0; nul <= 1; nul++) {
        crypto_hash_span(line->collector->input->crypto, line->collector->log->bank,
                         writer_span(&writer), &digest);
        if (span_equal(crypto_digest_span(&digest), line->load_options))
            return true;
        writer_le16(&writer, 0);
    }
    return false;
}

/* GRUB puts "BOOT_IMAGE=" before what it measures. */
static bool grub_line_is_loaded(const struct command_line *line)
{
    return line->load_options.data == NULL ||
           is_load_options(line, span_text("BOOT_IMAGE="), line->kernel) ||
           is_load_options(line, (struct span){0}, line->kernel);
}

/* GRUB measures nothing in PCR 11: what stands there is a unified kernel image's, which has a line of
 * its own, or Windows'. Then the line in PCR 8 may be what root added. */
static bool grub_alone(const struct command_line *line)
{
    return !line->any_in_11 && !line->collector->windows;
}

static void conclude_grub(struct command_line *line)
{
    struct collector *collector = line->collector;
    const enum claim_id id = CLAIM_BOOT_KERNEL_COMMAND_LINE;

    collect_text(collector, id, text_printable(collector->arena, line->kernel));
    /* Root can extend a line after the boot and call the true one a command; the command that loaded
     * the kernel stays. GRUB's quoting makes some sound lines differ too: that costs the grade. */
    if (line->unclear || line->unclear_stub || !is_plain(line->kernel, 1) ||
        (line->loaded.data && !span_equal(line->kernel, line->loaded)) ||
        !grub_line_is_loaded(line) || !grub_alone(line) || !collector->loader_vouched)
        collect_unproven(collector, id);
}

static void conclude_stub(struct command_line *line)
{
    struct collector *collector = line->collector;
    const enum claim_id id = CLAIM_BOOT_KERNEL_COMMAND_LINE;
    const char *text = text_utf16(collector->arena, line->stub);
    bool confirmed = false;

    if (text && line->load_options.data) {
        confirmed = is_load_options(line, (struct span){0}, span_text(text));
        line->unclear |= !confirmed;
        confirmed &= line->load_options_first;
    }
    /* A unified kernel image with a line of its own: this one may replace it or be added to it. */
    if (text && collector->unified_command_line.data && !confirmed)
        return;
    collect_text(collector, id, text);
    if (line->unclear || (line->unclear_stub && !confirmed) || !is_plain(line->stub, 2) ||
        !collector->loader_vouched)
        collect_unproven(collector, id);
}

/* The section as tools write it: the text, perhaps a newline, perhaps a NUL. */
static bool is_unified_line(struct collector *collector, struct span text)
{
    static const char endings[] = "\n\0";
    static const struct {
        size_t from, len;
    } variants[] = {{0, 0}, {0, 1}, {1, 1}, {0, 2}};

    for (size_t i = 0; i < sizeof variants / sizeof *variants; i++) {
        struct span parts[] = {text, span_of(endings + variants[i].from, variants[i].len)};
        struct crypto_digest digest;

        crypto_hash(collector->input->crypto, collector->log->bank, parts, 2, &digest);
        if (span_equal(crypto_digest_span(&digest), collector->unified_command_line))
            return true;
    }
    return false;
}

/* What the host says its line is. */
static struct span said_line(const struct collector *collector)
{
    const struct claims_input *input = collector->input;

    for (size_t i = 0; i < input->n_inventory; i++)
        if (span_is(input->inventory[i].name, "kernel.command_line"))
            return input->inventory[i].value;
    return (struct span){0};
}

/* No text was measured. A digest proves the text that the host gives; without one, or when it is of
 * something else, the text is what the host says and no more. */
static void conclude_said(struct command_line *line)
{
    struct collector *collector = line->collector;
    const enum claim_id id = CLAIM_BOOT_KERNEL_COMMAND_LINE;
    struct span text = said_line(collector);
    bool proven = false, wrong = false;

    if (text.len == 0 || collector->windows || collector->input->crypto == NULL)
        return;
    if (line->load_options.data) {
        proven = is_load_options(line, (struct span){0}, text);
        wrong = !proven;
        proven &= line->load_options_first;
    }
    if (collector->unified_command_line.data && !line->any_in_12) {
        proven = is_unified_line(collector, text);
        wrong |= !proven;
        collect_from(collector, id, CLAIM_BOOT_UNIFIED_KERNEL);
    }
    if (wrong)
        return;
    collect_text(collector, id, text_printable(collector->arena, text));
    if (!proven)
        collector->claims->claims[id].grade = CLAIM_REPORTED;
    else if (!is_plain(text, 1) || !collector->loader_vouched || line->unclear)
        collect_unproven(collector, id);
}

void collect_command_line(struct collector *collector)
{
    struct command_line line = {.collector = collector};

    read_events(&line);
    /* Both at once: GRUB started a unified kernel image, and no log says whose line the kernel
     * took. */
    if (line.differ || (line.kernel.data && line.stub.data))
        return;
    if (line.kernel.data)
        conclude_grub(&line);
    else if (line.stub.data)
        conclude_stub(&line);
    else
        conclude_said(&line);
}
