/* Walks Windows records in bounded depth and number. Trusts no size; what a record means is for
 * src/claims. */
#include "wire/sipa.h"

static const char CLAUSE[] = "wbcl.h SIPAEVENT";

static const struct {
    uint32_t id;
    enum sipa_payload payload;
    const char *name;
    const char *meaning;
} IDS[] = {
#define SIPA(symbol, id, payload, meaning) {id, payload, #symbol, meaning},
#include "wire/sipa.def"
#undef SIPA
};

bool sipa_begins(struct span data)
{
    struct error ignored;
    struct reader reader = reader_init(data, "wbcl.h", &ignored);
    uint32_t id = reader_le32(&reader);
    uint32_t category = id >> 16 & 0xFF;

    return reader_ok(&reader) && (id >> 24 & 0x3F) == 0 && category >= 1 && category <= 12;
}

void sipa_open(struct sipa_walk *walk, struct span bytes, struct error *error)
{
    *walk = (struct sipa_walk){.depth = 1, .error = error};
    walk->levels[0] = reader_init(bytes, CLAUSE, error);
}

enum sipa_step sipa_next(struct sipa_walk *walk, struct sipa_record *record)
{
    struct sipa_record found = {0};
    struct reader *level;
    uint32_t len;

    while (walk->depth > 0) {
        level = &walk->levels[walk->depth - 1];
        if (!reader_ok(level))
            return SIPA_FAILED;
        if (reader_left(level))
            break;
        walk->depth--;
    }
    if (walk->depth == 0)
        return SIPA_END;
    level = &walk->levels[walk->depth - 1];
    reader_cap(level, ++walk->n_records, LIMIT_SIPA_RECORDS, "records");
    found.offset = reader_offset(level);
    found.depth = walk->depth - 1;
    found.id = reader_le32(level);
    len = reader_le32(level);
    if ((found.id & SIPA_FLAG_AGGREGATION) && walk->depth == LIMIT_SIPA_DEPTH)
        reader_fail(level, ERROR_LIMIT, "records are nested more than %d deep", LIMIT_SIPA_DEPTH);
    struct reader content = *level;
    found.payload = reader_bytes(level, len, "record");
    if (!reader_ok(level))
        return SIPA_FAILED;
    if (found.id & SIPA_FLAG_AGGREGATION)
        walk->levels[walk->depth++] = reader_child(&content, len, CLAUSE);
    *record = found;
    return SIPA_RECORD;
}

void sipa_skip(struct sipa_walk *walk)
{
    if (walk->depth > 1)
        walk->depth--;
}

/* Index in the table; the number of ids when it is not there. A switch, for module lists ask hundreds
 * of times. */
static size_t find(uint32_t id)
{
    enum {
#define SIPA(symbol, id, payload, meaning) INDEX_##symbol,
#include "wire/sipa.def"
#undef SIPA
        N_IDS
    };

    switch (id) {
#define SIPA(symbol, id, payload, meaning)                                                         \
    case id:                                                                                       \
        return INDEX_##symbol;
#include "wire/sipa.def"
#undef SIPA
    default:
        return N_IDS;
    }
}

const char *sipa_name(uint32_t id)
{
    size_t i = find(id);

    return i < sizeof IDS / sizeof *IDS ? IDS[i].name : NULL;
}

const char *sipa_meaning(uint32_t id)
{
    size_t i = find(id);

    return i < sizeof IDS / sizeof *IDS ? IDS[i].meaning : NULL;
}

enum sipa_payload sipa_payload_kind(uint32_t id)
{
    size_t i = find(id);

    return i < sizeof IDS / sizeof *IDS ? IDS[i].payload : SIPA_PAYLOAD_BYTES;
}

size_t sipa_number_len(uint32_t id)
{
    switch (sipa_payload_kind(id)) {
    case SIPA_PAYLOAD_BOOL:
    case SIPA_PAYLOAD_U8:
        return 1;
    case SIPA_PAYLOAD_U32:
    case SIPA_PAYLOAD_STATUS:
        return 4;
    case SIPA_PAYLOAD_U64:
        return 8;
    default:
        return 0;
    }
}

bool sipa_number(const struct sipa_record *record, uint64_t *value)
{
    size_t len = sipa_number_len(record->id);
    uint64_t number = 0;

    if (len == 0 || record->payload.len != len)
        return false;
    for (size_t i = len; i-- > 0;)
        number = number << 8 | record->payload.data[i];
    *value = number;
    return true;
}
