/* Which findings are the same, and which are not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/text.h"
#include "outcome/finding.h"
#include "support/crypto_arena.h"

static const struct reason FOUND = {.code = REASON_POLICY_FAILED,
                                    .weight = REASON_WEIGHT_UNTRUSTED,
                                    .pcr = 8,
                                    .event = 31,
                                    .component = "kernel command line",
                                    .expected = "root=/dev/sda1 ro",
                                    .found = "root=/dev/sda1 ro kgdbwait",
                                    .policy = "web 3",
                                    .rule = "command-line",
                                    .claim = "boot.kernel_command_line",
                                    .message = "No other command line",
                                    .action = "Reboot"};

static bool same(const struct reason *a, const struct reason *b)
{
    uint8_t digest_a[OUTCOME_FINDING_LEN], digest_b[OUTCOME_FINDING_LEN];

    outcome_finding(crypto, a, digest_a);
    outcome_finding(crypto, b, digest_b);
    return memcmp(digest_a, digest_b, sizeof digest_a) == 0;
}

/* Computed with another SHA-256 over the texts as the header frames them: stored digests outlive a
 * version of the program. */
static void test_digest_is_what_the_header_says(void **state)
{
    char hex[2 * OUTCOME_FINDING_LEN + 1];
    uint8_t digest[OUTCOME_FINDING_LEN];

    (void)state;
    outcome_finding(crypto, &FOUND, digest);
    text_hex_into(hex, span_of(digest, sizeof digest));
    assert_string_equal(hex, "78c2d49546985dec40d12f2c3361d8f3054b870ba250bd51ca5d362a6723f499");
}

static void test_every_part_counts(void **state)
{
    struct reason other;

    (void)state;
    assert_true(same(&FOUND, &FOUND));
#define DIFFERS(member, value)                                                                     \
    other = FOUND;                                                                                 \
    other.member = value;                                                                          \
    assert_false(same(&FOUND, &other))
    DIFFERS(code, REASON_POLICY_UNKNOWN);
    DIFFERS(policy, "web 4");
    DIFFERS(rule, "command-lines");
    DIFFERS(claim, "boot.kernel");
    DIFFERS(component, "kernel");
    DIFFERS(expected, "root=/dev/sda1");
    DIFFERS(found, NULL);
#undef DIFFERS
}

static void test_place_and_wording_do_not_count(void **state)
{
    struct reason other = FOUND;

    (void)state;
    other.weight = REASON_WEIGHT_ATTENTION;
    other.pcr = REASON_NO_PCR;
    other.event = REASON_NO_EVENT;
    other.message = NULL;
    other.action = "Ask somebody";
    assert_true(same(&FOUND, &other));
}

/* A host chooses component and found: it must not be able to shift bytes between them. */
static void test_texts_cannot_be_shifted(void **state)
{
    struct reason other = FOUND;

    (void)state;
    other.component = "kernel command lin";
    other.expected = "eroot=/dev/sda1 ro";
    assert_false(same(&FOUND, &other));
    other = FOUND;
    other.policy = NULL;
    other.rule = "web 3command-line";
    assert_false(same(&FOUND, &other));
}

static void test_nothing_is_as_empty(void **state)
{
    struct reason none = {.code = REASON_POLICY_NONE}, empty = none;

    (void)state;
    empty.policy = empty.rule = empty.claim = empty.component = empty.expected = empty.found = "";
    assert_true(same(&none, &empty));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_digest_is_what_the_header_says),
        cmocka_unit_test(test_every_part_counts),
        cmocka_unit_test(test_place_and_wording_do_not_count),
        cmocka_unit_test(test_texts_cannot_be_shifted),
        cmocka_unit_test(test_nothing_is_as_empty),
    };

    return cmocka_run_group_tests_name("finding", tests, crypto_arena_setup, crypto_arena_teardown);
}
