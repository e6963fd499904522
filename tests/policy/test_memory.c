/* Policies in arenas of every size: whatever memory there is, the work is done whole, or the error says
 * that memory ran out. */
#include "policy/policy.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "policy/diff.h"
#include "policy/learn.h"
#include "policy/reference_values.h"
#include "support/crypto_arena.h"

#define ONE "sha256:0101010101010101010101010101010101010101010101010101010101010101"
#define TWO "sha256:0202020202020202020202020202020202020202020202020202020202020202"

/* Every kind of rule and of expression; each rule fails or is undecided, so that it is explained. */
static const char POLICY[] =
    "[policy]\nname = p\nversion = 1\ndescription = everything\n\n"
    "[reference known]\nshim = " ONE "\nGRUB = " TWO "\n\n"
    "[rule a]\nwhen = kernel.version.startsWith(\"6\")\n"
    "require = boot.images.all(x, x in reference(\"known\"))\n"
    "message = m\naction = do\nserves = s\nchanged_by = operator\nseverity = attention\n\n"
    "[rule b]\nrequire = tokens(kernel.version).exists(t, t == \"5\")\nmessage = m\n\n"
    "[rule c]\nrequire = boot.images.exists_one(x, x in reference(\"known\"))\nmessage = m\n\n"
    "[rule d]\nrequire = version(kernel.version) >= version(\"7\")\nmessage = m\n\n"
    "[rule e]\nrequire = sets.contains(reference(\"known\"), boot.images)\nmessage = m\n\n"
    "[rule f]\nrequire = !sets.intersects(reference(\"known\"), boot.images)\nmessage = m\n\n"
    "[rule g]\nrequire = sets.equivalent(boot.images, reference(\"known\"))\nmessage = m\n\n"
    "[rule h]\nrequire = kernel.version.lowerAscii().endsWith(\"-rt\") && secure_boot.enabled\n"
    "message = m\n\n"
    "[rule i]\nrequire = kernel.version in [\"5.10\", \"6.1\" + \"-x\"]\nmessage = m\n\n"
    "[rule j]\nrequire = !secure_boot.enabled || drtm.launched\nmessage = m\n\n"
    "[rule k]\nwhen = drtm.launched\nrequire = size(boot.images) < 2\nmessage = m\n\n"
    "[rule l]\ngrade = reported, secure_boot.enabled attested\n"
    "require = kernel.lockdown == \"integrity\" && secure_boot.enabled\nmessage = m\n";
enum { N_RULES = 12 };

static const char REFERENCES[] = "[reference-values]\nname = values\nversion = 1\n\n"
                                 "[reference known]\nkernel = " ONE "\nother = " TWO "\n";
static const char UPDATE[] = "[update]\nname = u\nversion = 1\n\n"
                             "[accept boot.images]\nnew = " ONE "\n\n"
                             "[accept kernel.version]\nnew = \"6.2\"\n\n"
                             "[retire boot.images]\nold = " TWO "\n";

static struct claims claims;
static struct claim_item images[4];
static uint8_t digests[4][32];
static uint32_t events[] = {3};

static void be_a_host(void)
{
    for (size_t i = 0; i < 4; i++) {
        memset(digests[i], (int)i + 1, sizeof digests[i]);
        images[i] = (struct claim_item){.kind = CLAIM_ITEM_DIGEST,
                                        .alg = TPM_ALG_SHA256,
                                        .event = 10 + (uint32_t)i,
                                        .pcr = 4,
                                        .label = "image",
                                        .bytes = span_of(digests[i], sizeof digests[i])};
    }
    claims.claims[CLAIM_BOOT_IMAGES] = (struct claim){
        .known = true, .items = images, .n_items = 4, .grade = CLAIM_ATTESTED};
    claims.claims[CLAIM_KERNEL_VERSION] = (struct claim){
        .known = true, .text = "6.1.0 a b", .grade = CLAIM_ATTESTED};
    claims.claims[CLAIM_KERNEL_LOCKDOWN] = (struct claim){
        .known = true, .text = "integrity", .grade = CLAIM_UNPROVEN};
    claims.claims[CLAIM_SECURE_BOOT_ENABLED] = (struct claim){
        .known = true, .is_true = true, .events = events, .n_events = 1, .grade = CLAIM_ATTESTED};
}

/* Does the work in the arena; true when it was done. */
typedef bool work_fn(struct arena *small, struct error *error);

static void in_every_arena(work_fn *work)
{
    size_t n_failed = 0;
    bool done = false;

    be_a_host();
    for (size_t cap = 0; !done; cap += 16) {
        struct arena small = arena_init(cap);
        struct error error = {0};

        done = work(&small, &error);
        if (!done && error.code != ERROR_MEMORY)
            fail_msg("%s", error.message);
        n_failed += !done;
        arena_done(&small);
    }
    assert_true(n_failed > 10);
}

static bool compile(struct arena *small, struct policy **policy, struct error *error)
{
    static const struct span texts[] = {{(const uint8_t *)REFERENCES, sizeof REFERENCES - 1},
                                        {(const uint8_t *)UPDATE, sizeof UPDATE - 1}};
    const struct policy_sources sources = {.text = span_text(POLICY),
                                           .references = &texts[0],
                                           .n_references = 1,
                                           .updates = &texts[1],
                                           .n_updates = 1};
    struct policy_position position;

    return policy_compile(&sources, small, policy, &position, error);
}

static bool compile_policy(struct arena *small, struct error *error)
{
    struct policy *policy;

    if (!compile(small, &policy, error))
        return false;
    assert_int_equal(policy_rules(policy), N_RULES);
    return true;
}

static void policies_compile(void **state)
{
    (void)state;
    in_every_arena(compile_policy);
}

static struct policy *compiled;

static bool evaluate_policy(struct arena *small, struct error *error)
{
    static struct reasons reasons;

    reasons.n_items = 0;
    if (!policy_evaluate(compiled, crypto, &claims, small, NULL, &reasons, error))
        return false;
    assert_int_equal(reasons.n_items, N_RULES);
    for (size_t i = 0; i < reasons.n_items; i++)
        assert_true(*reasons.items[i].expected && *reasons.items[i].found);
    return true;
}

static void rules_are_evaluated_and_explained(void **state)
{
    struct error error;

    (void)state;
    if (!compile(&arena, &compiled, &error))
        fail_msg("%s", error.message);
    in_every_arena(evaluate_policy);
}

static bool check_values(struct arena *small, struct error *error)
{
    struct policy_position position;
    struct policy_values values;

    if (!policy_values_check(span_text(UPDATE), small, &values, &position, error))
        return false;
    assert_int_equal(values.n_values, 2); /* what is retired counts no more */
    return true;
}

static void documents_are_checked(void **state)
{
    (void)state;
    in_every_arena(check_values);
}

static bool learn(struct arena *small, struct error *error)
{
    struct policy_position position;
    struct policy *policy;
    struct span text;

    if (!policy_learn(&claims, crypto, "learned", small, &text, error))
        return false;
    assert_true(
        policy_compile(&(struct policy_sources){.text = text}, &arena, &policy, &position, error));
    return true;
}

static void a_policy_is_learned(void **state)
{
    (void)state;
    in_every_arena(learn);
}

static bool diff(struct arena *small, struct error *error)
{
    static const char OTHER[] = "[policy]\nname = p\nversion = 2\n\n[reference known]\na = " ONE
                                "\n\n[rule b]\nrequire = secure_boot.enabled\nmessage = m\n";
    const struct policy_sources old = {.text = span_text(POLICY)}, new = {.text = span_text(OTHER)};
    struct policy_difference *differences;
    size_t n_differences;

    if (!policy_diff(&old, &new, small, &differences, &n_differences, error))
        return false;
    assert_true(n_differences > N_RULES);
    return true;
}

static void policies_are_compared(void **state)
{
    (void)state;
    in_every_arena(diff);
}

static bool write_values(struct arena *small, struct error *error)
{
    static const struct reference_document document = {.kind = "reference-values",
                                                       .section = "reference",
                                                       .name = "n",
                                                       .version = "1",
                                                       .description = "d"};
    struct reference_values values = {.arena = small};
    struct span text;

    for (size_t i = 0; i < 4; i++)
        if (!reference_values_add_digest(&values, CLAIM_BOOT_IMAGES, "image", TPM_ALG_SHA256,
                                         images[i].bytes, error))
            return false;
    return reference_values_add_text(&values, CLAIM_BOOT_KERNEL_COMMAND_LINE, "line",
                                     span_text("root=/dev/vda1 \"quiet\" ; x"), error) &&
           reference_values_write(&values, &document, &text, error);
}

static void documents_are_written(void **state)
{
    (void)state;
    in_every_arena(write_values);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(policies_compile),
        cmocka_unit_test(rules_are_evaluated_and_explained),
        cmocka_unit_test(documents_are_checked),
        cmocka_unit_test(a_policy_is_learned),
        cmocka_unit_test(policies_are_compared),
        cmocka_unit_test(documents_are_written),
    };

    return cmocka_run_group_tests(tests, crypto_arena_setup, crypto_arena_teardown);
}
