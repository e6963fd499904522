#include "base/writer.h"

struct writer writer_init(uint8_t *buffer, size_t cap)
{
    return (struct writer){.buffer = buffer, .cap = cap};
}

void writer_bytes(struct writer *writer, struct span bytes)
{
    if (writer->failed || bytes.len > writer->cap - writer->len) {
        writer->failed = true;
        return;
    }
    if (bytes.len)
        memcpy(writer->buffer + writer->len, bytes.data, bytes.len);
    writer->len += bytes.len;
}

static void big_endian(struct writer *writer, uint64_t value, size_t len)
{
    uint8_t bytes[8];

    for (size_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)(value >> (8 * (len - 1 - i)));
    writer_bytes(writer, span_of(bytes, len));
}

static void little_endian(struct writer *writer, uint64_t value, size_t len)
{
    uint8_t bytes[8];

    for (size_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)(value >> (8 * i));
    writer_bytes(writer, span_of(bytes, len));
}

void writer_u8(struct writer *writer, uint8_t value)
{
    writer_bytes(writer, span_of(&value, 1));
}

void writer_be16(struct writer *writer, uint16_t value)
{
    big_endian(writer, value, 2);
}

void writer_be32(struct writer *writer, uint32_t value)
{
    big_endian(writer, value, 4);
}

void writer_be64(struct writer *writer, uint64_t value)
{
    big_endian(writer, value, 8);
}

void writer_le16(struct writer *writer, uint16_t value)
{
    little_endian(writer, value, 2);
}

void writer_le32(struct writer *writer, uint32_t value)
{
    little_endian(writer, value, 4);
}

void writer_le64(struct writer *writer, uint64_t value)
{
    little_endian(writer, value, 8);
}

void writer_be16_bytes(struct writer *writer, struct span bytes)
{
    if (bytes.len > UINT16_MAX) {
        writer->failed = true;
        return;
    }
    writer_be16(writer, (uint16_t)bytes.len);
    writer_bytes(writer, bytes);
}

struct span writer_span(const struct writer *writer)
{
    return writer->failed ? span_of(NULL, 0) : span_of(writer->buffer, writer->len);
}

bool writer_done(const struct writer *writer, struct span *bytes, struct error *error)
{
    if (writer->failed)
        return error_plain(error, ERROR_LIMIT, "result does not fit in %zu bytes", writer->cap);
    *bytes = writer_span(writer);
    return true;
}
