/* What never makes a difference in a rule is found, and nothing else is: by examples, and by random
 * conditions tried on random hosts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "policy/reachability.h"

#define DIGEST "\"sha256:0101010101010101010101010101010101010101010101010101010101010101\""

static const char HOLDS[] = "this holds whatever the host shows";
static const char FAILS[] = "this can never hold";
static const char IDLE[] = "this never decides: what it is joined with says as much";

static struct arena arena;

static struct node *parse(const char *text)
{
    static struct claim_item values[2];
    static struct expression_list list = {.name = "r", .items = values, .n_items = 2};
    static const struct expression_references REFERENCES = {.lists = &list, .n_lists = 1};
    bool claims_read[CLAIM_IDS];
    struct error error;
    struct node *root;

    for (size_t i = 0; i < 2; i++)
        values[i] = (struct claim_item){.kind = CLAIM_ITEM_TEXT, .bytes = span_text(&"ab"[i])};
    if (!expression_parse(span_text(text), &REFERENCES, &arena, &root, claims_read, &error))
        fail_msg("byte %zu: %s\n%s", error.offset, error.message, text);
    return root;
}

static struct reachability_finding find(const char *when, const char *require)
{
    struct reachability_finding finding;
    struct error error;

    assert_true(
        reachability_check(when ? parse(when) : NULL, parse(require), &arena, &finding, &error));
    return finding;
}

static void expect_found(const char *text, const char *message, const char *part)
{
    struct reachability_finding finding = find(NULL, text);

    if (!finding.message || strcmp(finding.message, message) != 0 || !span_is(finding.at, part))
        fail_msg("expected \"%s\" of %s, got \"%s\" of %.*s\n%s", message, part,
                 finding.message ? finding.message : "nothing", (int)finding.at.len,
                 finding.at.data ? (const char *)finding.at.data : "", text);
}

static void expect_nothing(const char *when, const char *require)
{
    struct reachability_finding finding = find(when, require);

    if (finding.message)
        fail_msg("\"%s\" of %.*s\n%s", finding.message, (int)finding.at.len,
                 (const char *)finding.at.data, require);
}

static void test_constants(void **state)
{
    (void)state;
    expect_found("true", HOLDS, "true");
    expect_found("true || secure_boot.enabled", HOLDS, "true");
    expect_found("secure_boot.enabled && false", FAILS, "false");
    expect_found("secure_boot.enabled && !(1 < 2)", HOLDS, "1 < 2");
    expect_found("true == true", HOLDS, "true == true");
    expect_found("[\"a\"].all(x, x in [\"a\"])", HOLDS, "[\"a\"].all(x, x in [\"a\"])");
    expect_found("size(reference(\"r\")) > 0", HOLDS, "size(reference(\"r\")) > 0");
    expect_found("kernel.version in []", FAILS, "kernel.version in []");
    expect_found("size(boot.images) >= 0", HOLDS, "size(boot.images) >= 0");
    expect_found("kernel.version.contains(\"\")", HOLDS, "kernel.version.contains(\"\")");
    expect_found("kernel.version.lowerAscii() == \"Debian\"", FAILS,
                 "kernel.version.lowerAscii() == \"Debian\"");
    expect_found("kernel.version.lowerAscii() in [\"A\", \"B\"]", FAILS,
                 "kernel.version.lowerAscii() in [\"A\", \"B\"]");
    expect_found("kernel.version.lowerAscii().startsWith(\"D\")", FAILS,
                 "kernel.version.lowerAscii().startsWith(\"D\")");
    expect_found("boot.images.all(x, true)", HOLDS, "true");
    expect_found("boot.images.exists_one(x, boot.files.all(y, x == \"a\" && x == \"b\"))", FAILS,
                 "x == \"a\" && x == \"b\"");
    expect_found("boot.images.all(x, secure_boot.enabled || !secure_boot.enabled)", HOLDS,
                 "secure_boot.enabled || !secure_boot.enabled");
}

static void test_contradictions(void **state)
{
    static const char *const NEVER[] = {
        "secure_boot.enabled && !secure_boot.enabled",
        "secure_boot.enabled != secure_boot.enabled",
        "secure_boot.enabled == true && secure_boot.enabled == false",
        "kernel.version == \"a\" && kernel.version == \"b\"",
        "kernel.version in [\"a\", \"b\"] && kernel.version in [\"c\"]",
        "kernel.version.startsWith(\"b\") && kernel.version == \"abc\"",
        "kernel.version.startsWith(\"a\") && kernel.version.startsWith(\"b\")",
        "kernel.version.endsWith(\"ab\") && kernel.version.endsWith(\"b c\")",
        "kernel.version.startsWith(\"xab\") && !kernel.version.contains(\"ab\")",
        "kernel.version != kernel.version",
        "size(boot.images) > 16384",
        "sets.intersects(boot.images, [])",
        "size(boot.images) > 5 && size(boot.images) < 3",
        "size(boot.images) > 2 && size(boot.images) < 4 && size(boot.images) != 3",
        "3 < size(boot.images) && size(boot.images) <= 3",
        "version(kernel.version) > version(\"2\") && version(kernel.version) < version(\"1\")",
        "version(kernel.version) < version(\"1.0\") && version(kernel.version) >= "
        "version(\"1.00\")",
        "boot.images.all(x, x in reference(\"r\")) && !boot.images.all(y, y in reference(\"r\"))",
        "sets.contains(reference(\"r\"), boot.images) && !sets.contains(reference(\"r\"), "
        "boot.images)",
        "\"a\" in boot.files && !(\"a\" in boot.files)",
    };
    static const char *const ALWAYS[] = {
        "drtm.launched || !drtm.launched",
        "!kernel.version.startsWith(\"a\") || !kernel.version.startsWith(\"b\")",
        "kernel.version == kernel.version",
        "version(kernel.version) <= version(kernel.version)",
        "sets.contains(boot.images, boot.images)",
        "sets.contains(boot.images, [])",
        "size(boot.images) <= 16384",
        "kernel.version != \"a\" || kernel.version != \"b\"",
        "size(boot.images) > 3 || size(boot.images) < 4",
        "version(kernel.version) > version(\"1\") || version(kernel.version) <= version(\"1\")",
    };

    (void)state;
    for (size_t i = 0; i < sizeof NEVER / sizeof *NEVER; i++)
        expect_found(NEVER[i], FAILS, NEVER[i]);
    for (size_t i = 0; i < sizeof ALWAYS / sizeof *ALWAYS; i++)
        expect_found(ALWAYS[i], HOLDS, ALWAYS[i]);
}

static void test_idle_operands(void **state)
{
    (void)state;
    expect_found("drtm.launched && drtm.launched", IDLE, "drtm.launched");
    expect_found("drtm.launched || (drtm.launched && debug.firmware)", IDLE,
                 "drtm.launched && debug.firmware");
    expect_found("kernel.version == \"a\" || kernel.version in [\"a\", \"b\"]", IDLE,
                 "kernel.version == \"a\"");
    expect_found("size(boot.images) > 5 && size(boot.images) > 3", IDLE, "size(boot.images) > 3");
    expect_found("kernel.version.startsWith(\"a\") || kernel.version.startsWith(\"ab\")", IDLE,
                 "kernel.version.startsWith(\"ab\")");
    expect_found("kernel.version.startsWith(\"a\") && kernel.version == \"abc\"", IDLE,
                 "kernel.version.startsWith(\"a\")");
    expect_found("version(kernel.version) >= version(\"6\") && version(kernel.version) != "
                 "version(\"5\")",
                 IDLE, "version(kernel.version) != version(\"5\")");
    expect_found("boot.files.exists(f, f == \"a\" || f == \"b\" || \"a\" == f)", IDLE,
                 "\"a\" == f");
    expect_found("(drtm.launched == true && debug.firmware) != (debug.firmware && debug.firmware)",
                 IDLE, "debug.firmware");
}

static void test_what_makes_a_difference(void **state)
{
    static const char *const SOUND[] = {
        "secure_boot.enabled == true",
        "secure_boot.enabled == drtm.launched",
        "size(boot.images) >= 1 && size(boot.images) < 50",
        "size(boot.images) > 2 && size(boot.images) < 4",
        "size(boot.images) == 0 || size(boot.files) == 0",
        "kernel.version.startsWith(\"a\") && kernel.version != \"abc\"",
        "kernel.version.startsWith(\"a\") || kernel.version.startsWith(\"b\")",
        "kernel.version.startsWith(\"a\") && kernel.version.endsWith(\"b\")",
        "kernel.version.startsWith(\"ab\") && !kernel.version.startsWith(\"abc\")",
        "kernel.version.contains(\"ab\") && kernel.version.contains(\"ba\")",
        "!kernel.version.startsWith(\"a\") && kernel.version.contains(\"a\")",
        "kernel.version == \"a\" && version(kernel.version) == version(\"b\")",
        "version(kernel.version) > version(\"1\") && version(kernel.version) < version(\"1.0\")",
        "version(kernel.version) < version(\"0\")",
        "boot.files.exists(f, f == \"a\") && boot.files.exists(f, f == \"b\")",
        "boot.files.all(f, f in reference(\"r\") || f == \"ab\")",
        "kernel.version in reference(\"r\") && kernel.version != \"ab\"",
        "size(boot.images) == size(reference(\"r\")) || size(boot.images) == 2",
        "[\"a\", \"b\"].all(x, x in boot.files)",
        "boot.files.exists(f, f.lowerAscii() == \"a\" && f == \"A\")",
        "kernel.version in [\"A\", \"a\"] && kernel.version.lowerAscii() in [\"A\", \"a\"]",
        /* a certificate has a fingerprint and a subject */
        "secure_boot.pk.exists(c, c == " DIGEST " && c.contains(\"O=Microsoft\"))",
        /* the last decides where the first two cannot */
        ("(drtm.launched && debug.firmware) || (!drtm.launched && debug.kernel) || "
         "(debug.firmware && debug.kernel)"),
    };

    (void)state;
    for (size_t i = 0; i < sizeof SOUND / sizeof *SOUND; i++)
        expect_nothing(NULL, SOUND[i]);
}

static void test_where_a_rule_applies(void **state)
{
    struct reachability_finding finding;

    (void)state;
    expect_nothing("drtm.launched", "debug.firmware");
    expect_nothing("drtm.launched", "drtm.launched && debug.firmware");
    finding = find("drtm.launched && debug.firmware", "!drtm.launched");
    assert_string_equal(finding.message, "this can never hold where the rule applies");
    assert_true(span_is(finding.at, "!drtm.launched"));
    finding = find("kernel.version == \"a\"", "kernel.version in [\"a\", \"b\"]");
    assert_string_equal(finding.message, "this holds wherever the rule applies");
    finding = find("true", "drtm.launched");
    assert_string_equal(finding.message, HOLDS);
    assert_true(span_is(finding.at, "true"));
    assert_string_equal(find("drtm.launched", "false").message, FAILS);
}

/* Beyond the limits, operands are still searched one by one. */
static void test_large_conditions(void **state)
{
    char text[32768] = "secure_boot.enabled";

    (void)state;
    for (int i = 0; i < 2 * LIMIT_REACHABILITY_PLACES; i++)
        sprintf(text + strlen(text), " && kernel.version != \"%d\"", i);
    expect_nothing(NULL, text);
    strcat(text, " && !(drtm.launched || 1 < 2)");
    expect_found(text, HOLDS, "1 < 2");
    strcpy(text, "secure_boot.enabled");
    for (int i = 0; i < 20; i++) /* few, but in too many ways */
        sprintf(text + strlen(text), " && \"%d\" in boot.files", i);
    expect_nothing(NULL, text);
    strcat(text, " && (drtm.launched || !drtm.launched)");
    expect_found(text, HOLDS, "drtm.launched || !drtm.launched");
}

/* --- Random conditions on random hosts --- */

static uint32_t seed = 7;

static uint32_t random_below(uint32_t n)
{
    seed = seed * 1664525 + 1013904223;
    return (seed >> 10) % n;
}

static const char *const ATOMS[] = {
    "secure_boot.enabled",
    "drtm.launched",
    "kernel.version == \"a\"",
    "kernel.version != \"1.0\"",
    "kernel.version in [\"a\", \"A\", \"1.0\"]",
    "kernel.version.startsWith(\"1\")",
    "kernel.version.startsWith(\"1.\")",
    "kernel.version.endsWith(\"0\")",
    "kernel.version.contains(\"a\")",
    "kernel.version.lowerAscii() == \"a\"",
    "kernel.version.lowerAscii() in [\"A\", \"b\"]",
    "version(kernel.version) < version(\"1.0\")",
    "version(kernel.version) >= version(\"1.00\")",
    "version(kernel.version) == version(\"2\")",
    "size(boot.files) > 1",
    "size(boot.files) <= 2",
    "size(boot.files) != 0",
    "boot.files.exists(f, f == \"a\")",
    "secure_boot.enabled == drtm.launched",
};

static const char *make_up(unsigned depth)
{
    const char *a, *b;

    if (depth == 0 || random_below(4) == 0)
        return ATOMS[random_below(sizeof ATOMS / sizeof *ATOMS)];
    a = make_up(depth - 1);
    b = make_up(depth - 1);
    switch (random_below(5)) {
    case 0:
        return arena_printf(&arena, "!(%s)", a);
    case 1:
    case 2:
        return arena_printf(&arena, "(%s) && (%s)", a, b);
    case 3:
        return arena_printf(&arena, "(%s) || (%s)", a, b);
    default:
        return arena_printf(&arena, "(%s) != (%s)", a, b);
    }
}

static void make_host(struct claims *claims, struct claim_item *items)
{
    static const char *const TEXTS[] = {"a", "A",  "b", "1.0", "1.00", "1",
                                        "2", "0~", "-", "xa",  ""};

    memset(claims, 0, sizeof *claims);
    claims->claims[CLAIM_SECURE_BOOT_ENABLED] = (struct claim){.known = random_below(4) != 0,
                                                               .is_true = random_below(2)};
    claims->claims[CLAIM_DRTM_LAUNCHED] = (struct claim){.known = random_below(4) != 0,
                                                         .is_true = random_below(2)};
    claims->claims[CLAIM_KERNEL_VERSION] = (struct claim){
        .known = random_below(6) != 0, .text = TEXTS[random_below(sizeof TEXTS / sizeof *TEXTS)]};
    claims->claims[CLAIM_BOOT_FILES] = (struct claim){
        .known = random_below(6) != 0, .items = items, .n_items = random_below(5)};
    for (size_t i = 0; i < 5; i++)
        items[i] = (struct claim_item){.kind = CLAIM_ITEM_TEXT,
                                       .bytes = span_text(random_below(2) ? "a" : "b")};
}

static char evaluate(const struct claims *claims, const struct node *root)
{
    struct error error;
    struct evaluation evaluation = {.claims = claims, .arena = &arena, .error = &error};
    struct value value;

    assert_true(expression_evaluate(&evaluation, root, &value));
    return !value.known ? '?' : value.is_true ? 't' : 'f';
}

/* The condition with one part of it replaced. */
static struct node *parse_with(const char *text, struct span part, const char *instead)
{
    const char *end = (const char *)part.data + part.len;

    return parse(arena_printf(&arena, "%.*s%s%s", (int)((const char *)part.data - text), text,
                              instead, end));
}

/* Whether the finding is true of the text on that host. */
static void check_on_host(const char *text, const struct reachability_finding *finding,
                          const struct claims *claims, bool *may_be_idle)
{
    char whole = evaluate(claims, parse(text));
    char part = evaluate(
        claims, parse(arena_printf(&arena, "%.*s", (int)finding->at.len, finding->at.data)));

    if (finding->message == NULL)
        return;
    if ((strcmp(finding->message, HOLDS) == 0 && part == 'f') ||
        (strcmp(finding->message, FAILS) == 0 && part == 't'))
        fail_msg("not so: %s of %.*s\n%s", finding->message, (int)finding->at.len, finding->at.data,
                 text);
    may_be_idle[0] &= whole == evaluate(claims, parse_with(text, finding->at, "true"));
    may_be_idle[1] &= whole == evaluate(claims, parse_with(text, finding->at, "false"));
}

static void test_random_conditions(void **state)
{
    size_t n_found = 0, n_idle = 0;

    (void)state;
    for (int i = 0; i < 1500; i++) {
        const char *text = make_up(3);
        struct reachability_finding finding = find(NULL, text);
        bool may_be_idle[2] = {true, true};

        for (int host = 0; finding.message && host < 60; host++) {
            struct claims claims;
            struct claim_item items[5];

            make_host(&claims, items);
            check_on_host(text, &finding, &claims, may_be_idle);
        }
        n_found += finding.message != NULL;
        if (!finding.message || strcmp(finding.message, IDLE) != 0)
            continue;
        n_idle++;
        if (!may_be_idle[0] && !may_be_idle[1])
            fail_msg("it decides: %.*s\n%s", (int)finding.at.len, finding.at.data, text);
    }
    assert_in_range(n_found, 300, 1400);
    assert_in_range(n_idle, 100, 1400);
}

static int setup(void **state)
{
    (void)state;
    arena = arena_init((size_t)1 << 30);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_done(&arena);
    return 0;
}

#define WITH_ARENA(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(test_constants),
        WITH_ARENA(test_contradictions),
        WITH_ARENA(test_idle_operands),
        WITH_ARENA(test_what_makes_a_difference),
        WITH_ARENA(test_where_a_rule_applies),
        WITH_ARENA(test_large_conditions),
        WITH_ARENA(test_random_conditions),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
