/* EFI_LOAD_OPTION (UEFI 2.10 section 3.1.3), the contents of Boot####, and BootOrder. */
#ifndef BOOTSEAL_WIRE_EFI_LOAD_OPTION_H
#define BOOTSEAL_WIRE_EFI_LOAD_OPTION_H

#include "base/reader.h"

enum { EFI_LOAD_OPTION_ACTIVE = 1 };

struct efi_load_option {
    uint32_t attributes;
    struct span description; /* UTF-16LE, no terminator */
    struct span device_path; /* FilePathList */
    struct span optional_data;
};

/* Decodes; spans point into bytes. */
bool efi_load_option_decode(struct span bytes, struct efi_load_option *option,
                            struct error *error) MUST_CHECK;

#endif
