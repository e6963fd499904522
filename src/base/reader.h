/* The bounded reader: the only way foreign bytes are touched (style rule 2).
 *
 * Sticky error: after the first failure every read returns zeros or empty spans and the error
 * stays, so a decoder reads a whole structure and checks once with reader_ok or reader_end. Offsets
 * in errors are absolute in the outermost input, also in child readers. */
#ifndef BOOTSEAL_BASE_READER_H
#define BOOTSEAL_BASE_READER_H

#include "base/error.h"
#include "base/span.h"

struct reader {
    struct span input;
    size_t at;           /* next byte, from input.data */
    size_t base;         /* offset of input.data in the outermost input */
    const char *clause;  /* what is being decoded; given in errors */
    struct error *error; /* filled in once, on the first failure */
    bool failed;
};

/* Starts reading input. error must outlive the reader; clause is static text. */
struct reader reader_init(struct span input, const char *clause, struct error *error);

/* A reader of the next len bytes, which the parent skips. On failure the child has failed too. */
struct reader reader_child(struct reader *parent, size_t len, const char *clause);

/* Passes a child's failure on to its parent. */
void reader_join(struct reader *parent, const struct reader *child);

/* Private: what reader_bytes does when it cannot simply go on. */
struct span reader_bytes_slow(struct reader *reader, size_t len, const char *what);

/* The next len bytes; an empty span after a failure. what is a noun for the error text. Like the
 * integers it is inline: framing one log reads a thousand of them. */
static inline struct span reader_bytes(struct reader *reader, size_t len, const char *what)
{
    if (reader->failed || len == 0 || len > reader->input.len - reader->at)
        return reader_bytes_slow(reader, len, what);
    reader->at += len;
    return span_of(reader->input.data + reader->at - len, len);
}

/* Private: an integer of at most eight bytes; 0 after a failure. */
static inline uint64_t reader_integer(struct reader *reader, size_t len, bool big_endian)
{
    struct span bytes = reader_bytes(reader, len, "integer");
    uint64_t value = 0;

    if (bytes.len)
        for (size_t i = 0; i < len; i++)
            value = value << 8 | bytes.data[big_endian ? i : len - 1 - i];
    return value;
}

static inline uint8_t reader_u8(struct reader *reader)
{
    return (uint8_t)reader_integer(reader, 1, true);
}

static inline uint16_t reader_be16(struct reader *reader)
{
    return (uint16_t)reader_integer(reader, 2, true);
}

static inline uint32_t reader_be32(struct reader *reader)
{
    return (uint32_t)reader_integer(reader, 4, true);
}

static inline uint64_t reader_be64(struct reader *reader)
{
    return reader_integer(reader, 8, true);
}

static inline uint16_t reader_le16(struct reader *reader)
{
    return (uint16_t)reader_integer(reader, 2, false);
}

static inline uint32_t reader_le32(struct reader *reader)
{
    return (uint32_t)reader_integer(reader, 4, false);
}

static inline uint64_t reader_le64(struct reader *reader)
{
    return reader_integer(reader, 8, false);
}

/* Length-prefixed bytes (TPM2B, Windows strings), with a cap from base/limits.h. */
struct span reader_be16_bytes(struct reader *reader, size_t cap, const char *what);
struct span reader_le32_bytes(struct reader *reader, size_t cap, const char *what);

/* Everything that is left. */
struct span reader_rest(struct reader *reader);

static inline size_t reader_left(const struct reader *reader)
{
    return reader->failed ? 0 : reader->input.len - reader->at;
}

/* Absolute offset of the next byte. */
static inline size_t reader_offset(const struct reader *reader)
{
    return reader->base + reader->at;
}

/* Records a failure at the next byte (first one wins). Always returns false. */
bool reader_fail(struct reader *reader, enum error_code code, const char *format, ...)
    PRINTF_LIKE(3, 4);

/* Fails with ERROR_LIMIT when value is over cap; true when it is not. */
static inline bool reader_cap(struct reader *reader, uint64_t value, uint64_t cap, const char *what)
{
    return value <= cap || reader_fail(reader, ERROR_LIMIT, "%s is %llu, over the limit of %llu",
                                       what, (unsigned long long)value, (unsigned long long)cap);
}

/* True when nothing has failed so far. */
static inline bool reader_ok(const struct reader *reader)
{
    return !reader->failed;
}

/* True when nothing has failed and nothing is left; bytes left are ERROR_TRAILING. */
bool reader_end(struct reader *reader) MUST_CHECK;

#endif
