/* Real Windows logs with states that none of them shows: each claim's bad, good and absent value, and
 * what a thief of hosts would try. Altered in memory, digests put right; nothing is kept. Reads the
 * folder that BOOTSEAL_CORPUS names; skipped without it. */
#include "alter/altered_log.h"
#include "corpus_claims.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "support/corpus.h"
#include "support/crypto_arena.h"
#include "wire/efi_variable.h"
#include "wire/event_type.h"
#include "wire/sipa.h"

static const char *path; /* of the log that is tried */
static struct span original;
static struct collected untouched;

/* --- one try --- */

struct trial {
    struct altered_log log;
    struct collected collected;
};

static void begin(struct trial *trial)
{
    struct error error;

    if (!altered_log_read(&trial->log, crypto, original, &error))
        fail_msg("%s: %s", path, error.message);
}

static void collect(struct trial *trial)
{
    struct span bytes;
    struct error error;

    assert_true(altered_log_write(&trial->log, &bytes, &error));
    assert_true(corpus_collect(crypto, bytes, &trial->collected));
}

static void end(struct trial *trial)
{
    arena_done(&trial->collected.arena);
    altered_log_done(&trial->log);
}

static const struct claim *find(const struct collected *collected, enum claim_id id)
{
    return &collected->claims.claims[id];
}

static const char *value(struct collected *collected, enum claim_id id)
{
    const struct claim *claim = find(collected, id);

    if (!claim->known)
        return "unknown";
    if (claim_type(id) == CLAIM_TEXT)
        return claim->text;
    if (claim_type(id) == CLAIM_LIST)
        return arena_printf(&collected->arena, "%zu", claim->n_items);
    return claim->is_true ? "true" : "false";
}

static void expect(struct trial *trial, enum claim_id id, const char *wanted)
{
    const char *found = value(&trial->collected, id);

    if (strcmp(found, wanted) != 0)
        fail_msg("%s: %s is %s, not %s", path, claim_name(id), found, wanted);
}

static void expect_reason(struct trial *trial, enum reason_code code)
{
    if (!reasons_have(&trial->collected.reasons, code))
        fail_msg("%s: no %s", path, reason_code_text(code));
}

/* The first event of a PCR with this type; the number of events when there is none. */
static size_t first_event(const struct altered_log *log, uint32_t pcr, uint32_t type)
{
    size_t i = 0;

    while (i < log->n_events && (log->events[i].pcr != pcr || log->events[i].type != type))
        i++;
    return i;
}

static bool holds(struct span data, uint32_t id)
{
    struct sipa_record record = {0};
    struct sipa_walk walk;
    struct error error;

    sipa_open(&walk, data, &error);
    while (sipa_next(&walk, &record) == SIPA_RECORD)
        if (record.id == id)
            return true;
    return false;
}

/* --- every setting: bad, good, absent --- */

static const struct {
    uint32_t record;
    uint64_t bad, good;
    enum claim_id claim;
    const char *bad_value, *good_value;
} SETTINGS[] = {
    {SIPA_BOOTDEBUGGING, 1, 0, CLAIM_DEBUG_BOOT, "true", "false"},
    {SIPA_OSKERNELDEBUG, 1, 0, CLAIM_DEBUG_KERNEL, "true", "false"},
    {SIPA_HYPERVISOR_DEBUG, 1, 0, CLAIM_DEBUG_HYPERVISOR, "true", "false"},
    {SIPA_TESTSIGNING, 1, 0, CLAIM_SIGNING_TEST, "true", "false"},
    {SIPA_FLIGHTSIGNING, 1, 0, CLAIM_SIGNING_FLIGHT, "true", "false"},
    {SIPA_SAFEMODE, 1, 0, CLAIM_BOOT_SAFE_MODE, "true", "false"},
    {SIPA_WINPE, 1, 0, CLAIM_BOOT_WINPE, "true", "false"},
    {SIPA_CODEINTEGRITY, 0, 1, CLAIM_CODE_INTEGRITY_ENABLED, "false", "true"},
    {SIPA_DATAEXECUTIONPREVENTION, 2, 3, CLAIM_MEMORY_NX_POLICY, "off", "on"},
    {SIPA_HYPERVISOR_IOMMU_POLICY, 2, 1, CLAIM_HYPERVISOR_IOMMU_POLICY, "disabled", "enabled"},
    {SIPA_DRIVER_LOAD_POLICY, 7, 1, CLAIM_CODE_INTEGRITY_DRIVER_LOAD_POLICY, "7", "1"},
    {SIPA_LSAISO_CONFIG, 0, 1, CLAIM_VBS_CREDENTIAL_GUARD, "0", "1"},
    {SIPA_PAGEFILE_ENCRYPTION_ENABLED, 0, 1, CLAIM_MEMORY_PAGE_FILE_ENCRYPTED, "false", "true"},
    {SIPA_HIBERNATION_DISABLED, 0, 1, CLAIM_MEMORY_HIBERNATION_DISABLED, "false", "true"},
    {SIPA_DUMPS_DISABLED, 0, 1, CLAIM_MEMORY_DUMPS_DISABLED, "false", "true"},
    {SIPA_DUMP_ENCRYPTION_ENABLED, 0, 1, CLAIM_MEMORY_DUMPS_ENCRYPTED, "false", "true"},
    {SIPA_VBS_VSM_REQUIRED, 0, 1, CLAIM_VBS_REQUIRED, "false", "true"},
    {SIPA_VBS_SECUREBOOT_REQUIRED, 0, 1, CLAIM_VBS_SECURE_BOOT_REQUIRED, "false", "true"},
    {SIPA_VBS_HVCI_POLICY, 0, 1, CLAIM_CODE_INTEGRITY_HVCI, "false", "true"},
    {SIPA_APPLICATION_SVN, 0, 8, CLAIM_BOOT_MANAGER_SVN, "0", "8"},
    {SIPA_APPLICATION_SVN, 0, 8, CLAIM_BOOT_LOADER_SVN, "0", "8"},
    /* No public log has these two: they are added. */
    {SIPA_VBS_IOMMU_REQUIRED, 0, 1, CLAIM_VBS_IOMMU_REQUIRED, "false", "true"},
    {SIPA_VBS_MANDATORY_ENFORCEMENT, 0, 1, CLAIM_VBS_MANDATORY, "false", "true"},
};
enum { N_SETTINGS = sizeof SETTINGS / sizeof *SETTINGS };
static size_t n_seen[N_SETTINGS], n_logs;

/* Puts the record into the phase of the kernel, in both PCRs; false on a resume. */
static bool add_setting(struct trial *trial, uint32_t id)
{
    static const struct altered_record phase = {SIPA_TRUSTBOUNDARY, 1};
    struct error error;
    bool added = false;

    for (size_t i = 0; i < trial->log.n_events; i++)
        if (trial->log.events[i].type == EV_EVENT_TAG && trial->log.events[i].pcr >= 12 &&
            holds(trial->log.events[i].data, SIPA_OSKERNELDEBUG)) {
            assert_true(
                altered_log_add_record(&trial->log, (long)i, phase, id, span_of("\1", 1), &error));
            added = true;
        }
    return added;
}

static void try_setting(size_t number)
{
    const struct altered_record record = {SETTINGS[number].record, 0};
    const bool public = SETTINGS[number].record != SIPA_VBS_IOMMU_REQUIRED &&
                        SETTINGS[number].record != SIPA_VBS_MANDATORY_ENFORCEMENT;
    struct trial trial;
    struct error error;

    for (int turn = 0; turn < 3; turn++) {
        bool there;

        begin(&trial);
        if (!public)
            add_setting(&trial, record.id);
        there = turn == 2
                    ? altered_log_remove_record(&trial.log, ALTERED_EVERYWHERE, record, &error)
                    : altered_log_set_number(&trial.log, ALTERED_EVERYWHERE, record,
                                             turn ? SETTINGS[number].good : SETTINGS[number].bad,
                                             &error);
        collect(&trial);
        expect(&trial, SETTINGS[number].claim,
               !there || turn == 2 ? "unknown"
               : turn              ? SETTINGS[number].good_value
                                   : SETTINGS[number].bad_value);
        n_seen[number] += there && turn == 0;
        end(&trial);
    }
}

static void try_settings(void)
{
    for (size_t i = 0; i < N_SETTINGS; i++)
        try_setting(i);
}

/* One weak value among the good ones, in any phase and either PCR, wins and is found. */
static void try_single_weak_values(void)
{
    const struct altered_record record = {SIPA_CODEINTEGRITY, 1};
    struct trial trial;
    struct error error;

    for (size_t i = 0; i < untouched.log.n_events; i++) {
        begin(&trial);
        if (trial.log.events[i].type == EV_EVENT_TAG &&
            altered_log_set_number(&trial.log, (long)i, record, 0, &error)) {
            collect(&trial);
            expect(&trial, CLAIM_CODE_INTEGRITY_ENABLED, "false");
            expect_reason(&trial, REASON_WINDOWS_COPIES_DIFFER);
            arena_done(&trial.collected.arena);
        }
        altered_log_done(&trial.log);
    }
}

/* --- virtualisation, DMA, images --- */

static void try_launch_types(void)
{
    static const struct {
        uint32_t record;
        enum claim_id claim;
    } LAUNCHES[] = {
        {SIPA_VSM_LAUNCH_TYPE, CLAIM_VBS_ENABLED},
        {SIPA_HYPERVISOR_LAUNCH_TYPE, CLAIM_HYPERVISOR_ENABLED},
    };
    struct trial trial;
    struct error error;

    for (size_t i = 0; i < sizeof LAUNCHES / sizeof *LAUNCHES; i++) {
        const struct altered_record record = {LAUNCHES[i].record, 0};

        begin(&trial);
        if (altered_log_set_number(&trial.log, ALTERED_EVERYWHERE, record, 0, &error)) {
            collect(&trial);
            expect(&trial, LAUNCHES[i].claim, "false");
            expect(&trial, CLAIM_VBS_ENABLED, "false");
            arena_done(&trial.collected.arena);
        }
        altered_log_done(&trial.log);
        begin(&trial);
        if (altered_log_remove_record(&trial.log, ALTERED_EVERYWHERE, record, &error)) {
            collect(&trial);
            expect(&trial, LAUNCHES[i].claim, "unknown");
            arena_done(&trial.collected.arena);
        }
        altered_log_done(&trial.log);
    }
    /* Launched by configuration, but no hypervisor was loaded. */
    if (!find(&untouched, CLAIM_HYPERVISOR_ENABLED)->is_true) {
        begin(&trial);
        if (altered_log_set_number(&trial.log, ALTERED_EVERYWHERE,
                                   (struct altered_record){SIPA_HYPERVISOR_LAUNCH_TYPE, 0}, 1,
                                   &error)) {
            collect(&trial);
            expect(&trial, CLAIM_HYPERVISOR_ENABLED, "unknown");
            arena_done(&trial.collected.arena);
        }
        altered_log_done(&trial.log);
    }
}

static void try_dma_protection(void)
{
    const bool off = find(&untouched, CLAIM_DMA_PROTECTION_BOOT)->known &&
                     !find(&untouched, CLAIM_DMA_PROTECTION_BOOT)->is_true;
    const struct altered_record record = {SIPA_HYPERVISOR_BOOT_DMA_PROTECTION, 0};
    struct trial trial;
    struct error error;

    for (uint64_t on = 0; on < 2; on++) {
        begin(&trial);
        if (add_setting(&trial, record.id) &&
            altered_log_set_number(&trial.log, ALTERED_EVERYWHERE, record, on, &error)) {
            collect(&trial);
            expect(&trial, CLAIM_DMA_PROTECTION_BOOT, on && !off ? "true" : "false");
            arena_done(&trial.collected.arena);
        }
        altered_log_done(&trial.log);
    }
}

static void try_images(void)
{
    static const struct altered_record first = {SIPA_LOADEDMODULE_AGGREGATION, 1};
    static const struct altered_record validated = {SIPA_IMAGEVALIDATED, 1};
    const char *n_modules = value(&untouched, CLAIM_BOOT_MODULES);
    struct trial trial;
    struct error error;

    begin(&trial);
    assert_true(altered_log_set_number(&trial.log, ALTERED_EVERYWHERE, validated, 0, &error));
    collect(&trial);
    expect(&trial, CLAIM_BOOT_MODULES_VALIDATED, "false");
    end(&trial);
    for (uint32_t pcr = 12; pcr <= 13; pcr++) { /* hidden in one of the lists */
        begin(&trial);
        assert_true(altered_log_remove_record(
            &trial.log, (long)first_event(&trial.log, pcr, EV_EVENT_TAG), first, &error));
        collect(&trial);
        expect(&trial, CLAIM_BOOT_MODULES, n_modules);
        expect_reason(&trial, REASON_WINDOWS_MODULES_DIFFER);
        end(&trial);
    }
    begin(&trial);
    assert_true(altered_log_add_record(&trial.log, (long)first_event(&trial.log, 14, EV_EVENT_TAG),
                                       (struct altered_record){0, 0}, SIPA_NOAUTHORITY,
                                       span_of("\1", 1), &error));
    collect(&trial);
    expect(&trial, CLAIM_BOOT_MODULES_VALIDATED, "false");
    end(&trial);
}

static void try_transfers(void)
{
    static const struct altered_record transfer = {SIPA_TRANSFER_CONTROL, 1};
    struct trial trial;
    struct error error;
    size_t first, at;

    begin(&trial);
    first = first_event(&trial.log, 12, EV_EVENT_TAG);
    assert_true(altered_log_set_number(&trial.log, (long)first, transfer, 4, &error));
    collect(&trial);
    expect(&trial, CLAIM_BOOT_MODULES_VALIDATED, "false");
    expect_reason(&trial, REASON_WINDOWS_START_UNCHECKED);
    end(&trial);

    begin(&trial);
    assert_true(altered_log_set_number(&trial.log, (long)first, transfer, 2, &error));
    collect(&trial);
    expect(&trial, CLAIM_BOOT_RESUMED, "true");
    expect(&trial, CLAIM_DEBUG_KERNEL, "unknown");
    expect(&trial, CLAIM_BOOT_WINPE, "unknown");
    end(&trial);

    begin(&trial); /* a second boot manager, older than the first */
    assert_true(altered_log_duplicate(&trial.log, first, &error));
    assert_true(altered_log_set_number(
        &trial.log, (long)first + 1, (struct altered_record){SIPA_APPLICATION_SVN, 0}, 0, &error));
    at = first_event(&trial.log, 13, EV_EVENT_TAG);
    assert_true(altered_log_duplicate(&trial.log, at, &error));
    collect(&trial);
    expect(&trial, CLAIM_BOOT_MANAGER_SVN, "0");
    expect_reason(&trial, REASON_WINDOWS_BOOT_MANAGERS);
    end(&trial);
}

/* --- forgeries --- */

static void try_late_records(void)
{
    static const uint8_t winpe[] = {0x06, 0, 0x05, 0, 1, 0, 0, 0, 1};
    struct trial trial;
    struct error error;

    for (uint32_t pcr = 12; pcr <= 14; pcr++) {
        size_t at;

        begin(&trial);
        assert_true(altered_log_after_separator(&trial.log, pcr, &at, &error));
        assert_true(altered_log_insert(&trial.log, at, pcr, EV_EVENT_TAG,
                                       span_of(winpe, sizeof winpe), &error));
        collect(&trial);
        expect(&trial, CLAIM_BOOT_WINPE, value(&untouched, CLAIM_BOOT_WINPE));
        expect_reason(&trial, REASON_WINDOWS_AFTER_SEPARATOR);
        end(&trial);
    }
}

static void try_relabelled_types(void)
{
    static const uint32_t types[] = {EV_IPL, EV_COMPACT_HASH, EV_EFI_ACTION};
    struct trial trial;

    for (size_t i = 0; i < untouched.log.n_events; i++)
        for (size_t k = 0; k < sizeof types / sizeof *types; k++) {
            begin(&trial);
            if (trial.log.events[i].pcr < 12 || trial.log.events[i].pcr > 14) {
                altered_log_done(&trial.log);
                break;
            }
            trial.log.events[i].type = types[k];
            collect(&trial);
            /* shim has lists in PCR 14: there the one type stays open, unless no shim ran. */
            if (trial.log.events[i].pcr < 14 || types[k] != EV_IPL ||
                find(&untouched, CLAIM_DEBUG_BOOT)->grade == CLAIM_ATTESTED)
                expect_reason(&trial, REASON_EVENTLOG_TYPE_UNEXPECTED);
            if (trial.log.events[i].pcr == 14)
                expect(&trial, CLAIM_BOOT_MODULES_VALIDATED, "unknown");
            end(&trial);
        }
}

static void try_missing_separators(void)
{
    struct trial trial;
    struct error error;

    for (uint32_t pcr = 12; pcr <= 13; pcr++) {
        begin(&trial);
        assert_true(
            altered_log_remove(&trial.log, first_event(&trial.log, pcr, EV_SEPARATOR), &error));
        collect(&trial);
        for (size_t i = 0; i < N_SETTINGS; i++)
            expect(&trial, SETTINGS[i].claim, "unknown");
        expect(&trial, CLAIM_BOOT_MODULES, "unknown");
        expect_reason(&trial, REASON_EVENTLOG_SEPARATOR);
        end(&trial);
    }
}

/* Nested sizes that lie by one, each in turn. */
static void try_lying_sizes(void)
{
    struct trial trial;
    struct error error;

    for (uint32_t pcr = 12; pcr <= 13; pcr++)
        for (int by = -1; by <= 1; by += 2) {
            uint8_t *data;
            size_t at;

            begin(&trial);
            at = first_event(&trial.log, pcr, EV_EVENT_TAG);
            data = arena_alloc(&trial.log.arena, trial.log.events[at].data.len);
            assert_non_null(data);
            memcpy(data, trial.log.events[at].data.data, trial.log.events[at].data.len);
            data[4] = (uint8_t)(data[4] + by);
            assert_true(altered_log_set_data(&trial.log, at,
                                             span_of(data, trial.log.events[at].data.len), &error));
            collect(&trial);
            expect(&trial, CLAIM_DEBUG_BOOT, "unknown");
            expect(&trial, CLAIM_BOOT_MODULES, "unknown");
            expect_reason(&trial, REASON_EVENTLOG_DATA_MALFORMED);
            end(&trial);
        }
}

/* Who is proven to have measured all this: not somebody whom another key allowed, and nobody with
 * Secure Boot off. */
static size_t n_attested;

static bool is_secure_boot_variable(struct span data)
{
    struct efi_variable variable;
    struct error error;

    return efi_variable_decode(data, &variable, &error) && efi_variable_is(&variable, "SecureBoot");
}

static void try_grades(void)
{
    struct trial trial;
    struct error error;

    if (find(&untouched, CLAIM_DEBUG_BOOT)->grade != CLAIM_ATTESTED)
        return;
    n_attested++;
    for (size_t i = 0; i < untouched.log.n_events; i++) {
        struct span data;
        uint8_t *changed;

        begin(&trial);
        data = trial.log.events[i].data;
        if (trial.log.events[i].pcr != 7 ||
            (trial.log.events[i].type != EV_EFI_VARIABLE_AUTHORITY &&
             !is_secure_boot_variable(data))) {
            altered_log_done(&trial.log);
            continue;
        }
        changed = arena_alloc(&trial.log.arena, data.len);
        assert_non_null(changed);
        memcpy(changed, data.data, data.len);
        changed[data.len - 1] ^= 1; /* the certificate's signature; or on becomes off */
        assert_true(altered_log_set_data(&trial.log, i, span_of(changed, data.len), &error));
        collect(&trial);
        for (size_t k = 0; k < N_SETTINGS; k++)
            assert_int_equal(find(&trial.collected, SETTINGS[k].claim)->grade, CLAIM_UNPROVEN);
        assert_int_equal(find(&trial.collected, CLAIM_BOOT_MODULES)->grade, CLAIM_UNPROVEN);
        end(&trial);
    }
}

/* --- all logs --- */

static void (*try_log)(void);

static int visit(const char *log_path, const struct stat *info, int type, struct FTW *where)
{
    static const char end_of_name[] = ".sipa.json";
    char name[512];

    (void)info;
    (void)where;
    if (type != FTW_F || !corpus_ends_with(log_path, end_of_name))
        return 0;
    snprintf(name, sizeof name, "%.*s", (int)(strlen(log_path) - strlen(end_of_name)), log_path);
    path = name;
    original = corpus_read(name);
    assert_true(corpus_collect(crypto, original, &untouched));
    n_logs++;
    try_log();
    arena_done(&untouched.arena);
    corpus_free(original);
    return 0;
}

static void each_log(void (*try)(void))
{
    n_logs = 0;
    try_log = try;
    corpus_walk("public", visit);
    assert_true(n_logs >= 19);
}

static void settings_are_believed_as_they_are_stated(void **state)
{
    (void)state;
    each_log(try_settings);
    for (size_t i = 0; i < N_SETTINGS; i++) {
        printf("%-30s %zu logs\n", sipa_name(SETTINGS[i].record), n_seen[i]);
        assert_true(n_seen[i] > 0);
    }
}

static void one_weak_value_wins(void **state)
{
    (void)state;
    each_log(try_single_weak_values);
}

static void launch_types_of_0_are_off(void **state)
{
    (void)state;
    each_log(try_launch_types);
}

static void windows_own_word_on_dma_counts_where_pcr_7_is_silent(void **state)
{
    (void)state;
    each_log(try_dma_protection);
}

static void images_cannot_be_hidden_or_pass_unvalidated(void **state)
{
    (void)state;
    each_log(try_images);
}

static void transfers_tell_who_started_what(void **state)
{
    (void)state;
    each_log(try_transfers);
}

static void records_behind_the_separators_are_not_believed(void **state)
{
    (void)state;
    each_log(try_late_records);
}

static void relabelled_events_are_found(void **state)
{
    (void)state;
    each_log(try_relabelled_types);
}

static void a_cut_log_says_nothing(void **state)
{
    (void)state;
    each_log(try_missing_separators);
}

static void sizes_may_not_lie(void **state)
{
    (void)state;
    each_log(try_lying_sizes);
}

static void another_key_or_secure_boot_off_takes_the_grade(void **state)
{
    (void)state;
    n_attested = 0;
    each_log(try_grades);
    printf("%zu logs were proven\n", n_attested);
    assert_true(n_attested > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(settings_are_believed_as_they_are_stated),
        cmocka_unit_test(one_weak_value_wins),
        cmocka_unit_test(launch_types_of_0_are_off),
        cmocka_unit_test(windows_own_word_on_dma_counts_where_pcr_7_is_silent),
        cmocka_unit_test(images_cannot_be_hidden_or_pass_unvalidated),
        cmocka_unit_test(transfers_tell_who_started_what),
        cmocka_unit_test(records_behind_the_separators_are_not_believed),
        cmocka_unit_test(relabelled_events_are_found),
        cmocka_unit_test(a_cut_log_says_nothing),
        cmocka_unit_test(sizes_may_not_lie),
        cmocka_unit_test(another_key_or_secure_boot_off_takes_the_grade),
    };

    return cmocka_run_group_tests(tests, crypto_arena_setup, crypto_arena_teardown);
}
