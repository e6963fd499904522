/* What a host keeps back, or cannot prove, never helps it: over made-up rules and claims, a known claim
 * that becomes unknown, and a grade that becomes lower, never make a rule pass that did not pass. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "policy/rules.h"
#include "support/expression_writer.h"

enum { RULES = 12000, DEPTH = 3 };

struct trial {
    struct crypto *crypto;
    struct arena arena;
    struct expression_list known;
    struct policy_rule rule;
    struct policy policy;
    char when[WRITER_TEXT_LEN], require[WRITER_TEXT_LEN];
    struct claims claims;
};

static enum claim_grade any_grade(void)
{
    return (enum claim_grade)(CLAIM_UNPROVEN + (int)writer_chance(CLAIM_ATTESTED + 1));
}

static void make_condition(struct trial *trial, char *text, enum claim_grade *grades,
                           struct policy_condition *condition)
{
    struct expression_references references = {.lists = &trial->known, .n_lists = 1};
    struct expression_writer writer = {.with_versions = true};
    bool claims_read[CLAIM_IDS] = {false};
    struct error error;

    writer_condition(&writer, DEPTH);
    memcpy(text, writer.text, writer.len + 1);
    if (!expression_parse(span_text(text), &references, &trial->arena, &condition->root,
                          claims_read, &error))
        fail_msg("%s\n%s", text, error.message);
    condition->reads = arena_array(&trial->arena, CLAIM_IDS, sizeof *condition->reads);
    assert_non_null(condition->reads);
    for (int id = 0; id < CLAIM_IDS; id++)
        if (claims_read[id])
            condition->reads[condition->n_reads++] = (struct policy_demand){
                .claim = (enum claim_id)id, .grade = grades[id]};
}

static void make_trial(struct trial *trial)
{
    enum claim_grade grades[CLAIM_IDS];

    trial->arena = arena_init((size_t)1 << 26);
    trial->known = writer_known(&trial->arena);
    trial->rule = (struct policy_rule){.name = "r", .message = "m"};
    trial->policy = (struct policy){.name = "p", .rules = &trial->rule, .n_rules = 1};
    *trial->when = '\0';
    for (int id = 0; id < CLAIM_IDS; id++)
        grades[id] = any_grade();
    if (writer_chance(2))
        make_condition(trial, trial->when, grades, &trial->rule.when);
    make_condition(trial, trial->require, grades, &trial->rule.require);
    writer_claims(&trial->claims, &trial->arena);
    for (int id = 0; id < CLAIM_IDS; id++)
        trial->claims.claims[id].grade = any_grade();
}

static bool passes(struct trial *trial)
{
    struct reasons reasons = {0};
    struct policy_result result;
    struct error error;
    bool passed;

    assert_true(policy_evaluate(&trial->policy, trial->crypto, &trial->claims, &trial->arena,
                                &result, &reasons, &error));
    passed = result.outcome == POLICY_HOLDS || result.outcome == POLICY_NOT_APPLICABLE;
    assert_int_equal(reasons.n_items, !passed);
    return passed;
}

static void expect_no_pass(struct trial *trial, enum claim_id id, const char *change)
{
    if (passes(trial))
        fail_msg("passes with %s %s\nwhen %s\nrequire %s", claim_name(id), change, trial->when,
                 trial->require);
}

/* One claim after the other, and what is changed stays so: every step is one from a host that does not
 * pass. */
static void take_away(struct trial *trial)
{
    for (int id = 0; id < CLAIM_IDS; id++) {
        struct claim *claim = &trial->claims.claims[id];

        while (claim->known && claim->grade > CLAIM_UNPROVEN) {
            claim->grade--;
            expect_no_pass(trial, (enum claim_id)id, "less well proven");
        }
        if (claim->known && writer_chance(2)) {
            claim->known = false;
            expect_no_pass(trial, (enum claim_id)id, "unknown");
        }
    }
}

static void test_less_evidence_never_helps(void **state)
{
    struct trial *trial = calloc(1, sizeof *trial);
    size_t n_passed = 0, n_not = 0;
    struct error error;

    (void)state;
    trial->crypto = crypto_new(&error);
    for (int i = 0; i < RULES; i++) {
        make_trial(trial);
        if (passes(trial)) {
            n_passed++;
        } else {
            n_not++;
            take_away(trial);
        }
        arena_done(&trial->arena);
    }
    crypto_free(trial->crypto);
    free(trial);
    /* Both were tried in earnest. */
    assert_in_range(n_passed, RULES / 20, RULES);
    assert_in_range(n_not, RULES / 4, RULES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_less_evidence_never_helps)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
