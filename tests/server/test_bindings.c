/* Which policies hold for which host and when. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "server/bindings.h"

enum { NOW_S = 1800000000 };

static char directory[64], location[96];
static struct crypto *crypto;
static struct store *store;
static struct error error;

static int set_up(void **state)
{
    (void)state;
    strcpy(directory, "/tmp/bootseal-bindings-XXXXXX");
    if (!mkdtemp(directory))
        return -1;
    snprintf(location, sizeof location, "%s/store.db", directory);
    crypto = crypto_new(&error);
    return crypto && store_open(location, &store, &error) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    store_close(store);
    crypto_free(crypto);
    unlink(location);
    strcat(location, ".lock");
    unlink(location);
    return rmdir(directory);
}

static void put_document(enum store_document_kind kind, const char *name, const char *text,
                         uint8_t sha256[STORE_DIGEST_LEN])
{
    struct store_document document = {.kind = kind,
                                      .name = name,
                                      .version = "1",
                                      .text = span_text(text),
                                      .created_by = "test",
                                      .created_s = NOW_S};
    struct store_txn *txn = store_begin(store);
    struct crypto_digest digest;

    crypto_hash_span(crypto, TPM_ALG_SHA256, document.text, &digest);
    memcpy(document.sha256, digest.bytes, STORE_DIGEST_LEN);
    memcpy(sha256, digest.bytes, STORE_DIGEST_LEN);
    store_act_document_put(txn, &document);
    assert_int_equal(store_commit_wait(&txn).result, STORE_OK);
}

static void bind(const char *name, enum store_binding_mode mode, const char *hosts,
                 enum store_document_kind kind, int64_t from_s, int64_t until_s)
{
    struct store_binding binding = {.name = name,
                                    .mode = mode,
                                    .hosts = hosts,
                                    .from_s = from_s,
                                    .until_s = until_s,
                                    .created_by = "test",
                                    .created_s = NOW_S,
                                    .reason = ""};
    struct store_txn *txn;

    put_document(kind, name, name, binding.document);
    txn = store_begin(store);
    store_act_binding_put(txn, &binding, 0);
    assert_int_equal(store_commit_wait(&txn).result, STORE_OK);
}

static struct bindings *load(void)
{
    struct bindings *bindings;

    if (!bindings_load(store, crypto, &bindings, &error))
        fail_msg("%s", error.message);
    return bindings;
}

/* The set for a host at a time. */
static const struct policy_set *set_for(struct bindings *bindings, const char *host, int64_t now_s,
                                        int64_t *changes_s)
{
    const struct policy_set *set;

    if (!bindings_for_host(bindings, host, now_s, &set, changes_s, &error))
        fail_msg("%s", error.message);
    return set;
}

static void test_globs(void **state)
{
    (void)state;
    assert_true(bindings_match("*", "web-1"));
    assert_true(bindings_match("db-1, web-?", "web-1"));
    assert_true(bindings_match("web-[0-4].example.org", "web-3.example.org"));
    assert_false(bindings_match("web-[0-4].example.org", "web-5.example.org"));
    assert_false(bindings_match("web", "web-1"));
    assert_false(bindings_match(" ,", "web-1"));
    assert_false(bindings_match("", ""));
    assert_null(bindings_globs_wrong("*, web-*"));
    assert_non_null(bindings_globs_wrong(""));
    assert_non_null(bindings_globs_wrong(" , "));
    assert_non_null(bindings_globs_wrong("WEB-1"));
    assert_non_null(bindings_globs_wrong("web\\*"));
}

static void test_sets_in_globs(void **state)
{
    static const char *const WRONG[] = {"web-[0-9", "web-[]",    "web-]",   "web-[]0]", "[",
                                        "[z-a]",    "a, [0-9-0", "[[0-9]]", "[a*]",     "[a?]"};

    (void)state;
    for (size_t i = 0; i < sizeof WRONG / sizeof *WRONG; i++)
        if (!bindings_globs_wrong(WRONG[i]))
            fail_msg("%s", WRONG[i]);
    /* Kept by an earlier version: they are of nobody. */
    assert_false(bindings_match("web-[0-9", "web-1"));
    assert_false(bindings_match("web-[", "web-["));
    assert_null(bindings_globs_wrong("[a-c0-9.-]*, [-a], [a-]"));
    assert_true(bindings_match("[a-c0-9]", "b"));
    assert_true(bindings_match("[a-c0-9]", "7"));
    assert_false(bindings_match("[a-c0-9]", "d"));
    assert_false(bindings_match("[a-c0-9]", "-"));
    assert_false(bindings_match("[a-c0-9]", "bb"));
    assert_false(bindings_match("[a-c0-9]", ""));
    assert_true(bindings_match("[-a]", "-"));
    assert_true(bindings_match("[a-]", "-"));
}

static void test_stars_in_globs(void **state)
{
    char glob[LIMIT_NAME_LEN + 1], name[LIMIT_NAME_LEN + 1];

    (void)state;
    assert_true(bindings_match("*a*b*c", "xxaxbxxbxc"));
    assert_true(bindings_match("*ab", "aab"));
    assert_true(bindings_match("a**", "a"));
    assert_true(bindings_match("*?*", "a"));
    assert_false(bindings_match("*?*", ""));
    assert_false(bindings_match("*ab", "aba"));
    assert_false(bindings_match("*.example", "web.example.attacker"));
    assert_true(bindings_match("*[0-9].example", "web.12.example"));
    /* As many as fit, against a name made for it: matched at once. */
    for (size_t i = 0; i < LIMIT_NAME_LEN; i++) {
        glob[i] = i % 2 ? '*' : 'a';
        name[i] = 'a';
    }
    glob[LIMIT_NAME_LEN - 1] = 'b';
    glob[LIMIT_NAME_LEN] = name[LIMIT_NAME_LEN] = '\0';
    assert_null(bindings_globs_wrong(glob));
    assert_false(bindings_match(glob, name));
}

static void test_every_match_counts(void **state)
{
    struct bindings *bindings;
    const struct policy_set *web, *db, *again;
    int64_t changes_s;

    (void)state;
    bindings = load();
    assert_false(bindings_enforce(bindings, NOW_S));
    assert_int_equal(set_for(bindings, "web-1", NOW_S, &changes_s)->policies.n_items, 0);
    bindings_free(bindings);
    bind("all", STORE_BINDING_ENFORCE, "*", STORE_DOCUMENT_POLICY, 0, 0);
    bind("trial", STORE_BINDING_OBSERVE, "web-*", STORE_DOCUMENT_POLICY, 0, 0);
    bind("web", STORE_BINDING_ENFORCE, "web-*", STORE_DOCUMENT_POLICY, 0, 0);
    bindings = load();
    assert_true(bindings_enforce(bindings, NOW_S));
    web = set_for(bindings, "web-1", NOW_S, &changes_s);
    assert_int_equal(changes_s, 0);
    assert_int_equal(web->policies.n_items, 3);
    assert_int_equal(web->policies.n_judging, 2);
    assert_string_equal(web->label, "all 1, web 1");
    assert_false(web->policies.items[0].has_sources);
    assert_true(span_is(web->with_sources.items[0].sources.text, "all"));
    assert_true(span_is(web->with_sources.items[2].sources.text, "trial"));
    db = set_for(bindings, "db-1", NOW_S, &changes_s);
    assert_string_equal(db->label, "all 1");
    assert_memory_not_equal(db->sha256, web->sha256, sizeof db->sha256);
    again = set_for(bindings, "web-2", NOW_S, &changes_s);
    assert_ptr_equal(again, web);
    bindings_free(bindings);
}

static void test_hours(void **state)
{
    struct bindings *bindings;
    const struct policy_set *set;
    uint8_t outside[STORE_DIGEST_LEN];
    int64_t changes_s;

    (void)state;
    bind("soon", STORE_BINDING_ENFORCE, "db-*", STORE_DOCUMENT_POLICY, NOW_S + 10, NOW_S + 20);
    bindings = load();
    assert_false(bindings_enforce(bindings, NOW_S));
    assert_true(bindings_enforce(bindings, NOW_S + 10));
    assert_false(bindings_enforce(bindings, NOW_S + 20));
    bindings_free(bindings);
    bind("all", STORE_BINDING_ENFORCE, "*", STORE_DOCUMENT_POLICY, 0, 0);
    bind("kernel", STORE_BINDING_ACCEPT, "web-*", STORE_DOCUMENT_UPDATE, NOW_S + 10, NOW_S + 20);
    bindings = load();
    set = set_for(bindings, "web-1", NOW_S, &changes_s);
    assert_int_equal(changes_s, NOW_S + 10);
    assert_int_equal(set->with_sources.items[0].sources.n_updates, 0);
    memcpy(outside, set->sha256, sizeof outside);
    set = set_for(bindings, "web-1", NOW_S + 10, &changes_s);
    assert_int_equal(changes_s, NOW_S + 20);
    assert_int_equal(set->policies.n_items, 1); /* an update judges nothing */
    assert_int_equal(set->with_sources.items[0].sources.n_updates, 1);
    assert_true(span_is(set->with_sources.items[0].sources.updates[0], "kernel"));
    assert_memory_not_equal(set->sha256, outside, sizeof outside);
    set = set_for(bindings, "web-1", NOW_S + 20, &changes_s);
    assert_int_equal(changes_s, 0);
    assert_memory_equal(set->sha256, outside, sizeof outside);
    set = set_for(bindings, "lb-1", NOW_S + 10, &changes_s);
    assert_memory_equal(set->sha256, outside, sizeof outside);
    bindings_free(bindings);
}

/* Those that retire come first, whatever they are called. */
static void test_retiring(void **state)
{
    struct bindings *bindings;
    const struct policy_set *both, *accepting;
    const struct policy_sources *sources;
    int64_t changes_s;

    (void)state;
    bind("all", STORE_BINDING_ENFORCE, "*", STORE_DOCUMENT_POLICY, 0, 0);
    bind("kernel", STORE_BINDING_ACCEPT, "*", STORE_DOCUMENT_UPDATE, 0, 0);
    bind("shim", STORE_BINDING_RETIRE, "web-*", STORE_DOCUMENT_UPDATE, 0, 0);
    bindings = load();
    both = set_for(bindings, "web-1", NOW_S, &changes_s);
    sources = &both->with_sources.items[0].sources;
    assert_int_equal(sources->n_updates, 2);
    assert_int_equal(sources->n_retiring, 1);
    assert_true(span_is(sources->updates[0], "shim"));
    assert_true(span_is(sources->updates[1], "kernel"));
    accepting = set_for(bindings, "db-1", NOW_S, &changes_s);
    assert_int_equal(accepting->with_sources.items[0].sources.n_updates, 1);
    assert_int_equal(accepting->with_sources.items[0].sources.n_retiring, 0);
    bindings_free(bindings);
}

/* The same texts judge otherwise when one of them retires. */
static void test_retiring_makes_another_set(void **state)
{
    struct store_binding finished = {.name = "kernel",
                                     .mode = STORE_BINDING_RETIRE,
                                     .hosts = "*",
                                     .created_by = "test",
                                     .created_s = NOW_S,
                                     .reason = ""};
    struct bindings *bindings;
    struct store_txn *txn;
    struct crypto_digest digest;
    uint8_t accepting[STORE_DIGEST_LEN];
    int64_t changes_s;

    (void)state;
    bind("all", STORE_BINDING_ENFORCE, "*", STORE_DOCUMENT_POLICY, 0, 0);
    bind("kernel", STORE_BINDING_ACCEPT, "*", STORE_DOCUMENT_UPDATE, 0, 0);
    bindings = load();
    memcpy(accepting, set_for(bindings, "web-1", NOW_S, &changes_s)->sha256, sizeof accepting);
    bindings_free(bindings);
    crypto_hash_span(crypto, TPM_ALG_SHA256, span_text("kernel"), &digest);
    memcpy(finished.document, digest.bytes, sizeof finished.document);
    txn = store_begin(store);
    store_act_binding_put(txn, &finished, 1);
    assert_int_equal(store_commit_wait(&txn).result, STORE_OK);
    bindings = load();
    assert_memory_not_equal(set_for(bindings, "web-1", NOW_S, &changes_s)->sha256, accepting,
                            sizeof accepting);
    bindings_free(bindings);
}

/* What the verdicts of one version were based on is nothing to the next. */
static void test_a_set_is_of_its_version(void **state)
{
    struct bindings *bindings;
    const struct policy_set *set;
    struct crypto_digest digest;
    const uint8_t n_judging = 1;
    int64_t changes_s;

    (void)state;
    bind("all", STORE_BINDING_ENFORCE, "*", STORE_DOCUMENT_POLICY, 0, 0);
    bindings = load();
    set = set_for(bindings, "web-1", NOW_S, &changes_s);
    crypto_hash(crypto, TPM_ALG_SHA256,
                (struct span[]){span_of(BOOTSEAL_VERSION, sizeof BOOTSEAL_VERSION),
                                span_of(&n_judging, 1),
                                span_of(set->policies.items[0].id, STORE_DIGEST_LEN)},
                3, &digest);
    assert_memory_equal(set->sha256, digest.bytes, STORE_DIGEST_LEN);
    bindings_free(bindings);
}

static void test_drafts(void **state)
{
    const struct span references[] = {span_text("values")};
    struct bindings_draft draft = {.name = "all",
                                   .mode = STORE_BINDING_ENFORCE,
                                   .text = span_text("stricter"),
                                   .references = references,
                                   .n_references = 1};
    struct bindings *bindings, *changed;
    const struct policy_set *before, *after;
    int64_t changes_s;

    (void)state;
    bind("all", STORE_BINDING_ENFORCE, "web-*", STORE_DOCUMENT_POLICY, 0, 0);
    bindings = load();
    before = set_for(bindings, "web-1", NOW_S, &changes_s);
    assert_true(bindings_try(bindings, &draft, &changed, &error));
    after = set_for(changed, "web-1", NOW_S, &changes_s);
    assert_int_equal(after->policies.n_items, 1);
    assert_true(span_is(after->with_sources.items[0].sources.text, "stricter"));
    assert_int_equal(after->with_sources.items[0].sources.n_references, 1);
    assert_memory_not_equal(after->sha256, before->sha256, sizeof after->sha256);
    assert_int_equal(set_for(changed, "db-1", NOW_S, &changes_s)->policies.n_items, 0);
    bindings_free(changed);
    draft.name = "second"; /* beside what is there, for all hosts */
    assert_true(bindings_try(bindings, &draft, &changed, &error));
    assert_int_equal(set_for(changed, "web-1", NOW_S, &changes_s)->policies.n_items, 2);
    assert_int_equal(set_for(changed, "db-1", NOW_S, &changes_s)->policies.n_items, 1);
    bindings_free(changed);
    assert_true(span_is(before->with_sources.items[0].sources.text, "all"));
    bindings_free(bindings);
}

static void assert_unusable(struct bindings *bindings)
{
    int64_t changes_s;
    const struct policy_set *set = set_for(bindings, "web-1", NOW_S, &changes_s);

    assert_int_equal(set->policies.n_items, 1);
    assert_int_equal(set->policies.n_judging, 1);
    assert_int_equal(set->with_sources.items[0].sources.text.len, 0);
    assert_string_equal(set->label, "more policies than can hold for one host");
}

static void test_too_many_for_one_host(void **state)
{
    struct bindings *bindings;
    char name[16];

    (void)state;
    for (int i = 0; i <= LIMIT_HOST_POLICIES; i++) {
        snprintf(name, sizeof name, "policy-%d", i);
        bind(name, STORE_BINDING_ENFORCE, "*", STORE_DOCUMENT_POLICY, 0, 0);
    }
    bindings = load();
    assert_unusable(bindings);
    bindings_free(bindings);
}

/* What is only observed leaves what judges as it is. */
static void test_too_many_observed(void **state)
{
    struct bindings *bindings;
    const struct policy_set *set;
    char name[16];
    int64_t changes_s;

    (void)state;
    for (int i = 0; i <= LIMIT_HOST_POLICIES; i++) {
        snprintf(name, sizeof name, "policy-%d", i);
        bind(name, i == 7 ? STORE_BINDING_ENFORCE : STORE_BINDING_OBSERVE, "*",
             STORE_DOCUMENT_POLICY, 0, 0);
    }
    bindings = load();
    set = set_for(bindings, "web-1", NOW_S, &changes_s);
    assert_int_equal(set->policies.n_items, LIMIT_HOST_POLICIES);
    assert_int_equal(set->policies.n_judging, 1);
    assert_string_equal(set->label, "policy-7 1");
    bindings_free(bindings);
}

/* Each fits alone. */
static void test_too_long_for_one_host(void **state)
{
    char *text = malloc(LIMIT_DOCUMENT_LEN + 1);
    uint8_t references[LIMIT_BINDING_REFERENCES][STORE_DIGEST_LEN];
    struct store_binding binding = {.mode = STORE_BINDING_ENFORCE,
                                    .hosts = "*",
                                    .references = (const uint8_t(*)[STORE_DIGEST_LEN])references,
                                    .n_references = LIMIT_BINDING_REFERENCES,
                                    .created_by = "test",
                                    .created_s = NOW_S,
                                    .reason = ""};
    struct bindings *bindings;
    char name[32];
    int64_t changes_s;

    (void)state;
    memset(text, 'x', LIMIT_DOCUMENT_LEN);
    text[LIMIT_DOCUMENT_LEN] = '\0';
    for (int i = 0; i < LIMIT_BINDING_REFERENCES; i++) {
        snprintf(name, sizeof name, "values-%d", i);
        text[0] = (char)('A' + i);
        put_document(STORE_DOCUMENT_REFERENCE_VALUES, name, text, references[i]);
    }
    put_document(STORE_DOCUMENT_POLICY, "policy", "policy", binding.document);
    for (int i = 0; i < 2; i++) {
        struct store_txn *txn = store_begin(store);

        snprintf(name, sizeof name, "binding-%d", i);
        binding.name = name;
        store_act_binding_put(txn, &binding, 0);
        assert_int_equal(store_commit_wait(&txn).result, STORE_OK);
        bindings = load();
        if (i == 0)
            assert_int_equal(set_for(bindings, "web-1", NOW_S, &changes_s)->policies.n_items, 1);
        else
            assert_unusable(bindings);
        bindings_free(bindings);
    }
    free(text);
}

/* All that is in force stays in memory, however many bindings name it. */
static void test_too_long_together(void **state)
{
    enum { N = LIMIT_BOUND_LEN / LIMIT_DOCUMENT_LEN };
    struct store_binding binding = {.mode = STORE_BINDING_ENFORCE,
                                    .hosts = "*",
                                    .created_by = "test",
                                    .created_s = NOW_S,
                                    .reason = ""};
    char *text = malloc(LIMIT_DOCUMENT_LEN + 1), name[32];

    (void)state;
    memset(text, 'x', LIMIT_DOCUMENT_LEN);
    text[LIMIT_DOCUMENT_LEN] = '\0';
    for (int i = 0; i <= N + 1; i++) {
        struct store_txn *txn;

        snprintf(name, sizeof name, "policy-%d", i);
        if (i != 1) { /* the first document twice */
            text[0] = (char)('0' + i);
            put_document(STORE_DOCUMENT_POLICY, name, text, binding.document);
        }
        binding.name = name;
        txn = store_begin(store);
        store_act_binding_put(txn, &binding, 0);
        assert_int_equal(store_commit_wait(&txn).result, i <= N ? STORE_OK : STORE_FULL);
    }
    free(text);
    bindings_free(load());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_globs),
        cmocka_unit_test(test_sets_in_globs),
        cmocka_unit_test(test_stars_in_globs),
        cmocka_unit_test_setup_teardown(test_every_match_counts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_hours, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_retiring, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_retiring_makes_another_set, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_set_is_of_its_version, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_drafts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_too_many_for_one_host, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_too_many_observed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_too_long_for_one_host, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_too_long_together, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
