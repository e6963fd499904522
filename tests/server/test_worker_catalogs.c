/* A worker's catalogues: which count, when, and which have to be told again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "server/worker_catalogs.h"
#include "support/crypto_arena.h"
#include "support/soft_catalog.h"

#define DAY_S INT64_C(86400)

/* 2026-01-01 and the end of 2026-12-31. */
static const int64_t ISSUED_S = 1767225600, END_S = 1767225600 + 365 * DAY_S;

static struct soft_catalog_maker maker, stranger;
static struct worker_catalogs catalogs;

static int start(void **state)
{
    soft_catalog_maker_init(&maker, "maker");
    soft_catalog_maker_init(&stranger, "stranger");
    return crypto_arena_setup(state);
}

static int end(void **state)
{
    soft_catalog_maker_done(&maker);
    soft_catalog_maker_done(&stranger);
    return crypto_arena_teardown(state);
}

static int forget(void **state)
{
    (void)state;
    worker_catalogs_done(&catalogs);
    catalogs = (struct worker_catalogs){.crypto = crypto, .certificates = maker.certificate};
    return 0;
}

static const char *text_of(int version, const char *last_day)
{
    return arena_printf(&arena,
                        "[catalog]\nname = test\nversion = %d\nissued = 2026-01-01\n"
                        "valid_until = %s\n[model m]\nlevel = secured-core\nsource = s\n"
                        "manufacturer = Acme\nproduct = Anvil\n",
                        version, last_day);
}

/* As the front tells of it, with its text; its digest is that of the version. */
static struct work_catalog tell(int version, struct soft_catalog_maker *signer)
{
    const char *text = text_of(version, "2026-12-31");

    return (struct work_catalog){.given = true,
                                 .has_text = true,
                                 .sha256 = {(uint8_t)version},
                                 .text = span_text(text),
                                 .signature = signer ? soft_catalog_sign(signer, text, &arena)
                                                     : (struct span){0}};
}

static struct work_catalog without_text(struct work_catalog catalog)
{
    catalog.has_text = false;
    catalog.text = catalog.signature = (struct span){0};
    return catalog;
}

/* The version that counts at now_s; 0: none does, -1: it has to be told. */
static int64_t version_at(struct work_catalog wanted, int64_t now_s)
{
    struct worker_catalog found;

    if (!worker_catalogs_find(&catalogs, &wanted, now_s, &found))
        return -1;
    assert_int_equal(found.sha256.len, found.catalog ? STORE_DIGEST_LEN : 0);
    return found.catalog ? found.catalog->version : 0;
}

static int64_t draft_version(struct work_catalog wanted)
{
    struct worker_catalog found;

    if (!worker_catalogs_find_draft(&catalogs, &wanted, &found))
        return -1;
    return found.catalog ? found.catalog->version : 0;
}

static void test_told_once_and_known_by_its_digest(void **state)
{
    struct work_catalog wanted = tell(1, &maker);

    (void)state;
    assert_int_equal(version_at((struct work_catalog){0}, ISSUED_S), 0);
    assert_int_equal(version_at(without_text(wanted), ISSUED_S), -1);
    assert_int_equal(version_at(wanted, ISSUED_S), 1);
    assert_int_equal(version_at(without_text(wanted), ISSUED_S), 1);
}

static void test_it_counts_to_the_second_of_its_end(void **state)
{
    struct work_catalog wanted = tell(1, &maker);

    (void)state;
    assert_int_equal(version_at(wanted, ISSUED_S - 1), 0);
    assert_int_equal(version_at(without_text(wanted), ISSUED_S), 1);
    assert_int_equal(version_at(without_text(wanted), END_S - 1), 1);
    assert_int_equal(version_at(without_text(wanted), END_S), 0);
    assert_int_equal(version_at(without_text(wanted), END_S + DAY_S), 0);
    assert_int_equal(version_at(without_text(wanted), END_S - 1), 1); /* the clock was wrong */
}

static void test_whose_signature_counts(void **state)
{
    struct work_catalog wanted = tell(2, &maker);

    (void)state;
    assert_int_equal(version_at(tell(1, &stranger), ISSUED_S), 0);
    wanted.text = span_text(text_of(2, "2027-12-31")); /* another text than was signed */
    assert_int_equal(version_at(wanted, ISSUED_S), 0);
    assert_int_equal(version_at(tell(3, NULL), ISSUED_S), 0);
    catalogs.certificates = (struct span){0};
    assert_int_equal(version_at(tell(4, &maker), ISSUED_S), 0);
    /* It is remembered that they do not. */
    assert_int_equal(version_at(without_text(wanted), ISSUED_S), 0);
}

static void test_a_draft_is_taken_as_it_is_and_counts_nowhere_else(void **state)
{
    struct work_catalog wanted = tell(1, NULL);

    (void)state;
    assert_int_equal(draft_version((struct work_catalog){0}), 0);
    assert_int_equal(draft_version(without_text(wanted)), -1);
    assert_int_equal(draft_version(wanted), 1);
    assert_int_equal(draft_version(without_text(wanted)), 1);
    /* The same text is not in force for having been tried. */
    assert_int_equal(version_at(without_text(wanted), ISSUED_S), -1);
    assert_int_equal(version_at(wanted, ISSUED_S), 0);
    wanted.sha256[1] = 1;
    wanted.text = span_text("[catalog]\n");
    assert_int_equal(draft_version(wanted), 0);
}

static void test_the_one_in_use_stays(void **state)
{
    struct work_catalog wanted = tell(1, &maker);

    (void)state;
    assert_int_equal(version_at(wanted, ISSUED_S), 1);
    for (int version = 2; version < 2 + 3 * WORKER_CATALOG_SLOTS; version++) {
        assert_int_equal(version_at(without_text(wanted), ISSUED_S), 1);
        assert_int_equal(draft_version(tell(version, NULL)), version);
    }
    for (int version = 2; version < 2 + WORKER_CATALOG_SLOTS; version++)
        assert_int_equal(draft_version(tell(version, NULL)), version);
    assert_int_equal(version_at(without_text(wanted), ISSUED_S), -1);
}

static struct work_catalog_answer check(struct work_catalog_check request)
{
    struct work_catalog_answer answer;
    struct span frame, answer_frame;
    struct error error;

    assert_true(work_catalog_check_encode(&request, &arena, &frame, &error));
    assert_true(worker_catalogs_check(&catalogs, frame, &arena, &answer_frame, &error));
    assert_true(work_catalog_answer_decode(answer_frame, &answer, &error));
    return answer;
}

static void test_check(void **state)
{
    const char *text = text_of(7, "2999-12-31");
    struct work_catalog_check request = {.text = span_text(text),
                                         .signature = soft_catalog_sign(&maker, text, &arena)};
    struct work_catalog_answer answer = check(request);

    (void)state;
    assert_true(answer.valid && span_is(answer.name, "test") && answer.signer.len);
    assert_int_equal(answer.version, 7);
    assert_int_equal(answer.issued_s, ISSUED_S);
    assert_int_equal(answer.n_models, 1);
    request.signature = soft_catalog_sign(&stranger, text, &arena);
    answer = check(request);
    assert_true(!answer.valid && answer.line == 0 && answer.message.len);
    text = text_of(7, "2026-01-02");
    request.text = span_text(text);
    request.signature = soft_catalog_sign(&maker, text, &arena);
    answer = check(request);
    assert_true(!answer.valid && answer.line == 0);
    request.is_draft =
        true; /* neither its signature nor its time plays a part, but its text does */
    request.signature = (struct span){0};
    answer = check(request);
    assert_true(answer.valid && answer.signer.len == 0);
    request.text = span_text("[catalog]\nname = test\nversion = none\n");
    answer = check(request);
    assert_true(!answer.valid);
    assert_int_equal(answer.line, 3);
    request.is_draft = false;
    request.signature = soft_catalog_sign(&maker, "[catalog]\nname = test\nversion = none\n",
                                          &arena);
    assert_int_equal(check(request).line, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_told_once_and_known_by_its_digest, forget),
        cmocka_unit_test_setup(test_it_counts_to_the_second_of_its_end, forget),
        cmocka_unit_test_setup(test_whose_signature_counts, forget),
        cmocka_unit_test_setup(test_a_draft_is_taken_as_it_is_and_counts_nowhere_else, forget),
        cmocka_unit_test_setup(test_the_one_in_use_stays, forget),
        cmocka_unit_test_setup_teardown(test_check, forget, forget),
    };

    return cmocka_run_group_tests_name("a worker's catalogues", tests, start, end);
}
