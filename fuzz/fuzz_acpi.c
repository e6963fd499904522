/* Reads any bytes as DMAR and as IVRS: acpi_dmar_decode and acpi_ivrs_decode. The checksum is put
 * right, so that the structures behind it are reached. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "wire/acpi.h"

static void put_sum_right(uint8_t *table, size_t len)
{
    uint8_t sum = 0;

    if (len <= 9)
        return;
    for (size_t i = 0; i < len; i++)
        sum = (uint8_t)(sum + table[i]);
    table[9] = (uint8_t)(table[9] - sum);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static uint8_t table[LIMIT_ACPI_TABLE_LEN + 1];
    struct acpi_dmar dmar;
    struct acpi_ivrs ivrs;
    struct error error;
    struct span bytes = span_of(table, len);

    if (len > sizeof table)
        return 0;
    if (len)
        memcpy(table, data, len);
    put_sum_right(table, len);
    if (acpi_dmar_decode(bytes, &dmar, &error) && 48 + 4 * dmar.n_units > len)
        abort();
    if (acpi_ivrs_decode(bytes, &ivrs, &error) && 48 + 4 * ivrs.n_units > len)
        abort();
    return 0;
}
