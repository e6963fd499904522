/* SMBIOS tables made up for tests, with lengths and checksums that hold. */
#ifndef BOOTSEAL_TESTS_SUPPORT_SMBIOS_BUILDER_H
#define BOOTSEAL_TESTS_SUPPORT_SMBIOS_BUILDER_H

#include "base/writer.h"

enum { SMBIOS_BUILDER_HEAD_2_LEN = 31, SMBIOS_BUILDER_HEAD_3_LEN = 24 };

/* A structure; strings hold the NUL behind each, and none means no strings. */
void smbios_builder_structure(struct writer *writer, uint8_t type, struct span fields,
                              struct span strings);

/* Writes the entry point for tables of that length into bytes: "_SM3_", or the older "_SM_". */
void smbios_builder_entry_point(uint8_t *bytes, bool newer, size_t tables_len);

/* Makes the byte at sum_at such that len bytes add up to zero. */
void smbios_builder_sum(uint8_t *bytes, size_t len, size_t sum_at);

/* A whole machine with entry point: its manufacturer, its model, and firmware "Acme BIOS 1.2
 * 2026-01-02". */
struct span smbios_builder_machine(uint8_t *bytes, size_t cap, bool newer, const char *manufacturer,
                                   const char *model);

#endif
