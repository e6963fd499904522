/* UEFI_GPT_DATA (PFP 1.06 section 10.2.7.1) and the GPT in it (UEFI 2.10 section 5.3). */
#ifndef BOOTSEAL_WIRE_EFI_GPT_H
#define BOOTSEAL_WIRE_EFI_GPT_H

#include "base/limits.h"
#include "base/reader.h"
#include "wire/efi_guid.h"

struct efi_gpt {
    struct span disk_guid;
    uint64_t first_usable_lba, last_usable_lba;
    uint64_t n_partitions;
    uint32_t entry_len;
    struct span entries; /* n_partitions * entry_len bytes */
};

struct efi_gpt_partition {
    struct span type_guid, guid;
    uint64_t first_lba, last_lba, attributes;
    struct span name; /* UTF-16LE */
};

/* Decodes the event; spans point into bytes. */
bool efi_gpt_decode(struct span bytes, struct efi_gpt *gpt, struct error *error) MUST_CHECK;

/* The partition with this index, which is below gpt->n_partitions. */
struct efi_gpt_partition efi_gpt_partition(const struct efi_gpt *gpt, uint64_t index);

#endif
