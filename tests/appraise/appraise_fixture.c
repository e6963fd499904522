#include "appraise_fixture.h"

static void print_reasons(const struct fixture *fixture)
{
    const struct reasons *reasons = &fixture->appraisal.reasons;

    for (size_t i = 0; i < reasons->n_items; i++) {
        const struct reason *reason = &reasons->items[i];

        print_message("%s PCR %d event %d %s: expected %s, found %s (%s: %s)\n",
                      reason_code_text(reason->code), reason->pcr, (int)reason->event,
                      reason->component ? reason->component : "-",
                      reason->expected ? reason->expected : "-",
                      reason->found ? reason->found : "-", reason->rule ? reason->rule : "-",
                      reason->message ? reason->message : "-");
    }
}

enum verdict fixture_appraise(struct fixture *fixture, struct span evidence)
{
    arena_reset(&fixture->arena);
    fixture->input.evidence = evidence;
    fixture->appraisal.verdict = VERDICT_NONE;
    if (!appraise(fixture->host.crypto, &fixture->input, &fixture->arena, &fixture->appraisal,
                  &fixture->error))
        fail_msg("could not appraise: %s", fixture->error.message);
    return fixture->appraisal.verdict;
}

void expect_verdict(struct fixture *fixture, struct span evidence, enum verdict wanted,
                    enum reason_code code)
{
    enum verdict verdict = fixture_appraise(fixture, evidence);

    if (verdict == wanted && (!code || reasons_have(&fixture->appraisal.reasons, code)))
        return;
    print_reasons(fixture);
    fail_msg("%s, expected %s with %s", verdict_name(verdict), verdict_name(wanted),
             reason_code_text(code));
}

/* What a golden host taught: the policy is learned from evidence like every other. */
static void learn_policy(struct fixture *fixture, const char *folder)
{
    struct policy_position position;
    struct soft_host golden;
    struct span text;

    soft_host_init(&golden, folder, TPM_ALG_ECC, TPM_ALG_SHA256);
    fixture->input = soft_host_input(&golden, span_of(NULL, 0));
    fixture_appraise(fixture, soft_host_attest(&golden));
    if (!policy_learn(&fixture->appraisal.claims, golden.crypto, "golden", &fixture->arena, &text,
                      &fixture->error) ||
        !policy_compile(
            &(struct policy_sources){
                .text = span_of(soft_host_copy(&fixture->host, text), text.len)},
            &fixture->host.arena, &fixture->policy, &position, &fixture->error)) {
        print_reasons(fixture);
        fail_msg("cannot learn: %s", fixture->error.message);
    }
    soft_host_done(&golden);
}

void fixture_init_learned(struct fixture *fixture, const char *folder, const char *golden,
                          uint16_t key, uint16_t bank)
{
    fixture->arena = arena_init((size_t)256 << 20);
    soft_host_init(&fixture->host, folder, key, bank);
    learn_policy(fixture, golden);
    fixture->input = soft_host_input(&fixture->host, span_of(NULL, 0));
    fixture->input.policies = &fixture->policy;
    fixture->input.n_policies = 1;
}

void fixture_init(struct fixture *fixture, const char *folder, uint16_t key, uint16_t bank)
{
    fixture_init_learned(fixture, folder, "secure-boot", key, bank);
}

void fixture_done(struct fixture *fixture)
{
    arena_done(&fixture->arena);
    soft_host_done(&fixture->host);
}

int fixture_setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);

    fixture_init(fixture, "secure-boot", TPM_ALG_ECC, TPM_ALG_SHA256);
    *state = fixture;
    return 0;
}

int fixture_teardown(void **state)
{
    fixture_done(*state);
    free(*state);
    return 0;
}
