/* Decodes foreign bytes as hand-off tables: efi_handoff_tables_decode, efi_handoff_table. */
#include <stdlib.h>

#include "fuzz.h"
#include "wire/efi_handoff_tables.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct efi_handoff_tables tables;
    struct error error;

    for (int second = 0; second <= 1; second++)
        if (efi_handoff_tables_decode(span_of(data, len), second, &tables, &error))
            for (uint64_t i = 0; i < tables.n_tables; i++)
                if (efi_handoff_table(&tables, i).guid.len != EFI_GUID_LEN)
                    abort();
    return 0;
}
