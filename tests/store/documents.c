/* Documents and bindings: nothing is edited, and of two writers one wins. */
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* A document whose digest is all `id`. */
static struct store_document document_like(uint8_t id, enum store_document_kind kind,
                                           const char *name, const char *version)
{
    struct store_document document = {.kind = kind,
                                      .name = name,
                                      .version = version,
                                      .text = span_text("text"),
                                      .created_by = "alice",
                                      .created_s = NOW_S};

    memset(document.sha256, id, sizeof document.sha256);
    return document;
}

static enum store_result put(struct store_document document)
{
    struct store_txn *txn = store_begin(store);

    store_act_document_put(txn, &document);
    return commit(txn);
}

static void documents_are_versions_and_never_edited(void **state)
{
    struct store_document found_document, *list;
    struct store_document first = document_like(1, STORE_DOCUMENT_POLICY, "baseline", "9");
    bool found;
    size_t n;

    (void)state;
    assert_int_equal(put(first), STORE_OK);
    assert_int_equal(put(first), STORE_OK); /* the same again is fine */
    assert_int_equal(put(document_like(2, STORE_DOCUMENT_POLICY, "baseline", "9")), STORE_CONFLICT);
    assert_int_equal(put(document_like(1, STORE_DOCUMENT_POLICY, "baseline", "x")), STORE_CONFLICT);
    /* Kinds have names of their own. */
    assert_int_equal(put(document_like(3, STORE_DOCUMENT_UPDATE, "baseline", "9")), STORE_OK);
    assert_int_equal(put(document_like(4, STORE_DOCUMENT_POLICY, "baseline", "10")), STORE_OK);
    assert_int_equal(put(document_like(5, STORE_DOCUMENT_POLICY, "another", "1")), STORE_OK);
    reopen();
    assert_true(store_document_get(store, STORE_DOCUMENT_POLICY, "baseline", "9", &arena,
                                   &found_document, &found, &error));
    assert_true(found && span_is(found_document.text, "text"));
    assert_memory_equal(found_document.sha256, first.sha256, sizeof first.sha256);
    assert_string_equal(found_document.created_by, "alice");
    assert_int_equal(found_document.created_s, NOW_S);
    assert_true(store_document_get(store, STORE_DOCUMENT_POLICY, "baseline", NULL, &arena,
                                   &found_document, &found, &error));
    assert_true(found);
    assert_string_equal(found_document.version, "10"); /* as they came, not as they sort */
    assert_true(store_document_get(store, STORE_DOCUMENT_REFERENCE_VALUES, "baseline", NULL, &arena,
                                   &found_document, &found, &error));
    assert_false(found);
    assert_true(
        store_document_get_by_id(store, first.sha256, &arena, &found_document, &found, &error));
    assert_true(found && found_document.kind == STORE_DOCUMENT_POLICY);
    assert_string_equal(found_document.version, "9");
    assert_true(
        store_document_head_get(store, first.sha256, &arena, &found_document, &found, &error));
    assert_true(found && found_document.text.len == 0);
    assert_string_equal(found_document.name, "baseline");
    assert_true(store_document_list(store, STORE_DOCUMENT_POLICY, NULL, &arena, &list, &n, &error));
    assert_int_equal(n, 3);
    assert_int_equal(list[0].text.len, 0);
    assert_true(
        store_document_list(store, STORE_DOCUMENT_POLICY, "baseline", &arena, &list, &n, &error));
    assert_int_equal(n, 2);
    assert_string_equal(list[0].version, "10");
}

/* A binding of the document whose digest is all `id`. */
static struct store_binding binding_like(const char *name, enum store_binding_mode mode, uint8_t id)
{
    struct store_binding binding = {.name = name,
                                    .mode = mode,
                                    .hosts = "web-*,db-1",
                                    .from_s = NOW_S,
                                    .until_s = NOW_S + 3600,
                                    .created_by = "alice",
                                    .created_s = NOW_S,
                                    .reason = "trial"};

    memset(binding.document, id, sizeof binding.document);
    return binding;
}

static struct store_outcome bind_it(struct store_binding binding, uint64_t expected)
{
    struct store_txn *txn = store_begin(store);

    store_act_binding_put(txn, &binding, expected);
    return store_commit_wait(&txn);
}

static void put_documents(void)
{
    assert_int_equal(put(document_like(1, STORE_DOCUMENT_POLICY, "baseline", "1")), STORE_OK);
    assert_int_equal(put(document_like(2, STORE_DOCUMENT_REFERENCE_VALUES, "a", "1")), STORE_OK);
    assert_int_equal(put(document_like(3, STORE_DOCUMENT_REFERENCE_VALUES, "b", "1")), STORE_OK);
    assert_int_equal(put(document_like(4, STORE_DOCUMENT_UPDATE, "u", "1")), STORE_OK);
}

static void bindings_come_back_as_they_were_stored(void **state)
{
    uint8_t references[2][STORE_DIGEST_LEN];
    struct store_binding given = binding_like("default", STORE_BINDING_OBSERVE, 1), back, *list;
    bool found;
    size_t n;

    (void)state;
    put_documents();
    memset(references[0], 3, STORE_DIGEST_LEN);
    memset(references[1], 2, STORE_DIGEST_LEN);
    given.references = (const uint8_t(*)[STORE_DIGEST_LEN])references;
    given.n_references = 2;
    assert_int_equal(bind_it(given, 0).revision, 1);
    assert_int_equal(bind_it(binding_like("update", STORE_BINDING_ACCEPT, 4), 0).revision, 1);
    reopen();
    assert_true(store_binding_get(store, "default", 0, &arena, &back, &found, &error));
    assert_true(found);
    assert_string_equal(back.name, "default");
    assert_int_equal(back.revision, 1);
    assert_int_equal(back.mode, STORE_BINDING_OBSERVE);
    assert_string_equal(back.hosts, "web-*,db-1");
    assert_memory_equal(back.document, given.document, sizeof given.document);
    assert_int_equal(back.n_references, 2);
    assert_memory_equal(back.references, references, sizeof references);
    assert_int_equal(back.from_s, NOW_S);
    assert_int_equal(back.until_s, NOW_S + 3600);
    assert_string_equal(back.created_by, "alice");
    assert_int_equal(back.created_s, NOW_S);
    assert_string_equal(back.reason, "trial");
    assert_true(store_binding_list(store, &arena, &list, &n, &error));
    assert_int_equal(n, 2);
    assert_string_equal(list[1].name, "update");
    assert_int_equal(list[1].n_references, 0);
    assert_true(store_binding_get(store, "nobody", 0, &arena, &back, &found, &error));
    assert_false(found);
    for (enum store_binding_mode mode = STORE_BINDING_NONE; mode < STORE_BINDING_MODES; mode++)
        assert_string_not_equal(store_binding_mode_name(mode), "");
}

static void a_binding_names_documents_that_are_there(void **state)
{
    static const uint8_t POLICY[1][STORE_DIGEST_LEN] = {{1}};
    struct store_binding binding = binding_like("default", STORE_BINDING_ENFORCE, 9);

    (void)state;
    put_documents();
    assert_int_equal(bind_it(binding, 0).result, STORE_NOT_FOUND);
    assert_int_equal(bind_it(binding_like("x", STORE_BINDING_ENFORCE, 4), 0).result,
                     STORE_NOT_FOUND); /* an update is no policy */
    assert_int_equal(bind_it(binding_like("x", STORE_BINDING_ACCEPT, 1), 0).result,
                     STORE_NOT_FOUND);
    assert_int_equal(bind_it(binding_like("x", STORE_BINDING_RETIRE, 1), 0).result,
                     STORE_NOT_FOUND);
    assert_int_equal(bind_it(binding_like("x", STORE_BINDING_RETIRE, 4), 0).result, STORE_OK);
    assert_true(store_binding_of_update(STORE_BINDING_RETIRE));
    assert_false(store_binding_of_update(STORE_BINDING_REMOVED));
    binding = binding_like("default", STORE_BINDING_ENFORCE, 1);
    binding.references = POLICY;
    binding.n_references = 1;
    assert_int_equal(bind_it(binding, 0).result, STORE_NOT_FOUND);
}

static void told(void *context, const struct store_outcome *outcome)
{
    size_t *n = context;

    n[outcome->result == STORE_OK ? 0 : 1]++;
    assert_true(outcome->result == STORE_OK || outcome->result == STORE_CONFLICT);
}

/* Writers who have seen the same revision: one of them wins, in one batch or in several. */
static void of_two_writers_one_wins(void **state)
{
    struct store_binding binding = binding_like("default", STORE_BINDING_OBSERVE, 1), *history;
    size_t n[2] = {0}, n_history;

    (void)state;
    put_documents();
    assert_int_equal(bind_it(binding, 1).result, STORE_CONFLICT);
    assert_int_equal(bind_it(binding, 0).revision, 1);
    assert_int_equal(bind_it(binding, 0).result, STORE_CONFLICT);
    assert_int_equal(bind_it(binding, 2).result, STORE_CONFLICT);
    for (int i = 0; i < 8; i++) {
        struct store_txn *txn = store_begin(store);

        store_act_binding_put(txn, &binding, 1);
        store_commit(&txn, told, n);
    }
    assert_int_equal(bind_it(binding, 2).revision, 3); /* behind all of them */
    while (n[0] + n[1] < 8)
        store_dispatch(store);
    assert_int_equal(n[0], 1);
    assert_true(store_binding_history(store, "default", &arena, &history, &n_history, &error));
    assert_int_equal(n_history, 3);
    assert_int_equal(history[0].revision, 3);
    assert_int_equal(history[2].revision, 1);
}

static void a_removed_name_is_bound_again(void **state)
{
    struct store_binding removed = {.name = "default",
                                    .mode = STORE_BINDING_REMOVED,
                                    .created_by = "bob",
                                    .created_s = NOW_S - 5, /* a clock that was set back */
                                    .reason = "over"};
    struct store_binding back, *list;
    bool found;
    size_t n;

    (void)state;
    put_documents();
    assert_int_equal(bind_it(removed, 0).result, STORE_NOT_FOUND);
    assert_int_equal(bind_it(binding_like("default", STORE_BINDING_ENFORCE, 1), 0).revision, 1);
    assert_int_equal(bind_it(removed, 0).result, STORE_CONFLICT);
    assert_int_equal(bind_it(removed, 1).revision, 2);
    assert_int_equal(bind_it(removed, 2).result, STORE_CONFLICT);
    assert_int_equal(bind_it(removed, 0).result, STORE_NOT_FOUND);
    assert_true(store_binding_list(store, &arena, &list, &n, &error));
    assert_int_equal(n, 0);
    assert_true(store_binding_get(store, "default", 0, &arena, &back, &found, &error));
    assert_true(found && back.mode == STORE_BINDING_REMOVED);
    assert_string_equal(back.hosts, "web-*,db-1");
    assert_int_equal(back.document[0], 1);
    assert_int_equal(back.until_s, NOW_S + 3600);
    assert_string_equal(back.created_by, "bob");
    assert_string_equal(back.reason, "over");
    assert_int_equal(bind_it(binding_like("default", STORE_BINDING_ENFORCE, 1), 2).result,
                     STORE_CONFLICT);
    assert_int_equal(bind_it(binding_like("default", STORE_BINDING_ENFORCE, 1), 0).revision, 3);
    assert_true(store_binding_get(store, "default", 1, &arena, &back, &found, &error));
    assert_true(found && back.mode == STORE_BINDING_ENFORCE);
    assert_true(store_binding_history(store, "default", &arena, &list, &n, &error));
    assert_int_equal(n, 3);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(list[i].revision, n - i);
    assert_true(store_binding_history(store, NULL, &arena, &list, &n, &error));
    assert_int_equal(n, 3);
}

static void bindings_in_force_are_capped(void **state)
{
    struct store_binding binding = binding_like("", STORE_BINDING_OBSERVE, 1), *list;
    struct store_txn *txn;
    char name[16];
    size_t n;

    (void)state;
    put_documents();
    txn = store_begin(store);
    binding.name = name;
    for (unsigned i = 0; i < LIMIT_BINDINGS; i++) {
        snprintf(name, sizeof name, "b-%u", i);
        store_act_binding_put(txn, &binding, 0);
    }
    assert_int_equal(commit(txn), STORE_OK);
    assert_int_equal(bind_it(binding, 1).result, STORE_OK); /* not one more */
    binding.name = "one more";
    assert_int_equal(bind_it(binding, 0).result, STORE_FULL);
    assert_int_equal(
        bind_it((struct store_binding){.name = "b-0", .mode = STORE_BINDING_REMOVED}, 1).result,
        STORE_OK);
    assert_int_equal(bind_it(binding, 0).result, STORE_OK);
    assert_true(store_binding_list(store, &arena, &list, &n, &error));
    assert_int_equal(n, LIMIT_BINDINGS);
}

int conformance_run_documents(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(documents_are_versions_and_never_edited),
        FIXTURE_TEST(bindings_come_back_as_they_were_stored),
        FIXTURE_TEST(a_binding_names_documents_that_are_there),
        FIXTURE_TEST(of_two_writers_one_wins),
        FIXTURE_TEST(a_removed_name_is_bound_again),
        FIXTURE_TEST(bindings_in_force_are_capped),
    };

    return cmocka_run_group_tests_name("store documents", tests, NULL, NULL);
}
