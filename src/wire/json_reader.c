/* See json_reader.h. Must never recurse deeper than LIMIT_JSON_DEPTH, nor take memory for what holds
 * no escapes. */
#include "wire/json_reader.h"

#include "base/limits.h"
#include "base/text.h"

/* The next byte without taking it; 0 at the end, which no JSON text holds outside a failure. */
static uint8_t peek(const struct json_reader *json)
{
    const struct reader *reader = json->reader;

    return reader_left(reader) ? reader->input.data[reader->at] : 0;
}

/* The next byte that is no space. */
static uint8_t peek_token(struct json_reader *json)
{
    uint8_t c;

    while ((c = peek(json)) == ' ' || c == '\t' || c == '\n' || c == '\r')
        (void)reader_u8(json->reader);
    return c;
}

static bool fail_expected(struct json_reader *json, const char *what)
{
    if (reader_left(json->reader) == 0)
        return reader_fail(json->reader, ERROR_TRUNCATED, "expected %s, found the end", what);
    return reader_fail(json->reader, ERROR_MALFORMED, "expected %s, found byte 0x%02x", what,
                       peek(json));
}

static bool take(struct json_reader *json, uint8_t token, const char *what)
{
    if (peek_token(json) != token)
        return fail_expected(json, what);
    (void)reader_u8(json->reader);
    return true;
}

static void enter(struct json_reader *json, struct json_items *items, uint8_t token,
                  const char *what)
{
    items->begun = false;
    if (take(json, token, what))
        (void)reader_cap(json->reader, ++json->depth, LIMIT_JSON_DEPTH, "depth of JSON");
}

void json_reader_array(struct json_reader *json, struct json_items *items)
{
    enter(json, items, '[', "an array");
}

void json_reader_object(struct json_reader *json, struct json_items *items)
{
    enter(json, items, '{', "an object");
}

/* True before an item; false behind the closing token. */
static bool next(struct json_reader *json, struct json_items *items, uint8_t closing)
{
    uint8_t token = peek_token(json);
    bool begun = items->begun;

    items->begun = true;
    if (!reader_ok(json->reader))
        return false;
    if (token == closing) {
        (void)reader_u8(json->reader);
        json->depth--;
        return false;
    }
    return !begun || take(json, ',', "a comma or the end of the list");
}

bool json_reader_next_item(struct json_reader *json, struct json_items *items)
{
    return next(json, items, ']');
}

bool json_reader_next_member(struct json_reader *json, struct json_items *items, struct span *name)
{
    if (!next(json, items, '}'))
        return false;
    *name = json_reader_string(json, LIMIT_JSON_NAME_LEN, "name of a member");
    return take(json, ':', "a colon") && reader_ok(json->reader);
}

/* --- strings --- */

static unsigned hex_digits(struct json_reader *json)
{
    unsigned value = 0;

    for (int i = 0; i < 4; i++) {
        uint8_t c = reader_u8(json->reader);
        int digit = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;

        if (digit < 0) {
            reader_fail(json->reader, ERROR_MALFORMED, "expected four hexadecimal digits");
            return 0;
        }
        value = value << 4 | (unsigned)digit;
    }
    return value;
}

static size_t write_utf8(uint32_t c, uint8_t *out)
{
    if (c < 0x80) {
        out[0] = (uint8_t)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (uint8_t)(0xC0 | c >> 6);
        out[1] = (uint8_t)(0x80 | (c & 0x3F));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (uint8_t)(0xE0 | c >> 12);
        out[1] = (uint8_t)(0x80 | (c >> 6 & 0x3F));
        out[2] = (uint8_t)(0x80 | (c & 0x3F));
        return 3;
    }
    out[0] = (uint8_t)(0xF0 | c >> 18);
    out[1] = (uint8_t)(0x80 | (c >> 12 & 0x3F));
    out[2] = (uint8_t)(0x80 | (c >> 6 & 0x3F));
    out[3] = (uint8_t)(0x80 | (c & 0x3F));
    return 4;
}

/* What follows "\u": one character, or the two halves of one (RFC 8259 section 7). */
static size_t unescape_unicode(struct json_reader *json, uint8_t *out)
{
    uint32_t c = hex_digits(json), low;

    if (c >= 0xD800 && c < 0xDC00) {
        bool escaped = reader_left(json->reader) >= 6 && reader_be16(json->reader) == 0x5C75;

        low = escaped ? hex_digits(json) : 0; /* behind another "\u" */
        if (low < 0xDC00 || low > 0xDFFF) {
            reader_fail(json->reader, ERROR_MALFORMED, "half of a surrogate pair");
            return 0;
        }
        c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
    } else if (c == 0 || (c >= 0xDC00 && c < 0xE000)) {
        reader_fail(json->reader, ERROR_MALFORMED, "escape of no character");
        return 0;
    }
    return write_utf8(c, out);
}

static size_t unescape(struct json_reader *json, uint8_t *out)
{
    static const char escapes[] = "\"\\/bfnrt";
    static const char meanings[] = "\"\\/\b\f\n\r\t";
    uint8_t c = reader_u8(json->reader);
    const char *found = c ? strchr(escapes, c) : NULL;

    if (c == 'u')
        return unescape_unicode(json, out);
    if (!found) {
        reader_fail(json->reader, ERROR_MALFORMED, "unknown escape 0x%02x", c);
        return 0;
    }
    out[0] = (uint8_t)meanings[found - escapes];
    return 1;
}

/* Finds the closing quote, which stays. True when there are escapes before it. */
static bool find_end(struct json_reader *json, struct span *raw)
{
    struct reader *reader = json->reader;
    size_t start = reader->at;
    bool escapes = false;
    uint8_t c;

    while (reader_left(reader) && (c = peek(json)) != '"') {
        if (c < 0x20) {
            reader_fail(reader, ERROR_MALFORMED, "control character 0x%02x in a string", c);
            return false;
        }
        escapes |= c == '\\';
        (void)reader_bytes(reader, 1 + (c == '\\'), "string");
    }
    if (!reader_left(reader))
        fail_expected(json, "a closing quote");
    *raw = reader_ok(reader) ? span_of(reader->input.data + start, reader->at - start)
                             : (struct span){0};
    return escapes;
}

/* Without its escapes a string is never longer. */
static struct span unescape_all(struct json_reader *json, struct span raw)
{
    struct json_reader inner = *json;
    struct reader reader = *json->reader;
    uint8_t *out = arena_alloc(json->arena, raw.len + 1);
    size_t len = 0;

    if (!out) {
        reader_fail(json->reader, ERROR_MEMORY, "no memory for a string");
        return (struct span){0};
    }
    reader.base += (size_t)(raw.data - reader.input.data);
    reader.input = raw;
    reader.at = 0;
    inner.reader = &reader;
    while (reader_left(&reader)) {
        uint8_t c = reader_u8(&reader);

        if (c == '\\')
            len += unescape(&inner, out + len);
        else
            out[len++] = c;
    }
    reader_join(json->reader, &reader);
    return span_of(out, len);
}

struct span json_reader_string(struct json_reader *json, size_t cap, const char *what)
{
    struct span text = {0};

    if (!take(json, '"', what))
        return text;
    if (find_end(json, &text))
        text = unescape_all(json, text);
    (void)take(json, '"', "a closing quote");
    if (!reader_cap(json->reader, text.len, cap, what) || !reader_ok(json->reader))
        return (struct span){0};
    if (!text_utf8_valid(text)) {
        reader_fail(json->reader, ERROR_MALFORMED, "%s is not UTF-8", what);
        return (struct span){0};
    }
    return text;
}

/* --- the rest --- */

uint64_t json_reader_unsigned(struct json_reader *json, const char *what)
{
    uint64_t value = 0;
    size_t n = 0;
    uint8_t c = peek_token(json);
    bool zero = c == '0';

    while ((c = peek(json)) >= '0' && c <= '9') {
        if (value > (UINT64_MAX - 9) / 10 || (zero && n)) {
            reader_fail(json->reader, ERROR_MALFORMED, "%s is no number in range", what);
            return 0;
        }
        value = value * 10 + (c - '0');
        (void)reader_u8(json->reader);
        n++;
    }
    if (n == 0 || c == '.' || c == 'e' || c == 'E') {
        fail_expected(json, what);
        return 0;
    }
    return value;
}

bool json_reader_at_object(struct json_reader *json)
{
    return peek_token(json) == '{';
}

bool json_reader_at_string(struct json_reader *json)
{
    return peek_token(json) == '"';
}

static void skip_digits(struct json_reader *json)
{
    if (peek(json) < '0' || peek(json) > '9')
        fail_expected(json, "a digit");
    while (peek(json) >= '0' && peek(json) <= '9')
        (void)reader_u8(json->reader);
}

/* RFC 8259 section 6. */
static void skip_number(struct json_reader *json)
{
    if (peek(json) == '-')
        (void)reader_u8(json->reader);
    if (peek(json) == '0')
        (void)reader_u8(json->reader);
    else
        skip_digits(json);
    if (peek(json) == '.') {
        (void)reader_u8(json->reader);
        skip_digits(json);
    }
    if (peek(json) == 'e' || peek(json) == 'E') {
        (void)reader_u8(json->reader);
        if (peek(json) == '+' || peek(json) == '-')
            (void)reader_u8(json->reader);
        skip_digits(json);
    }
}

static void skip_word(struct json_reader *json)
{
    static const char *const words[] = {"true", "false", "null"};

    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        size_t len = strlen(words[i]);

        if (reader_left(json->reader) >= len &&
            memcmp(json->reader->input.data + json->reader->at, words[i], len) == 0) {
            (void)reader_bytes(json->reader, len, "word");
            return;
        }
    }
    fail_expected(json, "a JSON value");
}

void json_reader_skip(struct json_reader *json)
{
    struct json_items items;
    struct span name;
    uint8_t token = peek_token(json);

    if (token == '{') {
        json_reader_object(json, &items);
        while (json_reader_next_member(json, &items, &name))
            json_reader_skip(json);
    } else if (token == '[') {
        json_reader_array(json, &items);
        while (json_reader_next_item(json, &items))
            json_reader_skip(json);
    } else if (token == '"') {
        (void)json_reader_string(json, LIMIT_SYSTEMD_LOG_LEN, "string");
    } else if (token == '-' || (token >= '0' && token <= '9')) {
        skip_number(json);
    } else {
        skip_word(json);
    }
}
