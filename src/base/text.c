#include "base/text.h"

static const char HEX_DIGITS[] = "0123456789abcdef";

void text_hex_into(char *hex, struct span bytes)
{
    for (size_t i = 0; i < bytes.len; i++) {
        hex[2 * i] = HEX_DIGITS[bytes.data[i] >> 4];
        hex[2 * i + 1] = HEX_DIGITS[bytes.data[i] & 15];
    }
    hex[2 * bytes.len] = '\0';
}

char *text_hex(struct arena *arena, struct span bytes)
{
    char *hex = arena_alloc(arena, 2 * bytes.len + 1);

    if (hex)
        text_hex_into(hex, bytes);
    return hex;
}

static int hex_value(uint8_t digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    if (digit >= 'a' && digit <= 'f')
        return digit - 'a' + 10;
    if (digit >= 'A' && digit <= 'F')
        return digit - 'A' + 10;
    return -1;
}

bool text_unhex(struct span hex, uint8_t *bytes, size_t cap, size_t *len)
{
    if (hex.len % 2 || hex.len / 2 > cap)
        return false;
    for (size_t i = 0; i < hex.len; i++)
        if (hex_value(hex.data[i]) < 0)
            return false;
    for (size_t i = 0; i < hex.len / 2; i++)
        bytes[i] = (uint8_t)((unsigned)hex_value(hex.data[2 * i]) << 4 |
                             (unsigned)hex_value(hex.data[2 * i + 1]));
    *len = hex.len / 2;
    return true;
}

/* Bytes of the UTF-8 character at data, or 0 when it is not well-formed (RFC 3629 section 4). */
static size_t utf8_len(const uint8_t *data, size_t left)
{
    static const struct {
        uint8_t first_low, first_high, second_low, second_high, len;
    } FORMS[] = {
        {0x20, 0x7E, 0, 0, 1},       {0xC2, 0xC2, 0xA0, 0xBF, 2}, {0xC3, 0xDF, 0x80, 0xBF, 2},
        {0xE0, 0xE0, 0xA0, 0xBF, 3}, {0xE1, 0xEC, 0x80, 0xBF, 3}, {0xED, 0xED, 0x80, 0x9F, 3},
        {0xEE, 0xEF, 0x80, 0xBF, 3}, {0xF0, 0xF0, 0x90, 0xBF, 4}, {0xF1, 0xF3, 0x80, 0xBF, 4},
        {0xF4, 0xF4, 0x80, 0x8F, 4},
    };

    for (size_t i = 0; i < sizeof FORMS / sizeof *FORMS; i++) {
        if (data[0] < FORMS[i].first_low || data[0] > FORMS[i].first_high)
            continue;
        if (FORMS[i].len > left)
            return 0;
        if (FORMS[i].len > 1 && (data[1] < FORMS[i].second_low || data[1] > FORMS[i].second_high))
            return 0;
        for (size_t k = 2; k < FORMS[i].len; k++)
            if (data[k] < 0x80 || data[k] > 0xBF)
                return 0;
        return FORMS[i].len;
    }
    return 0;
}

bool text_utf8_valid(struct span bytes)
{
    for (size_t i = 0; i < bytes.len;) {
        bool control = bytes.data[i] < 0x20 || bytes.data[i] == 0x7F;
        size_t len = control ? 1 : utf8_len(bytes.data + i, bytes.len - i);

        if (!len)
            return false;
        i += len;
    }
    return true;
}

/* Characters that show nothing, or turn the direction of what stands beside them: with these a text
 * looks like another one (Unicode TR36 section 2). */
static bool is_invisible(uint32_t code)
{
    return code == 0x061C || (code >= 0x200B && code <= 0x200F) ||
           (code >= 0x2028 && code <= 0x202E) || (code >= 0x2060 && code <= 0x206F) ||
           code == 0xFEFF;
}

/* The character of two or three bytes; 0 for others, of which none is invisible. */
static uint32_t utf8_code(const uint8_t *data, size_t len)
{
    if (len == 2)
        return (data[0] & 0x1FU) << 6 | (data[1] & 0x3FU);
    if (len == 3)
        return (data[0] & 0x0FU) << 12 | (data[1] & 0x3FU) << 6 | (data[2] & 0x3FU);
    return 0;
}

size_t text_shown_len(struct span bytes)
{
    size_t at = 0;

    while (at < bytes.len) {
        bool control = bytes.data[at] < 0x20 || bytes.data[at] == 0x7F;
        size_t len = control ? 1 : utf8_len(bytes.data + at, bytes.len - at);

        if (!len || is_invisible(utf8_code(bytes.data + at, len)))
            break;
        at += len;
    }
    return at;
}

size_t text_distance(struct span a, struct span b)
{
    enum { WORD_MAX = 64 };
    size_t row[WORD_MAX + 1];

    if (a.len > WORD_MAX || b.len > WORD_MAX)
        return SIZE_MAX;
    for (size_t j = 0; j <= b.len; j++)
        row[j] = j;
    for (size_t i = 1; i <= a.len; i++) {
        size_t diagonal = row[0];

        row[0] = i;
        for (size_t j = 1; j <= b.len; j++) {
            size_t changed = diagonal + (a.data[i - 1] != b.data[j - 1]);
            size_t shorter = row[j] < row[j - 1] ? row[j] : row[j - 1];

            diagonal = row[j];
            row[j] = changed < shorter + 1 ? changed : shorter + 1;
        }
    }
    return row[b.len];
}

static char *put_escape(char *out, uint8_t byte)
{
    *out++ = '\\';
    *out++ = 'x';
    *out++ = HEX_DIGITS[byte >> 4];
    *out++ = HEX_DIGITS[byte & 15];
    return out;
}

/* The bytes at the start that are printable ASCII: most texts are nothing else. */
static size_t plain_len(struct span bytes)
{
    size_t len = 0;

    while (len < bytes.len && bytes.data[len] >= 0x20 && bytes.data[len] <= 0x7E)
        len++;
    return len;
}

char *text_printable(struct arena *arena, struct span bytes)
{
    size_t plain = plain_len(bytes);
    char *text, *out;

    while (bytes.len && bytes.data[bytes.len - 1] == 0)
        bytes.len--;
    text = out = arena_alloc(arena, 4 * bytes.len + 1);
    if (!text)
        return NULL;
    if (plain)
        memcpy(out, bytes.data, plain);
    out += plain;
    for (size_t i = plain; i < bytes.len;) {
        size_t len = utf8_len(bytes.data + i, bytes.len - i);

        if (len == 0 || is_invisible(utf8_code(bytes.data + i, len))) {
            out = put_escape(out, bytes.data[i++]);
            continue;
        }
        memcpy(out, bytes.data + i, len);
        out += len;
        i += len;
    }
    *out = '\0';
    return text;
}

static char *put_utf8(char *out, uint32_t code)
{
    if (code < 0x80) {
        *out++ = (char)code;
    } else if (code < 0x800) {
        *out++ = (char)(0xC0 | code >> 6);
        *out++ = (char)(0x80 | (code & 0x3F));
    } else if (code < 0x10000) {
        *out++ = (char)(0xE0 | code >> 12);
        *out++ = (char)(0x80 | (code >> 6 & 0x3F));
        *out++ = (char)(0x80 | (code & 0x3F));
    } else {
        *out++ = (char)(0xF0 | code >> 18);
        *out++ = (char)(0x80 | (code >> 12 & 0x3F));
        *out++ = (char)(0x80 | (code >> 6 & 0x3F));
        *out++ = (char)(0x80 | (code & 0x3F));
    }
    return out;
}

static uint16_t utf16_unit(struct span utf16, size_t at)
{
    return (uint16_t)(utf16.data[at] | utf16.data[at + 1] << 8);
}

char *text_utf16(struct arena *arena, struct span utf16)
{
    char *text = arena_alloc(arena, 4 * utf16.len + 1), *out = text;
    size_t at = 0;

    if (!text)
        return NULL;
    for (; at + 1 < utf16.len; at += 2) {
        uint16_t unit = utf16_unit(utf16, at);
        uint16_t next = at + 3 < utf16.len ? utf16_unit(utf16, at + 2) : 0;
        bool control = unit < 0x20 || (unit >= 0x7F && unit < 0xA0) || is_invisible(unit);

        if (unit == 0)
            break;
        if (unit >= 0xD800 && unit < 0xDC00 && next >= 0xDC00 && next < 0xE000) {
            out = put_utf8(out, 0x10000 + ((uint32_t)(unit - 0xD800) << 10) + (next - 0xDC00));
            at += 2;
        } else if (control || (unit >= 0xD800 && unit < 0xE000)) {
            out = put_escape(put_escape(out, utf16.data[at]), utf16.data[at + 1]);
        } else {
            out = put_utf8(out, unit);
        }
    }
    if (at + 1 == utf16.len)
        out = put_escape(out, utf16.data[at]);
    *out = '\0';
    return text;
}
