/* Framing of hand-off table events. Trusts no count; must never follow an address. */
#include "wire/efi_handoff_tables.h"

enum { ENTRY_LEN = EFI_GUID_LEN + 8 };

bool efi_handoff_tables_decode(struct span bytes, bool second, struct efi_handoff_tables *tables,
                               struct error *error)
{
    struct reader reader = reader_init(bytes, "PFP 1.06 10.2.4", error);
    struct efi_handoff_tables decoded = {0};

    if (second)
        decoded.description = reader_bytes(&reader, reader_u8(&reader), "table description");
    decoded.n_tables = reader_le64(&reader);
    if (!reader_cap(&reader, decoded.n_tables, LIMIT_HANDOFF_TABLES, "number of tables"))
        return false;
    decoded.entries = reader_bytes(&reader, (size_t)decoded.n_tables * ENTRY_LEN, "table entries");
    if (!reader_end(&reader))
        return false;
    *tables = decoded;
    return true;
}

struct efi_handoff_table efi_handoff_table(const struct efi_handoff_tables *tables, uint64_t index)
{
    struct error error = {0};
    struct reader reader = reader_init(tables->entries, "UEFI 2.10 4.6", &error);
    struct efi_handoff_table table = {0};

    reader_bytes(&reader, (size_t)index * ENTRY_LEN, "tables before");
    table.guid = reader_bytes(&reader, EFI_GUID_LEN, "table GUID");
    table.address = reader_le64(&reader);
    return table;
}
