/* IMA replay: PCR 10 by hand, violations, padded banks, altered entries, prefixes and tails. */
#include "verify/ima.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "support/crypto_arena.h"
#include "support/log_builder.h"

static struct log_builder built; /* used for its byte writer */
static size_t entry_ends[16];
static size_t n_entries;

/* An entry of some template with a correct SHA-1 hash, or a violation. */
static void add_to(uint32_t pcr, const char *data, bool violation)
{
    struct crypto_digest hash = {.len = 20};

    if (!violation)
        crypto_hash_span(crypto, TPM_ALG_SHA1, span_text(data), &hash);
    log_builder_le32(&built, pcr);
    log_builder_raw(&built, hash.bytes, hash.len);
    log_builder_le32(&built, 6);
    log_builder_raw(&built, "ima-ng", 6);
    log_builder_le32(&built, (uint32_t)strlen(data));
    log_builder_raw(&built, data, strlen(data));
    entry_ends[n_entries++] = built.len;
}

static void add(const char *data)
{
    add_to(10, data, false);
}

static void restart(void)
{
    built.len = 0;
    n_entries = 0;
}

static void replay_span(struct span list, uint16_t alg, bool padded, struct ima_replay *replay)
{
    struct error error;

    if (!ima_replay_list(crypto, list, alg, padded, NULL, NULL, NULL, replay, &error))
        fail_msg("%s", error.message);
}

static void extend_by_hand(uint16_t alg, uint16_t data_alg, uint8_t *pcr, const char *data)
{
    size_t len = tpm_digest_len(alg);
    uint8_t both[2 * LIMIT_TPM_DIGEST_LEN] = {0};
    struct crypto_digest digest;

    memcpy(both, pcr, len);
    if (data) {
        crypto_hash_span(crypto, data_alg, span_text(data), &digest);
        memcpy(both + len, digest.bytes, digest.len);
    } else {
        memset(both + len, 0xFF, len);
    }
    crypto_hash_span(crypto, alg, span_of(both, 2 * len), &digest);
    memcpy(pcr, digest.bytes, len);
}

static void every_bank_and_padding(void **state)
{
    static const uint16_t algs[] = {TPM_ALG_SHA1, TPM_ALG_SHA256, TPM_ALG_SHA384, TPM_ALG_SHA512};

    (void)state;
    restart();
    add("one");
    add("two");
    for (size_t i = 0; i < 4; i++)
        for (int padded = 0; padded < 2; padded++) {
            uint8_t pcr[LIMIT_TPM_DIGEST_LEN] = {0};
            struct ima_replay replay = {0};

            extend_by_hand(algs[i], padded ? TPM_ALG_SHA1 : algs[i], pcr, "one");
            extend_by_hand(algs[i], padded ? TPM_ALG_SHA1 : algs[i], pcr, "two");
            replay_span(log_builder_span(&built), algs[i], padded, &replay);
            assert_memory_equal(replay.pcr, pcr, tpm_digest_len(algs[i]));
            assert_int_equal(replay.n_entries, 2);
            assert_int_equal(replay.n_bad_template_hashes, 0);
            assert_int_equal(replay.pcr_index, 10);
        }
}

static void violations_extend_ones(void **state)
{
    uint8_t pcr[LIMIT_TPM_DIGEST_LEN] = {0};
    struct ima_replay replay = {0};

    (void)state;
    restart();
    add("one");
    add_to(10, "open for writing", true);
    extend_by_hand(TPM_ALG_SHA256, TPM_ALG_SHA256, pcr, "one");
    extend_by_hand(TPM_ALG_SHA256, TPM_ALG_SHA256, pcr, NULL);
    replay_span(log_builder_span(&built), TPM_ALG_SHA256, false, &replay);
    assert_memory_equal(replay.pcr, pcr, 32);
    assert_int_equal(replay.n_violations, 1);
}

static void altered_entries_are_found(void **state)
{
    struct ima_replay honest = {0}, altered = {0};

    (void)state;
    restart();
    add("one");
    add("two");
    replay_span(log_builder_span(&built), TPM_ALG_SHA256, false, &honest);
    built.bytes[built.len - 1] ^= 1; /* in the data of the second entry */
    replay_span(log_builder_span(&built), TPM_ALG_SHA256, false, &altered);
    assert_int_equal(altered.n_bad_template_hashes, 1);
    assert_int_equal(altered.first_bad_template_hash, 1);
    assert_memory_not_equal(altered.pcr, honest.pcr, 32);
    altered = (struct ima_replay){0};
    built.bytes[built.len - 1] ^= 1;
    built.bytes[4] ^= 1; /* in the hash column of the first */
    replay_span(log_builder_span(&built), TPM_ALG_SHA256, false, &altered);
    assert_int_equal(altered.n_bad_template_hashes, 1);
    assert_int_equal(altered.first_bad_template_hash, 0);
    assert_memory_equal(altered.pcr, honest.pcr, 32);
}

static bool stop_at(void *context, uint32_t n, const uint8_t *pcr)
{
    (void)pcr;
    return n == *(uint32_t *)context;
}

static void prefixes_are_found_and_tails_continue(void **state)
{
    struct ima_replay whole = {0}, prefix = {0};
    struct error error;
    uint32_t two = 2, ten = 10;
    bool found = false;

    (void)state;
    restart();
    add("one");
    add("two");
    add("three");
    replay_span(log_builder_span(&built), TPM_ALG_SHA256, false, &whole);
    assert_true(ima_replay_list(crypto, log_builder_span(&built), TPM_ALG_SHA256, false, stop_at,
                                &two, &found, &prefix, &error));
    assert_true(found);
    assert_int_equal(prefix.n_entries, 2);
    replay_span(span_of(built.bytes + entry_ends[1], built.len - entry_ends[1]), TPM_ALG_SHA256,
                false, &prefix);
    assert_memory_equal(&prefix, &whole, sizeof whole);
    prefix = (struct ima_replay){0};
    assert_true(ima_replay_list(crypto, log_builder_span(&built), TPM_ALG_SHA256, false, stop_at,
                                &ten, &found, &prefix, &error));
    assert_false(found);
    assert_false(ima_replay_list(crypto, log_builder_span(&built), TPM_ALG_SHA1, false, NULL, NULL,
                                 NULL, &prefix, &error));
    assert_int_equal(error.code, ERROR_USAGE);
}

static void entries_of_another_pcr_are_counted_only(void **state)
{
    struct ima_replay with = {0}, without = {0};

    (void)state;
    restart();
    add("one");
    replay_span(log_builder_span(&built), TPM_ALG_SHA256, false, &without);
    add_to(11, "two", false);
    replay_span(log_builder_span(&built), TPM_ALG_SHA256, false, &with);
    assert_memory_equal(with.pcr, without.pcr, 32);
    assert_int_equal(with.n_other_pcr, 1);
    assert_int_equal(with.n_entries, 2);
}

static void failures_leave_the_replay_alone(void **state)
{
    struct ima_replay replay = {0}, before;
    struct error error;

    (void)state;
    restart();
    add("one");
    replay_span(log_builder_span(&built), TPM_ALG_SHA256, false, &replay);
    before = replay;
    assert_false(ima_replay_list(crypto, span_of(built.bytes, built.len - 1), TPM_ALG_SHA256, false,
                                 NULL, NULL, NULL, &replay, &error));
    assert_memory_equal(&replay, &before, sizeof before);
    assert_false(ima_replay_list(crypto, log_builder_span(&built), TPM_ALG_AES, false, NULL, NULL,
                                 NULL, &replay, &error));
    assert_int_equal(error.code, ERROR_UNSUPPORTED);
}

/* New kernels offer the list with another hash in its column (binary_runtime_measurements_sha256). */
static void a_column_of_longer_hashes_is_checked_with_its_own(void **state)
{
    static const uint16_t algs[] = {TPM_ALG_SHA256, TPM_ALG_SHA384, TPM_ALG_SHA512};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        uint8_t pcr[LIMIT_TPM_DIGEST_LEN] = {0};
        struct ima_replay replay = {0};
        struct crypto_digest hash;

        restart();
        crypto_hash_span(crypto, algs[i], span_text("ONE"), &hash);
        log_builder_le32(&built, 10);
        log_builder_raw(&built, hash.bytes, hash.len);
        log_builder_le32(&built, 6);
        log_builder_raw(&built, "ima-ng", 6);
        log_builder_le32(&built, 3);
        log_builder_raw(&built, "ONE", 3);
        extend_by_hand(TPM_ALG_SHA256, TPM_ALG_SHA256, pcr, "ONE");
        replay_span(log_builder_span(&built), TPM_ALG_SHA256, false, &replay);
        assert_int_equal(replay.n_bad_template_hashes, 0);
        assert_memory_equal(replay.pcr, pcr, 32);
        built.bytes[4] ^= 1;
        replay = (struct ima_replay){0};
        replay_span(log_builder_span(&built), TPM_ALG_SHA256, false, &replay);
        assert_int_equal(replay.n_bad_template_hashes, 1);
    }
}

/* The fixed template hashes its name padded to 256 bytes, without lengths. */
static void the_fixed_template_is_padded(void **state)
{
    const struct span name = span_text("/bin/sh");
    uint8_t hashed[20 + 256] = {9};
    struct crypto_digest hash;
    struct ima_replay replay = {0};

    (void)state;
    restart();
    memcpy(hashed + 20, name.data, name.len);
    crypto_hash_span(crypto, TPM_ALG_SHA1, span_of(hashed, sizeof hashed), &hash);
    log_builder_le32(&built, 10);
    log_builder_raw(&built, hash.bytes, 20);
    log_builder_le32(&built, 3);
    log_builder_raw(&built, "ima", 3);
    log_builder_raw(&built, hashed, 20);
    log_builder_le32(&built, (uint32_t)name.len);
    log_builder_raw(&built, name.data, name.len);
    replay_span(log_builder_span(&built), TPM_ALG_SHA1, false, &replay);
    assert_int_equal(replay.n_entries, 1);
    assert_int_equal(replay.n_bad_template_hashes, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_bank_and_padding),
        cmocka_unit_test(violations_extend_ones),
        cmocka_unit_test(altered_entries_are_found),
        cmocka_unit_test(prefixes_are_found_and_tails_continue),
        cmocka_unit_test(entries_of_another_pcr_are_counted_only),
        cmocka_unit_test(failures_leave_the_replay_alone),
        cmocka_unit_test(a_column_of_longer_hashes_is_checked_with_its_own),
        cmocka_unit_test(the_fixed_template_is_padded),
    };

    return cmocka_run_group_tests(tests, crypto_arena_setup, crypto_arena_teardown);
}
