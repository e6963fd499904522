#include "support/pe_builder.h"

#include <stdio.h>

enum { SECTION_LEN = 40, DIRECTORIES = 16 };

static size_t fixed_len(const struct pe_builder *builder)
{
    return builder->is_64 ? 112 : 96;
}

static size_t optional_len(const struct pe_builder *builder)
{
    return fixed_len(builder) + (builder->no_directories ? 0 : 8 * DIRECTORIES);
}

size_t pe_builder_n_directories_at(const struct pe_builder *builder)
{
    return PE_BUILDER_MAGIC_AT + fixed_len(builder) - 4;
}

size_t pe_builder_certificate_entry_at(const struct pe_builder *builder)
{
    return PE_BUILDER_MAGIC_AT + fixed_len(builder) + (size_t)4 * 8;
}

size_t pe_builder_section_at(const struct pe_builder *builder, size_t index)
{
    return PE_BUILDER_MAGIC_AT + optional_len(builder) + index * SECTION_LEN;
}

static size_t align(size_t value, size_t alignment)
{
    return (value + alignment - 1) / alignment * alignment;
}

static void fill_to(struct writer *writer, size_t at)
{
    while (!writer->failed && writer->len < at)
        writer_u8(writer, 0);
}

/* --- The COFF string table --- */

static bool is_long(const struct pe_builder_section *section)
{
    return strlen(section->name) > 8;
}

/* Where the name of section index stands in it; for n_sections, its length. 0 when it has no name. */
static size_t string_at(const struct pe_builder *builder, size_t index)
{
    size_t names_len = 0;

    for (size_t i = 0; i < index; i++)
        if (is_long(&builder->sections[i]))
            names_len += strlen(builder->sections[i].name) + 1;
    if (index == builder->n_sections)
        return names_len ? 4 + names_len : 0;
    return is_long(&builder->sections[index]) ? 4 + names_len : 0;
}

static void write_strings(const struct pe_builder *builder, struct writer *writer)
{
    size_t len = string_at(builder, builder->n_sections);

    if (len == 0)
        return;
    writer_le32(writer, (uint32_t)len);
    for (size_t i = 0; i < builder->n_sections; i++)
        if (is_long(&builder->sections[i]))
            writer_bytes(writer,
                         span_of(builder->sections[i].name, strlen(builder->sections[i].name) + 1));
}

/* --- Headers --- */

struct pe_builder_places {
    size_t headers_len, strings_at, certificates_at, certificates_len;
};

static void write_headers(const struct pe_builder *builder, struct writer *writer,
                          const struct pe_builder_places *places)
{
    writer_bytes(writer, span_text("MZ"));
    fill_to(writer, 60);
    writer_le32(writer, PE_BUILDER_PE_AT);
    writer_bytes(writer, span_of("PE\0", 4));
    writer_le16(writer, builder->is_64 ? 0x8664 : 0x014C);
    writer_le16(writer, (uint16_t)builder->n_sections);
    writer_le32(writer, 0);                            /* TimeDateStamp */
    writer_le32(writer, (uint32_t)places->strings_at); /* behind no symbols */
    fill_to(writer, PE_BUILDER_OPTIONAL_LEN_AT);
    writer_le16(writer, (uint16_t)optional_len(builder));
    writer_le16(writer, 0x0206);
    writer_le16(writer, builder->is_64 ? 0x020B : 0x010B);
    fill_to(writer, PE_BUILDER_HEADERS_LEN_AT);
    writer_le32(writer, (uint32_t)places->headers_len);
    writer_le32(writer, 0x11223344); /* CheckSum: nobody checks it */
    writer_le16(writer, 10);         /* EFI application */
    fill_to(writer, pe_builder_n_directories_at(builder));
    writer_le32(writer, builder->no_directories ? 0 : DIRECTORIES);
    if (!builder->no_directories) {
        fill_to(writer, pe_builder_certificate_entry_at(builder));
        writer_le32(writer, (uint32_t)places->certificates_at);
        writer_le32(writer, (uint32_t)places->certificates_len);
    }
    fill_to(writer, pe_builder_section_at(builder, 0));
}

static void write_section_header(const struct pe_builder *builder, struct writer *writer,
                                 size_t index, size_t at, size_t raw_len)
{
    const struct pe_builder_section *section = &builder->sections[index];
    char name[9] = "";

    if (is_long(section))
        snprintf(name, sizeof name, "/%zu", string_at(builder, index) % 1000000);
    else
        memcpy(name, section->name, strlen(section->name));
    writer_bytes(writer, span_of(name, 8));
    writer_le32(writer, section->virtual_len ? section->virtual_len : (uint32_t)section->data.len);
    writer_le32(writer, (uint32_t)(0x1000 * (index + 1)));
    writer_le32(writer, (uint32_t)raw_len);
    writer_le32(writer, (uint32_t)at);
    writer_bytes(writer, span_of((uint8_t[16]){0}, 16));
}

struct span pe_builder_write(const struct pe_builder *builder, uint8_t *buffer, size_t cap)
{
    struct writer writer = writer_init(buffer, cap);
    size_t alignment = builder->alignment ? builder->alignment : 512;
    size_t headers_len = align(pe_builder_section_at(builder, builder->n_sections), alignment);
    size_t strings_len = string_at(builder, builder->n_sections);
    size_t at = headers_len, end, certificate_len = 0;

    for (size_t i = 0; i < builder->n_sections; i++)
        at += align(builder->sections[i].data.len, alignment);
    end = at + strings_len + builder->extra.len;
    if (builder->certificate.len) {
        end = align(end, 8);
        certificate_len = align(8 + builder->certificate.len, 8);
    }
    write_headers(builder, &writer,
                  &(struct pe_builder_places){.headers_len = headers_len,
                                              .strings_at = strings_len ? at : 0,
                                              .certificates_at = certificate_len ? end : 0,
                                              .certificates_len = certificate_len});
    at = headers_len;
    for (size_t i = 0; i < builder->n_sections; i++) {
        size_t raw_len = align(builder->sections[i].data.len, alignment);

        write_section_header(builder, &writer, i, at, raw_len);
        at += raw_len;
    }
    at = headers_len;
    for (size_t i = 0; i < builder->n_sections; i++) {
        fill_to(&writer, at);
        writer_bytes(&writer, builder->sections[i].data);
        at += align(builder->sections[i].data.len, alignment);
    }
    fill_to(&writer, at);
    write_strings(builder, &writer);
    writer_bytes(&writer, builder->extra);
    if (certificate_len) {
        fill_to(&writer, end);
        writer_le32(&writer, (uint32_t)(8 + builder->certificate.len));
        writer_le16(&writer, 0x0200);
        writer_le16(&writer, 2);
        writer_bytes(&writer, builder->certificate);
        fill_to(&writer, end + certificate_len);
    }
    return writer_span(&writer);
}
