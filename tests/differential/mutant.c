#include "mutant.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "wire/event_type.h"
#include "wire/eventlog.h"

enum { EVENTS_MAX = 256, INSERTED_MAX = 512 };

/* Where the events of the log begin; the last entry is the end of the last one. */
struct frames {
    size_t at[EVENTS_MAX + 1];
    size_t data_at[EVENTS_MAX];
    size_t n_events;
    struct eventlog log;
};

/* What a mutation works with: the log, its frames, and a source of numbers that is always the same. */
struct work {
    struct mutant *mutant;
    struct frames frames;
    uint64_t random;
};

/* Drawn in a statement of its own each time: in one, a compiler may choose the order of two. */
static uint32_t below(struct work *work, size_t bound)
{
    work->random = work->random * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((work->random >> 33) % bound);
}

/* Any event but the header, which gives the others their form. */
static size_t some_event(struct work *work)
{
    return 1 + below(work, work->frames.n_events - 1);
}

static void find_frames(struct frames *frames, struct span log)
{
    struct eventlog_event event;
    enum eventlog_step step;
    struct error error;

    frames->n_events = 0;
    assert_true(eventlog_open(&frames->log, log, &error));
    assert_int_equal(frames->log.format, EVENTLOG_FORMAT_CRYPTO_AGILE);
    while ((step = eventlog_next(&frames->log, &event)) == EVENTLOG_EVENT) {
        assert_true(frames->n_events < EVENTS_MAX);
        frames->data_at[frames->n_events] = event.data_offset;
        frames->at[frames->n_events++] = event.offset;
        frames->at[frames->n_events] = event.data_offset + event.data.len;
    }
    assert_int_equal(step, EVENTLOG_END);
    assert_true(frames->n_events > 3);
}

static void put_le32(uint8_t *bytes, uint32_t value)
{
    for (size_t i = 0; i < 4; i++)
        bytes[i] = (uint8_t)(value >> 8 * i);
}

static void flip(struct work *work)
{
    for (unsigned i = 1 + below(work, 3); i > 0; i--) {
        size_t at = below(work, work->mutant->len);

        work->mutant->bytes[at] ^= (uint8_t)(1 + below(work, 255));
    }
}

static void cut(struct work *work)
{
    work->mutant->len = 1 + below(work, work->mutant->len - 1);
}

static void drop(struct work *work)
{
    size_t number = some_event(work);
    size_t from = work->frames.at[number], to = work->frames.at[number + 1];

    memmove(work->mutant->bytes + from, work->mutant->bytes + to, work->mutant->len - to);
    work->mutant->len -= to - from;
}

/* An event and the one behind it change places. */
static void swap(struct work *work)
{
    size_t number = 1 + below(work, work->frames.n_events - 2);
    const size_t *at = &work->frames.at[number];
    size_t first_len = at[1] - at[0], second_len = at[2] - at[1];
    uint8_t *first = malloc(first_len);

    assert_non_null(first);
    memcpy(first, work->mutant->bytes + at[0], first_len);
    memmove(work->mutant->bytes + at[0], work->mutant->bytes + at[1], second_len);
    memcpy(work->mutant->bytes + at[0] + second_len, first, first_len);
    free(first);
}

static void retype(struct work *work)
{
    static const uint32_t types[] = {EV_NO_ACTION,
                                     EV_SEPARATOR,
                                     EV_EFI_VARIABLE_AUTHORITY,
                                     EV_EVENT_TAG,
                                     EV_EFI_PLATFORM_FIRMWARE_BLOB,
                                     EV_IPL,
                                     0x8401};
    size_t at = work->frames.at[some_event(work)];

    put_le32(work->mutant->bytes + at + 4, types[below(work, sizeof types / sizeof *types)]);
}

static void repcr(struct work *work)
{
    static const uint32_t pcrs[] = {0, 7, 10, 17, 23, 24, 31, 32, 0x100, 0x80000000, 0xFFFFFFFF};
    size_t at = work->frames.at[some_event(work)];

    put_le32(work->mutant->bytes + at, pcrs[below(work, sizeof pcrs / sizeof *pcrs)]);
}

/* Where the structures of UEFI have their lengths: in the first 32 bytes of an event's data. */
static void body(struct work *work)
{
    size_t number = some_event(work), at = work->frames.data_at[number];
    size_t len = work->frames.at[number + 1] - at;

    if (len) {
        at += below(work, len < 32 ? len : 32);
        work->mutant->bytes[at] ^= (uint8_t)(1u << below(work, 8));
    }
}

/* A StartupLocality event (PFP 1.06, 10.4.5.3) somewhere: behind the header it counts, after the
 * first measurement of PCR 0 it does not. */
static void start(struct work *work)
{
    static const uint8_t localities[] = {0, 3, 4, 1, 255};
    uint8_t body[17] = "StartupLocality", event[INSERTED_MAX] = {0};
    size_t at = work->frames.at[below(work, 2) ? 1 : some_event(work)], len = 12;
    const struct eventlog *log = &work->frames.log;

    body[16] = localities[below(work, sizeof localities)];
    put_le32(event + 4, EV_NO_ACTION);
    put_le32(event + 8, (uint32_t)log->n_banks);
    for (size_t i = 0; i < log->n_banks; i++) {
        event[len] = (uint8_t)log->banks[i].alg;
        len += 2u + log->banks[i].digest_len;
    }
    put_le32(event + len, sizeof body);
    memcpy(event + len + 4, body, sizeof body);
    len += 4 + sizeof body;
    memmove(work->mutant->bytes + at + len, work->mutant->bytes + at, work->mutant->len - at);
    memcpy(work->mutant->bytes + at, event, len);
    work->mutant->len += len;
}

/* An H-CRTM measurement before all others starts PCR 0 from locality 4 (part 1, 34.1). */
static void hcrtm(struct work *work)
{
    size_t number = below(work, 2) ? 1 : some_event(work);

    put_le32(work->mutant->bytes + work->frames.at[number], 0);
    put_le32(work->mutant->bytes + work->frames.at[number] + 4, EV_EFI_HCRTM_EVENT);
}

/* What firmware leaves behind the last event of its log area. */
static void pad(struct work *work)
{
    size_t len = 1 + below(work, INSERTED_MAX);

    memset(work->mutant->bytes + work->mutant->len, below(work, 2) ? 0xFF : 0, len);
    work->mutant->len += len;
}

static const struct {
    const char *kind;
    void (*apply)(struct work *work);
} MUTATIONS[] = {
    {"flip", flip}, {"cut", cut},     {"drop", drop},   {"swap", swap}, {"retype", retype},
    {"pcr", repcr}, {"start", start}, {"hcrtm", hcrtm}, {"pad", pad},   {"body", body},
};

void mutant_init(struct mutant *mutant, struct span log, unsigned number)
{
    size_t kind = number % (sizeof MUTATIONS / sizeof *MUTATIONS);
    struct work work = {.mutant = mutant, .random = number * 0x9E3779B97F4A7C15u};

    find_frames(&work.frames, log);
    *mutant = (struct mutant){.bytes = malloc(log.len + INSERTED_MAX), .len = log.len};
    assert_non_null(mutant->bytes);
    memcpy(mutant->bytes, log.data, log.len);
    mutant->kind = MUTATIONS[kind].kind;
    MUTATIONS[kind].apply(&work);
}

void mutant_done(struct mutant *mutant)
{
    free(mutant->bytes);
}
