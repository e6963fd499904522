/* Framing of RPM headers. Must never read a value from outside of its header's store. */
#include "wire/rpm.h"

#include "base/limits.h"

static const char LEAD[] = "RPM, lead";
static const char SIGNATURE[] = "RPM, signature header";
static const char HEADER[] = "RPM, header";

static const uint8_t LEAD_MAGIC[] = {0xED, 0xAB, 0xEE, 0xDB};
static const uint8_t HEADER_MAGIC[] = {0x8E, 0xAD, 0xE8, 0x01};

enum {
    LEAD_LEN = 96,
    INDEX_ENTRY_LEN = 16,
    SIGNATURE_ALIGNMENT = 8,
    TYPE_INT32 = 4,
    TYPE_STRING = 6,
    TYPE_I18N_STRING = 9,
    TAG_NAME = 1000,
    TAG_VERSION = 1001,
    TAG_RELEASE = 1002,
    TAG_EPOCH = 1003,
    TAG_ARCHITECTURE = 1022,
    TAG_PAYLOAD_FORMAT = 1124,
};

bool rpm_is_package(struct span file)
{
    return span_begins(file, span_of(LEAD_MAGIC, sizeof LEAD_MAGIC));
}

struct header {
    struct reader index; /* n_entries * INDEX_ENTRY_LEN bytes */
    struct reader store;
};

static bool read_header(struct reader *reader, const char *clause, struct header *header)
{
    struct span magic;
    uint32_t n_entries, store_len;

    reader->clause = clause;
    magic = reader_bytes(reader, sizeof HEADER_MAGIC, "magic");
    if (reader_ok(reader) && !span_equal(magic, span_of(HEADER_MAGIC, sizeof HEADER_MAGIC)))
        return reader_fail(reader, ERROR_MALFORMED, "no header magic 8eade801 before this");
    reader_be32(reader); /* reserved */
    n_entries = reader_be32(reader);
    store_len = reader_be32(reader);
    if (!reader_cap(reader, n_entries, LIMIT_RPM_ENTRIES, "number of index entries") ||
        !reader_cap(reader, store_len, LIMIT_RPM_STORE_LEN, "length of the store"))
        return false;
    header->index = reader_child(reader, (size_t)n_entries * INDEX_ENTRY_LEN, clause);
    header->store = reader_child(reader, store_len, clause);
    return reader_ok(reader);
}

/* The string at offset of the store, without its NUL. */
static bool read_string(struct header *header, uint32_t type, size_t offset, struct span *text)
{
    struct reader *index = &header->index;
    struct span store = header->store.input;
    const uint8_t *end;

    if (type != TYPE_STRING && type != TYPE_I18N_STRING)
        return reader_fail(index, ERROR_MALFORMED, "entry before this has type %u, not a string's",
                           type);
    end = offset < store.len ? memchr(store.data + offset, 0, store.len - offset) : NULL;
    if (!end)
        return reader_fail(index, ERROR_MALFORMED,
                           "string of the entry before this starts at %zu and does not end in the "
                           "store's %zu bytes",
                           offset, store.len);
    *text = span_of(store.data + offset, (size_t)(end - (store.data + offset)));
    return true;
}

static bool read_epoch(struct header *header, uint32_t type, size_t offset, struct rpm *rpm)
{
    struct reader *index = &header->index;
    struct span store = header->store.input;

    if (type != TYPE_INT32 || offset > store.len || store.len - offset < 4)
        return reader_fail(index, ERROR_MALFORMED,
                           "epoch of the entry before this is no 32-bit number of the store");
    for (size_t i = 0; i < 4; i++)
        rpm->epoch = rpm->epoch << 8 | store.data[offset + i];
    rpm->has_epoch = true;
    return true;
}

/* One entry: tag, type, offset, count. Tags that name nothing here are left alone. */
static bool read_entry(struct header *header, struct rpm *rpm)
{
    struct reader *index = &header->index;
    uint32_t tag = reader_be32(index), type = reader_be32(index), offset = reader_be32(index);

    reader_be32(index); /* count: 1 for what is read here */
    switch (tag) {
    case TAG_NAME:
        return read_string(header, type, offset, &rpm->name);
    case TAG_VERSION:
        return read_string(header, type, offset, &rpm->version);
    case TAG_RELEASE:
        return read_string(header, type, offset, &rpm->release);
    case TAG_ARCHITECTURE:
        return read_string(header, type, offset, &rpm->architecture);
    case TAG_PAYLOAD_FORMAT:
        return read_string(header, type, offset, &rpm->payload_format);
    case TAG_EPOCH:
        return rpm->has_epoch || read_epoch(header, type, offset, rpm);
    default:
        return true;
    }
}

bool rpm_decode(struct span file, struct rpm *rpm, struct error *error)
{
    struct reader reader = reader_init(file, LEAD, error);
    struct header header = {0};
    struct rpm decoded = {0};
    struct span lead = reader_bytes(&reader, LEAD_LEN, "lead");

    if (reader_ok(&reader) && !rpm_is_package(lead))
        return error_set(error, ERROR_MALFORMED, 0, LEAD, "no magic edabeedb");
    if (!read_header(&reader, SIGNATURE, &header))
        return false;
    reader_bytes(&reader, -reader_offset(&reader) % SIGNATURE_ALIGNMENT, "padding");
    if (!read_header(&reader, HEADER, &header))
        return false;
    while (reader_left(&header.index))
        if (!read_entry(&header, &decoded))
            return false;
    decoded.payload = reader_rest(&reader);
    if (!reader_ok(&reader))
        return false;
    *rpm = decoded;
    return true;
}
