/* See systemd_log.h. Members that later versions add are passed over; those that decide about a PCR
 * are not. */
#include "wire/systemd_log.h"

#include "base/text.h"
#include "wire/json_reader.h"
#include "wire/tpm_alg.h"

#define CLAUSE_SEQUENCE "RFC 7464 2.1"
#define CLAUSE_RECORD   "TCG CEL 1.0 5.2, systemd-pcrextend(8)"

enum { RECORD_SEPARATOR = 0x1E };

/* The members that count, each once. */
enum member { MEMBER_PCR = 1, MEMBER_DIGESTS = 2, MEMBER_CONTENT = 4, MEMBER_OTHER_REGISTER = 8 };

struct record {
    struct json_reader json;
    struct eventlog_event *event;
    unsigned members; /* seen so far */
};

/* True when the member is new; a second one fails, for nobody can say which of them counts. */
static bool note_member(struct record *record, enum member member, struct span name)
{
    if (record->members & member)
        return reader_fail(record->json.reader, ERROR_MALFORMED, "\"%.*s\" stands here twice",
                           (int)name.len, (const char *)name.data);
    record->members |= member;
    return true;
}

static void add_digest(struct record *record, struct span name, struct span hex)
{
    struct reader *reader = record->json.reader;
    struct eventlog_event *event = record->event;
    uint16_t alg = tpm_hash_by_name(name);
    size_t len = tpm_digest_len(alg), got = 0;
    struct span twice;
    uint8_t *bytes;

    if (!reader_ok(reader) || alg == 0)
        return; /* a bank that nobody here can replay */
    if (eventlog_event_digest(event, alg, &twice)) {
        reader_fail(reader, ERROR_MALFORMED, "two digests of %s", tpm_alg_name(alg));
        return;
    }
    if (!reader_cap(reader, event->n_digests + 1, LIMIT_EVENTLOG_BANKS, "number of digests"))
        return;
    bytes = arena_alloc(record->json.arena, len);
    if (!bytes)
        reader_fail(reader, ERROR_MEMORY, "no memory for a digest");
    else if (!text_unhex(hex, bytes, len, &got) || got != len)
        reader_fail(reader, ERROR_MALFORMED, "digest of %s is not %zu bytes in hexadecimal",
                    tpm_alg_name(alg), len);
    else
        event->digests[event->n_digests++] = (struct eventlog_digest){.alg = alg,
                                                                      .bytes = span_of(bytes, len)};
}

static void read_digest(struct record *record)
{
    struct json_reader *json = &record->json;
    struct json_items members;
    struct span name, alg = {0}, hex = {0};

    json_reader_object(json, &members);
    while (json_reader_next_member(json, &members, &name)) {
        if (span_is(name, "hashAlg") && !alg.data)
            alg = json_reader_string(json, LIMIT_JSON_NAME_LEN, "name of a hash");
        else if (span_is(name, "digest") && !hex.data)
            hex = json_reader_string(json, 2 * LIMIT_TPM_DIGEST_LEN, "digest");
        else if (span_is(name, "hashAlg") || span_is(name, "digest"))
            reader_fail(json->reader, ERROR_MALFORMED, "a digest has a member twice");
        else
            json_reader_skip(json);
    }
    if (reader_ok(json->reader) && (!alg.data || !hex.data))
        reader_fail(json->reader, ERROR_MALFORMED, "digest without \"hashAlg\" or \"digest\"");
    add_digest(record, alg, hex);
}

static void read_digests(struct record *record)
{
    struct json_items items;

    json_reader_array(&record->json, &items);
    while (json_reader_next_item(&record->json, &items))
        read_digest(record);
}

/* systemd puts the text that it measured into "string"; what other writers put there is theirs. */
static void read_content(struct record *record)
{
    struct json_reader *json = &record->json;
    struct json_items members;
    struct span name;
    bool found = false;

    if (!json_reader_at_object(json)) {
        json_reader_skip(json);
        return;
    }
    json_reader_object(json, &members);
    while (json_reader_next_member(json, &members, &name)) {
        if (!span_is(name, "string") || !json_reader_at_string(json)) {
            json_reader_skip(json);
            continue;
        }
        if (found)
            reader_fail(json->reader, ERROR_MALFORMED, "\"string\" stands here twice");
        found = true;
        record->event->data = json_reader_string(json, LIMIT_SYSTEMD_TEXT_LEN, "measured text");
    }
}

static void read_pcr(struct record *record)
{
    uint64_t pcr = json_reader_unsigned(&record->json, "number of a PCR");

    if (pcr >= LIMIT_PCRS)
        reader_fail(record->json.reader, ERROR_MALFORMED, "there is no PCR %llu",
                    (unsigned long long)pcr);
    record->event->pcr = (uint32_t)pcr;
}

static void read_member(struct record *record, struct span name)
{
    if (span_is(name, "pcr")) {
        if (note_member(record, MEMBER_PCR, name))
            read_pcr(record);
    } else if (span_is(name, "digests")) {
        if (note_member(record, MEMBER_DIGESTS, name))
            read_digests(record);
    } else if (span_is(name, "content")) {
        if (note_member(record, MEMBER_CONTENT, name))
            read_content(record);
    } else {
        if (span_is(name, "nv_index") || span_is(name, "rtmr"))
            record->members |= MEMBER_OTHER_REGISTER;
        json_reader_skip(&record->json);
    }
}

/* One record with its separator before and its line feed behind. */
static void read_record(struct reader *reader, struct arena *arena, struct record *record)
{
    struct json_items members;
    struct span name;

    reader->clause = CLAUSE_SEQUENCE;
    if (reader_u8(reader) != RECORD_SEPARATOR) {
        reader_fail(reader, ERROR_MALFORMED, "expected a record separator (0x1e)");
        return;
    }
    reader->clause = CLAUSE_RECORD;
    record->json = (struct json_reader){.reader = reader, .arena = arena};
    json_reader_object(&record->json, &members);
    while (json_reader_next_member(&record->json, &members, &name))
        read_member(record, name);
    reader->clause = CLAUSE_SEQUENCE;
    if (reader_ok(reader) && reader_u8(reader) != '\n')
        reader_fail(reader, ERROR_MALFORMED, "expected a line feed behind the record");
    reader->clause = CLAUSE_RECORD;
    if ((record->members & MEMBER_PCR) && !(record->members & MEMBER_DIGESTS))
        reader_fail(reader, ERROR_MALFORMED, "record of a PCR without digests");
    if (!(record->members & MEMBER_PCR) == !(record->members & MEMBER_OTHER_REGISTER))
        reader_fail(reader, ERROR_MALFORMED, "record that names no register, or two");
}

/* An upper bound: each record begins with a separator, which no JSON text holds. */
static size_t count_records(struct span bytes)
{
    size_t n = 0;

    for (size_t i = 0; i < bytes.len; i++)
        n += bytes.data[i] == RECORD_SEPARATOR;
    return n;
}

bool systemd_log_decode(struct span bytes, struct arena *arena, struct systemd_log *log,
                        struct error *error)
{
    struct reader reader = reader_init(bytes, CLAUSE_SEQUENCE, error);
    struct systemd_log decoded = {0};
    size_t n = count_records(bytes);

    if (!reader_cap(&reader, bytes.len, LIMIT_SYSTEMD_LOG_LEN, "length of the log") ||
        !reader_cap(&reader, n, LIMIT_SYSTEMD_LOG_RECORDS, "number of records"))
        return false;
    decoded.events = arena_array(arena, n + 1, sizeof *decoded.events);
    if (!decoded.events)
        return arena_error(arena, error);
    while (reader_left(&reader)) {
        struct record record = {.event = &decoded.events[decoded.n_events]};

        *record.event = (struct eventlog_event){.number = (uint32_t)decoded.n_events,
                                                .offset = reader_offset(&reader)};
        read_record(&reader, arena, &record);
        if (record.members & MEMBER_PCR)
            decoded.n_events++;
        else
            decoded.n_others++;
        if (!reader_ok(&reader))
            return false;
    }
    *log = decoded;
    return true;
}
