/* Deterministic CBOR, both ways (RFC 8949 section 4.2.1).
 *
 * Owns nothing but what the writer has in its arena. Trusts nothing: every count and length is held
 * against its cap and against the bytes that are left before it is used, so that a short input
 * cannot announce a large one. Of Bootseal's own messages it never accepts a second form of the same
 * value. Never recurses: callers read by schema. */
#include "wire/cbor.h"

#include "base/limits.h"
#include "base/text.h"

enum {
    ARGUMENT_1_BYTE = 24, /* section 3: additional information 24 to 27 */
    ARGUMENT_8_BYTES = 27,
    SIMPLE_FALSE = 20,
    SIMPLE_TRUE = 21,
    HEAD_LEN_MAX = 9,
    FORM_MASK = 31,
    FORM_OPEN = 31,
    BREAK = 0xFF, /* ends what has no length (3.2.1) */
};

static const char *const TYPE_NAMES[8] = {
    "an unsigned integer", "a negative integer", "bytes", "text", "an array", "a map", "a tag",
    "a simple value",
};

static uint64_t wrong_type(struct reader *reader, unsigned found, enum cbor_type type,
                           const char *what)
{
    reader_fail(reader, ERROR_MALFORMED, "%s is %s, expected %s", what, TYPE_NAMES[found],
                TYPE_NAMES[type]);
    return 0;
}

/* The argument behind a first byte of this form (section 3); fails for a form that has none: reserved,
 * or an indefinite length. */
static uint64_t read_argument(struct reader *reader, unsigned form, const char *what)
{
    switch (form) {
    case ARGUMENT_1_BYTE:
        return reader_u8(reader);
    case ARGUMENT_1_BYTE + 1:
        return reader_be16(reader);
    case ARGUMENT_1_BYTE + 2:
        return reader_be32(reader);
    case ARGUMENT_8_BYTES:
        return reader_be64(reader);
    default:
        if (form > ARGUMENT_8_BYTES)
            reader_fail(reader, ERROR_MALFORMED, "%s has no definite length", what);
        return form;
    }
}

/* Reads the head of an item of the wanted type: its argument in its shortest form. */
static uint64_t read_head(struct reader *reader, enum cbor_type type, const char *what)
{
    static const uint64_t SMALLEST[] = {24, 0x100, 0x10000, 0x100000000};
    uint8_t first = reader_u8(reader);
    unsigned form = first & FORM_MASK;
    uint64_t value;

    if (!reader_ok(reader))
        return 0;
    if (first >> 5 != type)
        return wrong_type(reader, first >> 5, type, what);
    value = read_argument(reader, form, what);
    if (!reader_ok(reader))
        return 0;
    if (form < ARGUMENT_1_BYTE)
        return value;
    if (value < SMALLEST[form - ARGUMENT_1_BYTE]) {
        reader_fail(reader, ERROR_MALFORMED, "%s is not in its shortest form", what);
        return 0;
    }
    return value;
}

uint64_t cbor_read_uint(struct reader *reader, uint64_t cap, const char *what)
{
    uint64_t value = read_head(reader, CBOR_UINT, what);

    if (!reader_ok(reader) || !reader_cap(reader, value, cap, what))
        return 0;
    return value;
}

static struct span read_string(struct reader *reader, enum cbor_type type, size_t cap,
                               const char *what)
{
    uint64_t len = read_head(reader, type, what);

    if (!reader_ok(reader) || !reader_cap(reader, len, cap, what))
        return span_of(NULL, 0);
    return reader_bytes(reader, (size_t)len, what);
}

struct span cbor_read_bytes(struct reader *reader, size_t cap, const char *what)
{
    return read_string(reader, CBOR_BYTES, cap, what);
}

struct span cbor_read_text(struct reader *reader, size_t cap, const char *what)
{
    struct span text = read_string(reader, CBOR_TEXT, cap, what);

    if (!text_utf8_valid(text)) {
        reader_fail(reader, ERROR_MALFORMED, "%s is not UTF-8", what);
        return span_of(NULL, 0);
    }
    return text;
}

bool cbor_read_bool(struct reader *reader, const char *what)
{
    uint64_t value = read_head(reader, CBOR_SIMPLE, what);

    if (reader_ok(reader) && value != SIMPLE_FALSE && value != SIMPLE_TRUE)
        reader_fail(reader, ERROR_MALFORMED, "%s is neither true nor false", what);
    return reader_ok(reader) && value == SIMPLE_TRUE;
}

/* Reads a count of items of which each takes at least item_len bytes. */
static size_t read_count(struct reader *reader, enum cbor_type type, size_t item_len, size_t cap,
                         const char *what)
{
    uint64_t n_items = read_head(reader, type, what);

    if (!reader_ok(reader) || !reader_cap(reader, n_items, cap, what))
        return 0;
    if (n_items > reader_left(reader) / item_len) {
        reader_fail(reader, ERROR_TRUNCATED, "%s has %llu items, the input ends before", what,
                    (unsigned long long)n_items);
        return 0;
    }
    return (size_t)n_items;
}

size_t cbor_read_array(struct reader *reader, size_t cap, const char *what)
{
    return read_count(reader, CBOR_ARRAY, 1, cap, what);
}

struct cbor_map cbor_read_map(struct reader *reader, size_t cap, const char *what)
{
    return (struct cbor_map){.left = read_count(reader, CBOR_MAP, 2, cap, what)};
}

bool cbor_map_next(struct reader *reader, struct cbor_map *map, uint64_t *key)
{
    uint64_t found;

    if (map->left == 0 || !reader_ok(reader))
        return false;
    found = cbor_read_uint(reader, UINT64_MAX, "map key");
    if (!reader_ok(reader))
        return false;
    if (map->any && found <= map->last_key)
        return reader_fail(reader, ERROR_MALFORMED, "map key %llu is repeated or out of order",
                           (unsigned long long)found);
    map->left--;
    map->any = true;
    map->last_key = found;
    *key = found;
    return true;
}

int cbor_text_key_compare(struct span a, struct span b)
{
    if (a.len != b.len)
        return a.len < b.len ? -1 : 1;
    return span_compare(a, b);
}

struct cbor_text_map cbor_read_text_map(struct reader *reader, size_t cap, const char *what)
{
    return (struct cbor_text_map){.left = read_count(reader, CBOR_MAP, 2, cap, what)};
}

bool cbor_text_map_next(struct reader *reader, struct cbor_text_map *map, size_t cap,
                        struct span *key)
{
    struct span found;

    if (map->left == 0 || !reader_ok(reader))
        return false;
    found = cbor_read_text(reader, cap, "map key");
    if (reader_ok(reader) && found.len == 0)
        return reader_fail(reader, ERROR_MALFORMED, "a map key is empty");
    if (!reader_ok(reader))
        return false;
    /* No key is empty, so the first one is after the zeroed last_key. */
    if (cbor_text_key_compare(found, map->last_key) <= 0)
        return reader_fail(reader, ERROR_MALFORMED, "a map key is repeated or out of order");
    map->left--;
    map->last_key = found;
    *key = found;
    return true;
}

/* --- Documents of others --- */

struct cbor_head cbor_foreign_head(struct reader *reader, const char *what)
{
    struct reader before = *reader;
    uint8_t first = reader_u8(reader);
    enum cbor_type type = (enum cbor_type)(first >> 5);
    struct cbor_head head = {.type = type};

    if ((first & FORM_MASK) == FORM_OPEN && type >= CBOR_BYTES && type <= CBOR_MAP)
        head.open = true;
    else if (first == BREAK && reader_ok(reader)) {
        *reader = before;
        reader_fail(reader, ERROR_MALFORMED, "a break stands in the place of %s", what);
    } else {
        head.argument = read_argument(reader, first & FORM_MASK, what);
    }
    return reader_ok(reader) ? head : (struct cbor_head){0};
}

struct cbor_head cbor_foreign_peek(const struct reader *reader)
{
    struct error ignored;
    struct reader ahead = *reader;

    ahead.error = &ignored;
    return cbor_foreign_head(&ahead, "item");
}

/* Takes a break, if that comes next. */
static bool take_break(struct reader *reader)
{
    struct error ignored;
    struct reader ahead = *reader;

    ahead.error = &ignored;
    if (reader_u8(&ahead) != BREAK || !reader_ok(&ahead))
        return false;
    reader_u8(reader);
    return true;
}

static struct cbor_head foreign_typed(struct reader *reader, enum cbor_type type, const char *what)
{
    struct reader before = *reader;
    struct cbor_head head = cbor_foreign_head(reader, what);

    if (!reader_ok(reader) || head.type == type)
        return head;
    *reader = before; /* the error belongs to the item, not to what comes behind its head */
    wrong_type(reader, head.type, type, what);
    return (struct cbor_head){0};
}

static struct cbor_foreign_array foreign_items(struct reader *reader, enum cbor_type type,
                                               size_t cap, const char *what)
{
    struct cbor_head head = foreign_typed(reader, type, what);
    size_t item_len = type == CBOR_MAP ? 2 : 1;

    if (!reader_ok(reader) || !reader_cap(reader, head.argument, cap, what))
        return (struct cbor_foreign_array){.what = what};
    if (head.argument <= reader_left(reader) / item_len)
        return (struct cbor_foreign_array){
            .open = head.open, .left = head.open ? cap : (size_t)head.argument, .what = what};
    reader_fail(reader, ERROR_TRUNCATED, "%s has %llu items, the input ends before", what,
                (unsigned long long)head.argument);
    return (struct cbor_foreign_array){.what = what};
}

struct cbor_foreign_array cbor_foreign_array(struct reader *reader, size_t cap, const char *what)
{
    return foreign_items(reader, CBOR_ARRAY, cap, what);
}

bool cbor_foreign_more(struct reader *reader, struct cbor_foreign_array *array)
{
    if (!reader_ok(reader) || (array->open && take_break(reader))) {
        *array = (struct cbor_foreign_array){.what = array->what};
        return false;
    }
    if (array->left == 0)
        return array->open &&
               reader_fail(reader, ERROR_LIMIT, "%s has more items than may be", array->what);
    array->left--;
    return true;
}

bool cbor_foreign_tuple(struct reader *reader, size_t n, const char *what,
                        struct cbor_foreign_array *tuple)
{
    struct reader before = *reader;
    struct cbor_foreign_array begun = foreign_items(reader, CBOR_ARRAY, LIMIT_MANIFEST_ITEMS, what);

    if (!reader_ok(reader))
        return false;
    if (!begun.open && begun.left != n) {
        *reader = before;
        return reader_fail(reader, ERROR_MALFORMED, "%s has %zu items, expected %zu", what,
                           begun.left, n);
    }
    *tuple = begun;
    return true;
}

void cbor_foreign_tuple_end(struct reader *reader, struct cbor_foreign_array *tuple)
{
    struct reader before = *reader;

    if (!tuple->open || reader_u8(reader) == BREAK || !reader_ok(reader))
        return;
    *reader = before;
    reader_fail(reader, ERROR_MALFORMED, "%s has another number of items", tuple->what);
}

struct cbor_foreign_map cbor_foreign_map(struct reader *reader, size_t cap, const char *what)
{
    return (struct cbor_foreign_map){.pairs = foreign_items(reader, CBOR_MAP, cap, what)};
}

bool cbor_foreign_next(struct reader *reader, struct cbor_foreign_map *map, int64_t *key)
{
    while (cbor_foreign_more(reader, &map->pairs)) {
        struct reader before = *reader;
        int64_t found;

        if (cbor_foreign_peek(reader).type == CBOR_TEXT) {
            cbor_foreign_skip(reader, "map key");
            cbor_foreign_skip(reader, "value");
            continue;
        }
        found = cbor_foreign_int(reader, "map key");
        if (!reader_ok(reader))
            return false;
        if (found >= 0 && found < 64) {
            if (map->seen >> found & 1) {
                *reader = before;
                return reader_fail(reader, ERROR_MALFORMED, "map key %d is there twice",
                                   (int)found);
            }
            map->seen |= UINT64_C(1) << found;
        }
        *key = found;
        return true;
    }
    return false;
}

static struct span foreign_string(struct reader *reader, enum cbor_type type, size_t cap,
                                  const char *what)
{
    struct cbor_head head = foreign_typed(reader, type, what);

    if (head.open)
        reader_fail(reader, ERROR_UNSUPPORTED, "%s comes in chunks", what);
    if (!reader_ok(reader) || !reader_cap(reader, head.argument, cap, what))
        return span_of(NULL, 0);
    return reader_bytes(reader, (size_t)head.argument, what);
}

struct span cbor_foreign_bytes(struct reader *reader, size_t cap, const char *what)
{
    return foreign_string(reader, CBOR_BYTES, cap, what);
}

struct span cbor_foreign_text(struct reader *reader, size_t cap, const char *what)
{
    struct span text = foreign_string(reader, CBOR_TEXT, cap, what);

    if (text_utf8_valid(text))
        return text;
    reader_fail(reader, ERROR_MALFORMED, "%s is not UTF-8", what);
    return span_of(NULL, 0);
}

int64_t cbor_foreign_int(struct reader *reader, const char *what)
{
    bool negative = cbor_foreign_peek(reader).type == CBOR_NEGATIVE;
    uint64_t argument = foreign_typed(reader, negative ? CBOR_NEGATIVE : CBOR_UINT, what).argument;

    if (!reader_ok(reader) || !reader_cap(reader, argument, INT64_MAX, what))
        return 0;
    return negative ? -1 - (int64_t)argument : (int64_t)argument;
}

/* A string, whose chunks have its own type and a length each (3.2.3). */
static void skip_string(struct reader *reader, struct cbor_head string, const char *what)
{
    if (!string.open)
        reader_bytes(reader, (size_t)string.argument, what);
    while (string.open && reader_ok(reader) && !take_break(reader)) {
        struct cbor_head chunk = foreign_typed(reader, string.type, what);

        if (chunk.open)
            reader_fail(reader, ERROR_MALFORMED, "%s has chunks in chunks", what);
        else
            reader_bytes(reader, (size_t)chunk.argument, what);
    }
}

/* What is left at a level: items of an array, keys and values of a map, what a tag stands before. */
struct level {
    bool open, is_map;
    bool value_due; /* in an open map */
    uint64_t left;
};

static struct level level_of(struct cbor_head head)
{
    return (struct level){.open = head.open,
                          .is_map = head.type == CBOR_MAP,
                          .left = head.type == CBOR_TAG   ? 1
                                  : head.type == CBOR_MAP ? 2 * head.argument
                                                          : head.argument};
}

/* Whether another item belongs to the level. */
static bool level_goes_on(struct reader *reader, struct level *level)
{
    if (level->open) {
        if (!level->value_due && take_break(reader))
            return false;
        level->value_due = level->is_map && !level->value_due;
        return true;
    }
    if (level->left == 0)
        return false;
    level->left--;
    return true;
}

void cbor_foreign_skip(struct reader *reader, const char *what)
{
    struct level levels[LIMIT_CBOR_DEPTH] = {{.left = 1}};
    size_t depth = 0;

    while (reader_ok(reader)) {
        struct cbor_head head;

        while (!level_goes_on(reader, &levels[depth]))
            if (depth-- == 0)
                return;
        head = cbor_foreign_head(reader, what);
        if (head.type == CBOR_BYTES || head.type == CBOR_TEXT)
            skip_string(reader, head, what);
        if (head.type != CBOR_ARRAY && head.type != CBOR_MAP && head.type != CBOR_TAG)
            continue;
        if (depth + 1 == LIMIT_CBOR_DEPTH) {
            reader_fail(reader, ERROR_LIMIT, "%s is nested deeper than %d", what, LIMIT_CBOR_DEPTH);
            return;
        }
        if (head.type != CBOR_TAG && !reader_cap(reader, head.argument, UINT32_MAX, what))
            return;
        levels[++depth] = level_of(head);
    }
}

struct cbor_writer cbor_writer_init(struct arena *arena)
{
    return (struct cbor_writer){.arena = arena};
}

struct cbor_writer cbor_writer_into(uint8_t *buffer, size_t cap)
{
    return (struct cbor_writer){.buffer = buffer, .cap = cap};
}

static bool make_room(struct cbor_writer *writer, size_t len)
{
    const size_t smallest = 256;
    size_t cap;
    uint8_t *buffer;

    if (writer->failed)
        return false;
    if (len <= writer->cap - writer->len)
        return true;
    writer->failed = true;
    if (!writer->arena || __builtin_add_overflow(writer->len, len, &cap))
        return false;
    if (cap < 2 * writer->cap)
        cap = 2 * writer->cap;
    if (cap < smallest)
        cap = smallest;
    buffer = arena_alloc(writer->arena, cap);
    if (!buffer)
        return false;
    if (writer->len)
        memcpy(buffer, writer->buffer, writer->len);
    writer->buffer = buffer;
    writer->cap = cap;
    writer->failed = false;
    return true;
}

static void write_raw(struct cbor_writer *writer, const uint8_t *data, size_t len)
{
    if (!make_room(writer, len) || len == 0)
        return;
    memcpy(writer->buffer + writer->len, data, len);
    writer->len += len;
}

static void write_head(struct cbor_writer *writer, enum cbor_type type, uint64_t value)
{
    uint8_t head[HEAD_LEN_MAX];
    unsigned form = value < 24            ? (unsigned)value
                    : value < 0x100       ? ARGUMENT_1_BYTE
                    : value < 0x10000     ? ARGUMENT_1_BYTE + 1
                    : value < 0x100000000 ? ARGUMENT_1_BYTE + 2
                                          : ARGUMENT_8_BYTES;
    size_t n_bytes = form < ARGUMENT_1_BYTE ? 0 : (size_t)1 << (form - ARGUMENT_1_BYTE);

    head[0] = (uint8_t)((unsigned)type << 5 | form);
    for (size_t i = 0; i < n_bytes; i++)
        head[1 + i] = (uint8_t)(value >> 8 * (n_bytes - 1 - i));
    write_raw(writer, head, 1 + n_bytes);
}

void cbor_write_uint(struct cbor_writer *writer, uint64_t value)
{
    write_head(writer, CBOR_UINT, value);
}

void cbor_write_bytes(struct cbor_writer *writer, struct span bytes)
{
    write_head(writer, CBOR_BYTES, bytes.len);
    write_raw(writer, bytes.data, bytes.len);
}

void cbor_write_text(struct cbor_writer *writer, struct span text)
{
    write_head(writer, CBOR_TEXT, text.len);
    write_raw(writer, text.data, text.len);
}

void cbor_write_bool(struct cbor_writer *writer, bool value)
{
    write_head(writer, CBOR_SIMPLE, value ? SIMPLE_TRUE : SIMPLE_FALSE);
}

void cbor_write_array(struct cbor_writer *writer, size_t n_items)
{
    write_head(writer, CBOR_ARRAY, n_items);
}

void cbor_write_map(struct cbor_writer *writer, size_t n_pairs)
{
    write_head(writer, CBOR_MAP, n_pairs);
}

bool cbor_writer_done(const struct cbor_writer *writer, struct span *bytes, struct error *error)
{
    if (writer->failed && writer->arena)
        return arena_error(writer->arena, error);
    if (writer->failed)
        return error_plain(error, ERROR_LIMIT, "the CBOR does not fit into %zu bytes", writer->cap);
    *bytes = span_of(writer->buffer, writer->len);
    return true;
}
