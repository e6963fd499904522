/* Which boot loader ran, by the form of what it measured: no loader measures its own name.
 *
 * Root can add another loader's form behind the true one, never take the true one away: two forms
 * that do not go together prove neither. A loader that measures nothing leaves none. */
#include "base/text.h"
#include "claims/collect.h"
#include "claims/unified_kernel.h"
#include "wire/event_type.h"

enum loader {
    LOADER_GRUB,
    LOADER_SYSTEMD_BOOT,
    LOADER_SYSTEMD_STUB,
    LOADER_EFI_STUB,
    LOADER_WINDOWS,
    LOADERS,
};

struct loaders {
    struct collector *collector;
    bool seen[LOADERS];
    size_t events[LOADERS]; /* the first that shows it */
};

static void see(struct loaders *loaders, enum loader loader, size_t index)
{
    if (!loaders->seen[loader])
        loaders->events[loader] = index;
    loaders->seen[loader] = true;
}

static bool is_grub_text(const struct measured_event *event)
{
    return event->event.type == EV_IPL && event->covered.data &&
           (span_begins(event->event.data, span_text("grub_cmd")) ||
            span_begins(event->event.data, span_text("kernel_cmdline: ")) ||
            span_begins(event->event.data, span_text("grub_kernel_cmdline ")));
}

static void read_tag(struct loaders *loaders, size_t index, uint32_t pcr)
{
    switch (linux_event_tag(loaders->collector->log->events[index].event.data)) {
    case LINUX_TAG_LOADER_CONF:
        if (pcr == 5)
            see(loaders, LOADER_SYSTEMD_BOOT, index);
        break;
    case LINUX_TAG_INITRD:
    case LINUX_TAG_LOAD_OPTIONS:
        if (pcr == 9)
            see(loaders, LOADER_EFI_STUB, index);
        break;
    default:
        break;
    }
}

static void read_event(struct loaders *loaders, size_t index)
{
    struct collector *collector = loaders->collector;
    const struct measured_event *event = &collector->log->events[index];
    uint32_t pcr = event->event.pcr;

    if (event->coverage == COVERAGE_UNMEASURED)
        return;
    if (collector->windows && (pcr == 12 || pcr == 13))
        see(loaders, LOADER_WINDOWS, index);
    else if (event->event.type == EV_EVENT_TAG)
        read_tag(loaders, index, pcr);
    else if (pcr == 8 && is_grub_text(event))
        see(loaders, LOADER_GRUB, index);
    else if (pcr == 11 && unified_kernel_section(event))
        see(loaders, LOADER_SYSTEMD_STUB, index);
    else if (pcr == 12 && event->event.type == EV_IPL && event->covered.data &&
             !collector->unified_kernel)
        see(loaders, LOADER_SYSTEMD_BOOT, index);
}

/* The EFI stub is the kernel's own and says who loaded it only when nobody else does. */
static const char *name_loaders(const struct loaders *loaders)
{
    static const char *const names[LOADERS] = {
        [LOADER_GRUB] = "GRUB",
        [LOADER_SYSTEMD_BOOT] = "systemd-boot",
        [LOADER_SYSTEMD_STUB] = "systemd-stub",
        [LOADER_EFI_STUB] = "none: the firmware started the kernel",
        [LOADER_WINDOWS] = "Windows Boot Manager",
    };
    const char *text = NULL;

    for (size_t i = 0; i < LOADERS; i++) {
        if (!loaders->seen[i] || (i == LOADER_EFI_STUB && text))
            continue;
        text = text ? arena_printf(loaders->collector->arena, "%s, %s", text, names[i]) : names[i];
        if (!text)
            loaders->collector->out_of_memory = true;
    }
    return text;
}

void collect_loader(struct collector *collector)
{
    struct loaders loaders = {.collector = collector};
    const char *text;
    bool vouched;

    if (collector->log->measurement_registers)
        return;
    for (size_t i = 0; i < collector->log->n_events; i++)
        read_event(&loaders, i);
    text = name_loaders(&loaders);
    if (!text)
        return;
    collect_text(collector, CLAIM_BOOT_LOADER, text);
    for (size_t i = 0; i < LOADERS; i++)
        if (loaders.seen[i])
            collect_event(collector, CLAIM_BOOT_LOADER, loaders.events[i]);
    vouched = loaders.seen[LOADER_WINDOWS] ? collector->windows_vouched : collector->loader_vouched;
    if (!vouched ||
        loaders.seen[LOADER_GRUB] + loaders.seen[LOADER_WINDOWS] +
                (loaders.seen[LOADER_SYSTEMD_BOOT] || loaders.seen[LOADER_SYSTEMD_STUB]) >
            1)
        collect_unproven(collector, CLAIM_BOOT_LOADER);
}
