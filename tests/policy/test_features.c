/* The feature table: rules grouped by what they serve, and what each group comes to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "policy/features.h"

#define HEAD  "[policy]\nname = test\nversion = 1\n"

/* Rules of each outcome over the claims below, all serving the feature f. */
#define HOLDS "[rule holds]\nserves = f\nmessage = m\nrequire = secure_boot.enabled\n"
#define ELSEWHERE                                                                                  \
    "[rule elsewhere]\nserves = f\nmessage = m\nrequire = drtm.launched\nwhen = debug.firmware\n"
#define OPEN  "[rule open]\nserves = f\nmessage = m\nrequire = drtm.launched\n"
#define FAILS "[rule fails]\nserves = f\nmessage = no\nrequire = debug.firmware\naction = do this\n"
#define REPORTED                                                                                   \
    "[rule reported]\nserves = f\nmessage = m\ngrade = reported\n"                                 \
    "require = kernel.lockdown == \"none\"\n"

struct fixture {
    struct crypto *crypto;
    struct arena arena;
    struct claims claims;
    struct feature_table table;
    struct error error;
};

static int setup(void **state)
{
    static struct fixture fixture;
    struct claim *claims = fixture.claims.claims;

    fixture = (struct fixture){.arena = arena_init((size_t)16 << 20)};
    fixture.crypto = crypto_new(&fixture.error);
    claims[CLAIM_SECURE_BOOT_ENABLED] = (struct claim){
        .known = true, .is_true = true, .grade = CLAIM_ATTESTED};
    claims[CLAIM_DEBUG_FIRMWARE] = (struct claim){.known = true, .grade = CLAIM_ATTESTED};
    claims[CLAIM_KERNEL_LOCKDOWN] = (struct claim){
        .known = true, .text = "none", .grade = CLAIM_REPORTED};
    *state = &fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;

    crypto_free(fixture->crypto);
    arena_done(&fixture->arena);
    return 0;
}

static const struct feature *tabulate(struct fixture *fixture, const char *text)
{
    struct policy_position position;
    struct policy *policy;

    if (!policy_compile(&(struct policy_sources){.text = span_text(text)}, &fixture->arena, &policy,
                        &position, &fixture->error))
        fail_msg("%zu:%zu %s", position.line, position.column, fixture->error.message);
    assert_true(features_evaluate(policy, fixture->crypto, &fixture->claims, &fixture->arena,
                                  &fixture->table, &fixture->error));
    return fixture->table.features;
}

static void the_worst_rule_decides(void **state)
{
    static const struct {
        const char *text;
        enum feature_state wanted;
        const char *decider;
        enum claim_grade grade;
    } CASES[] = {
        {HEAD HOLDS, FEATURE_MET, "holds", CLAIM_ATTESTED},
        {HEAD HOLDS REPORTED, FEATURE_MET, "holds", CLAIM_REPORTED},
        {HEAD ELSEWHERE, FEATURE_NOT_APPLICABLE, "elsewhere", CLAIM_ATTESTED},
        {HEAD ELSEWHERE REPORTED, FEATURE_MET, "reported", CLAIM_REPORTED},
        {HEAD HOLDS ELSEWHERE OPEN, FEATURE_UNPROVEN, "open", CLAIM_UNPROVEN},
        {HEAD OPEN FAILS HOLDS ELSEWHERE, FEATURE_NOT_MET, "fails", CLAIM_ATTESTED},
    };

    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct fixture *fixture = *state;
        const struct feature *feature = tabulate(fixture, CASES[i].text);

        assert_int_equal(fixture->table.n_features, 1);
        assert_string_equal(feature->name, "f");
        assert_string_equal(feature->decider->rule, CASES[i].decider);
        if (feature->state != CASES[i].wanted || fixture->table.state != CASES[i].wanted ||
            feature->grade != CASES[i].grade)
            fail_msg("%s, %s: %s", feature_state_name(feature->state),
                     claim_grade_name(feature->grade), CASES[i].text);
    }
}

static void the_policy_is_as_its_worst_feature(void **state)
{
    struct fixture *fixture = *state;
    const struct feature *features = tabulate(
        fixture, HEAD HOLDS "[rule alone]\nmessage = m\nrequire = drtm.launched\n");

    assert_int_equal(fixture->table.n_features, 2);
    assert_int_equal(features[0].state, FEATURE_MET);
    assert_string_equal(features[1].name, "alone"); /* serves nothing: stands for itself */
    assert_int_equal(features[1].state, FEATURE_UNPROVEN);
    assert_int_equal(fixture->table.state, FEATURE_UNPROVEN);
}

static void a_rule_that_does_not_hold_says_why_and_what_to_do(void **state)
{
    struct fixture *fixture = *state;
    const struct policy_result *results;

    tabulate(fixture, HEAD HOLDS FAILS OPEN);
    results = fixture->table.results;
    assert_null(features_reason(&fixture->table, &results[0]));
    assert_null(features_action(&fixture->table, &results[0]));
    assert_string_equal(features_reason(&fixture->table, &results[1])->expected,
                        "debug.firmware == true");
    assert_string_equal(features_action(&fixture->table, &results[1]), "do this");
    assert_string_equal(features_reason(&fixture->table, &results[2])->claim, "drtm.launched");
    assert_string_equal(features_action(&fixture->table, &results[2]),
                        reason_action(REASON_POLICY_UNKNOWN));
}

static void a_full_arena_is_an_error(void **state)
{
    struct fixture *fixture = *state;
    struct policy *policy;

    tabulate(fixture, HEAD HOLDS FAILS);
    policy = (struct policy *)fixture->table.policy;
    for (size_t cap = 0; cap < (size_t)1 << 20; cap += 4096) {
        struct arena arena = arena_init(cap);
        struct error error = {0};
        bool done = features_evaluate(policy, fixture->crypto, &fixture->claims, &arena,
                                      &fixture->table, &error);

        arena_done(&arena);
        if (done)
            return;
        assert_int_equal(error.code, ERROR_MEMORY);
    }
    fail_msg("never enough");
}

#define WITH_FIXTURE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(the_worst_rule_decides),
        WITH_FIXTURE(the_policy_is_as_its_worst_feature),
        WITH_FIXTURE(a_rule_that_does_not_hold_says_why_and_what_to_do),
        WITH_FIXTURE(a_full_arena_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
