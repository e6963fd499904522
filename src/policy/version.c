/* Compares versions as the specification's steps say.
 *
 * Owns nothing. Takes any bytes; a NUL is one that the order does not look at. Never reads a number
 * into an integer, so that none can be too long. */
#include "policy/version.h"

static bool is_digit(uint8_t byte)
{
    return byte >= '0' && byte <= '9';
}

static bool is_letter(uint8_t byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}

static struct span skip(struct span text, size_t len)
{
    return span_of(text.data + len, text.len - len);
}

static bool is_sign(uint8_t byte)
{
    return byte == '-' || byte == '.' || byte == '~' || byte == '^';
}

/* Without what the order does not look at, up to the next byte that it does. */
static struct span skip_others(struct span text)
{
    while (text.len && !is_digit(*text.data) && !is_letter(*text.data) && !is_sign(*text.data))
        text = skip(text, 1);
    return text;
}

/* The longest beginning of digits, or of letters. */
static struct span run_of(struct span text, bool (*is_part)(uint8_t byte))
{
    size_t len = 0;

    while (len < text.len && is_part(text.data[len]))
        len++;
    return span_of(text.data, len);
}

static int compare_sizes(size_t a, size_t b)
{
    return (a > b) - (a < b);
}

static int compare_numbers(struct span a, struct span b)
{
    int order = compare_sizes(a.len > 0, b.len > 0);

    while (a.len && *a.data == '0')
        a = skip(a, 1);
    while (b.len && *b.data == '0')
        b = skip(b, 1);
    if (order == 0)
        order = compare_sizes(a.len, b.len);
    return order ? order : span_compare(a, b);
}

/* Takes the sign off where a text begins with it; the one that does is the older. */
static int take_sign(struct span *a, struct span *b, uint8_t sign)
{
    bool a_has = a->len && *a->data == sign, b_has = b->len && *b->data == sign;

    if (a_has && b_has) {
        *a = skip(*a, 1);
        *b = skip(*b, 1);
    }
    return b_has - a_has;
}

bool version_valid(struct span text)
{
    for (size_t i = 0; i < text.len; i++)
        if (is_digit(text.data[i]) || is_letter(text.data[i]))
            return true;
    return false;
}

int version_compare(struct span a, struct span b)
{
    for (;;) {
        static const uint8_t SIGNS[] = {'-', '^', '.'};
        bool (*is_part)(uint8_t byte);
        struct span part_a, part_b;
        int order;

        a = skip_others(a);
        b = skip_others(b);
        order = take_sign(&a, &b, '~'); /* also before an end: 1~rc1 is older than 1 */
        if (order)
            return order;
        if (!a.len || !b.len)
            return compare_sizes(a.len > 0, b.len > 0);
        for (size_t i = 0; i < sizeof SIGNS; i++) {
            order = take_sign(&a, &b, SIGNS[i]);
            if (order)
                return order;
        }
        is_part = (a.len && is_digit(*a.data)) || (b.len && is_digit(*b.data)) ? is_digit
                                                                               : is_letter;
        part_a = run_of(a, is_part);
        part_b = run_of(b, is_part);
        order = is_part == is_digit ? compare_numbers(part_a, part_b)
                                    : span_compare(part_a, part_b);
        if (order)
            return order;
        a = skip(a, part_a.len);
        b = skip(b, part_b.len);
    }
}
