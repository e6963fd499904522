/* Windows records within one event: the nest is written anew around the change, so that every
 * container's size is right again. */
#include "altered_log.h"

#include "base/writer.h"
#include "wire/event_type.h"
#include "wire/sipa.h"

enum change_kind { CHANGE_SET = 1, CHANGE_NUMBER, CHANGE_ADD, CHANGE_REMOVE };

struct change {
    enum change_kind kind;
    struct altered_record record; /* the container for CHANGE_ADD */
    uint32_t added_id;
    struct span payload;
    uint64_t number;
    size_t n_seen, n_changed; /* in this event */
};

static void write_record(struct writer *writer, uint32_t id, struct span payload)
{
    writer_le32(writer, id);
    writer_le32(writer, (uint32_t)payload.len);
    writer_bytes(writer, payload);
}

static bool concerns(struct change *change, uint32_t id)
{
    if (id != change->record.id)
        return false;
    change->n_seen++;
    return change->record.nth == 0 || change->record.nth == change->n_seen;
}

static bool rewrite(struct change *change, struct span records, struct writer *writer, size_t depth,
                    struct error *error);

/* A container's records, and its size afterwards. */
static bool rewrite_container(struct change *change, uint32_t id, struct span payload,
                              struct writer *writer, size_t depth, bool add, struct error *error)
{
    size_t head = writer->len, len;

    writer_le32(writer, id);
    writer_le32(writer, 0);
    if (!rewrite(change, payload, writer, depth + 1, error))
        return false;
    if (add) {
        write_record(writer, change->added_id, change->payload);
        change->n_changed++;
    }
    len = writer->len - head - 8;
    for (size_t i = 0; i < 4 && !writer->failed; i++)
        writer->buffer[head + 4 + i] = (uint8_t)(len >> 8 * i);
    return true;
}

static void rewrite_value(struct change *change, uint32_t id, struct span payload,
                          struct writer *writer)
{
    change->n_changed++;
    if (change->kind == CHANGE_SET) {
        write_record(writer, id, change->payload);
    } else if (change->kind == CHANGE_NUMBER) {
        writer_le32(writer, id);
        writer_le32(writer, (uint32_t)payload.len);
        for (size_t i = 0; i < payload.len; i++)
            writer_u8(writer, i < 8 ? (uint8_t)(change->number >> 8 * i) : 0);
    }
}

static bool rewrite(struct change *change, struct span records, struct writer *writer, size_t depth,
                    struct error *error)
{
    struct reader reader = reader_init(records, "wbcl.h SIPAEVENT", error);

    if (depth >= LIMIT_SIPA_DEPTH)
        return reader_fail(&reader, ERROR_LIMIT, "records are nested too deep");
    while (reader_left(&reader)) {
        uint32_t id = reader_le32(&reader);
        struct span payload = reader_le32_bytes(&reader, LIMIT_EVENT_DATA_LEN, "record");
        bool hit = reader_ok(&reader) && concerns(change, id);

        if (!reader_ok(&reader))
            break;
        if (hit && change->kind != CHANGE_ADD)
            rewrite_value(change, id, payload, writer);
        else if (id & SIPA_FLAG_AGGREGATION) {
            if (!rewrite_container(change, id, payload, writer, depth, hit, error))
                return false;
        } else
            write_record(writer, id, payload);
    }
    return reader_end(&reader);
}

static bool change_event(struct altered_log *log, size_t index, struct change *change,
                         struct error *error)
{
    struct span data = log->events[index].data, changed;
    size_t room = data.len + (data.len / 8 + 1) * (8 + change->payload.len);
    struct writer writer;
    uint8_t *buffer = arena_alloc(&log->arena, room);
    size_t n_before = change->n_changed;

    if (!buffer)
        return arena_error(&log->arena, error);
    writer = writer_init(buffer, room);
    change->n_seen = 0;
    if (!rewrite(change, data, &writer, 0, error))
        return false;
    if (change->kind == CHANGE_ADD && change->record.id == 0) {
        write_record(&writer, change->added_id, change->payload);
        change->n_changed++;
    }
    if (change->n_changed == n_before)
        return true;
    return writer_done(&writer, &changed, error) &&
           altered_log_set_data(log, index, changed, error);
}

static bool holds_records(const struct altered_event *event)
{
    return event->type == EV_EVENT_TAG &&
           ((event->pcr >= 12 && event->pcr <= 14) || (event->pcr >= 17 && event->pcr <= 22));
}

static bool change_events(struct altered_log *log, long event, struct change change,
                          struct error *error)
{
    const char *name = sipa_name(change.record.id);

    if (event != ALTERED_EVERYWHERE && (event < 0 || (size_t)event >= log->n_events))
        return error_plain(error, ERROR_USAGE, "there is no event %ld", event);
    for (size_t i = 0; i < log->n_events; i++)
        if ((event == ALTERED_EVERYWHERE && holds_records(&log->events[i])) || event == (long)i)
            if (!change_event(log, i, &change, error))
                return false;
    if (change.n_changed == 0)
        return error_plain(error, ERROR_NOT_FOUND, "there is no record %s",
                           name ? name : "of this id");
    return true;
}

bool altered_log_set_record(struct altered_log *log, long event, struct altered_record record,
                            struct span payload, struct error *error)
{
    return change_events(log, event,
                         (struct change){.kind = CHANGE_SET, .record = record, .payload = payload},
                         error);
}

bool altered_log_set_number(struct altered_log *log, long event, struct altered_record record,
                            uint64_t value, struct error *error)
{
    return change_events(log, event,
                         (struct change){.kind = CHANGE_NUMBER, .record = record, .number = value},
                         error);
}

bool altered_log_add_record(struct altered_log *log, long event, struct altered_record container,
                            uint32_t id, struct span payload, struct error *error)
{
    return change_events(
        log, event,
        (struct change){
            .kind = CHANGE_ADD, .record = container, .added_id = id, .payload = payload},
        error);
}

bool altered_log_remove_record(struct altered_log *log, long event, struct altered_record record,
                               struct error *error)
{
    return change_events(log, event, (struct change){.kind = CHANGE_REMOVE, .record = record},
                         error);
}
