/* Claims of real logs against what is known of their machines: lab/expect.json, and the Windows
 * facts in the truth files. Every event of every log is described on the way. Reads the folder that
 * BOOTSEAL_CORPUS names; skipped without it. */
#include "claims/describe.h"
#include "claims/revocations.h"
#include "corpus_claims.h"

#include <ftw.h>
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "support/corpus.h"
#include "wire/efi_revocations.h"

static struct crypto *crypto;
static unsigned n_right, n_wrong, n_logs;

static bool collect(struct span bytes, struct collected *collected)
{
    return corpus_collect(crypto, bytes, collected);
}

static void check(const char *path, const char *name, bool right, const char *found)
{
    n_right += right;
    n_wrong += !right;
    if (!right)
        printf("%s: %s is %s\n", path, name, found);
}

static const struct claim *find(const struct collected *collected, const char *name)
{
    enum claim_id id = claim_by_name(span_text(name));

    assert_int_not_equal(id, CLAIM_IDS);
    return &collected->claims.claims[id];
}

/* An expected text must stand in the claim's; true, false and null must be equal. */
static void check_value(const char *path, const struct collected *collected, const char *name,
                        json_t *want)
{
    const struct claim *claim = find(collected, name);

    if (json_is_null(want))
        check(path, name, !claim->known, "known");
    else if (json_is_boolean(want))
        check(path, name, claim->known && claim->is_true == json_is_true(want),
              !claim->known    ? "unknown"
              : claim->is_true ? "true"
                               : "false");
    else
        check(path, name, claim->known && strstr(claim->text, json_string_value(want)),
              claim->known ? claim->text : "unknown");
}

static int visit_expectations(const char *path, const struct stat *info, int type,
                              struct FTW *where)
{
    const char *name, *claim;
    json_t *all, *wanted, *value;

    (void)info;
    (void)where;
    if (type != FTW_F || !corpus_ends_with(path, "/expect.json"))
        return 0;
    all = corpus_truth(path);
    json_object_foreach(all, name, wanted)
    {
        char log_path[512];
        struct collected collected;
        struct span bytes;

        snprintf(log_path, sizeof log_path, "%.*s%s/eventlog.bin",
                 (int)(strlen(path) - strlen("expect.json")), path, name);
        bytes = corpus_read(log_path);
        if (!bytes.data)
            continue;
        assert_true(collect(bytes, &collected));
        json_object_foreach(wanted, claim, value) check_value(name, &collected, claim, value);
        arena_done(&collected.arena);
        corpus_free(bytes);
    }
    json_decref(all);
    return 0;
}

static const struct {
    const char *claim, *fact;
    bool all; /* true when all phases say so; else when any does */
} WINDOWS[] = {
    {"debug.boot", "BOOTDEBUGGING", false},
    {"debug.kernel", "OSKERNELDEBUG", false},
    {"signing.test", "TESTSIGNING", false},
    {"signing.flight", "FLIGHTSIGNING", false},
    {"boot.safe_mode", "SAFEMODE", false},
    {"boot.winpe", "WINPE", false},
    {"code_integrity.enabled", "CODEINTEGRITY", true},
};

/* What the facts, an array of [PCR, value], come to. */
static json_t *windows_value(json_t *facts, bool all)
{
    bool value = all;
    json_t *fact;
    size_t i;

    if (json_array_size(facts) == 0)
        return json_null();
    json_array_foreach(facts, i, fact)
    {
        json_t *stated = json_array_get(fact, 1);
        bool yes = json_is_true(stated) || json_integer_value(stated) != 0;
        value = all ? value && yes : value || yes;
    }
    return json_boolean(value);
}

static int visit_windows(const char *path, const struct stat *info, int type, struct FTW *where)
{
    char log_path[512];
    struct collected collected;
    struct span bytes;
    json_t *truth, *facts;

    (void)info;
    (void)where;
    if (type != FTW_F || !corpus_ends_with(path, ".truth.json"))
        return 0;
    truth = corpus_truth(path);
    facts = json_object_get(json_object_get(truth, "verified_here"), "sipa_facts");
    snprintf(log_path, sizeof log_path, "%.*s", (int)(strlen(path) - strlen(".truth.json")), path);
    bytes = facts ? corpus_read(log_path) : (struct span){0};
    if (bytes.data) {
        assert_true(collect(bytes, &collected));
        for (size_t i = 0; i < sizeof WINDOWS / sizeof *WINDOWS; i++)
            check_value(log_path, &collected, WINDOWS[i].claim,
                        windows_value(json_object_get(facts, WINDOWS[i].fact), WINDOWS[i].all));
        /* The truth counts every image twice: PCR 12 and 13 both list it. */
        check(log_path, "the number of images",
              json_number_value(
                  json_object_get(json_object_get(truth, "verified_here"), "sipa_modules")) ==
                  2 * (double)find(&collected, "boot.modules")->n_items,
              "another");
        arena_done(&collected.arena);
    }
    corpus_free(bytes);
    json_decref(truth);
    return 0;
}

/* Modern x86 firmware's own way of doing things is never held against it. */
static bool may_be_refused(const char *path)
{
    static const char *const names[] = {
        "windows_gcp_shielded_vm.wbcl",     /* no separators in PCR 0-6 */
        "binary_bios_measurements_27",      /* separators of one byte, TPM 1.2 */
        "laptop_badOemInstall_var.1.rimel", /* the firmware's part of a log */
        "tpm2bios.log",                     /* OpenPOWER */
    };

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (corpus_ends_with(path, names[i]))
            return true;
    return false;
}

static void describe_all(const char *path, struct collected *collected)
{
    struct event_description description;
    struct error error;

    for (size_t i = 0; i < collected->log.n_events; i++) {
        if (!event_describe(&collected->log, i, crypto, &collected->arena, &description, &error))
            fail_msg("%s: event %zu: %s", path, i, error.message);
        assert_true(*description.component);
        for (const char *c = description.summary; *c; c++)
            assert_false((unsigned char)*c < 0x20);
    }
}

static int visit_log(const char *path, const struct stat *info, int type, struct FTW *where)
{
    static const char *const others[] = {".json", ".yaml", ".tsv", ".txt"};
    struct collected collected;
    struct span bytes;

    (void)where;
    if (type != FTW_F || info->st_size > LIMIT_EVENTLOG_LEN || info->st_size < 64)
        return 0;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (corpus_ends_with(path, others[i]))
            return 0;
    bytes = corpus_read(path);
    if (collect(bytes, &collected) && collected.log.n_events >= 5) {
        n_logs++;
        describe_all(path, &collected);
        check(path, "the log's form",
              may_be_refused(path) || reasons_weight(&collected.reasons) <= REASON_WEIGHT_NOTE,
              collected.reasons.n_items ? reason_code_text(collected.reasons.items[0].code) : "");
    }
    arena_done(&collected.arena);
    corpus_free(bytes);
    return 0;
}

static void walk(const char *folder,
                 int (*visit)(const char *, const struct stat *, int, struct FTW *))
{
    n_right = n_wrong = n_logs = 0;
    corpus_walk(folder, visit);
    printf("%s: %u right, %u wrong\n", folder, n_right, n_wrong);
    assert_int_not_equal(n_right, 0);
    assert_int_equal(n_wrong, 0);
}

/* Who vouches for the Windows records, by file: nobody where a key of others is in play too. */
static const struct {
    const char *name;
    enum claim_grade grade;
} VOUCHED[] = {
    {"/tpm2_windows_lenovo_yogax1v2", CLAIM_ATTESTED},
    {"/x1carbon.wbcl", CLAIM_ATTESTED},
    {"/r340.wbcl", CLAIM_UNPROVEN}, /* the third-party UEFI CA allowed drivers */
    {"/dell-notebook-5eventlogs-WBCL.log", CLAIM_UNPROVEN}, /* Secure Boot off */
};

static int visit_vouched(const char *path, const struct stat *info, int type, struct FTW *where)
{
    struct collected collected;
    struct span bytes;

    (void)info;
    (void)where;
    for (size_t i = 0; i < sizeof VOUCHED / sizeof *VOUCHED; i++) {
        if (type != FTW_F || !corpus_ends_with(path, VOUCHED[i].name))
            continue;
        bytes = corpus_read(path);
        assert_true(collect(bytes, &collected));
        check(path, "the grade of Windows records",
              find(&collected, "code_integrity.enabled")->grade == VOUCHED[i].grade, "another");
        arena_done(&collected.arena);
        corpus_free(bytes);
    }
    return 0;
}

static void windows_records_are_proven_by_windows_keys_alone(void **state)
{
    (void)state;
    walk("public", visit_vouched);
    assert_true(n_right >= sizeof VOUCHED / sizeof *VOUCHED);
}

static int visit_shim(const char *path, const struct stat *info, int type, struct FTW *where)
{
    struct collected collected;
    struct span bytes;

    (void)info;
    (void)where;
    if (type != FTW_F || !corpus_ends_with(path, "/eventlog_sb_no_shim_verification.bin"))
        return 0;
    bytes = corpus_read(path);
    assert_true(collect(bytes, &collected));
    check_value(path, &collected, "secure_boot.enabled", json_true());
    check_value(path, &collected, "secure_boot.shim_validation", json_false());
    arena_done(&collected.arena);
    corpus_free(bytes);
    return 0;
}

static void a_shim_that_does_not_validate_is_seen(void **state)
{
    (void)state;
    walk("public", visit_shim);
}

/* The list of the owner's keys that Linux shows is the one that shim measured, on every host of the lab;
 * where Secure Boot is off, nobody vouches for who measured it. */
static int visit_mok(const char *path, const struct stat *info, int type, struct FTW *where)
{
    struct claims_input input = {.attested_pcrs = UINT32_MAX, .crypto = crypto};
    struct collected collected;
    struct span variable, log;
    const struct claim *mok;
    struct error error;
    char log_path[512];

    (void)info;
    (void)where;
    if (type != FTW_F || !corpus_ends_with(path, "/efivar-MokListRT.bin"))
        return 0;
    snprintf(log_path, sizeof log_path, "%.*s/eventlog.bin",
             (int)(strlen(path) - strlen("/efivar-MokListRT.bin")), path);
    log = corpus_read(log_path);
    if (!log.data)
        return 0;
    variable = corpus_read(path);
    assert_true(variable.len > 4 && collect(log, &collected));
    input.log = &collected.log;
    input.mok_list = span_of(variable.data + 4, variable.len - 4);
    assert_true(
        claims_collect(&input, &collected.arena, &collected.claims, &collected.reasons, &error));
    mok = find(&collected, "secure_boot.mok_list");
    check(path, "the owner's keys",
          mok->known && mok->n_items && mok->items[0].kind == CLAIM_ITEM_CERTIFICATE &&
              mok->grade == (find(&collected, "secure_boot.shim_validation")->is_true
                                 ? CLAIM_ATTESTED
                                 : CLAIM_UNPROVEN),
          "something else");
    arena_done(&collected.arena);
    corpus_free(variable);
    corpus_free(log);
    return 0;
}

static void owners_keys_are_those_that_shim_measured(void **state)
{
    (void)state;
    walk("lab", visit_mok);
    assert_true(n_right >= 20);
}

/* Published revocation lists are read, and say more the newer they are. */
static int visit_revocations(const char *path, const struct stat *info, int type, struct FTW *where)
{
    static const struct {
        const char *name;
        size_t n_listed;
    } files[] = {{"/sb_dbxupdate-2014-08-11.bin", 13},
                 {"/sb_dbxupdate_x64-2020-10-12.bin", 186},
                 {"/sb_dbxupdate_x64-2021-04-29.bin", 211}};
    struct arena arena = arena_init((size_t)1 << 20);
    struct efi_revocations file;
    struct revocations compared;
    struct span bytes;
    struct error error;

    (void)info;
    (void)where;
    for (size_t i = 0; type == FTW_F && i < sizeof files / sizeof *files; i++) {
        if (!corpus_ends_with(path, files[i].name))
            continue;
        bytes = corpus_read(path);
        check(path, "the revocation list",
              efi_revocations_decode(bytes, &file, &error) && file.form == EFI_REVOCATIONS_UPDATE &&
                  revocations_compare(crypto, file.lists, file.lists, &arena, &compared, &error) &&
                  compared.n_listed == files[i].n_listed && compared.n_missing == 0,
              "something else");
        corpus_free(bytes);
    }
    arena_done(&arena);
    return 0;
}

static void published_revocation_lists_are_read(void **state)
{
    (void)state;
    walk("public", visit_revocations);
    assert_int_equal(n_right, 3);
}

static void lab_claims_are_as_expected(void **state)
{
    (void)state;
    walk("lab", visit_expectations);
}

static void windows_claims_are_the_known_facts(void **state)
{
    (void)state;
    walk("public", visit_windows);
}

static void lab_logs_are_not_refused(void **state)
{
    (void)state;
    walk("lab", visit_log);
}

static void public_logs_are_not_refused(void **state)
{
    (void)state;
    walk("public", visit_log);
    assert_true(n_logs > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lab_claims_are_as_expected),
        cmocka_unit_test(owners_keys_are_those_that_shim_measured),
        cmocka_unit_test(published_revocation_lists_are_read),
        cmocka_unit_test(windows_claims_are_the_known_facts),
        cmocka_unit_test(windows_records_are_proven_by_windows_keys_alone),
        cmocka_unit_test(a_shim_that_does_not_validate_is_seen),
        cmocka_unit_test(lab_logs_are_not_refused),
        cmocka_unit_test(public_logs_are_not_refused),
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
