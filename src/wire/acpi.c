/* See acpi.h. */
#include "wire/acpi.h"

enum {
    DMAR_DRHD = 0,
    DMAR_INTR_REMAP = 1u << 0,
    DMAR_OPT_IN = 1u << 2,
    IVINFO_DMA_REMAPPING = 1u << 1,
};

/* ACPI 6.5, 5.2.6: the header that all tables share; leaves the reader behind it. */
static void read_header(struct reader *reader, struct span bytes, const char *signature)
{
    uint8_t sum = 0;
    uint32_t len;

    if (!span_is(reader_bytes(reader, 4, "signature"), signature)) {
        reader_fail(reader, ERROR_MALFORMED, "the table is not a %s", signature);
        return;
    }
    len = reader_le32(reader);
    if (reader_ok(reader) && len != bytes.len)
        reader_fail(reader, ERROR_MALFORMED, "the table has %zu bytes and says %u", bytes.len, len);
    for (size_t i = 0; i < bytes.len; i++)
        sum = (uint8_t)(sum + bytes.data[i]);
    if (reader_ok(reader) && sum != 0)
        reader_fail(reader, ERROR_MALFORMED, "the table's checksum is off by 0x%02x", sum);
    reader_bytes(reader, 28, "rest of the header");
}

/* One structure: its type, and the rest of it skipped. head_len is that of type and length. */
static void skip_structure(struct reader *reader, size_t len, size_t head_len)
{
    if (!reader_ok(reader))
        return;
    if (len < head_len)
        reader_fail(reader, ERROR_MALFORMED, "a structure of %zu bytes", len);
    else if (len > head_len)
        reader_bytes(reader, len - head_len, "structure");
}

bool acpi_dmar_decode(struct span bytes, struct acpi_dmar *dmar, struct error *error)
{
    struct reader reader = reader_init(bytes, "Intel VT-d 4.1 8.1", error);
    struct acpi_dmar found = {0};
    uint8_t flags;

    if (!reader_cap(&reader, bytes.len, LIMIT_ACPI_TABLE_LEN, "ACPI table"))
        return false;
    read_header(&reader, bytes, "DMAR");
    reader_u8(&reader); /* host address width */
    flags = reader_u8(&reader);
    reader_bytes(&reader, 10, "reserved bytes");
    found.interrupt_remapping = flags & DMAR_INTR_REMAP;
    found.dma_opt_in = flags & DMAR_OPT_IN;
    while (reader_left(&reader)) {
        uint16_t type = reader_le16(&reader), len = reader_le16(&reader);

        skip_structure(&reader, len, 4);
        found.n_units += type == DMAR_DRHD;
    }
    if (!reader_end(&reader))
        return false;
    *dmar = found;
    return true;
}

bool acpi_ivrs_decode(struct span bytes, struct acpi_ivrs *ivrs, struct error *error)
{
    struct reader reader = reader_init(bytes, "AMD IOMMU 3.08 5.2.1", error);
    struct acpi_ivrs found = {0};

    if (!reader_cap(&reader, bytes.len, LIMIT_ACPI_TABLE_LEN, "ACPI table"))
        return false;
    read_header(&reader, bytes, "IVRS");
    found.dma_remapping = reader_le32(&reader) & IVINFO_DMA_REMAPPING;
    reader_bytes(&reader, 8, "reserved bytes");
    while (reader_left(&reader)) {
        uint8_t type = reader_u8(&reader);

        reader_u8(&reader); /* flags */
        skip_structure(&reader, reader_le16(&reader), 4);
        found.n_units += type == 0x10 || type == 0x11 || type == 0x40;
    }
    if (!reader_end(&reader))
        return false;
    *ivrs = found;
    return true;
}
