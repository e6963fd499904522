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
        }
    arena_done(&arena);
    return 0;
}
