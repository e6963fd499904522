/* Real IMA lists against PCR 10 as the TPM of the same machine said it: some prefix of the list
 * must give it (lists are read after the PCRs). Reads the folder that BOOTSEAL_CORPUS names;
 * skipped without it. */
#include "verify/ima.h"
#include "verify/ima_signatures.h"
#include "wire/ima.h"

#include <ftw.h>
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/text.h"
#include "support/corpus.h"
#include "support/crypto_arena.h"

static unsigned n_lists, n_banks, n_wrong;

struct wanted {
    uint8_t pcr[LIMIT_TPM_DIGEST_LEN];
    size_t len;
    struct span quoted; /* a file that holds the values that were quoted, PCR 10 among them */
};

static bool is_wanted(void *context, uint32_t n_entries, const uint8_t *pcr)
{
    const struct wanted *wanted = context;

    (void)n_entries;
    return memcmp(pcr, wanted->pcr, wanted->len) == 0 ||
           (wanted->quoted.len &&
            memmem(wanted->quoted.data, wanted->quoted.len, pcr, wanted->len));
}

/* n_bad: entries whose data were altered on purpose. */
static void expect(const char *path, struct span list, uint16_t alg, bool padded, const char *hex,
                   struct span quoted, unsigned n_bad)
{
    struct ima_replay replay = {0};
    struct wanted wanted = {.quoted = quoted};
    struct error error;
    bool found;

    assert_true(text_unhex(span_text(hex), wanted.pcr, sizeof wanted.pcr, &wanted.len));
    if (!ima_replay_list(crypto, list, alg, padded, is_wanted, &wanted, &found, &replay, &error))
        fail_msg("%s: %s", path, error.message);
    n_banks++;
    if (found && replay.n_bad_template_hashes == n_bad)
        return;
    n_wrong++;
    printf("%s: %s%s: %s\n", path, tpm_alg_name(alg), padded ? " padded" : "",
           found ? "template hashes" : "no prefix gives PCR 10");
}

/* Every entry of a real list has a template that we can read. */
static void read_fields(const char *path, struct span bytes)
{
    struct ima_list list;
    struct ima_entry entry;
    struct ima_fields fields;
    struct error error;
    enum ima_step step = IMA_FAILED;

    if (ima_list_open(&list, bytes, &error))
        while ((step = ima_list_next(&list, &entry)) == IMA_ENTRY)
            if (!ima_entry_decode(&entry, &fields, &error))
                break;
    if (step != IMA_END)
        fail_msg("%s: %s at %zu", path, error.message, error.offset);
}

/* One host's list outran both: its quote is older and its PCRs are younger than the list. */
static void expect_lab_bank(const char *path, struct span bytes, uint16_t alg)
{
    int folder_len = (int)(strlen(path) - strlen("ima.bin"));
    char file[512], hex[200];
    struct span quoted;

    snprintf(file, sizeof file, "%.*squote-%s.pcrs", folder_len, path, tpm_alg_name(alg));
    quoted = corpus_read(file);
    snprintf(file, sizeof file, "%.*spcr-%s", folder_len, path, tpm_alg_name(alg));
    /* Debian's kernel has no SHA-384 and SHA-512 when IMA starts, and pads. */
    if (corpus_pcr(file, 10, hex))
        expect(path, bytes, alg, alg == TPM_ALG_SHA384 || alg == TPM_ALG_SHA512, hex, quoted, 0);
    corpus_free(quoted);
}

static int visit_lab(const char *path, const struct stat *info, int type, struct FTW *where)
{
    static const uint16_t algs[] = {TPM_ALG_SHA1, TPM_ALG_SHA256, TPM_ALG_SHA384, TPM_ALG_SHA512};
    struct span bytes;

    (void)info;
    (void)where;
    if (type != FTW_F || !corpus_ends_with(path, "/ima.bin"))
        return 0;
    bytes = corpus_read(path);
    read_fields(path, bytes);
    n_lists++;
    for (size_t i = 0; i < sizeof algs / sizeof *algs; i++)
        expect_lab_bank(path, bytes, algs[i]);
    corpus_free(bytes);
    return 0;
}

/* The truth files' own replay takes padded and SHA-1 banks from the list's hash column, so it says
 * nothing for us where that is of another hash, or was altered. */
static void expect_replays(const char *path, struct span bytes, json_t *truth)
{
    json_t *ima = json_object_get(json_object_get(truth, "verified_here"), "ima");
    unsigned n_bad = (unsigned)json_number_value(json_object_get(ima, "template_hash_mismatches"));
    unsigned hash_len = (unsigned)json_number_value(json_object_get(ima, "template_hash_len"));
    const char *bank;
    json_t *hex;

    json_object_foreach(json_object_get(ima, "pcr10_replay"), bank, hex)
    {
        const char *colon = strchr(bank, ':');
        bool rehash = colon && strcmp(colon, ":rehash") == 0;
        struct span name = colon ? span_of(bank, (size_t)(colon - bank)) : span_text(bank);

        if (rehash || (n_bad == 0 && hash_len == 20))
            expect(path, bytes, tpm_hash_by_name(name), colon && !rehash, json_string_value(hex),
                   span_of(NULL, 0), n_bad);
    }
}

/* Two fixtures have a newline after the last entry, which no kernel writes; one real list names two
 * PCRs, of which the truth file's replay makes one. */
static bool no_truth_for_us(const char *path)
{
    return strstr(path, "/sml-ima-ng-sha1.bin") || strstr(path, "/sml-ima-sha1.bin") ||
           strstr(path, "/sr630.binary_measurements");
}

static int visit_public(const char *path, const struct stat *info, int type, struct FTW *where)
{
    json_t *truth, *ima;
    char list_path[512];
    struct span bytes;

    (void)info;
    (void)where;
    if (type != FTW_F || !corpus_ends_with(path, ".truth.json") || no_truth_for_us(path))
        return 0;
    truth = corpus_truth(path);
    ima = json_object_get(json_object_get(truth, "verified_here"), "ima");
    if (json_object_get(ima, "pcr10_replay")) {
        snprintf(list_path, sizeof list_path, "%.*s", (int)(strlen(path) - strlen(".truth.json")),
                 path);
        bytes = corpus_read(list_path);
        n_lists++;
        read_fields(list_path, bytes);
        expect_replays(list_path, bytes, truth);
        corpus_free(bytes);
    }
    json_decref(truth);
    return 0;
}

static void walk(const char *folder,
                 int (*visit)(const char *, const struct stat *, int, struct FTW *))
{
    n_lists = n_banks = n_wrong = 0;
    corpus_walk(folder, visit);
    printf("%s: %u lists, %u banks, %u wrong\n", folder, n_lists, n_banks, n_wrong);
    assert_int_not_equal(n_banks, 0);
    assert_int_equal(n_wrong, 0);
}

static void lab_lists_replay_to_the_recorded_pcr(void **state)
{
    (void)state;
    walk("lab", visit_lab);
}

static void public_lists_replay_to_the_known_pcr(void **state)
{
    (void)state;
    walk("public", visit_public);
}

static struct span read_named(const char *name)
{
    char path[512];

    snprintf(path, sizeof path, "%s/%s", getenv("BOOTSEAL_CORPUS"), name);
    return corpus_read(path);
}

struct expectation {
    const char *list, *certificate; /* NULL: what the list says was added to the keyring "_ima" */
    enum ima_signed state;
    unsigned n, n_unknown, n_invalid;
};

/* The certificate among the measured keys by which the kernel accepted the signatures. */
static struct span find_key(struct span bytes)
{
    struct span found = span_of(NULL, 0);
    struct ima_list list;
    struct ima_entry entry;
    struct ima_fields fields;
    struct error error;

    assert_true(ima_list_open(&list, bytes, &error));
    while (ima_list_next(&list, &entry) == IMA_ENTRY)
        if (ima_entry_decode(&entry, &fields, &error) && span_is(fields.name, "_ima"))
            found = fields.buffer;
    return found;
}

static void check_signatures(const struct expectation *expected)
{
    unsigned n[IMA_SIGNED_STATES] = {0};
    struct span bytes = read_named(expected->list);
    struct span given = expected->certificate ? read_named(expected->certificate) : find_key(bytes);
    struct ima_certificates *certificates;
    struct ima_list list;
    struct ima_entry entry;
    struct ima_fields fields;
    struct error error;

    if (!ima_certificates_new(crypto, given, &certificates, &error))
        fail_msg("%s: %s", expected->list, error.message);
    assert_true(ima_list_open(&list, bytes, &error));
    while (ima_list_next(&list, &entry) == IMA_ENTRY)
        if (ima_entry_decode(&entry, &fields, &error))
            n[ima_signature_check(crypto, certificates, &entry, &fields).state]++;
    printf("%s: %u signatures, %u of others\n", expected->list, n[expected->state],
           n[IMA_SIGNED_UNKNOWN_KEY]);
    assert_int_equal(n[expected->state], expected->n);
    assert_int_equal(n[IMA_SIGNED_UNKNOWN_KEY], expected->n_unknown);
    assert_int_equal(n[IMA_SIGNED_INVALID], expected->n_invalid);
    assert_int_equal(n[IMA_SIGNED_UNCHECKED], 0);
    ima_certificates_free(certificates);
    corpus_free(bytes);
    if (expected->certificate)
        corpus_free(given);
}

static void signatures_verify_under_their_certificates(void **state)
{
    static const struct expectation CASES[] = {
        /* One file was tampered with on purpose, and the kernel refused to run it. */
        {"lab/i-custom-nosb/ima.bin", NULL, IMA_SIGNED_VALID, 40, 0, 1},
        {"lab/i-custom-sb/ima.bin", NULL, IMA_SIGNED_VALID, 40, 0, 1},
        /* Made with RSA-1024; one is bad on purpose. */
        {"public/ibmacs/imasig.log", "public/ibmacs/imakey.der", IMA_SIGNED_WEAK, 896, 2, 1},
    };

    (void)state;
    if (!getenv("BOOTSEAL_CORPUS"))
        skip();
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++)
        check_signatures(&CASES[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lab_lists_replay_to_the_recorded_pcr),
        cmocka_unit_test(public_lists_replay_to_the_known_pcr),
        cmocka_unit_test(signatures_verify_under_their_certificates),
    };

    return cmocka_run_group_tests(tests, crypto_arena_setup, crypto_arena_teardown);
}
