/* UEFI_PLATFORM_FIRMWARE_BLOB and its second form (PFP 1.06 section 10.2.5): where a piece of
 * firmware lies. The digest is that of the firmware: nothing in this structure is proven. */
#ifndef BOOTSEAL_WIRE_EFI_FIRMWARE_BLOB_H
#define BOOTSEAL_WIRE_EFI_FIRMWARE_BLOB_H

#include "base/reader.h"

struct efi_firmware_blob {
    struct span description; /* second form only; ASCII */
    uint64_t base, len;
};

/* Decodes the first form (16 bytes) or, when second is true, the one with a description. */
bool efi_firmware_blob_decode(struct span bytes, bool second, struct efi_firmware_blob *blob,
                              struct error *error) MUST_CHECK;

#endif
