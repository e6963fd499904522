/* Reads any bytes as systemd's measurement log (systemd_log_decode and all of json_reader.c), appends
 * what it holds to nothing: spans must lie in the input or the arena, digests have their length. */
#include <stdlib.h>

#include "fuzz.h"
#include "wire/systemd_log.h"
#include "wire/tpm_alg.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct arena arena = arena_init((size_t)16 << 20);
    struct systemd_log log;
    struct error error;

    if (systemd_log_decode(span_of(data, len), &arena, &log, &error)) {
        volatile uint8_t sum = 0;

        if (log.n_events + log.n_others > LIMIT_SYSTEMD_LOG_RECORDS)
            abort();
        for (size_t i = 0; i < log.n_events; i++) {
            const struct eventlog_event *event = &log.events[i];

            if (event->pcr >= LIMIT_PCRS || event->offset >= len)
                abort();
            for (size_t byte = 0; byte < event->data.len; byte++)
                sum ^= event->data.data[byte];
            for (size_t d = 0; d < event->n_digests; d++)
                if (event->digests[d].bytes.len != tpm_digest_len(event->digests[d].alg))
                    abort();
        }
    }
    arena_done(&arena);
    return 0;
}
