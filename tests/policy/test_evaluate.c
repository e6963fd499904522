/* Rules over claims made by hand: three-valued logic, grades, severity, and what a failed rule says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "policy/learn.h"
#include "policy/policy.h"

#define HEAD "[policy]\nname = test\nversion = 1\n"
#define REFERENCES                                                                                 \
    "[reference-values]\nname = values\nversion = 1\n[reference good]\n"                           \
    "one = sha256:0101010101010101010101010101010101010101010101010101010101010101\n"              \
    "two = sha256:0202020202020202020202020202020202020202020202020202020202020202\n"

struct fixture {
    struct crypto *crypto;
    struct arena arena;
    struct claims claims;
    struct claim_item images[3];
    uint8_t digests[3][32];
    uint32_t events[1];
    struct reasons reasons;
    struct policy_result result; /* of the last evaluation */
    struct error error;
};

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    struct claim *claims = fixture->claims.claims;

    fixture->crypto = crypto_new(&fixture->error);
    fixture->arena = arena_init((size_t)64 << 20);
    fixture->events[0] = 5;
    claims[CLAIM_SECURE_BOOT_ENABLED] = (struct claim){.known = true,
                                                       .is_true = true,
                                                       .grade = CLAIM_ATTESTED,
                                                       .events = fixture->events,
                                                       .n_events = 1};
    claims[CLAIM_DEBUG_FIRMWARE] = (struct claim){.known = true, .grade = CLAIM_ATTESTED};
    claims[CLAIM_BOOT_KERNEL_COMMAND_LINE] = (struct claim){
        .known = true,
        .text = "root=/dev/sda1 quiet opt=\"a b\" ro",
        .grade = CLAIM_ATTESTED,
        .events = fixture->events,
        .n_events = 1};
    claims[CLAIM_KERNEL_LOCKDOWN] = (struct claim){
        .known = true, .text = "integrity", .grade = CLAIM_REPORTED};
    for (size_t i = 0; i < 3; i++) {
        memset(fixture->digests[i], (int)i + 1, 32);
        fixture->images[i] = (struct claim_item){.kind = CLAIM_ITEM_DIGEST,
                                                 .alg = TPM_ALG_SHA256,
                                                 .event = 20 + (uint32_t)i,
                                                 .pcr = 4,
                                                 .label = i == 2 ? "GRUB" : "shim",
                                                 .bytes = span_of(fixture->digests[i], 32)};
    }
    claims[CLAIM_BOOT_IMAGES] = (struct claim){
        .known = true, .items = fixture->images, .n_items = 3, .grade = CLAIM_ATTESTED};
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;

    arena_done(&fixture->arena);
    crypto_free(fixture->crypto);
    free(fixture);
    return 0;
}

static enum policy_outcome evaluate_text(struct fixture *fixture, const char *text)
{
    const struct span references = span_text(REFERENCES);
    const struct policy_sources sources = {
        .text = span_text(text), .references = &references, .n_references = 1};
    struct policy_result result = {0};
    struct policy_position position;
    struct policy *policy;
    bool silent;

    if (!policy_compile(&sources, &fixture->arena, &policy, &position, &fixture->error))
        fail_msg("%zu:%zu %s", position.line, position.column, fixture->error.message);
    memset(&fixture->reasons, 0, sizeof fixture->reasons);
    assert_int_equal(policy_rules(policy), 1);
    assert_true(policy_evaluate(policy, fixture->crypto, &fixture->claims, &fixture->arena, &result,
                                &fixture->reasons, &fixture->error));
    assert_string_equal(result.rule, "r");
    silent = result.outcome == POLICY_HOLDS || result.outcome == POLICY_NOT_APPLICABLE;
    assert_int_equal(fixture->reasons.n_items, silent ? 0 : 1);
    assert_true(result.reason == (silent ? POLICY_NO_REASON : 0));
    fixture->result = result;
    return result.outcome;
}

static enum policy_outcome evaluate(struct fixture *fixture, const char *require)
{
    return evaluate_text(
        fixture, arena_printf(&fixture->arena,
                              HEAD "[rule r]\nmessage = the message\nrequire = %s\n", require));
}

static void test_values(void **state)
{
    struct fixture *fixture = *state;
    static const char *const HOLD[] = {
        "secure_boot.enabled",
        "secure_boot.enabled == true",
        "secure_boot.enabled != debug.firmware",
        "!debug.firmware && (drtm.launched || secure_boot.enabled)",
        "boot.kernel_command_line == 'root=/dev/sda1 quiet opt=\"a b\" ro'",
        "boot.kernel_command_line == \"root=/dev/sda1 \" + \"quiet opt=\\\"a b\\\" ro\"",
        "boot.kernel_command_line.contains(\"quiet\")",
        "boot.kernel_command_line.startsWith(\"root=\")",
        "boot.kernel_command_line.endsWith(\" ro\")",
        "!boot.kernel_command_line.endsWith(\"rw\")",
        "tokens(boot.kernel_command_line).size() == 4",
        "tokens(boot.kernel_command_line).exists(t, t == 'opt=\"a b\"')",
        "\"quiet\" in tokens(boot.kernel_command_line)",
        "size(boot.images) == 3",
        "size(boot.images) >= 3 && size(boot.images) <= 3",
        "size(boot.images) > 2 && size(boot.images) < 4",
        "size(boot.images) != 5",
        "boot.images.exists(x, x in reference(\"good\"))",
        "!boot.images.all(x, x in reference(\"good\"))",
        "boot.images.all(x, x.startsWith(\"sha256:\"))",
        ("boot.images.exists(x, x == "
         "\"sha256:0303030303030303030303030303030303030303030303030303030303030303\")"),
        "boot.images.all(x, [\"sha256:\"].exists(y, x.startsWith(y)))",
    };

    for (size_t i = 0; i < sizeof HOLD / sizeof *HOLD; i++)
        if (evaluate(fixture, HOLD[i]) != POLICY_HOLDS)
            fail_msg("does not hold: %s", HOLD[i]);
}

/* Kleene's tables, with drtm.launched as the unknown. */
static void test_unknown(void **state)
{
    struct fixture *fixture = *state;
    static const struct {
        const char *require;
        enum policy_outcome outcome;
    } CASES[] = {
        {"drtm.launched", POLICY_UNDECIDED},
        {"!drtm.launched", POLICY_UNDECIDED},
        {"drtm.launched != true", POLICY_UNDECIDED},
        {"drtm.launched && secure_boot.enabled", POLICY_UNDECIDED},
        {"drtm.launched && debug.firmware", POLICY_FAILS},
        {"debug.firmware && drtm.launched", POLICY_FAILS},
        {"drtm.launched || debug.firmware", POLICY_UNDECIDED},
        {"drtm.launched || secure_boot.enabled", POLICY_HOLDS},
        {"size(boot.files) == 0", POLICY_UNDECIDED},
        {"boot.files.all(x, x == \"a\")", POLICY_UNDECIDED},
        {"boot.files.exists(x, x == \"a\")", POLICY_UNDECIDED},
        {"boot.images.all(x, drtm.launched || x in reference(\"good\"))", POLICY_UNDECIDED},
        {"boot.images.all(x, drtm.launched && x in reference(\"good\"))", POLICY_FAILS},
        {"boot.images.exists(x, drtm.launched || x in reference(\"good\"))", POLICY_HOLDS},
        {"ima.policy == \"tcb\"", POLICY_UNDECIDED},
        {"ima.policy in [\"tcb\"]", POLICY_UNDECIDED},
        {"\"x\" in tokens(ima.policy)", POLICY_UNDECIDED},
    };

    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++)
        if (evaluate(fixture, CASES[i].require) != CASES[i].outcome)
            fail_msg("other outcome: %s", CASES[i].require);
    evaluate(fixture, "drtm.launched");
    assert_int_equal(fixture->reasons.items[0].code, REASON_POLICY_UNKNOWN);
    assert_int_equal(fixture->reasons.items[0].weight, REASON_WEIGHT_UNKNOWN);
}

static void expect_reason(struct fixture *fixture, const char *require, const char *expected,
                          const char *found)
{
    const struct reason *reason = &fixture->reasons.items[0];

    assert_int_equal(evaluate(fixture, require), POLICY_FAILS);
    assert_int_equal(reason->code, REASON_POLICY_FAILED);
    assert_string_equal(reason->rule, "r");
    assert_string_equal(reason->message, "the message");
    assert_string_equal(reason->expected, expected);
    assert_string_equal(reason->found, found);
}

static void test_explanations(void **state)
{
    struct fixture *fixture = *state;
    const struct reason *reason = &fixture->reasons.items[0];

    expect_reason(fixture, "boot.images.all(x, x in reference(\"good\"))",
                  "each of boot.images in reference(\"good\")",
                  "sha256:0303030303030303030303030303030303030303030303030303030303030303");
    assert_int_equal(reason->event, 22);
    assert_int_equal(reason->pcr, 4);
    assert_string_equal(reason->component, "GRUB");

    expect_reason(fixture, "!secure_boot.enabled", "secure_boot.enabled == false", "true");
    assert_int_equal(reason->event, 5);
    expect_reason(fixture, "secure_boot.enabled && debug.firmware", "debug.firmware == true",
                  "false");
    expect_reason(fixture, "secure_boot.enabled == false", "secure_boot.enabled == false", "true");
    expect_reason(fixture, "size(boot.images) < 3", "size(boot.images) < 3", "3");
    expect_reason(fixture, "!tokens(boot.kernel_command_line).exists(t, t == \"quiet\")",
                  "not: each of tokens(boot.kernel_command_line) == \"quiet\"", "quiet");
    assert_int_equal(reason->event, 5);
    expect_reason(fixture, "tokens(boot.kernel_command_line).exists(t, t == \"splash\")",
                  "tokens(boot.kernel_command_line).exists(t, t == \"splash\")",
                  "root=/dev/sda1, quiet, opt=\"a b\", ro");
    expect_reason(fixture, "boot.kernel_command_line in [\"a\", \"b\"]",
                  "boot.kernel_command_line in [\"a\", \"b\"]",
                  "root=/dev/sda1 quiet opt=\"a b\" ro");
}

static void test_grades(void **state)
{
    struct fixture *fixture = *state;
    const char *rule = HEAD "[rule r]\nmessage = m\nrequire = kernel.lockdown == \"integrity\"\n";
    const struct reason *reason = &fixture->reasons.items[0];

    /* attested unless the rule says otherwise */
    assert_int_equal(evaluate_text(fixture, rule), POLICY_UNDECIDED);
    assert_int_equal(reason->code, REASON_POLICY_GRADE);
    assert_string_equal(reason->expected, "kernel.lockdown attested");
    assert_string_equal(reason->found, "reported");
    assert_int_equal(
        evaluate_text(fixture, arena_printf(&fixture->arena, "%sgrade = reported\n", rule)),
        POLICY_HOLDS);
    fixture->claims.claims[CLAIM_KERNEL_LOCKDOWN].grade = CLAIM_UNPROVEN;
    assert_int_equal(
        evaluate_text(fixture, arena_printf(&fixture->arena, "%sgrade = reported\n", rule)),
        POLICY_UNDECIDED);
}

/* A rule applies where `when` holds: kernel.lockdown is known but only reported, drtm.launched is
 * unknown, debug.firmware is false and secure_boot.enabled true, both attested. */
static void test_when(void **state)
{
    struct fixture *fixture = *state;
    static const struct {
        const char *when, *require;
        enum policy_outcome outcome;
        const char *expected, *found; /* of the reason, if there must be one */
    } CASES[] = {
        {"debug.firmware", "!secure_boot.enabled", POLICY_NOT_APPLICABLE, NULL, NULL},
        {"debug.firmware", "secure_boot.enabled", POLICY_NOT_APPLICABLE, NULL, NULL},
        {"debug.firmware", "drtm.launched", POLICY_NOT_APPLICABLE, NULL, NULL},
        {"debug.firmware && drtm.launched", "!secure_boot.enabled", POLICY_NOT_APPLICABLE, NULL,
         NULL},
        {"secure_boot.enabled", "!debug.firmware", POLICY_HOLDS, NULL, NULL},
        {"secure_boot.enabled", "debug.firmware", POLICY_FAILS, "debug.firmware == true", "false"},
        {"secure_boot.enabled", "drtm.launched", POLICY_UNDECIDED, "drtm.launched == true",
         "unknown: no evidence"},
        {"secure_boot.enabled", "kernel.lockdown == \"integrity\"", POLICY_UNDECIDED,
         "kernel.lockdown attested", "reported"},
        {"drtm.launched", "secure_boot.enabled", POLICY_HOLDS, NULL, NULL},
        {"drtm.launched", "debug.firmware", POLICY_UNDECIDED,
         "to know whether drtm.launched == true", "unknown: no evidence"},
        {"secure_boot.enabled && drtm.launched", "debug.firmware", POLICY_UNDECIDED,
         "to know whether drtm.launched == true", "unknown: no evidence"},
        {"drtm.launched", "size(boot.files) == 0", POLICY_UNDECIDED,
         "to know whether drtm.launched == true", "unknown: no evidence"},
        {"drtm.launched", "kernel.lockdown == \"integrity\"", POLICY_UNDECIDED,
         "kernel.lockdown attested", "reported"},
        {"kernel.lockdown == \"none\"", "secure_boot.enabled", POLICY_HOLDS, NULL, NULL},
        {"kernel.lockdown == \"none\"", "debug.firmware", POLICY_UNDECIDED,
         "kernel.lockdown attested", "reported"},
        {"kernel.lockdown == \"integrity\"", "debug.firmware", POLICY_FAILS,
         "debug.firmware == true", "false"},
        {"kernel.lockdown == \"integrity\"", "secure_boot.enabled", POLICY_HOLDS, NULL, NULL},
    };

    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        const char *text = arena_printf(&fixture->arena,
                                        HEAD "[rule r]\nmessage = m\nwhen = %s\nrequire = %s\n",
                                        CASES[i].when, CASES[i].require);

        if (evaluate_text(fixture, text) != CASES[i].outcome)
            fail_msg("other outcome: %s", text);
        if (!CASES[i].expected)
            continue;
        assert_string_equal(fixture->reasons.items[0].expected, CASES[i].expected);
        assert_string_equal(fixture->reasons.items[0].found, CASES[i].found);
    }
}

/* What an update accepts makes a requirement truer, and no rule apply that did not. */
static void test_when_accepts_nothing(void **state)
{
    struct fixture *fixture = *state;
    struct span update = span_text(
        "[update]\nname = u\nversion = 1\n"
        "[accept boot.kernel_command_line]\nnew = 'root=/dev/sda1 quiet opt=\"a b\" ro'\n");
    struct policy_sources sources = {
        .text = span_text(HEAD "[rule r]\nmessage = m\nrequire = debug.firmware\n"
                               "when = boot.kernel_command_line == \"former\"\n"),
        .updates = &update,
        .n_updates = 1};
    struct policy_position position;
    struct policy_result result;
    struct policy *policy;

    assert_true(policy_compile(&sources, &fixture->arena, &policy, &position, &fixture->error));
    assert_true(policy_evaluate(policy, fixture->crypto, &fixture->claims, &fixture->arena, &result,
                                &fixture->reasons, &fixture->error));
    assert_int_equal(result.outcome, POLICY_NOT_APPLICABLE);
}

/* What an update replaces counts until it retires it; then the reason says so. */
static void test_retired_values(void **state)
{
    static const char RULES[] = HEAD
        "[reference all]\n"
        "shim = sha256:0101010101010101010101010101010101010101010101010101010101010101\n"
        "old = sha256:0202020202020202020202020202020202020202020202020202020202020202\n"
        "GRUB = sha256:0303030303030303030303030303030303030303030303030303030303030303\n"
        "[rule line]\nmessage = m\nrequire = boot.kernel_command_line == "
        "'root=/dev/sda1 quiet opt=\"a b\" ro'\n"
        "[rule images]\nmessage = m\nrequire = boot.images.all(x, x in reference(\"all\"))\n"
        "[rule set]\nmessage = m\nrequire = sets.contains(reference(\"all\"), boot.images)\n";
    struct fixture *fixture = *state;
    const struct span updates[] = {
        span_text(
            "[update]\nname = u\nversion = 1\n[accept boot.images]\nnew = \"x\"\n"
            "[retire boot.kernel_command_line]\nold = 'root=/dev/sda1 quiet opt=\"a b\" ro'\n"
            "[retire boot.images]\n"
            "old = sha256:0202020202020202020202020202020202020202020202020202020202020202\n"),
        span_text("[update]\nname = v\nversion = 1\n[retire boot.images]\n"
                  "x = sha256:0101010101010101010101010101010101010101010101010101010101010101\n")};
    struct policy_sources sources = {
        .text = span_text(RULES), .updates = updates, .n_updates = 2, .n_retiring = 1};
    const struct reason *reasons = fixture->reasons.items;
    struct policy_result results[3];
    struct policy_position position;
    struct policy *policy;
    size_t cost;

    assert_true(policy_compile(&sources, &fixture->arena, &policy, &position, &fixture->error));
    assert_true(policy_evaluate(policy, fixture->crypto, &fixture->claims, &fixture->arena, results,
                                &fixture->reasons, &fixture->error));
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(results[i].outcome, POLICY_FAILS);
    assert_string_equal(reasons[0].found,
                        "root=/dev/sda1 quiet opt=\"a b\" ro (retired by an update)");
    assert_int_equal(reasons[1].event, 21);
    assert_non_null(strstr(reasons[1].found, "0202 (retired by an update)"));
    assert_int_equal(reasons[2].event, 21);
    assert_non_null(strstr(reasons[2].found, "0202 (retired by an update)"));
    assert_null(strstr(reasons[2].found, "0101"));
    cost = policy_cost(policy);

    sources.n_retiring = 0;
    memset(&fixture->reasons, 0, sizeof fixture->reasons);
    assert_true(policy_compile(&sources, &fixture->arena, &policy, &position, &fixture->error));
    assert_true(policy_evaluate(policy, fixture->crypto, &fixture->claims, &fixture->arena, results,
                                &fixture->reasons, &fixture->error));
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(results[i].outcome, POLICY_HOLDS);
    assert_true(policy_cost(policy) < cost);
}

/* One rule, with the claim of `when` allowed to be weaker, or the others to be. */
static void test_grade_exceptions(void **state)
{
    struct fixture *fixture = *state;
    const char *rule = HEAD "[rule r]\nmessage = m\nwhen = kernel.lockdown == \"none\"\n"
                            "require = debug.firmware\n";
    static const struct {
        const char *grade;
        enum policy_outcome outcome;
    } CASES[] = {
        {"attested", POLICY_UNDECIDED},
        {"reported", POLICY_NOT_APPLICABLE},
        {"kernel.lockdown reported", POLICY_NOT_APPLICABLE},
        {"reported, debug.firmware attested", POLICY_NOT_APPLICABLE},
        {"reported, kernel.lockdown attested", POLICY_UNDECIDED},
        {"reported, kernel.lockdown signed, debug.firmware signed", POLICY_UNDECIDED},
    };

    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++)
        if (evaluate_text(fixture, arena_printf(&fixture->arena, "%sgrade = %s\n", rule,
                                                CASES[i].grade)) != CASES[i].outcome)
            fail_msg("other outcome: %s", CASES[i].grade);
}

static void test_results(void **state)
{
    struct fixture *fixture = *state;
    const struct policy_result *result = &fixture->result;

    evaluate_text(fixture,
                  HEAD "[rule r]\nmessage = the message\nserves = a feature\naction = do this\n"
                       "changed_by = firmware set-up\nseverity = attention\ngrade = reported\n"
                       "when = secure_boot.enabled\n"
                       "require = kernel.lockdown == \"integrity\" && !debug.firmware\n");
    assert_string_equal(result->message, "the message");
    assert_string_equal(result->serves, "a feature");
    assert_string_equal(result->action, "do this");
    assert_string_equal(result->changed_by, "firmware set-up");
    assert_int_equal(result->severity, POLICY_ATTENTION);
    assert_int_equal(result->grade, CLAIM_REPORTED);

    evaluate(fixture, "!secure_boot.enabled || drtm.launched");
    assert_null(result->serves);
    assert_null(result->action);
    assert_null(result->changed_by);
    assert_int_equal(result->severity, POLICY_UNTRUSTED);
    assert_int_equal(result->grade, CLAIM_ATTESTED); /* the unknown one has none */
    evaluate(fixture, "drtm.launched");
    assert_int_equal(result->grade, CLAIM_UNPROVEN);
}

static void test_attention(void **state)
{
    struct fixture *fixture = *state;
    static const char *const REQUIRE[] = {"debug.firmware", "drtm.launched",
                                          "kernel.lockdown == \"integrity\""};

    for (size_t i = 0; i < 3; i++) {
        evaluate_text(fixture, arena_printf(&fixture->arena,
                                            HEAD "[rule r]\nmessage = m\nseverity = attention\n"
                                                 "action = do this\nrequire = %s\n",
                                            REQUIRE[i]));
        assert_int_equal(fixture->reasons.items[0].code, REASON_POLICY_ATTENTION);
        assert_int_equal(reasons_weight(&fixture->reasons), REASON_WEIGHT_ATTENTION);
        assert_string_equal(fixture->reasons.items[0].action, "do this");
    }
    evaluate_text(fixture,
                  HEAD "[rule r]\nmessage = m\nseverity = note\nrequire = debug.firmware\n");
    assert_int_equal(fixture->reasons.items[0].code, REASON_POLICY_NOTE);
    assert_int_equal(reasons_weight(&fixture->reasons), REASON_WEIGHT_NOTE);
}

static struct policy *learn(struct fixture *fixture)
{
    struct policy_position position;
    struct policy *policy;
    struct span text;

    assert_true(policy_learn(&fixture->claims, fixture->crypto, "golden", &fixture->arena, &text,
                             &fixture->error));
    if (!policy_compile(&(struct policy_sources){.text = text}, &fixture->arena, &policy, &position,
                        &fixture->error))
        fail_msg("%zu:%zu %s\n%.*s", position.line, position.column, fixture->error.message,
                 (int)text.len, (const char *)text.data);
    return policy;
}

/* The learned policy has a rule with both lines. */
static void expect_learned(struct fixture *fixture, const char *rule, const char *line,
                           const char *require)
{
    const char *text, *end;
    struct span learned;

    assert_true(policy_learn(&fixture->claims, fixture->crypto, "golden", &fixture->arena, &learned,
                             &fixture->error));
    text = strstr(arena_text(&fixture->arena, learned), rule);
    assert_non_null(text);
    end = strstr(text, "\n\n");
    assert_true(strstr(text, line) && (!end || strstr(text, line) < end));
    assert_true(strstr(text, require) && (!end || strstr(text, require) < end));
}

static enum reason_weight judge(struct fixture *fixture, const struct policy *policy)
{
    memset(&fixture->reasons, 0, sizeof fixture->reasons);
    assert_true(policy_evaluate(policy, fixture->crypto, &fixture->claims, &fixture->arena, NULL,
                                &fixture->reasons, &fixture->error));
    return reasons_weight(&fixture->reasons);
}

static void test_learned_policy(void **state)
{
    struct fixture *fixture = *state;
    struct claim *claims = fixture->claims.claims;
    static char long_line[2000];
    struct policy *policy;

    for (size_t i = 0; i < sizeof long_line - 1; i++)
        long_line[i] = "ab \"\\ ; =#['x"[i % 13];
    claims[CLAIM_BOOT_KERNEL_COMMAND_LINE].text = long_line;
    fixture->images[0].label = "a label: with = signs; [and] \"more\" that is far too long for one";
    policy = learn(fixture);
    assert_string_equal(policy_name(policy), "golden");
    expect_learned(fixture, "[rule boot.kernel_command_line]\n", "changed_by = operator\n",
                   "require = boot.kernel_command_line in [\n");
    expect_learned(fixture, "[rule secure_boot.enabled]\n", "changed_by = firmware set-up\n",
                   "require = secure_boot.enabled == true\n");
    assert_int_equal(judge(fixture, policy), REASON_WEIGHT_NONE);

    long_line[1000] ^= 1;
    assert_int_equal(judge(fixture, policy), REASON_WEIGHT_UNTRUSTED);
    long_line[1000] ^= 1;
    fixture->digests[1][31] ^= 1;
    assert_int_equal(judge(fixture, policy), REASON_WEIGHT_UNTRUSTED);
    fixture->digests[1][31] ^= 1;
    claims[CLAIM_SECURE_BOOT_ENABLED].is_true = false;
    assert_int_equal(judge(fixture, policy), REASON_WEIGHT_UNTRUSTED);
    claims[CLAIM_SECURE_BOOT_ENABLED].is_true = true;
    claims[CLAIM_BOOT_IMAGES].known = false;
    assert_int_equal(judge(fixture, policy), REASON_WEIGHT_UNKNOWN);
}

static void test_nothing_to_learn(void **state)
{
    struct fixture *fixture = *state;
    struct span text;

    for (int id = 0; id < CLAIM_IDS; id++)
        fixture->claims.claims[id].grade = CLAIM_REPORTED;
    assert_false(policy_learn(&fixture->claims, fixture->crypto, "golden", &fixture->arena, &text,
                              &fixture->error));
    assert_int_equal(fixture->error.code, ERROR_NOT_FOUND);
    assert_false(policy_learn(&fixture->claims, fixture->crypto, "a\nb", &fixture->arena, &text,
                              &fixture->error));
    assert_int_equal(fixture->error.code, ERROR_USAGE);
}

#define WITH_FIXTURE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(test_values),         WITH_FIXTURE(test_unknown),
        WITH_FIXTURE(test_explanations),   WITH_FIXTURE(test_grades),
        WITH_FIXTURE(test_when),           WITH_FIXTURE(test_grade_exceptions),
        WITH_FIXTURE(test_results),        WITH_FIXTURE(test_when_accepts_nothing),
        WITH_FIXTURE(test_retired_values), WITH_FIXTURE(test_attention),
        WITH_FIXTURE(test_learned_policy), WITH_FIXTURE(test_nothing_to_learn),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
