/* Catalogues: one is in force or none, and versions only grow. */
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* A catalogue whose digest is all `id`. */
static struct store_catalog catalog_like(uint8_t id, const char *name, int64_t version)
{
    struct store_catalog catalog = {.name = name,
                                    .version = version,
                                    .issued_s = NOW_S,
                                    .valid_until_s = NOW_S + 3600,
                                    .text = span_text("text"),
                                    .signature = span_text("signature"),
                                    .signer = "CN=maker",
                                    .created_by = "alice",
                                    .created_s = NOW_S,
                                    .reason = "delivery"};

    memset(catalog.sha256, id, sizeof catalog.sha256);
    return catalog;
}

static struct store_outcome put(struct store_catalog catalog, uint64_t expected)
{
    struct store_txn *txn = store_begin(store);

    store_act_catalog_put(txn, &catalog, expected);
    return store_commit_wait(&txn);
}

static struct store_outcome remove_it(uint64_t expected)
{
    return put((struct store_catalog){.removed = true,
                                      .name = "utrecht",
                                      .created_by = "bob",
                                      .created_s = NOW_S + 1,
                                      .reason = "recall"},
               expected);
}

static void a_catalogue_comes_back_as_it_was_stored(void **state)
{
    struct store_catalog given = catalog_like(1, "utrecht", 3), back, *list;
    bool found;
    size_t n;

    (void)state;
    assert_true(store_catalog_get(store, &arena, &back, &found, &error));
    assert_false(found);
    assert_int_equal(put(given, 0).revision, 1);
    reopen();
    assert_true(store_catalog_get(store, &arena, &back, &found, &error));
    assert_true(found && !back.removed && back.revision == 1 && back.version == 3);
    assert_string_equal(back.name, "utrecht");
    assert_memory_equal(back.sha256, given.sha256, sizeof given.sha256);
    assert_true(span_is(back.text, "text") && span_is(back.signature, "signature"));
    assert_true(back.issued_s == NOW_S && back.valid_until_s == NOW_S + 3600);
    assert_string_equal(back.signer, "CN=maker");
    assert_int_equal(remove_it(1).revision, 2);
    assert_true(store_catalog_get(store, &arena, &back, &found, &error));
    assert_true(found && back.removed && back.text.len == 0 && back.signature.len == 0);
    assert_true(back.version == 3 && back.created_s == NOW_S + 1);
    assert_string_equal(back.name, "utrecht");
    assert_string_equal(back.created_by, "bob");
    assert_string_equal(back.reason, "recall");
    assert_true(store_catalog_history(store, &arena, &list, &n, &error));
    assert_int_equal(n, 2);
    assert_true(list[0].removed && !list[1].removed && list[1].text.len == 0);
    assert_string_equal(list[1].reason, "delivery");
}

static void of_two_writers_one_wins(void **state)
{
    (void)state;
    assert_int_equal(put(catalog_like(1, "utrecht", 1), 1).result, STORE_CONFLICT);
    assert_int_equal(put(catalog_like(1, "utrecht", 1), 0).result, STORE_OK);
    assert_int_equal(put(catalog_like(2, "utrecht", 2), 0).result, STORE_CONFLICT);
    assert_int_equal(remove_it(2).result, STORE_CONFLICT);
    assert_int_equal(remove_it(1).result, STORE_OK);
    assert_int_equal(remove_it(0).result, STORE_NOT_FOUND);
    assert_int_equal(put(catalog_like(2, "utrecht", 2), 2).result, STORE_CONFLICT);
    assert_int_equal(put(catalog_like(2, "utrecht", 2), 0).revision, 3);
}

static void assert_stale(struct store_outcome outcome, int64_t version)
{
    assert_int_equal(outcome.result, STORE_STALE);
    assert_int_equal(outcome.version, version);
}

static void versions_only_grow(void **state)
{
    (void)state;
    assert_int_equal(put(catalog_like(1, "utrecht", 2), 0).result, STORE_OK);
    assert_stale(put(catalog_like(2, "utrecht", 1), 1), 2);
    assert_stale(put(catalog_like(2, "utrecht", 2), 1), 2);                 /* with another text */
    assert_int_equal(put(catalog_like(3, "delft", 1), 1).result, STORE_OK); /* of another name */
    assert_stale(put(catalog_like(2, "utrecht", 1), 2), 2);
    assert_int_equal(remove_it(2).result, STORE_OK);
    reopen();
    assert_stale(put(catalog_like(2, "utrecht", 1), 0), 2);
    assert_int_equal(put(catalog_like(1, "utrecht", 2), 0).result, STORE_OK); /* text for text */
    assert_int_equal(put(catalog_like(4, "utrecht", 10), 4).result, STORE_OK);
    assert_stale(put(catalog_like(5, "utrecht", 9), 5), 10);
}

int conformance_run_catalogs(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(a_catalogue_comes_back_as_it_was_stored),
        FIXTURE_TEST(of_two_writers_one_wins),
        FIXTURE_TEST(versions_only_grow),
    };

    return cmocka_run_group_tests_name("store catalogues", tests, NULL, NULL);
}
