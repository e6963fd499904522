/* Unified kernel images as systemd-stub measures them into PCR 11: for each section its name, as
 * ASCII with a NUL, then its contents (systemd docs/TPM2_PCR_MEASUREMENTS.md), in one fixed order
 * (systemd src/fundamental/uki.c; UAPI Group, Unified Kernel Image).
 *
 * Names are proven by digest, contents by standing behind a name: nothing in the log can swap them.
 * Root can extend PCR 11 after the boot, but only behind what the stub measured. */
#include "claims/unified_kernel.h"

#include "base/reader.h"
#include "claims/collect.h"
#include "wire/event_type.h"

static const char *const SECTIONS[] = {
    NULL,     ".linux", ".osrel",  ".cmdline", ".initrd",  ".ucode",   ".splash", ".dtb",
    ".uname", ".sbat",  ".pcrsig", ".pcrpkey", ".profile", ".dtbauto", ".hwids",  ".efifw",
};
enum { N_SECTIONS = sizeof SECTIONS / sizeof *SECTIONS, COMMAND_LINE_SECTION = 3 };

static const struct {
    uint32_t id;
    enum linux_event_tag tag;
} TAGS[] = {
    {0x8F3B22EC, LINUX_TAG_INITRD},       {0x8F3B22ED, LINUX_TAG_LOAD_OPTIONS},
    {0xF5BC582A, LINUX_TAG_LOADER_CONF},  {0x6C46F751, LINUX_TAG_DEVICE_TREE},
    {0x49DFFE0F, LINUX_TAG_INITRD_ADDON}, {0xDAC08E1A, LINUX_TAG_MICROCODE_ADDON},
    {0xD5CB7CBC, LINUX_TAG_SMBIOS},       {0xE0D47BC8, LINUX_TAG_SMBIOS},
    {0xC0B3BD23, LINUX_TAG_SMBIOS},
};

enum linux_event_tag linux_event_tag(struct span data)
{
    struct error ignored;
    struct reader reader = reader_init(data, "PFP 1.06 10.4.2.1", &ignored);
    uint32_t id = reader_le32(&reader);

    for (size_t i = 0; reader_ok(&reader) && i < sizeof TAGS / sizeof *TAGS; i++)
        if (TAGS[i].id == id)
            return TAGS[i].tag;
    return LINUX_TAG_NONE;
}

const char *linux_event_tag_name(enum linux_event_tag tag)
{
    static const char *const names[] = {
        [LINUX_TAG_INITRD] = "initial RAM disk",
        [LINUX_TAG_LOAD_OPTIONS] = "kernel command line, as its digest",
        [LINUX_TAG_LOADER_CONF] = "configuration of systemd-boot",
        [LINUX_TAG_DEVICE_TREE] = "device tree added to the kernel",
        [LINUX_TAG_INITRD_ADDON] = "initial RAM disk added to the kernel's",
        [LINUX_TAG_MICROCODE_ADDON] = "microcode added to the kernel's",
        [LINUX_TAG_SMBIOS] = "what SMBIOS says of the machine",
    };

    return names[tag];
}

/* The event's data is the name in UTF-16; that the digest covers it is the coverage's word. */
unsigned unified_kernel_section(const struct measured_event *event)
{
    struct span name = event->covered;

    if (event->event.type != EV_IPL || event->coverage != COVERAGE_WHOLE)
        return 0;
    for (unsigned section = 1; section < N_SECTIONS; section++) {
        size_t len = strlen(SECTIONS[section]), i = 0;

        while (i < len && 2 * i + 1 < name.len &&
               name.data[2 * i] == (uint8_t)SECTIONS[section][i] && name.data[2 * i + 1] == 0)
            i++;
        if (i == len && (name.len == 2 * len || name.len == 2 * len + 2))
            return section;
    }
    return 0;
}

const char *unified_kernel_section_name(unsigned section)
{
    return section < N_SECTIONS ? SECTIONS[section] : NULL;
}

struct unified_kernel {
    struct collector *collector;
    unsigned last, pending; /* sections; pending: its contents are next */
    bool ended;             /* something else was measured */
    bool forged;            /* and then another section, or one out of order */
};

static void add_section(struct unified_kernel *kernel, size_t index)
{
    struct collector *collector = kernel->collector;
    const struct measured_event *event = &collector->log->events[index];

    collect_item(collector, CLAIM_BOOT_UNIFIED_KERNEL,
                 (struct claim_item){.kind = CLAIM_ITEM_DIGEST,
                                     .alg = collector->log->bank,
                                     .event = event->event.number,
                                     .pcr = 11,
                                     .label = SECTIONS[kernel->pending],
                                     .bytes = event->digest});
    collect_event(collector, CLAIM_BOOT_UNIFIED_KERNEL, index);
    if (kernel->pending == COMMAND_LINE_SECTION)
        collector->unified_command_line = event->digest;
    kernel->last = kernel->pending;
    kernel->pending = 0;
}

static void read_event(struct unified_kernel *kernel, size_t index)
{
    unsigned section;

    if (kernel->pending) {
        add_section(kernel, index);
        return;
    }
    section = unified_kernel_section(&kernel->collector->log->events[index]);
    if (section == 0) {
        kernel->ended = true;
        return;
    }
    kernel->forged |= kernel->ended || section <= kernel->last;
    kernel->pending = section;
    collect_event(kernel->collector, CLAIM_BOOT_UNIFIED_KERNEL, index);
}

void collect_unified_kernel(struct collector *collector)
{
    struct unified_kernel kernel = {.collector = collector};
    const struct measured_log *log = collector->log;

    if (collector->windows || log->measurement_registers)
        return;
    for (size_t i = 0; i < log->n_events; i++)
        if (log->events[i].event.pcr == 11 && log->events[i].coverage != COVERAGE_UNMEASURED)
            read_event(&kernel, i);
    if (kernel.last == 0)
        return;
    collector->unified_kernel = true;
    /* Behind the last section the stub measures no more, and root could add one. */
    if (kernel.forged || kernel.pending || kernel.last == COMMAND_LINE_SECTION)
        collector->unified_command_line = (struct span){0};
    if (kernel.forged || kernel.pending || kernel.ended || !collector->loader_vouched)
        collect_unproven(collector, CLAIM_BOOT_UNIFIED_KERNEL);
}
