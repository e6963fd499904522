/* Reads any bytes as SMBIOS tables: smbios_decode, smbios_find, smbios_string and smbios_machine. The checksums of the
 * entry point are put right, so that the structures behind it are reached. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "wire/smbios.h"

static void put_sum_right(uint8_t *bytes, size_t len, size_t sum_at)
{
    uint8_t sum = 0;

    for (size_t i = 0; i < len; i++)
        sum = (uint8_t)(sum + bytes[i]);
    bytes[sum_at] = (uint8_t)(bytes[sum_at] - sum);
}

static void put_entry_point_right(uint8_t *bytes, size_t len)
{
    if (len < 31)
        return;
    if (bytes[3] == '3') {
        put_sum_right(bytes, 24, 5);
    } else {
        put_sum_right(bytes + 16, 15, 5);
        put_sum_right(bytes, 31, 4);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static const enum smbios_type types[] = {SMBIOS_FIRMWARE, SMBIOS_SYSTEM, SMBIOS_END};
    static uint8_t bytes[LIMIT_SMBIOS_LEN + 1];
    struct smbios_structure structure;
    struct smbios smbios;
    struct smbios_machine machine;
    struct arena arena = arena_init((size_t)4 << 20);
    struct error error;

    if (len == 0 || len > sizeof bytes)
        return 0;
    memcpy(bytes, data, len);
    put_entry_point_right(bytes, len);
    if (!smbios_decode(span_of(bytes, len), &smbios, &error))
        return 0;
    if (smbios.offset + smbios.tables.len != len)
        abort();
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (!smbios_find(&smbios, types[i], &structure))
            continue;
        for (int field = 0; field < 256; field++)
            if (smbios_string(&structure, (enum smbios_field)field).len > structure.strings.len)
                abort();
    }
    if (!smbios_machine(&smbios, &arena, &machine))
        abort();
    arena_done(&arena);
    return 0;
}
