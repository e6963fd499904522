#include "base/reader.h"

#include <stdarg.h>
#include <stdio.h>

struct reader reader_init(struct span input, const char *clause, struct error *error)
{
    return (struct reader){.input = input, .clause = clause, .error = error};
}

static bool fail_at(struct reader *reader, enum error_code code, size_t offset, const char *message)
{
    if (!reader->failed)
        error_set(reader->error, code, offset, reader->clause, "%s", message);
    reader->failed = true;
    return false;
}

bool reader_fail(struct reader *reader, enum error_code code, const char *format, ...)
{
    char message[sizeof reader->error->message];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    return fail_at(reader, code, reader_offset(reader), message);
}

bool reader_cap(struct reader *reader, uint64_t value, uint64_t cap, const char *what)
{
    if (value <= cap)
        return true;
    return reader_fail(reader, ERROR_LIMIT, "%s is %llu, over the limit of %llu", what,
                       (unsigned long long)value, (unsigned long long)cap);
}

size_t reader_left(const struct reader *reader)
{
    return reader->failed ? 0 : reader->input.len - reader->at;
}

size_t reader_offset(const struct reader *reader)
{
    return reader->base + reader->at;
}

struct span reader_bytes(struct reader *reader, size_t len, const char *what)
{
    struct span bytes;

    if (reader->failed)
        return span_of(NULL, 0);
    if (len > reader->input.len - reader->at) {
        reader_fail(reader, ERROR_TRUNCATED, "%s needs %zu bytes, %zu are left", what, len,
                    reader->input.len - reader->at);
        return span_of(NULL, 0);
    }
    if (len == 0)
        return span_of(NULL, 0);
    bytes = span_of(reader->input.data + reader->at, len);
    reader->at += len;
    return bytes;
}

struct reader reader_child(struct reader *parent, size_t len, const char *clause)
{
    size_t base = reader_offset(parent);
    struct span input = reader_bytes(parent, len, "nested structure");
    struct reader child = reader_init(input, clause, parent->error);

    child.base = base;
    child.failed = parent->failed;
    return child;
}

void reader_join(struct reader *parent, const struct reader *child)
{
    parent->failed |= child->failed;
}

static uint64_t big_endian(struct reader *reader, size_t len)
{
    struct span bytes = reader_bytes(reader, len, "integer");
    uint64_t value = 0;

    for (size_t i = 0; i < bytes.len; i++)
        value = value << 8 | bytes.data[i];
    return value;
}

static uint64_t little_endian(struct reader *reader, size_t len)
{
    struct span bytes = reader_bytes(reader, len, "integer");
    uint64_t value = 0;

    for (size_t i = bytes.len; i > 0; i--)
        value = value << 8 | bytes.data[i - 1];
    return value;
}

uint8_t reader_u8(struct reader *reader)
{
    return (uint8_t)big_endian(reader, 1);
}

uint16_t reader_be16(struct reader *reader)
{
    return (uint16_t)big_endian(reader, 2);
}

uint32_t reader_be32(struct reader *reader)
{
    return (uint32_t)big_endian(reader, 4);
}

uint64_t reader_be64(struct reader *reader)
{
    return big_endian(reader, 8);
}

uint16_t reader_le16(struct reader *reader)
{
    return (uint16_t)little_endian(reader, 2);
}

uint32_t reader_le32(struct reader *reader)
{
    return (uint32_t)little_endian(reader, 4);
}

uint64_t reader_le64(struct reader *reader)
{
    return little_endian(reader, 8);
}

static struct span capped_bytes(struct reader *reader, size_t len, size_t cap, const char *what)
{
    if (!reader_cap(reader, len, cap, what))
        return span_of(NULL, 0);
    return reader_bytes(reader, len, what);
}

struct span reader_be16_bytes(struct reader *reader, size_t cap, const char *what)
{
    return capped_bytes(reader, reader_be16(reader), cap, what);
}

struct span reader_le32_bytes(struct reader *reader, size_t cap, const char *what)
{
    return capped_bytes(reader, reader_le32(reader), cap, what);
}

struct span reader_rest(struct reader *reader)
{
    return reader_bytes(reader, reader_left(reader), "rest");
}

bool reader_end(struct reader *reader)
{
    if (reader->failed)
        return false;
    if (reader->at != reader->input.len)
        return reader_fail(reader, ERROR_TRAILING, "%zu bytes are left after the end",
                           reader->input.len - reader->at);
    return true;
}
