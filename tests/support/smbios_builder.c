#include "support/smbios_builder.h"

void smbios_builder_structure(struct writer *writer, uint8_t type, struct span fields,
                              struct span strings)
{
    writer_u8(writer, type);
    writer_u8(writer, (uint8_t)(4 + fields.len));
    writer_le16(writer, (uint16_t)(0x100 + type));
    writer_bytes(writer, fields);
    writer_bytes(writer, strings);
    if (strings.len == 0)
        writer_u8(writer, 0);
    writer_u8(writer, 0);
}

void smbios_builder_sum(uint8_t *bytes, size_t len, size_t sum_at)
{
    uint8_t sum = 0;

    bytes[sum_at] = 0;
    for (size_t i = 0; i < len; i++)
        sum = (uint8_t)(sum + bytes[i]);
    bytes[sum_at] = (uint8_t)-sum;
}

void smbios_builder_entry_point(uint8_t *bytes, bool newer, size_t tables_len)
{
    struct writer head = writer_init(bytes, SMBIOS_BUILDER_HEAD_2_LEN);

    if (newer) {
        writer_bytes(&head, span_of("_SM3_\0\x18\x03\x07\0\x01\0", 12));
        writer_le32(&head, (uint32_t)tables_len);
        writer_le64(&head, 0x7f000000);
        smbios_builder_sum(bytes, SMBIOS_BUILDER_HEAD_3_LEN, 5);
    } else {
        writer_bytes(&head, span_of("_SM_\0\x1f\x02\x08\0\x01\0\0\0\0\0\0_DMI_\0", 22));
        writer_le16(&head, (uint16_t)tables_len);
        writer_le32(&head, 0xf0000);
        writer_le16(&head, 3);
        writer_u8(&head, 0x28);
        smbios_builder_sum(bytes + 16, 15, 5);
        smbios_builder_sum(bytes, SMBIOS_BUILDER_HEAD_2_LEN, 4);
    }
}

struct span smbios_builder_machine(uint8_t *bytes, size_t cap, bool newer, const char *manufacturer,
                                   const char *model)
{
    size_t head_len = newer ? SMBIOS_BUILDER_HEAD_3_LEN : SMBIOS_BUILDER_HEAD_2_LEN;
    struct writer tables = writer_init(bytes + head_len, cap - head_len), strings;
    uint8_t names[256];

    strings = writer_init(names, sizeof names);
    writer_bytes(&strings, span_of(manufacturer, strlen(manufacturer) + 1));
    writer_bytes(&strings, span_of(model, strlen(model) + 1));
    smbios_builder_structure(&tables, 0, span_of("\x01\x02\0\xe8\x03", 5),
                             span_of("Acme BIOS\0001.2\0002026-01-02", 25));
    smbios_builder_structure(&tables, 16, span_of("\x03", 1), span_of(NULL, 0));
    smbios_builder_structure(&tables, 1, span_of("\x01\x02\x09", 3), writer_span(&strings));
    smbios_builder_structure(&tables, 127, span_of(NULL, 0), span_of(NULL, 0));
    smbios_builder_entry_point(bytes, newer, tables.len);
    return span_of(bytes, head_len + tables.len);
}
