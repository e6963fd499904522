/* The table of quirks against real logs: every line has a log that shows it, and no log deviates in
 * a way that has no line. Reads the folder that BOOTSEAL_CORPUS names; skipped without it. */
#include "claims/claims.h"
#include "claims/quirks.h"
#include "wire/event_type.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "support/corpus.h"

static struct crypto *crypto;
static unsigned n_logs, n_deviations, n_unexplained;
static unsigned n_seen[QUIRKS];

static void see(quirk_set quirks)
{
    for (int i = 0; i < QUIRKS; i++)
        n_seen[i] += quirks >> i & 1;
}

/* What the specifications do not foresee, said anew and more bluntly than the code says it. */
static bool deviates_in_digest(const struct measured_event *event, size_t n_banks)
{
    if (event->event.n_digests != n_banks || event->coverage == COVERAGE_MISMATCH)
        return true;
    if (event->coverage != COVERAGE_NONE || event->event.pcr >= 16)
        return false;
    return event->event.type == EV_S_CRTM_VERSION || event->event.type == EV_ACTION ||
           event->event.type == EV_EVENT_TAG || event->event.type == EV_EFI_ACTION ||
           event->event.type == EV_EFI_VARIABLE_DRIVER_CONFIG ||
           event->event.type == EV_EFI_GPT_EVENT || event->event.type == EV_SEPARATOR;
}

static bool deviates_in_place(const struct measured_event *event, uint32_t separated)
{
    uint32_t pcr = event->event.pcr, type = event->event.type;

    if (type == EV_SEPARATOR)
        return pcr < 8 && (event->separator != SEPARATOR_FIRMWARE || separated >> pcr & 1);
    if (!event_type_fits(type, pcr) ||
        (pcr < 8 && event->separator != SEPARATOR_NONE && event->coverage != COVERAGE_PART))
        return true;
    if (!(separated >> pcr & 1) || pcr == 4 || pcr == 5 || pcr > 7)
        return false;
    return pcr != 7 || type != EV_EFI_VARIABLE_AUTHORITY;
}

static void complain(const char *path, const struct measured_event *event, const char *what)
{
    n_unexplained++;
    printf("%s: event %u: no line explains %s (%s in PCR %u)\n", path, event->event.number, what,
           event_type_name(event->event.type) ? event_type_name(event->event.type) : "?",
           event->event.pcr);
}

static size_t count_banks(const struct measured_log *log)
{
    size_t n = 0;

    for (size_t i = 0; i < log->n_events; i++)
        if (log->events[i].event.n_digests > n)
            n = log->events[i].event.n_digests;
    return n;
}

static void check_events(const char *path, const struct measured_log *log)
{
    size_t n_banks = count_banks(log);
    uint32_t separated = 0;
    struct quirk_scan scan;

    quirk_scan_init(&scan, log);
    for (size_t i = 0; i < log->n_events; i++) {
        const struct measured_event *event = &log->events[i];
        quirk_set quirks = quirk_scan_next(&scan);
        bool deviates;

        see(quirks);
        if (event->coverage == COVERAGE_UNMEASURED) {
            deviates = event->event.pcr >= LIMIT_PCRS;
        } else {
            deviates = deviates_in_digest(event, n_banks) ||
                       (!log->measurement_registers && deviates_in_place(event, separated));
            if (event->event.type == EV_SEPARATOR && event->event.pcr < 8)
                separated |= EVENT_PCR(event->event.pcr);
        }
        n_deviations += deviates;
        if (deviates && !quirks)
            complain(path, event, "a deviation");
    }
}

/* A finding about an event that no quirk is known of, or about what is missing in a log of none. */
static void check_findings(const char *path, const struct measured_log *log,
                           const struct reasons *reasons)
{
    quirk_set of_log = quirks_of_log(log);

    for (size_t i = 0; i < reasons->n_items; i++) {
        const struct reason *reason = &reasons->items[i];
        quirk_set quirks = of_log;
        struct quirk_scan scan;

        quirk_scan_init(&scan, log);
        for (size_t k = 0; k < log->n_events && reason->event != REASON_NO_EVENT; k++) {
            quirk_set of_event = quirk_scan_next(&scan);

            if (k == reason->event)
                quirks = of_event;
        }
        if (reason->weight > REASON_WEIGHT_NOTE && !quirks) {
            n_unexplained++;
            printf("%s: no line explains %s\n", path, reason_code_text(reason->code));
        }
    }
}

static bool is_log(const char *path, const struct stat *info, int type)
{
    static const char *const others[] = {".json", ".yaml", ".tsv", ".txt"};

    if (type != FTW_F || info->st_size > LIMIT_EVENTLOG_LEN || info->st_size < 64)
        return false;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (corpus_ends_with(path, others[i]))
            return false;
    return true;
}

static void check_bank(const char *path, struct span bytes, uint16_t bank)
{
    struct arena arena = arena_init((size_t)64 << 20);
    struct claims_input input = {.attested_pcrs = UINT32_MAX, .crypto = crypto};
    static struct reasons reasons;
    struct measured_log log;
    struct claims claims;
    struct error error;

    if (measured_log_read(crypto, bytes, bank, &arena, &log, &error) && log.n_events >= 5) {
        n_logs++;
        input.log = &log;
        reasons = (struct reasons){.n_items = 0};
        assert_true(claims_collect(&input, &arena, &claims, &reasons, &error));
        see(quirks_of_log(&log));
        check_events(path, &log);
        check_findings(path, &log, &reasons);
    }
    arena_done(&arena);
}

static int visit(const char *path, const struct stat *info, int type, struct FTW *where)
{
    static const uint16_t banks[] = {TPM_ALG_SHA1, TPM_ALG_SHA256, TPM_ALG_SHA384, TPM_ALG_SHA512,
                                     TPM_ALG_SM3_256};
    struct span bytes;

    (void)where;
    if (!is_log(path, info, type))
        return 0;
    bytes = corpus_read(path);
    for (size_t i = 0; i < sizeof banks / sizeof *banks; i++)
        check_bank(path, bytes, banks[i]);
    corpus_free(bytes);
    return 0;
}

static void real_logs_show_the_quirks_of_the_table_and_no_others(void **state)
{
    unsigned n_unseen = 0;

    (void)state;
    corpus_walk("lab", visit);
    corpus_walk("public", visit);
    printf("%u logs and banks, %u deviations, %u without a line\n", n_logs, n_deviations,
           n_unexplained);
    for (int i = 0; i < QUIRKS; i++)
        if (n_seen[i] == 0) {
            n_unseen++;
            printf("no log shows %s\n", quirk_text((enum quirk)i)->name);
        }
    assert_int_equal(n_unexplained, 0);
    assert_int_equal(n_unseen, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(real_logs_show_the_quirks_of_the_table_and_no_others),
    };
    struct error error;
    int failed;

    crypto = crypto_new(&error);
    if (!crypto)
        return 1;
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    crypto_free(crypto);
    return failed;
}
