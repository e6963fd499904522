/* What the numbers of Windows records mean, in words (Windows SDK wbcl.h). Shared by claims and by
 * descriptions of events. */
#ifndef BOOTSEAL_CLAIMS_WINDOWS_TEXT_H
#define BOOTSEAL_CLAIMS_WINDOWS_TEXT_H

#include "base/arena.h"

/* TRANSFER_CONTROL: what the boot application starts next. */
enum windows_transfer {
    WINDOWS_TRANSFER_NONE = 0,
    WINDOWS_TRANSFER_LOADER,
    WINDOWS_TRANSFER_RESUME,
    WINDOWS_TRANSFER_UTILITY,
    WINDOWS_TRANSFER_UNCHECKED, /* without a look at its signature */
    WINDOWS_TRANSFER_HYPERVISOR,
};

enum { WINDOWS_NX_ALWAYS_OFF = 2, WINDOWS_IOMMU_DISABLED = 2 };

/* NULL for numbers without a word. Static texts. */
const char *windows_transfer_word(uint64_t transfer);
const char *windows_nx_word(uint64_t policy);    /* "opt-in", "opt-out", "off", "on" */
const char *windows_iommu_word(uint64_t policy); /* "default", "enabled", "disabled" */
const char *windows_device_word(uint64_t type);  /* OSDEVICE: "partition" */

/* The words of BITLOCKER_UNLOCK's flags, one a call: the lowest flag is taken out of *flags. "none"
 * when there are no flags at first; "0x400" in the arena for an unknown one; NULL when it is full. */
const char *windows_unlock_word(struct arena *arena, uint32_t *flags);

/* "2021-04-07" of a FILETIME (100 ns since 1601, UTC), in the arena; NULL when it is full. */
const char *windows_date(struct arena *arena, int64_t filetime);

/* "10.0.19014.0" of four numbers of 16 bits, in the arena; NULL when it is full. */
const char *windows_version(struct arena *arena, uint64_t version);

#endif
