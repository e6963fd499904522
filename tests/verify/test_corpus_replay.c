/* Real logs against what the TPM of the same machine said: replay must give the recorded PCRs in
 * every bank. Reads the folder that BOOTSEAL_CORPUS names (lab/ and public/); skipped without it.
 */
#include "verify/measured_log.h"
#include "verify/replay.h"

#include <ftw.h>
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/text.h"
#include "support/corpus.h"

static struct crypto *crypto;

struct tally {
    unsigned n_logs, n_banks, n_pcrs, n_wrong;
};
static struct tally tally;

/* Says which PCR differs and counts it. */
static void compare(const char *path, const struct replay_bank *bank, unsigned pcr, const char *hex)
{
    uint8_t want[LIMIT_TPM_DIGEST_LEN];
    size_t len;

    assert_true(text_unhex(span_text(hex), want, sizeof want, &len));
    assert_int_equal(len, bank->digest_len);
    tally.n_pcrs++;
    if (memcmp(want, bank->pcrs[pcr], len) == 0)
        return;
    tally.n_wrong++;
    printf("%s: PCR %u of %s differs\n", path, pcr, tpm_alg_name(bank->alg));
}

/* measured_log_read must see what replay_eventlog sees. */
static void compare_measured(const char *path, struct span bytes, const struct replay *replay)
{
    for (size_t i = 0; i < replay->n_banks; i++) {
        const struct replay_bank *bank = &replay->banks[i];
        struct arena arena = arena_init((size_t)64 << 20);
        struct measured_log measured;
        struct error error;

        if (!measured_log_read(crypto, bytes, bank->alg, &arena, &measured, &error))
            fail_msg("%s: %s", path, error.message);
        assert_memory_equal(measured.replay.pcrs, bank->pcrs, sizeof bank->pcrs);
        assert_int_equal(measured.replay.incomplete, bank->incomplete);
        assert_int_equal(measured.startup_locality, replay->startup_locality);
        arena_done(&arena);
    }
}

/* A workload of the lab extends these itself, after the log. */
static bool outside_the_log(const char *path, unsigned pcr)
{
    bool two = strstr(path, "/two-A/") || strstr(path, "/two-B/");

    return pcr == 10 || pcr == 15 || pcr >= 16 || (pcr == 4 && two);
}

static void compare_lab_bank(const char *log_path, const struct replay_bank *bank)
{
    char path[512], hex[200];

    snprintf(path, sizeof path, "%.*spcr-%s", (int)(strlen(log_path) - strlen("eventlog.bin")),
             log_path, tpm_alg_name(bank->alg));
    if (!corpus_pcr(path, 0, hex))
        return;
    tally.n_banks++;
    for (unsigned pcr = 0; pcr < LIMIT_PCRS; pcr++)
        if ((bank->extended & 1u << pcr) && !outside_the_log(log_path, pcr)) {
            assert_true(corpus_pcr(path, pcr, hex));
            compare(log_path, bank, pcr, hex);
        }
}

static int visit_lab(const char *path, const struct stat *info, int type, struct FTW *where)
{
    struct replay replay;
    struct error error;
    struct span bytes;

    (void)info;
    (void)where;
    if (type != FTW_F || !corpus_ends_with(path, "/eventlog.bin"))
        return 0;
    bytes = corpus_read(path);
    if (!replay_eventlog(crypto, bytes, 0, &replay, &error))
        fail_msg("%s: %s", path, error.message);
    tally.n_logs++;
    for (size_t i = 0; i < replay.n_banks; i++)
        compare_lab_bank(path, &replay.banks[i]);
    compare_measured(path, bytes, &replay);
    corpus_free(bytes);
    return 0;
}

/* The one public log of an Intel TXT launch; another decoder has replayed it too. */
static int visit_launch(const char *path, const struct stat *info, int type, struct FTW *where)
{
    static const char *const pcrs[] = {"17", "18"};
    char peers_path[512];
    json_t *peers, *expected;
    struct replay replay;
    struct error error;
    struct span bytes;

    (void)info;
    (void)where;
    if (type != FTW_F || !corpus_ends_with(path, "/intel-secl/txt-logs.bin"))
        return 0;
    snprintf(peers_path, sizeof peers_path, "%s.peers.json", path);
    peers = corpus_truth(peers_path);
    expected = json_object_get(json_object_get(json_object_get(peers, "reference"), "pcrs"),
                               "sha256");
    bytes = corpus_read(path);
    if (!replay_eventlog(crypto, bytes, TPM_ALG_SHA256, &replay, &error))
        fail_msg("%s: %s", path, error.message);
    assert_true(replay.banks[0].launched);
    for (unsigned i = 0; i < 2; i++)
        compare(path, &replay.banks[0], 17 + i,
                json_string_value(json_object_get(expected, pcrs[i])));
    tally.n_logs++;
    corpus_free(bytes);
    json_decref(peers);
    return 0;
}

/* True when the truth file says that everything in the bank was found equal. */
static bool bank_is_sure(json_t *truth, const char *bank)
{
    json_t *results = json_object_get(json_object_get(truth, "verified_here"), "replay_vs_tpm");
    json_t *result;
    char sure[64];
    size_t i;

    snprintf(sure, sizeof sure, "%s:all match", bank);
    json_array_foreach(results, i,
                       result) if (strcmp(json_string_value(result), sure) == 0) return true;
    return false;
}

static void compare_truth(const char *path, struct span bytes, json_t *truth)
{
    json_t *banks = json_object_get(truth, "pcrs_from_tpm");
    const char *name, *number;
    json_t *pcrs, *hex;
    struct replay replay;
    struct error error;

    if (!replay_eventlog(crypto, bytes, 0, &replay, &error))
        fail_msg("%s: %s", path, error.message);
    tally.n_logs++;
    json_object_foreach(banks, name, pcrs)
    {
        const struct replay_bank *bank = replay_find(&replay, tpm_hash_by_name(span_text(name)));

        if (!bank_is_sure(truth, name))
            continue;
        assert_non_null(bank);
        tally.n_banks++;
        json_object_foreach(pcrs, number, hex)
        {
            unsigned pcr = (unsigned)strtoul(number, NULL, 10);
            if (pcr < LIMIT_PCRS && (bank->extended & 1u << pcr) && !outside_the_log(path, pcr))
                compare(path, bank, pcr, json_string_value(hex));
        }
    }
    compare_measured(path, bytes, &replay);
}

static int visit_public(const char *path, const struct stat *info, int type, struct FTW *where)
{
    json_t *truth, *results;
    char log_path[512];
    struct span bytes;

    (void)info;
    (void)where;
    if (type != FTW_F || !corpus_ends_with(path, ".truth.json"))
        return 0;
    truth = corpus_truth(path);
    results = json_object_get(json_object_get(truth, "verified_here"), "replay_vs_tpm");
    snprintf(log_path, sizeof log_path, "%.*s", (int)(strlen(path) - strlen(".truth.json")), path);
    if (json_object_get(truth, "pcrs_from_tpm") && json_array_size(results) > 0) {
        bytes = corpus_read(log_path);
        if (bytes.data)
            compare_truth(log_path, bytes, truth);
        corpus_free(bytes);
    }
    json_decref(truth);
    return 0;
}

static void walk(const char *folder,
                 int (*visit)(const char *, const struct stat *, int, struct FTW *))
{
    tally = (struct tally){0};
    corpus_walk(folder, visit);
    printf("%s: %u logs, %u banks, %u PCRs, %u wrong\n", folder, tally.n_logs, tally.n_banks,
           tally.n_pcrs, tally.n_wrong);
    assert_int_not_equal(tally.n_pcrs, 0);
    assert_int_equal(tally.n_wrong, 0);
}

static void lab_logs_replay_to_the_recorded_pcrs(void **state)
{
    (void)state;
    walk("lab", visit_lab);
}

static void public_logs_replay_to_the_recorded_pcrs(void **state)
{
    (void)state;
    walk("public", visit_public);
}

/* Reads a copy of exactly this length, so that a sanitizer sees every read past its end. Whatever
 * comes out is fine, as long as both readers agree that it can or cannot be framed. */
static void read_damaged(const uint8_t *bytes, size_t len)
{
    uint8_t *copy = malloc(len ? len : 1);
    struct arena arena = arena_init((size_t)64 << 20);
    struct measured_log measured;
    struct replay replay;
    struct error error;

    assert_non_null(copy);
    memcpy(copy, bytes, len);
    if (replay_eventlog(crypto, span_of(copy, len), TPM_ALG_SHA256, &replay, &error)) {
        assert_true(measured_log_read(crypto, span_of(copy, len), TPM_ALG_SHA256, &arena, &measured,
                                      &error));
    } else {
        assert_int_not_equal(error.code, ERROR_NONE);
        assert_false(measured_log_read(crypto, span_of(copy, len), TPM_ALG_SHA256, &arena,
                                       &measured, &error));
    }
    arena_done(&arena);
    free(copy);
}

static void mutate(uint8_t *bytes, size_t len, uint32_t *random)
{
    for (unsigned i = 0; i < 4; i++) {
        *random = *random * 1664525u + 1013904223u;
        bytes[(*random >> 8) % len] = (uint8_t)*random;
    }
}

static int visit_to_damage(const char *path, const struct stat *info, int type, struct FTW *where)
{
    struct span whole;
    uint8_t *bytes;
    uint32_t random = 7;
    /* Every byte of the first log, and a coarser comb over the others. */
    size_t step = tally.n_logs == 0 ? 1 : 13;

    (void)info;
    (void)where;
    if (type != FTW_F || !corpus_ends_with(path, "/eventlog.bin"))
        return 0;
    tally.n_logs++;
    tally.n_pcrs++; /* nothing to compare, but something was done */
    whole = corpus_read(path);
    bytes = malloc(whole.len);
    assert_non_null(bytes);
    for (size_t len = 0; len < whole.len; len += step)
        read_damaged(whole.data, len);
    for (unsigned i = 0; i < 200; i++) {
        memcpy(bytes, whole.data, whole.len);
        mutate(bytes, whole.len, &random);
        read_damaged(bytes, whole.len);
    }
    free(bytes);
    corpus_free(whole);
    return 0;
}

static void damaged_logs_harm_nobody(void **state)
{
    (void)state;
    walk("lab", visit_to_damage);
}

static void a_launch_is_replayed_from_zeros(void **state)
{
    (void)state;
    walk("public", visit_launch);
    assert_int_equal(tally.n_pcrs, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_launch_is_replayed_from_zeros),
        cmocka_unit_test(lab_logs_replay_to_the_recorded_pcrs),
        cmocka_unit_test(public_logs_replay_to_the_recorded_pcrs),
        cmocka_unit_test(damaged_logs_harm_nobody),
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
