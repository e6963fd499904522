/* SBAT lines. Must never take a line that it cannot read for none: a component left out would pass
 * for one that is not there. */
#include "wire/sbat.h"

static const char CLAUSE[] = "SBAT, metadata format";

/* The bytes before the next end, which is skipped too; all of *rest when there is none. */
static struct span cut(struct span *rest, char end)
{
    const uint8_t *found;
    struct span before;
    size_t len;

    if (rest->len == 0)
        return *rest;
    found = memchr(rest->data, end, rest->len);
    len = found ? (size_t)(found - rest->data) : rest->len;
    before = span_of(rest->data, len);
    *rest = span_of(rest->data + len + (found != NULL), rest->len - len - (found != NULL));
    return before;
}

static bool read_generation(struct span text, uint32_t *generation)
{
    uint64_t value = 0;

    if (text.len == 0)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
        value = value * 10 + (uint64_t)(text.data[i] - '0');
        if (value > UINT32_MAX)
            return false;
    }
    *generation = (uint32_t)value;
    return true;
}

bool sbat_decode(struct span bytes, struct sbat_entry *entries, size_t cap, size_t *n_entries,
                 struct error *error)
{
    struct span rest = bytes, text = cut(&rest, '\0');
    size_t n = 0;

    while (text.len) {
        size_t offset = (size_t)(text.data - bytes.data);
        struct span line = cut(&text, '\n');
        struct sbat_entry entry = {0};

        if (line.len && line.data[line.len - 1] == '\r')
            line.len--;
        if (line.len == 0)
            continue;
        entry.name = cut(&line, ',');
        if (entry.name.len == 0 || !read_generation(cut(&line, ','), &entry.generation))
            return error_set(error, ERROR_MALFORMED, offset, CLAUSE,
                             "line starts with no name and decimal generation");
        entry.vendor = cut(&line, ',');
        entry.package = cut(&line, ',');
        entry.version = cut(&line, ',');
        if (n == cap)
            return error_set(error, ERROR_LIMIT, offset, CLAUSE, "more than %zu components", cap);
        entries[n++] = entry;
    }
    *n_entries = n;
    return true;
}

/* --- Levels --- */

static const char LEVELS_CLAUSE[] = "shim, .sbatlevel";

/* The text of a level; from is where it starts in bytes. */
static bool read_level(struct span bytes, size_t from, struct span *level, struct error *error)
{
    struct span rest;

    if (from >= bytes.len)
        return error_set(error, ERROR_MALFORMED, from, LEVELS_CLAUSE,
                         "level starts behind the section, which has %zu bytes", bytes.len);
    rest = span_of(bytes.data + from, bytes.len - from);
    if (!memchr(rest.data, '\0', rest.len))
        return error_set(error, ERROR_MALFORMED, from, LEVELS_CLAUSE, "level has no end");
    *level = cut(&rest, '\0');
    return span_begins(*level, span_text("sbat,")) ||
           error_set(error, ERROR_MALFORMED, from, LEVELS_CLAUSE,
                     "level does not start with \"sbat,\"");
}

bool sbat_levels_decode(struct span bytes, struct sbat_levels *levels, struct error *error)
{
    struct reader reader = reader_init(bytes, LEVELS_CLAUSE, error);
    uint32_t version = reader_le32(&reader);
    size_t base = sizeof version, automatic = reader_le32(&reader), latest = reader_le32(&reader);
    struct sbat_levels read;

    if (!reader_ok(&reader))
        return false;
    if (version != 0)
        return error_set(error, ERROR_UNSUPPORTED, 0, LEVELS_CLAUSE, "version is %u, expected 0",
                         version);
    if (!read_level(bytes, base + automatic, &read.automatic, error) ||
        !read_level(bytes, base + latest, &read.latest, error))
        return false;
    *levels = read;
    return true;
}

/* Format version and date in a level's first line, "sbat,1,2025021800". */
static bool read_head(struct span level, uint32_t *version, uint32_t *date)
{
    struct span line = cut(&level, '\n');

    return span_is(cut(&line, ','), "sbat") && read_generation(cut(&line, ','), version) &&
           read_generation(line, date);
}

bool sbat_level_succeeds(struct span level, struct span present)
{
    uint32_t version, date, present_version, present_date;

    return read_head(level, &version, &date) &&
           read_head(present, &present_version, &present_date) && version >= present_version &&
           date > present_date;
}
