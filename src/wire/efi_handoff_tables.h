/* UEFI_HANDOFF_TABLE_POINTERS and its second form (PFP 1.06 section 10.2.4): which system tables
 * (SMBIOS, ACPI) the firmware measured. The digest is that of the tables: nothing here is proven. */
#ifndef BOOTSEAL_WIRE_EFI_HANDOFF_TABLES_H
#define BOOTSEAL_WIRE_EFI_HANDOFF_TABLES_H

#include "base/limits.h"
#include "base/reader.h"
#include "wire/efi_guid.h"

struct efi_handoff_tables {
    struct span description; /* second form only; ASCII */
    uint64_t n_tables;
    struct span entries; /* of 24 bytes each */
};

struct efi_handoff_table {
    struct span guid;
    uint64_t address;
};

/* Decodes the first form or, when second is true, the one with a description. Spans point into
 * bytes. Over LIMIT_HANDOFF_TABLES is ERROR_LIMIT. */
bool efi_handoff_tables_decode(struct span bytes, bool second, struct efi_handoff_tables *tables,
                               struct error *error) MUST_CHECK;

/* The table with this index, which is below tables->n_tables. */
struct efi_handoff_table efi_handoff_table(const struct efi_handoff_tables *tables, uint64_t index);

#endif
