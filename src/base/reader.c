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

struct span reader_bytes_slow(struct reader *reader, size_t len, const char *what)
{
    if (!reader->failed && len > reader->input.len - reader->at)
        reader_fail(reader, ERROR_TRUNCATED, "%s needs %zu bytes, %zu are left", what, len,
                    reader->input.len - reader->at);
    return span_of(NULL, 0);
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
