#include "support/rpm_builder.h"

enum { LEAD_LEN = 96, SIGNATURE_STORE_LEN = 11, TAG_EPOCH = 1003, INT32 = 4, STRING = 6 };

static void write_header(struct writer *writer, uint32_t n_entries, size_t store_len)
{
    writer_be32(writer, 0x8EADE801);
    writer_be32(writer, 0);
    writer_be32(writer, n_entries);
    writer_be32(writer, (uint32_t)store_len);
}

static void write_entry(struct writer *writer, uint32_t tag, uint32_t type, size_t offset)
{
    writer_be32(writer, tag);
    writer_be32(writer, type);
    writer_be32(writer, (uint32_t)offset);
    writer_be32(writer, 1);
}

size_t rpm_builder_header_at(const struct rpm_builder *builder)
{
    size_t signature_end = LEAD_LEN + 16 + 16 + SIGNATURE_STORE_LEN;

    (void)builder;
    return (signature_end + 7) / 8 * 8;
}

struct span rpm_builder_write(const struct rpm_builder *builder, uint8_t *buffer, size_t cap)
{
    struct writer writer = writer_init(buffer, cap);
    const struct {
        uint32_t tag;
        const char *text;
    } texts[] = {{1000, builder->name},
                 {1001, builder->version},
                 {1002, builder->release},
                 {1022, builder->architecture},
                 {1124, builder->payload_format ? builder->payload_format : "cpio"}};
    const size_t n_texts = sizeof texts / sizeof *texts;
    size_t store_len = builder->has_epoch ? 4 : 0, offset = store_len;

    for (size_t i = 0; i < n_texts; i++)
        store_len += strlen(texts[i].text) + 1;
    writer_be32(&writer, 0xEDABEEDB);
    while (!writer.failed && writer.len < LEAD_LEN)
        writer_u8(&writer, 0);
    write_header(&writer, 1, SIGNATURE_STORE_LEN);
    write_entry(&writer, 269, STRING, 0);
    writer_bytes(&writer, span_of("0123456789", SIGNATURE_STORE_LEN));
    while (!writer.failed && writer.len < rpm_builder_header_at(builder))
        writer_u8(&writer, 0);
    write_header(&writer, (uint32_t)(n_texts + builder->has_epoch), store_len);
    if (builder->has_epoch)
        write_entry(&writer, TAG_EPOCH, INT32, 0);
    for (size_t i = 0; i < n_texts; i++) {
        write_entry(&writer, texts[i].tag, STRING, offset);
        offset += strlen(texts[i].text) + 1;
    }
    if (builder->has_epoch)
        writer_be32(&writer, builder->epoch);
    for (size_t i = 0; i < n_texts; i++)
        writer_bytes(&writer, span_of(texts[i].text, strlen(texts[i].text) + 1));
    writer_bytes(&writer, builder->payload);
    return writer_span(&writer);
}
