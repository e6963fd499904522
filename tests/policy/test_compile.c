/* What a policy file may hold: every error is found, with its line and column. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "policy/policy.h"

#define HEAD          "[policy]\nname = test\nversion = 1\n"
#define RULE(require) HEAD "[rule r]\nrequire = " require "\nmessage = m\n"
#define DIGEST        "sha256:0101010101010101010101010101010101010101010101010101010101010101"

struct result {
    bool compiled;
    struct policy_position position;
    struct error error;
    size_t cost, n_rules;
};

static struct result compile_span(struct span text)
{
    struct arena arena = arena_init((size_t)64 << 20);
    struct result result = {0};
    struct policy *policy;

    result.compiled = policy_compile(&(struct policy_sources){.text = text}, &arena, &policy,
                                     &result.position, &result.error);
    if (result.compiled) {
        result.cost = policy_cost(policy);
        result.n_rules = policy_rules(policy);
    }
    arena_done(&arena);
    return result;
}

static struct result compile(const char *text)
{
    return compile_span(span_text(text));
}

static void expect_compiles(const char *text)
{
    struct result result = compile(text);

    if (!result.compiled)
        fail_msg("line %zu, column %zu: %s\n%s", result.position.line, result.position.column,
                 result.error.message, text);
}

static void expect_error(const char *text, size_t line, size_t column, const char *message)
{
    struct result result = compile(text);

    if (result.compiled)
        fail_msg("compiled: %s", text);
    if (!strstr(result.error.message, message) || result.position.line != line ||
        result.position.column != column)
        fail_msg("%zu:%zu: %s\nexpected %zu:%zu: %s\n%s", result.position.line,
                 result.position.column, result.error.message, line, column, message, text);
}

static void test_list_of_constants_has_no_value_twice(void **state)
{
    (void)state;
    expect_error(RULE("kernel.init in [\"a\", \"b\", \"a\"]"), 5, 26, "twice in the list");
    expect_error(RULE("boot.images.all(x, x in [\"" DIGEST "\",\n  \"" DIGEST "\"])"), 5, 35,
                 "twice in the list");
}

static void test_expressions_compile(void **state)
{
    (void)state;
    expect_compiles(RULE("secure_boot.enabled"));
    expect_compiles(RULE("secure_boot.enabled == true && !debug.firmware || drtm.launched"));
    expect_compiles(RULE("boot.kernel_command_line != \"quiet\""));
    expect_compiles(RULE("boot.kernel_command_line in [\"a\", 'b', \"c\" + \"d\"]"));
    expect_compiles(RULE("!tokens(boot.kernel_command_line).exists(t, t.startsWith(\"kgdb\"))"));
    expect_compiles(RULE("size(boot.images) >= 1 && boot.images.size() < 50"));
    expect_compiles(RULE("boot.images.all(x, x in [\"" DIGEST "\"])"));
    expect_compiles(RULE("boot.images.all(x, [\"a\"].exists(y, x == y))"));
    expect_compiles("[reference a]\none = " DIGEST
                    "\ntwo = \"text\"\n" RULE("boot.images.all(x, x in reference(\"a\"))"));
    expect_compiles(HEAD "[rule r]\nmessage = m\nrequire = secure_boot.enabled\n"
                         "    && !debug.firmware\ngrade = signed\nseverity = attention\n"
                         "action = do\nserves = A11\nchanged_by = firmware set-up\n");
    expect_compiles(RULE("secure_boot.enabled") "when = drtm.launched || log.complete\n"
                                                "changed_by = vendor\n");
}

static void test_file_errors(void **state)
{
    (void)state;
    expect_error("", 1, 1, "no section");
    expect_error("[policy]\nversion = 1\n[rule r]\nrequire = true\nmessage = m\n", 1, 1,
                 "lacks a name");
    expect_error("[policy]\nname = n\n[rule r]\nrequire = true\nmessage = m\n", 1, 1,
                 "lacks a version");
    expect_error(HEAD, 1, 1, "no rules");
    expect_error(HEAD "author = x\n"
                      "[rule r]\nrequire = true\nmessage = m\n",
                 4, 1, "not \"author\"");
    expect_error("name = x\n", 1, 1, "before any section");
    expect_error(HEAD "[rules r]\nx = y\n", 4, 1, "expected [policy]");
    expect_error(HEAD "[rule ]\nx = y\n", 4, 1, "expected [policy]");
    expect_error(RULE("true") "[rule r]\nrequire = true\nmessage = m\n", 7, 1, "there twice");
    expect_error(RULE("true") "[reference a]\na = \"1\"\n[reference a]\nb = \"2\"\n", 9, 1,
                 "there twice");
    expect_error(RULE("true") "require = false\n", 7, 1, "the key is there twice");
    expect_error(RULE("true") "color = red\n", 7, 1, "not \"color\"");
    expect_error(RULE("true") "grade = proven\n", 7, 9, "grade is");
    expect_error(RULE("true") "severity = fatal\n", 7, 12, "severity is");
    expect_error(RULE("true") "changed_by = nobody\n", 7, 14, "changed_by is");
    expect_error(RULE("true") "when = drtm.lanched\n", 7, 8, "no claim \"drtm.lanched\"");
    expect_error(RULE("true") "when = size(boot.images)\n", 7, 8, "a rule is a condition");
    expect_error(HEAD "[rule r]\nmessage = m\n", 4, 1, "lacks what it requires");
    expect_error(HEAD "[rule r]\nrequire = true\n", 4, 1, "lacks a message");
    expect_error(RULE("true") "[rule empty]\n", 7, 1, "empty");
    expect_error("[rule empty]\n" RULE("true"), 1, 1, "empty");
    expect_error(RULE("true") "nonsense\n", 7, 1, "neither");
    expect_error("[reference a]\none = sha256:00\n" RULE("true"), 2, 7, "expected ALGORITHM:HEX");
    expect_error(RULE("boot.images.all(x, x != \"sha256:11\")"), 5, 35, "expected ALGORITHM:HEX");
    expect_error(RULE("boot.images.all(x, x in ["
                      "\"sha256:11\"])"),
                 5, 35, "expected ALGORITHM:HEX");
    expect_error(RULE("true") "action = \x01\n", 7, 10, "control character");
    expect_error(RULE("true") "action = a\rb\n", 7, 11, "control character");
    expect_error(RULE("true") "action = \xff\n", 7, 10, "UTF-8");
}

static void test_grade_errors(void **state)
{
    (void)state;
    expect_compiles(RULE("secure_boot.enabled") "grade = reported, secure_boot.enabled attested\n");
    expect_compiles(RULE("secure_boot.enabled") "grade = secure_boot.enabled signed\n");
    expect_compiles(HEAD "[rule r]\nmessage = m\ngrade = drtm.launched reported,\n"
                         "    log.complete signed\nwhen = drtm.launched\nrequire = log.complete\n");
    expect_error(RULE("true") "grade = secure_boot.enabled signed\n", 7, 9,
                 "the rule does not read \"secure_boot.enabled\"");
    expect_error(RULE("log.complete") "grade = log.complet signed\n", 7, 9,
                 "no claim \"log.complet\"");
    expect_error(RULE("log.complete") "grade = signed, log.complete sure\n", 7, 30,
                 "grade is attested, signed, reported or unproven, not \"sure\"");
    expect_error(RULE("log.complete") "grade = signed, attested\n", 7, 17,
                 "expected a claim before the grade");
    expect_error(RULE("log.complete") "grade = log.complete signed attested\n", 7, 29,
                 "expected a comma");
    expect_error(RULE("log.complete") "grade = signed,\n", 7, 16, "grade is");
    expect_error(RULE("log.complete") "grade = ,\n", 7, 9, "grade is");
    expect_error(RULE("log.complete") "grade = signed, log.complete signed,\n"
                                      "    log.complete attested\n",
                 8, 5, "there twice of \"log.complete\"");
}

static void test_long_lines(void **state)
{
    char text[1024], line[400];

    (void)state;
    memset(line, 'x', 300);
    line[300] = '\0';
    snprintf(text, sizeof text, "%saction = %s\n", RULE("true"), line);
    expect_error(text, 7, 1, "longer than 195");
    snprintf(text, sizeof text, "%s[rule %s]\n", RULE("true"), line + 240);
    expect_error(text, 7, 1, "longer than 48");
}

static void test_type_errors(void **state)
{
    (void)state;
    expect_error(RULE("secure_boot.enabeld"), 5, 11, "no claim \"secure_boot.enabeld\"");
    expect_error(RULE("secure_boot.enabled == \"true\""), 5, 31, "different types");
    expect_error(RULE("true && boot.images"), 5, 30, "join conditions");
    expect_error(RULE("boot.images == boot.files"), 5, 23, "compared with all()");
    expect_error(RULE("boot.images in boot.files"), 5, 23, "in takes");
    expect_error(RULE("!boot.kernel_command_line"), 5, 11, "! is for");
    expect_error(RULE("secure_boot.enabled < true"), 5, 31, "only numbers");
    expect_error(RULE("size(secure_boot.enabled) == 1"), 5, 16, "size() takes");
    expect_error(RULE("tokens(boot.images).size() == 1"), 5, 18, "tokens() takes");
    expect_error(RULE("secure_boot.enabled.contains(\"x\")"), 5, 31, "is for strings");
    expect_error(RULE("boot.kernel_command_line.all(x, true)"), 5, 11, "for lists");
    expect_error(RULE("boot.images.all(x, x)"), 5, 30, "expected a condition");
    expect_error(RULE("boot.images.all(x, boot.files.all(x, true))"), 5, 45, "in use already");
    expect_error(RULE("boot.images.all(x, true) && x == \"y\""), 5, 39, "no claim \"x\"");
    expect_error(RULE("reference(\"nope\").size() == 1"), 5, 21, "no reference \"nope\"");
    expect_error(RULE("foo(\"x\")"), 5, 11, "no function \"foo\"");
    expect_error(RULE("boot.images.map(x, x)"), 5, 23, "no method \"map\"");
    expect_error(RULE("size(boot.images)"), 5, 11, "a rule is a condition");
    expect_error(RULE("1 == 99999999999"), 5, 16, "ten digits");
}

static void test_syntax_errors(void **state)
{
    (void)state;
    expect_error(RULE("(true"), 5, 16, "expected \")\"");
    expect_error(RULE("true true"), 5, 16, "unexpected \"true\"");
    expect_error(RULE("true &&"), 5, 18, "expected a value");
    expect_error(RULE("\"open"), 5, 11, "no end");
    expect_error(RULE("\"\\q\" == \"x\""), 5, 13, "unknown escape");
    expect_error(RULE("true & true"), 5, 16, "unexpected character");
    expect_error(RULE("\"a\" in [secure_boot.enabled]"), 5, 19, "string literals");
    expect_error(RULE("\"a\" in [\"b\""), 5, 22, "expected \"]\"");
    expect_error(RULE("\"a\" + boot.kernel_command_line == \"x\""), 5, 17, "joined with +");
    /* the position is that of the line the word stands on */
    expect_error(HEAD "[rule r]\nmessage = m\nrequire = true\n      && fals\n", 7, 10,
                 "no claim \"fals\"");
}

static void test_depth_and_cost(void **state)
{
    char text[8192] = HEAD "[rule r]\nmessage = m\nrequire = ";

    (void)state;
    for (int i = 0; i < LIMIT_POLICY_DEPTH + 1; i++)
        strcat(text, "(");
    strcat(text, "true\n");
    expect_error(text, 6, 11 + LIMIT_POLICY_DEPTH, "nested too deeply");
    strcpy(text, HEAD "[rule r]\nmessage = m\nrequire = ");
    for (int i = 0; i < LIMIT_POLICY_DEPTH + 1; i++)
        strcat(text, "!");
    strcat(text, "true\n");
    expect_error(text, 6, 10 + LIMIT_POLICY_DEPTH, "nested too deeply");
    /* a long chain is not deep */
    strcpy(text, HEAD "[rule r]\nmessage = m\nrequire = secure_boot.enabled\n");
    for (int i = 0; i < 100; i++)
        sprintf(text + strlen(text), "  && boot.kernel_command_line != \"line %d\"\n", i);
    expect_compiles(text);
    /* every pair of two full lists is too much */
    expect_error(RULE("boot.images.all(x, boot.files.all(y, x != y))"), 4, 1, "costs too much");
    expect_error(
        RULE("secure_boot.enabled") "when = boot.images.all(x, boot.files.all(y, x != y))\n", 4, 1,
        "costs too much");
}

static void test_cost_is_an_upper_bound(void **state)
{
    (void)state;
    assert_int_equal(compile(RULE("secure_boot.enabled")).cost, 1);
    assert_true(compile(RULE("boot.images.all(x, x == \"a\")")).cost > LIMIT_CLAIM_ITEMS);
}

static void test_size_limit(void **state)
{
    char *text = malloc(LIMIT_POLICY_LEN + 1);
    struct result result;

    (void)state;
    memset(text, '\n', LIMIT_POLICY_LEN + 1);
    result = compile_span(span_of(text, LIMIT_POLICY_LEN + 1));
    assert_false(result.compiled);
    assert_int_equal(result.error.code, ERROR_LIMIT);
    free(text);
}

static void test_every_cut_is_safe(void **state)
{
    const char *text = "[reference a]\none = " DIGEST
                       "\n" RULE("boot.images.all(x, x in reference(\"a\")) && true");

    (void)state;
    for (size_t len = 0; len < strlen(text); len++) {
        char *copy = malloc(len ? len : 1);

        memcpy(copy, text, len);
        compile_span(span_of(copy, len));
        free(copy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_list_of_constants_has_no_value_twice),
        cmocka_unit_test(test_expressions_compile),
        cmocka_unit_test(test_file_errors),
        cmocka_unit_test(test_grade_errors),
        cmocka_unit_test(test_long_lines),
        cmocka_unit_test(test_type_errors),
        cmocka_unit_test(test_syntax_errors),
        cmocka_unit_test(test_depth_and_cost),
        cmocka_unit_test(test_cost_is_an_upper_bound),
        cmocka_unit_test(test_size_limit),
        cmocka_unit_test(test_every_cut_is_safe),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
