/* Framing of DER. Owns nothing; trusts no length. Must never take the long form of what has a shorter
 * one: two encodings of one value would be two values to whoever compares bytes. */
#include "wire/der.h"

enum { TAG_NUMBER = 0x1F, LONG_FORM = 0x80, TIME_LEN = 15 };

uint8_t der_next(const struct reader *reader)
{
    return reader_left(reader) ? reader->input.data[reader->at] : DER_NONE;
}

static size_t read_length(struct reader *reader)
{
    uint8_t first = reader_u8(reader);
    size_t n_bytes = first & ~LONG_FORM, len = 0;

    if (!(first & LONG_FORM))
        return first;
    if (n_bytes == 0 || n_bytes > 3) {
        reader_fail(reader, n_bytes ? ERROR_LIMIT : ERROR_MALFORMED,
                    n_bytes ? "a length of %zu bytes" : "a length that is not definite", n_bytes);
        return 0;
    }
    for (size_t i = 0; i < n_bytes; i++)
        len = len << 8 | reader_u8(reader);
    if (len < LONG_FORM || len >> 8 * (n_bytes - 1) == 0)
        reader_fail(reader, ERROR_MALFORMED, "a length of %zu in %zu bytes", len, n_bytes);
    return len;
}

/* Tag and length; gives the length of the contents. */
static size_t read_head(struct reader *reader, uint8_t tag, const char *what)
{
    uint8_t found = der_next(reader);

    if (!reader_ok(reader))
        return 0;
    if (found == DER_NONE || (tag != DER_NONE && found != tag) ||
        (found & TAG_NUMBER) == TAG_NUMBER) {
        reader_fail(reader, ERROR_MALFORMED, "tag 0x%02x where %s is expected", found, what);
        return 0;
    }
    reader_u8(reader);
    return read_length(reader);
}

struct span der_bytes(struct reader *reader, uint8_t tag, const char *what)
{
    return reader_bytes(reader, read_head(reader, tag, what), what);
}

struct reader der_open(struct reader *reader, uint8_t tag, const char *what)
{
    return reader_child(reader, read_head(reader, tag, what), reader->clause);
}

void der_close(struct reader *parent, struct reader *child)
{
    (void)!reader_end(child);
    reader_join(parent, child);
}

struct span der_value(struct reader *reader, uint8_t tag, const char *what)
{
    size_t start = reader->at;

    der_bytes(reader, tag, what);
    return reader_ok(reader) ? span_of(reader->input.data + start, reader->at - start)
                             : span_of(NULL, 0);
}

struct span der_unsigned(struct reader *reader, size_t cap, const char *what)
{
    struct span bytes = der_bytes(reader, DER_INTEGER, what);

    if (!reader_ok(reader))
        return bytes;
    if (bytes.len == 0 || bytes.data[0] & 0x80 ||
        (bytes.len > 1 && bytes.data[0] == 0 && !(bytes.data[1] & 0x80)))
        reader_fail(reader, ERROR_MALFORMED, "%s is negative or not in its shortest form", what);
    reader_cap(reader, bytes.len, cap, what);
    return bytes;
}

/* Days since 1970-01-01 of the proleptic Gregorian calendar; March is the first month of a year here, so
 * that a leap day is its last. */
static int64_t days_of(int year, int month, int day)
{
    int from_march = (month + 9) % 12, shifted = year - (month <= 2);
    int64_t leap_days = shifted / 4 - shifted / 100 + shifted / 400;

    return shifted * INT64_C(365) + leap_days + (from_march * 153 + 2) / 5 + day - 1 - 719468;
}

static bool is_day(int year, int month, int day)
{
    static const int DAYS[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return month >= 1 && month <= 12 && day >= 1 && day <= DAYS[month - 1] + (month == 2 && leap);
}

int64_t der_time(struct reader *reader, const char *what)
{
    static const size_t WIDTHS[] = {4, 2, 2, 2, 2, 2};
    struct span text = der_bytes(reader, DER_GENERALIZED_TIME, what);
    int parts[6] = {0};
    bool sound = text.len == TIME_LEN && text.data[TIME_LEN - 1] == 'Z';

    for (size_t part = 0, at = 0; sound && part < 6; part++)
        for (size_t end = at + WIDTHS[part]; at < end; at++) {
            sound = sound && text.data[at] >= '0' && text.data[at] <= '9';
            parts[part] = parts[part] * 10 + text.data[at] - '0';
        }
    if (!sound || !is_day(parts[0], parts[1], parts[2]) || parts[3] > 23 || parts[4] > 59 ||
        parts[5] > 59) {
        reader_fail(reader, ERROR_MALFORMED, "%s is not of the form YYYYMMDDhhmmssZ", what);
        return 0;
    }
    return ((days_of(parts[0], parts[1], parts[2]) * 24 + parts[3]) * 60 + parts[4]) * 60 +
           parts[5];
}

bool der_measure(struct span bytes, size_t *len, struct error *error)
{
    struct reader reader = reader_init(bytes, "X.690, 8.1", error);
    struct span value = der_value(&reader, DER_NONE, "value");

    if (!reader_ok(&reader))
        return false;
    *len = value.len;
    return true;
}
