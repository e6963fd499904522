/* One pass over a TCG log, and over those appended to it: framing, coverage of every event's data,
 * replay.
 * Owns nothing but the array of events, which is the arena's. Trusts no type and no data: coverage
 * says what a digest proves, and only after the replay was compared with a quote does the digest
 * itself count. Must never allocate per event: this is the hot path of every first attestation. */
#include "verify/measured_log.h"

#include "wire/efi_variable.h"
#include "wire/event_type.h"
#include "wire/sipa.h"

struct measuring {
    struct crypto *crypto;
    struct arena *arena;
    struct measured_log *measured;
    size_t cap;    /* room in measured->events */
    uint32_t pcrs; /* that the log being read may extend */
    struct crypto_digest separators[SEPARATORS];
};

/* The digests of the values that separators have. The log may call an event what it likes, but it
 * cannot give a separator another digest: so nobody can move a separator by relabelling it. */
static void hash_separators(struct measuring *measuring)
{
    static const char *const values[SEPARATORS] = {
        [SEPARATOR_FIRMWARE] = "\0\0\0\0",
        [SEPARATOR_BIOS] = "\xFF\xFF\xFF\xFF",
        [SEPARATOR_WINDOWS] = "WBCL",
    };

    for (int i = SEPARATOR_NONE + 1; i < SEPARATORS; i++)
        crypto_hash_span(measuring->crypto, measuring->measured->bank, span_of(values[i], 4),
                         &measuring->separators[i]);
}

static enum separator find_separator(const struct measuring *measuring,
                                     const struct measured_event *event)
{
    if (event->coverage == COVERAGE_UNMEASURED || event->digest.len == 0)
        return SEPARATOR_NONE;
    for (int i = SEPARATOR_NONE + 1; i < SEPARATORS; i++)
        if (measuring->separators[i].bytes[0] == event->digest.data[0] && /* most are none */
            span_equal(crypto_digest_span(&measuring->separators[i]), event->digest))
            return (enum separator)i;
    return SEPARATOR_NONE;
}

/* True when the event's digest is that of the part and, where it matters, a NUL after it. */
static bool digest_is_of(struct measuring *measuring, const struct measured_event *event,
                         struct span part, bool with_nul)
{
    struct span parts[] = {part, span_of("", 1)};
    struct crypto_digest digest;

    crypto_hash(measuring->crypto, measuring->measured->bank, parts, with_nul ? 2 : 1, &digest);
    return span_equal(crypto_digest_span(&digest), event->digest);
}

static enum coverage cover(struct measured_event *event, struct span part)
{
    event->covered = part;
    return part.len == event->event.data.len ? COVERAGE_WHOLE : COVERAGE_PART;
}

static enum coverage cover_perhaps(struct measuring *measuring, struct measured_event *event)
{
    if (digest_is_of(measuring, event, event->event.data, false))
        return cover(event, event->event.data);
    return COVERAGE_NONE;
}

static enum coverage cover_demanded(struct measuring *measuring, struct measured_event *event)
{
    if (digest_is_of(measuring, event, event->event.data, false))
        return cover(event, event->event.data);
    return COVERAGE_MISMATCH;
}

static bool covers_contents(struct measuring *measuring, struct measured_event *event,
                            struct span *contents)
{
    struct efi_variable variable;
    struct error ignored; /* what is no variable has no VariableData either */

    if (!efi_variable_decode(event->event.data, &variable, &ignored))
        return false;
    *contents = variable.data;
    return digest_is_of(measuring, event, variable.data, false);
}

/* Older firmware measures what the variable holds and not what it is called; for boot variables
 * nearly all does, so that is tried first. */
static enum coverage cover_variable(struct measuring *measuring, struct measured_event *event)
{
    bool contents_first = event->event.type == EV_EFI_VARIABLE_BOOT;
    struct span contents;

    if (contents_first && covers_contents(measuring, event, &contents))
        return cover(event, contents);
    if (digest_is_of(measuring, event, event->event.data, false))
        return cover(event, event->event.data);
    if (!contents_first && covers_contents(measuring, event, &contents))
        return cover(event, contents);
    return COVERAGE_MISMATCH;
}

static enum coverage cover_authority(struct measuring *measuring, struct measured_event *event)
{
    enum coverage coverage = cover_variable(measuring, event);
    struct span data = event->event.data;

    if (coverage != COVERAGE_MISMATCH || data.len == 0)
        return coverage;
    data.len--;
    if (digest_is_of(measuring, event, data, false))
        return cover(event, data);
    return COVERAGE_MISMATCH;
}

/* systemd-stub logs a section's name in UTF-16 and measures it in ASCII, with its NUL (systemd
 * docs/TPM2_PCR_MEASUREMENTS.md, PCR 11). */
static bool digest_is_of_name(struct measuring *measuring, const struct measured_event *event)
{
    struct span utf16 = event->event.data;
    uint8_t name[16];
    size_t len = 0;

    while (len < sizeof name && 2 * len + 1 < utf16.len && utf16.data[2 * len] != 0 &&
           utf16.data[2 * len + 1] == 0) {
        name[len] = utf16.data[2 * len];
        len++;
    }
    return len && utf16.len - 2 * len <= 2 &&
           digest_is_of(measuring, event, span_of(name, len), true);
}

/* GRUB logs a prefix and a NUL around the text that it measures; what it was built from decides
 * about both. systemd-boot cuts the last byte of its UTF-16 text off in the log (quirk
 * systemd.text_one_byte_less). */
static enum coverage cover_text(struct measuring *measuring, struct measured_event *event)
{
    static const char *const prefixes[] = {
        "grub_cmd: ", "kernel_cmdline: ", "module_cmdline: ", "grub_cmd ", "grub_kernel_cmdline "};
    struct span data = event->event.data;
    struct span text = data;

    if (event->event.pcr == 11 && digest_is_of_name(measuring, event))
        return cover(event, data);
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
        if (span_begins(data, span_text(prefixes[i]))) {
            size_t len = strlen(prefixes[i]);
            text = span_of(data.data + len, data.len - len);
            break;
        }
    if (text.len && text.data[text.len - 1] == '\0' && text.len != data.len) {
        text.len--;
        if (digest_is_of(measuring, event, text, false))
            return cover(event, text);
        text.len++;
    }
    if (digest_is_of(measuring, event, text, false))
        return cover(event, text);
    if (text.len == data.len && data.len % 2 == 1 && digest_is_of(measuring, event, text, true))
        return cover(event, text);
    return COVERAGE_NONE;
}

static enum coverage cover_event(struct measuring *measuring, struct measured_event *event)
{
    const struct eventlog_event *framed = &event->event;
    bool registers = measuring->measured->measurement_registers;

    if (event_type_is_unmeasured(framed->type) || framed->pcr >= LIMIT_PCRS)
        return COVERAGE_UNMEASURED;
    if (!eventlog_event_digest(framed, measuring->measured->bank, &event->digest))
        return COVERAGE_NONE;
    switch (event_type_rule(framed->type, registers ? LIMIT_PCRS : framed->pcr)) {
    case EVENT_DIGEST_PERHAPS:
        return cover_perhaps(measuring, event);
    case EVENT_DIGEST_WHOLE:
        return cover_demanded(measuring, event);
    case EVENT_DIGEST_VARIABLE:
        return cover_variable(measuring, event);
    case EVENT_DIGEST_AUTHORITY:
        return cover_authority(measuring, event);
    case EVENT_DIGEST_TEXT:
        return cover_text(measuring, event);
    case EVENT_DIGEST_TAGGED:
        return sipa_begins(framed->data) ? cover_demanded(measuring, event)
                                         : cover_perhaps(measuring, event);
    case EVENT_DIGEST_OPAQUE:
        return COVERAGE_NONE;
    case EVENT_DIGEST_NEVER:
        break;
    }
    return COVERAGE_UNMEASURED;
}

/* A further log speaks of its own PCRs only: else it could add to what the first one says, or hide
 * it. PFP 1.06, 10.4: EV_NO_ACTION extends nothing. */
static bool may_stand(const struct measuring *measuring, const struct eventlog_event *event,
                      struct error *error)
{
    if (event_type_is_unmeasured(event->type) || event->pcr >= LIMIT_PCRS ||
        (measuring->pcrs & EVENT_PCR(event->pcr)))
        return true;
    return error_set(error, ERROR_MALFORMED, event->offset, "docs/protocol.md, section 3",
                     "the event is said to be of PCR %u, which a log of this kind must not extend",
                     event->pcr);
}

/* Room for one more event. Doubles, so that the arena holds at most twice what is needed. */
static struct measured_event *next_event(struct measuring *measuring, struct error *error)
{
    struct measured_log *measured = measuring->measured;
    struct measured_event *grown;

    if (measured->n_events == measuring->cap) {
        grown = arena_array(measuring->arena, 2 * measuring->cap, sizeof *grown);
        if (!grown) {
            arena_error(measuring->arena, error);
            return NULL;
        }
        memcpy(grown, measured->events, measured->n_events * sizeof *grown);
        measured->events = grown;
        measuring->cap *= 2;
    }
    return &measured->events[measured->n_events];
}

static void measure_event(struct measuring *measuring, struct replay *replay,
                          struct measured_event *event)
{
    event->coverage = cover_event(measuring, event);
    event->separator = find_separator(measuring, event);
    replay_event(measuring->crypto, replay, &event->event);
    measuring->measured->n_events++;
}

static bool read_events(struct measuring *measuring, struct eventlog *log, struct replay *replay,
                        struct error *error)
{
    struct measured_event *event;
    enum eventlog_step step;

    while ((event = next_event(measuring, error)) &&
           (step = eventlog_next(log, &event->event)) == EVENTLOG_EVENT)
        measure_event(measuring, replay, event);
    return event && step == EVENTLOG_END;
}

bool measured_log_read(struct crypto *crypto, struct span bytes, uint16_t bank, struct arena *arena,
                       struct measured_log *measured, struct error *error)
{
    struct measured_log read = {.bank = bank};
    struct measuring measuring = {.crypto = crypto, .arena = arena, .measured = &read};
    struct eventlog log;
    struct replay replay;

    if (bank == 0)
        return error_plain(error, ERROR_UNSUPPORTED, "a measured log has one bank");
    if (!eventlog_open(&log, bytes, error) || !replay_begin(&replay, &log, bank, error))
        return false;
    hash_separators(&measuring);
    read.format = log.format;
    read.measurement_registers = log.measurement_registers;
    measuring.cap = 16 + bytes.len / 256; /* events have 250 bytes and more, on average */
    read.events = arena_array(arena, measuring.cap, sizeof *read.events);
    if (!read.events)
        return arena_error(arena, error);
    if (!read_events(&measuring, &log, &replay, error))
        return false;
    read.replay = replay.banks[0];
    read.startup_locality = replay.startup_locality;
    read.sources[0] = (struct measured_source){.kind = EVIDENCE_LOG_TCG};
    read.n_sources = 1;
    *measured = read;
    return true;
}

/* Takes event into the row, if such a log may have it. */
static bool append_event(struct measuring *measuring, struct replay *replay,
                         const struct eventlog_event *event, struct error *error)
{
    struct measured_event *added;

    if (!may_stand(measuring, event, error))
        return false;
    added = next_event(measuring, error);
    if (!added)
        return false;
    *added = (struct measured_event){.event = *event};
    added->event.number = (uint32_t)measuring->measured->n_events;
    measure_event(measuring, replay, added);
    return true;
}

static bool append_log(struct measuring *measuring, struct span bytes, struct replay *replay,
                       struct error *error)
{
    struct eventlog_event event;
    enum eventlog_step step;
    struct eventlog log;
    struct replay begun; /* tells whether the log carries the bank */

    if (!eventlog_open(&log, bytes, error) ||
        !replay_begin(&begun, &log, measuring->measured->bank, error))
        return false;
    if (log.measurement_registers)
        return error_set(error, ERROR_MALFORMED, 0, "UEFI 2.10, 38.4.1",
                         "the log is of measurement registers, the one before it of PCRs");
    while ((step = eventlog_next(&log, &event)) == EVENTLOG_EVENT)
        if (!append_event(measuring, replay, &event, error))
            return false;
    return step == EVENTLOG_END;
}

static bool append_events(struct measuring *measuring, const struct measured_addition *addition,
                          struct replay *replay, struct error *error)
{
    for (size_t i = 0; i < addition->n_events; i++) {
        const struct eventlog_event *event = &addition->events[i];

        for (size_t k = 0; k < event->n_digests; k++) {
            size_t len = tpm_digest_len(event->digests[k].alg);

            if (len && event->digests[k].bytes.len != len)
                return error_set(
                    error, ERROR_MALFORMED, event->offset, "TPM 2.0 part 2, 10.3.2 TPMT_HA",
                    "a digest has %zu bytes, its algorithm %zu", event->digests[k].bytes.len, len);
        }
        if (!append_event(measuring, replay, event, error))
            return false;
    }
    return true;
}

bool measured_log_append(struct crypto *crypto, const struct measured_addition *addition,
                         struct arena *arena, struct measured_log *measured, struct error *error)
{
    struct measured_log grown = *measured;
    struct measuring measuring = {
        .crypto = crypto, .arena = arena, .measured = &grown, .pcrs = addition->pcrs};
    struct replay replay;

    if (grown.n_sources == LIMIT_EVIDENCE_LOGS)
        return error_plain(error, ERROR_LIMIT, "a boot has at most %d logs", LIMIT_EVIDENCE_LOGS);
    hash_separators(&measuring);
    replay_resume(&replay, &grown.replay);
    measuring.cap = grown.n_events + 16 + addition->n_events;
    grown.events = arena_array(arena, measuring.cap, sizeof *grown.events);
    if (!grown.events)
        return arena_error(arena, error);
    memcpy(grown.events, measured->events, measured->n_events * sizeof *grown.events);
    if (addition->log.len ? !append_log(&measuring, addition->log, &replay, error)
                          : !append_events(&measuring, addition, &replay, error))
        return false;
    grown.replay = replay.banks[0];
    grown.sources[grown.n_sources++] = (struct measured_source){
        .kind = addition->kind, .first = (uint32_t)measured->n_events};
    *measured = grown;
    return true;
}

const struct measured_source *measured_log_source(const struct measured_log *measured, size_t index)
{
    size_t i = measured->n_sources - 1;

    while (i > 0 && measured->sources[i].first > index)
        i--;
    return &measured->sources[i];
}

const char *coverage_name(enum coverage coverage)
{
    switch (coverage) {
    case COVERAGE_NONE:
        return "none";
    case COVERAGE_WHOLE:
        return "whole";
    case COVERAGE_PART:
        return "part";
    case COVERAGE_MISMATCH:
        return "mismatch";
    case COVERAGE_UNMEASURED:
        return "unmeasured";
    }
    return "none";
}
