/* Events: taken apart, moved, replaced, hashed anew. Trusts the decoders of the core, which it is
 * built on: what they refuse cannot be altered. */
#include "altered_log.h"

#include "base/writer.h"
#include "wire/efi_variable.h"
#include "wire/event_type.h"

enum { ARENA_LEN = 256 * 1024 * 1024 };

static bool not_an_event(size_t event, struct error *error)
{
    return error_plain(error, ERROR_USAGE, "there is no event %zu", event);
}

static struct altered_event *make_room(struct altered_log *log, size_t at, struct error *error)
{
    if (log->n_events == log->room) {
        size_t room = log->room ? 2 * log->room : 64;
        struct altered_event *grown = arena_array(&log->arena, room, sizeof *grown);

        if (!grown) {
            arena_error(&log->arena, error);
            return NULL;
        }
        if (log->n_events)
            memcpy(grown, log->events, log->n_events * sizeof *grown);
        log->events = grown;
        log->room = room;
    }
    memmove(log->events + at + 1, log->events + at, (log->n_events - at) * sizeof *log->events);
    log->n_events++;
    return &log->events[at];
}

static bool read_event(struct altered_log *log, const struct eventlog_event *framed,
                       struct error *error)
{
    struct altered_event *event = make_room(log, log->n_events, error);

    if (!event)
        return false;
    *event = (struct altered_event){.pcr = framed->pcr,
                                    .type = framed->type,
                                    .n_digests = framed->n_digests,
                                    .data = framed->data};
    for (size_t i = 0; i < framed->n_digests; i++) {
        event->digests[i].alg = framed->digests[i].alg;
        event->digests[i].len = framed->digests[i].bytes.len;
        memcpy(event->digests[i].bytes, framed->digests[i].bytes.data, event->digests[i].len);
    }
    return true;
}

bool altered_log_read(struct altered_log *log, struct crypto *crypto, struct span bytes,
                      struct error *error)
{
    struct eventlog framed;
    struct eventlog_event event;
    enum eventlog_step step;
    uint8_t *copy;

    *log = (struct altered_log){.crypto = crypto, .arena = arena_init(ARENA_LEN)};
    copy = arena_alloc(&log->arena, bytes.len + 1);
    if (!copy)
        return arena_error(&log->arena, error);
    memcpy(copy, bytes.data, bytes.len);
    if (!eventlog_open(&framed, span_of(copy, bytes.len), error))
        return false;
    log->format = framed.format;
    while ((step = eventlog_next(&framed, &event)) == EVENTLOG_EVENT)
        if (!read_event(log, &event, error))
            return false;
    return step == EVENTLOG_END;
}

void altered_log_done(struct altered_log *log)
{
    arena_done(&log->arena);
}

static void write_event(struct writer *writer, const struct altered_event *event, bool agile)
{
    writer_le32(writer, event->pcr);
    writer_le32(writer, event->type);
    if (agile)
        writer_le32(writer, (uint32_t)event->n_digests);
    for (size_t i = 0; i < event->n_digests; i++) {
        if (agile)
            writer_le16(writer, event->digests[i].alg);
        writer_bytes(writer, span_of(event->digests[i].bytes, event->digests[i].len));
    }
    writer_le32(writer, (uint32_t)event->data.len);
    writer_bytes(writer, event->data);
}

bool altered_log_write(struct altered_log *log, struct span *bytes, struct error *error)
{
    size_t len = 0;
    uint8_t *buffer;
    struct writer writer;

    for (size_t i = 0; i < log->n_events; i++)
        len += 16 + LIMIT_EVENTLOG_BANKS * (2 + LIMIT_TPM_DIGEST_LEN) + log->events[i].data.len;
    buffer = arena_alloc(&log->arena, len);
    if (!buffer)
        return arena_error(&log->arena, error);
    writer = writer_init(buffer, len);
    /* The header of a crypto-agile log has the older form (PFP 1.06, 10.4.5.1). */
    for (size_t i = 0; i < log->n_events; i++)
        write_event(&writer, &log->events[i], log->format == EVENTLOG_FORMAT_CRYPTO_AGILE && i > 0);
    return writer_done(&writer, bytes, error);
}

bool altered_log_replay(struct altered_log *log, struct replay *replay, struct error *error)
{
    struct span bytes;

    return altered_log_write(log, &bytes, error) &&
           replay_eventlog(log->crypto, bytes, 0, replay, error);
}

static bool is_of(struct altered_log *log, const struct altered_digest *digest, struct span bytes)
{
    struct crypto_digest hashed;

    crypto_hash_span(log->crypto, digest->alg, bytes, &hashed);
    return span_equal(crypto_digest_span(&hashed), span_of(digest->bytes, digest->len));
}

static void hash_event(struct altered_log *log, struct altered_event *event, struct span measured)
{
    for (size_t i = 0; i < event->n_digests; i++) {
        struct crypto_digest hashed;

        if (tpm_digest_len(event->digests[i].alg) == 0)
            continue; /* a bank that nobody here can replay */
        crypto_hash_span(log->crypto, event->digests[i].alg, measured, &hashed);
        memcpy(event->digests[i].bytes, hashed.bytes, event->digests[i].len);
    }
}

static const struct altered_digest *known_digest(const struct altered_event *event)
{
    for (size_t i = 0; i < event->n_digests; i++)
        if (tpm_digest_len(event->digests[i].alg))
            return &event->digests[i];
    return NULL;
}

static bool is_measured(const struct altered_event *event)
{
    return event->type != EV_NO_ACTION && event->pcr < LIMIT_PCRS;
}

bool altered_log_set_data(struct altered_log *log, size_t event, struct span data,
                          struct error *error)
{
    struct altered_event *changed;
    const struct altered_digest *digest;
    struct efi_variable before, after;
    struct error ignored;
    uint8_t *copy;

    if (event >= log->n_events)
        return not_an_event(event, error);
    changed = &log->events[event];
    copy = arena_alloc(&log->arena, data.len + 1);
    if (!copy)
        return arena_error(&log->arena, error);
    if (data.len)
        memcpy(copy, data.data, data.len);
    data = span_of(copy, data.len);
    digest = is_measured(changed) ? known_digest(changed) : NULL;
    if (digest && is_of(log, digest, changed->data))
        hash_event(log, changed, data);
    else if (digest && efi_variable_decode(changed->data, &before, &ignored) &&
             is_of(log, digest, before.data) && efi_variable_decode(data, &after, &ignored))
        hash_event(log, changed, after.data);
    changed->data = data;
    return true;
}

bool altered_log_set_measured(struct altered_log *log, size_t event, struct span measured,
                              struct error *error)
{
    if (event >= log->n_events)
        return not_an_event(event, error);
    hash_event(log, &log->events[event], measured);
    return true;
}

bool altered_log_insert(struct altered_log *log, size_t before, uint32_t pcr, uint32_t type,
                        struct span data, struct error *error)
{
    /* The event before it says which banks are in use; a crypto-agile header does not. */
    size_t first = log->format == EVENTLOG_FORMAT_CRYPTO_AGILE ? 2 : 1;
    struct altered_event *event;

    if (before < first || before > log->n_events)
        return error_plain(error, ERROR_USAGE, "no event can be added at %zu", before);
    event = make_room(log, before, error);
    if (!event)
        return false;
    *event = log->events[before - 1];
    event->pcr = pcr;
    event->type = type;
    event->data = span_of(NULL, 0);
    hash_event(log, event, event->data);
    if (!is_measured(event))
        for (size_t i = 0; i < event->n_digests; i++)
            memset(event->digests[i].bytes, 0, sizeof event->digests[i].bytes);
    return altered_log_set_data(log, before, data, error);
}

bool altered_log_duplicate(struct altered_log *log, size_t event, struct error *error)
{
    struct altered_event *second;

    if (event >= log->n_events)
        return not_an_event(event, error);
    second = make_room(log, event + 1, error);
    if (!second)
        return false;
    *second = log->events[event];
    return true;
}

bool altered_log_remove(struct altered_log *log, size_t event, struct error *error)
{
    if (event >= log->n_events)
        return not_an_event(event, error);
    log->n_events--;
    memmove(log->events + event, log->events + event + 1,
            (log->n_events - event) * sizeof *log->events);
    return true;
}

bool altered_log_swap(struct altered_log *log, size_t first, size_t second, struct error *error)
{
    struct altered_event kept;

    if (first >= log->n_events || second >= log->n_events)
        return not_an_event(first < log->n_events ? second : first, error);
    kept = log->events[first];
    log->events[first] = log->events[second];
    log->events[second] = kept;
    return true;
}

bool altered_log_after_separator(const struct altered_log *log, uint32_t pcr, size_t *index,
                                 struct error *error)
{
    for (size_t i = 0; i < log->n_events; i++)
        if (log->events[i].pcr == pcr && log->events[i].type == EV_SEPARATOR) {
            *index = i + 1;
            return true;
        }
    return error_plain(error, ERROR_NOT_FOUND, "PCR %u has no separator", pcr);
}
