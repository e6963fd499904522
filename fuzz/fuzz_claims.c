/* Collects the claims of a foreign log and prints their items; the same bytes also stand for what the
 * host says of itself. What nobody attests is never graded as attested, and what is unknown has no
 * value. */
#include <stdlib.h>

#include "claims/claims.h"
#include "fuzz.h"

static void check(struct crypto *crypto, const struct claim *claim, struct arena *arena)
{
    if (claim->grade > CLAIM_REPORTED)
        abort();
    if (!claim->known && (claim->is_true || claim->text || claim->n_items))
        abort();
    for (size_t i = 1; i < claim->n_events; i++)
        if (claim->events[i - 1] >= claim->events[i])
            abort();
    for (size_t i = 0; i < claim->n_items && i < 16; i++)
        if (!claim_item_print(crypto, &claim->items[i], arena))
            abort();
}

static void collect(struct crypto *crypto, const struct measured_log *log, struct span said,
                    struct arena *arena)
{
    static struct reasons reasons;
    const struct evidence_item items[] = {
        {span_text("kernel.config"), said},
        {span_text("kernel.lockdown"), said},
        {span_text("kernel.module_signatures"), said},
    };
    const struct claims_input input = {.log = log,
                                       .crypto = crypto,
                                       .inventory = items,
                                       .n_inventory = sizeof items / sizeof *items,
                                       .smbios = said};
    struct claims claims;
    struct error error;

    reasons = (struct reasons){.n_items = 0};
    if (!claims_collect(&input, arena, &claims, &reasons, &error))
        abort();
    for (int id = 0; id < CLAIM_IDS; id++)
        check(crypto, &claims.claims[id], arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static struct crypto *crypto;
    struct arena arena = arena_init((size_t)64 << 20);
    struct measured_log log;
    struct error error;

    if (!crypto)
        crypto = crypto_new(&error);
    if (measured_log_read(crypto, span_of(data, len), TPM_ALG_SHA256, &arena, &log, &error)) {
        collect(crypto, &log,
                span_of(data, len < LIMIT_INVENTORY_TEXT_LEN ? len : LIMIT_INVENTORY_TEXT_LEN),
                &arena);
        /* Root can truly extend anything: the same log as if every digest covered its data. */
        for (size_t i = 0; i < log.n_events; i++)
            if (log.events[i].coverage != COVERAGE_UNMEASURED) {
                log.events[i].coverage = COVERAGE_WHOLE;
                log.events[i].covered = log.events[i].event.data;
            }
        collect(crypto, &log,
                span_of(data, len < LIMIT_INVENTORY_TEXT_LEN ? len : LIMIT_INVENTORY_TEXT_LEN),
                &arena);
    }
    arena_done(&arena);
    return 0;
}
