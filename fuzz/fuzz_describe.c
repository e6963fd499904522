/* Describes every event of a foreign log: printable, bounded, and never out of memory for a log that
 * is within its limits. */
#include <stdlib.h>

#include "claims/describe.h"
#include "fuzz.h"

static void check(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7F)
            abort();
}

/* Each record of the event is named, and none has a value and contents. */
static void check_records(const struct measured_log *log, size_t index, struct crypto *crypto)
{
    struct arena words = arena_init((size_t)64 << 20);
    struct event_records records;
    struct error error;

    if (!event_records(log, index, crypto, &words, &records, &error))
        abort();
    for (size_t i = 0; i < records.n_records; i++) {
        check(records.records[i].name);
        if (records.records[i].container == (records.records[i].value != NULL))
            abort();
        if (records.records[i].value)
            check(records.records[i].value);
    }
    if (records.broken)
        check(records.broken);
    arena_done(&words);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static struct crypto *crypto;
    struct arena arena = arena_init((size_t)64 << 20);
    struct event_description description;
    struct measured_log log;
    struct error error;

    if (!crypto)
        crypto = crypto_new(&error);
    if (measured_log_read(crypto, span_of(data, len), TPM_ALG_SHA256, &arena, &log, &error))
        for (size_t i = 0; i < log.n_events; i++) {
            struct arena words = arena_init((size_t)16 << 20);

            if (!event_describe(&log, i, crypto, &words, &description, &error))
                abort();
            check(description.component);
            check(description.summary);
            check(description.key);
            arena_done(&words);
            check_records(&log, i, crypto);
        }
    arena_done(&arena);
    return 0;
}
