/* UEFI_VARIABLE_DATA (PFP 1.06 section 10.2.6): a UEFI variable as the firmware measured it.
 *
 * Frames, no more. Which of the bytes a digest covers is src/verify's to say: some firmware hashes
 * the variable's contents only, and then neither name nor GUID is proven. */
#ifndef BOOTSEAL_WIRE_EFI_VARIABLE_H
#define BOOTSEAL_WIRE_EFI_VARIABLE_H

#include "base/limits.h"
#include "base/reader.h"
#include "wire/efi_guid.h"

struct efi_variable {
    struct span guid;     /* 16 bytes */
    struct span name;     /* UTF-16LE, no terminator */
    struct span data;     /* contents of the variable; may be empty */
    struct span trailing; /* bytes behind the structure: old shims log one too many */
};

/* Decodes bytes; the spans point into them. */
bool efi_variable_decode(struct span bytes, struct efi_variable *variable,
                         struct error *error) MUST_CHECK;

/* True when the variable has this name (ASCII). */
bool efi_variable_is(const struct efi_variable *variable, const char *name);

/* The number of "Boot0001" or "Driver001F" (prefix and four hexadecimal digits); -1 for other
 * names. */
int efi_variable_number(const struct efi_variable *variable, const char *prefix);

#endif
