/* What differs between two policies, and what does not count as a difference. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "policy/diff.h"

#define ONE   "sha256:0101010101010101010101010101010101010101010101010101010101010101"
#define TWO   "sha256:0202020202020202020202020202020202020202020202020202020202020202"
#define THREE "sha256:0303030303030303030303030303030303030303030303030303030303030303"
#define HEAD  "[policy]\nname = web\nversion = 1\n"

static struct arena arena;
static struct policy_difference *found;
static size_t n_found;

static struct policy_sources of_text(const char *text)
{
    return (struct policy_sources){.text = span_text(text)};
}

static void diff_sources(struct policy_sources old, struct policy_sources new)
{
    struct error error;

    arena_done(&arena);
    arena = arena_init((size_t)16 << 20);
    assert_true(policy_diff(&old, &new, &arena, &found, &n_found, &error));
}

static void diff(const char *old, const char *new)
{
    diff_sources(of_text(old), of_text(new));
}

/* Texts are NULL where the difference has none. */
static void assert_difference(size_t i, struct policy_difference wanted)
{
    const char *const texts[][2] = {{found[i].section, wanted.section},
                                    {found[i].name, wanted.name},
                                    {found[i].key, wanted.key},
                                    {found[i].old, wanted.old},
                                    {found[i].new, wanted.new}};

    assert_true(i < n_found);
    assert_int_equal(found[i].change, wanted.change);
    for (size_t k = 0; k < sizeof texts / sizeof *texts; k++) {
        assert_int_equal(!texts[k][0], !texts[k][1]);
        if (texts[k][0])
            assert_string_equal(texts[k][0], texts[k][1]);
    }
}

static void order_and_line_breaks_are_no_difference(void **state)
{
    (void)state;
    diff(HEAD "[reference r]\na = " ONE "\nb = " TWO
              "\n[rule x]\nrequire = secure_boot.enabled &&\n  debug.disabled\n[rule y]\nrequire = "
              "secure_boot.enabled\n",
         "[rule y]\nrequire = secure_boot.enabled\n[rule x]\nrequire = secure_boot.enabled && "
         "debug.disabled\n[reference r]\nb = " TWO "\nc = " ONE "\n" HEAD);
    assert_int_equal(n_found, 0);
}

static void rules_are_compared_key_by_key(void **state)
{
    (void)state;
    diff(HEAD "[rule gone]\nrequire = a\n[rule same]\nrequire = b\n"
              "[rule other]\nrequire = c\nmessage = m\nseverity = fail\n",
         "[policy]\nname = web\nversion = 2\ndescription = d\n[rule same]\nrequire = b\n"
         "[rule other]\nrequire = d\nmessage = m\naction = act\n[rule new]\nrequire = e\n");
    assert_int_equal(n_found, 7);
    assert_difference(
        0, (struct policy_difference){POLICY_CHANGED, "policy", "", "version", "1", "2"});
    assert_difference(
        1, (struct policy_difference){POLICY_ADDED, "policy", "", "description", NULL, "d"});
    assert_difference(2,
                      (struct policy_difference){POLICY_REMOVED, "rule", "gone", NULL, "a", NULL});
    assert_difference(
        3, (struct policy_difference){POLICY_CHANGED, "rule", "other", "require", "c", "d"});
    assert_difference(
        4, (struct policy_difference){POLICY_REMOVED, "rule", "other", "severity", "fail", NULL});
    assert_difference(
        5, (struct policy_difference){POLICY_ADDED, "rule", "other", "action", NULL, "act"});
    assert_difference(6, (struct policy_difference){POLICY_ADDED, "rule", "new", NULL, NULL, "e"});
}

/* A reference is all its values, wherever they stand and however often. */
static void values_are_compared_over_all_documents(void **state)
{
    static const char DOCUMENT[] =
        "[reference-values]\nname = v\nversion = 1\n[reference r]\nx = " ONE "\ny = " TWO "\n";
    const struct span references[] = {span_text(DOCUMENT)};
    struct policy_sources joined = {.text = span_text(HEAD "[reference r]\na = " ONE "\n"),
                                    .references = references,
                                    .n_references = 1};

    (void)state;
    diff_sources(of_text(HEAD "[reference r]\na = " ONE "\nb = " TWO "\n"), joined);
    assert_int_equal(n_found, 0);
    diff_sources(joined, of_text(HEAD "[reference r]\na = " ONE "\nc = " THREE
                                      "\n[reference s]\nd = " TWO "\n"));
    assert_int_equal(n_found, 3);
    assert_difference(0,
                      (struct policy_difference){POLICY_REMOVED, "reference", "r", "y", TWO, NULL});
    assert_difference(1,
                      (struct policy_difference){POLICY_ADDED, "reference", "r", "c", NULL, THREE});
    assert_difference(2,
                      (struct policy_difference){POLICY_ADDED, "reference", "s", "d", NULL, TWO});
}

static void what_is_no_policy_is_an_error(void **state)
{
    static const char *const WRONG[] = {"", "[rule x]\nrequire = a\n", HEAD "[rule x\n"};
    struct policy_sources good = of_text(HEAD);
    struct error error;

    (void)state;
    for (size_t i = 0; i < sizeof WRONG / sizeof *WRONG; i++) {
        struct policy_sources wrong = of_text(WRONG[i]);

        assert_false(policy_diff(&wrong, &good, &arena, &found, &n_found, &error));
        assert_false(policy_diff(&good, &wrong, &arena, &found, &n_found, &error));
    }
}

static int end(void **state)
{
    (void)state;
    arena_done(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order_and_line_breaks_are_no_difference),
        cmocka_unit_test(rules_are_compared_key_by_key),
        cmocka_unit_test(values_are_compared_over_all_documents),
        cmocka_unit_test(what_is_no_policy_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, end);
}
