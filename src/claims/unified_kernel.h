/* What systemd-stub and the kernel's EFI stub write into their events, recognised by digest and
 * place. Shared by the families that read them and by describe.c. */
#ifndef BOOTSEAL_CLAIMS_UNIFIED_KERNEL_H
#define BOOTSEAL_CLAIMS_UNIFIED_KERNEL_H

#include "verify/measured_log.h"

/* Tags of EV_EVENT_TAG: the kernel's EFI stub in PCR 9 (Linux drivers/firmware/efi/libstub/
 * efistub.h), systemd in PCR 1, 5 and 12 (systemd docs/TPM2_PCR_MEASUREMENTS.md). */
enum linux_event_tag {
    LINUX_TAG_NONE = 0,
    LINUX_TAG_INITRD,
    LINUX_TAG_LOAD_OPTIONS,
    LINUX_TAG_LOADER_CONF,
    LINUX_TAG_DEVICE_TREE,
    LINUX_TAG_INITRD_ADDON,
    LINUX_TAG_MICROCODE_ADDON,
    LINUX_TAG_SMBIOS,
};

/* The tag of an EV_EVENT_TAG's data; what it stands before is a hint, its digest covers other data. */
enum linux_event_tag linux_event_tag(struct span data);

/* "initial RAM disk"; NULL for LINUX_TAG_NONE. */
const char *linux_event_tag_name(enum linux_event_tag tag);

/* The section whose name an event in PCR 11 measures, by its place in the order in which the stub
 * measures them: 1 is ".linux". 0 when the digest is not that of a section's name. */
unsigned unified_kernel_section(const struct measured_event *event);

/* ".linux" for 1; NULL behind the last one. */
const char *unified_kernel_section_name(unsigned section);

#endif
