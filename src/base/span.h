/* Spans: a view of bytes that somebody else owns.
 *
 * Owns nothing, trusts nothing. A span never outlives the buffer it points into; every decoder
 * returns spans into its input so that nothing is copied before it has been verified. */
#ifndef BOOTSEAL_BASE_SPAN_H
#define BOOTSEAL_BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct span {
    const uint8_t *data; /* NULL only when len is 0 */
    size_t len;          /* bytes */
};

static inline struct span span_of(const void *data, size_t len)
{
    return (struct span){.data = data, .len = len};
}

/* The bytes of a NUL-terminated string, without the NUL. */
static inline struct span span_text(const char *text)
{
    return span_of(text, strlen(text));
}

static inline bool span_equal(struct span a, struct span b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

/* True when a has the same bytes as the string, its NUL not counted. */
static inline bool span_is(struct span a, const char *text)
{
    return span_equal(a, span_text(text));
}

/* True when a starts with all the bytes of prefix. */
static inline bool span_begins(struct span a, struct span prefix)
{
    return a.len >= prefix.len && span_equal(span_of(a.data, prefix.len), prefix);
}

/* Orders by bytes, then by length; the order of our sorted sets (CBOR's map keys have their own).
 */
static inline int span_compare(struct span a, struct span b)
{
    size_t common = a.len < b.len ? a.len : b.len;
    int order = common ? memcmp(a.data, b.data, common) : 0;
    return order ? order : (a.len > b.len) - (a.len < b.len);
}

#endif
