/* Frames any bytes as a TCG log: every event must lie inside the input, after the one before it. */
#include <stdlib.h>

#include "fuzz.h"
#include "wire/eventlog.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct eventlog log;
    struct eventlog_event event;
    struct error error;
    size_t end = 0;

    if (!eventlog_open(&log, span_of(data, len), &error))
        return 0;
    while (eventlog_next(&log, &event) == EVENTLOG_EVENT) {
        if (event.offset < end || event.data_offset < event.offset ||
            event.data_offset + event.data.len > len || event.n_digests > LIMIT_EVENTLOG_BANKS)
            abort();
        end = event.data_offset + event.data.len;
    }
    return 0;
}
