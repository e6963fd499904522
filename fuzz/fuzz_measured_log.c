/* Replays any bytes as a TCG log in every bank that it declares, twice: event by event with
 * coverage, and whole. Both must agree, and what is covered must lie inside the event's data. Then
 * appends them to themselves as the log of a dynamic launch, which touches no PCR but 17-22.
 * Reaches: eventlog_open, eventlog_next, replay_eventlog, measured_log_read, measured_log_append. */
#include <stdlib.h>

#include "fuzz.h"
#include "verify/measured_log.h"
#include "wire/event_type.h"

static void check_events(const struct measured_log *measured)
{
    for (size_t i = 0; i < measured->n_events; i++) {
        const struct measured_event *event = &measured->events[i];
        bool covers = event->coverage == COVERAGE_WHOLE || event->coverage == COVERAGE_PART;

        if (event->covered.len > event->event.data.len || (!covers && event->covered.len))
            abort();
        if (covers && event->digest.len == 0)
            abort();
    }
}

/* All events or none, numbered in one row, and the PCRs of the static boot as they were. */
static void check_append(struct crypto *crypto, struct span bytes, struct arena *arena,
                         struct measured_log *measured)
{
    const struct measured_addition launch = {
        .kind = EVIDENCE_LOG_DRTM, .pcrs = EVENT_PCRS_DRTM, .log = bytes};
    const struct measured_log before = *measured;
    struct error error;

    if (!measured_log_append(crypto, &launch, arena, measured, &error)) {
        if (memcmp(&before, measured, sizeof before) != 0)
            abort();
        return;
    }
    check_events(measured);
    if (measured->n_events != 2 * before.n_events ||
        memcmp(before.replay.pcrs, measured->replay.pcrs, 17 * sizeof *before.replay.pcrs) != 0)
        abort();
    for (size_t i = 0; i < measured->n_events; i++)
        if (measured->events[i].event.number != i)
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static struct crypto *crypto;
    struct arena arena = arena_init((size_t)64 << 20);
    struct measured_log measured;
    struct replay replay;
    struct error error;

    if (!crypto && !(crypto = crypto_new(&error)))
        abort();
    if (!replay_eventlog(crypto, span_of(data, len), 0, &replay, &error))
        return 0;
    for (size_t i = 0; i < replay.n_banks; i++) {
        const struct replay_bank *bank = &replay.banks[i];

        if (!measured_log_read(crypto, span_of(data, len), bank->alg, &arena, &measured, &error))
            abort();
        check_events(&measured);
        if (memcmp(measured.replay.pcrs, bank->pcrs, sizeof bank->pcrs) != 0)
            abort();
        check_append(crypto, span_of(data, len), &arena, &measured);
        arena_reset(&arena);
    }
    arena_done(&arena);
    return 0;
}
