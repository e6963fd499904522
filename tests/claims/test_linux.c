/* What the kernel command line decides. */
#include "boot.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct expectation {
    const char *line, *value;
};

static void check(struct boot *boot, enum claim_id id, const struct expectation *cases, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        boot_begin(boot);
        boot_firmware(boot, true);
        boot_linux(boot, cases[i].line);
        boot_collect(boot);
        boot_assert(boot, id, cases[i].value);
    }
}
#define CHECK(boot, id, cases) check(boot, id, cases, sizeof(cases) / sizeof *(cases))

static void debuggers_are_seen(void **state)
{
    static const struct expectation cases[] = {
        {"/vmlinuz quiet", "false"},
        {"/vmlinuz kgdboc=ttyS0 kgdbwait", "true"},
        {"/vmlinuz kgdbwait", "true"},
        {"/vmlinuz kgdboc.kgdboc=ttyS0", "true"},
        {"/vmlinuz nokgdbwait", "false"},
        {"/vmlinuz title=\"a kgdbwait b\"", "false"}, /* inside a quoted value */
        {"/vmlinuz -- kgdbwait", "false"},            /* for init */
        {"/vmlinuz \"kgdboc=ttyS0 \"", "true"},       /* quoted as a whole */
        {"/vmlinuz \"\" kgdbwait", "true"},
        {"/vmlinuz bootconfig", "unknown"}, /* the initrd says more */
        {"/vmlinuz bootconfig kgdbwait", "true"},
    };

    CHECK(*state, CLAIM_DEBUG_KERNEL, cases);
}

static void lockdown_needs_the_parameter(void **state)
{
    static const struct expectation cases[] = {
        {"/vmlinuz", "unknown"},
        {"/vmlinuz lockdown=none", "unknown"},
        {"/vmlinuz lockdown=integrity", "integrity"},
        {"/vmlinuz lockdown=confidentiality", "confidentiality"},
        {"/vmlinuz lockdown=confidentiality lockdown=none", "confidentiality"},
        {"/vmlinuz lockdown=integrity lsm=yama", "unknown"},
        {"/vmlinuz lockdown=integrity lsm=lockdown,yama", "integrity"},
        {"/vmlinuz lockdown=integrity lsm=\"yama,lockdown\"", "integrity"},
        {"/vmlinuz lockdown=integrity lsm=nolockdown", "unknown"},
        {"/vmlinuz lockdown=integrity \"lsm=yama\"", "unknown"},
        {"/vmlinuz lockdown=integrity bootconfig", "unknown"},
        {"/vmlinuz lockdown=integrityx", "unknown"},
    };

    CHECK(*state, CLAIM_KERNEL_LOCKDOWN, cases);
}

static void module_signatures_need_a_parameter(void **state)
{
    static const struct expectation cases[] = {
        {"/vmlinuz", "unknown"},
        {"/vmlinuz module.sig_enforce=1", "true"},
        {"/vmlinuz module.sig-enforce", "true"},
        {"/vmlinuz module.sig_enforce=0", "unknown"},
        {"/vmlinuz module.sig_enforces=1", "unknown"},
        {"/vmlinuz lockdown=integrity", "true"},
    };

    CHECK(*state, CLAIM_KERNEL_MODULE_SIGNATURES, cases);
}

static void the_ima_policy_is_named(void **state)
{
    static const struct expectation cases[] = {
        {"/vmlinuz", "none"},
        {"/vmlinuz ima_policy=tcb", "tcb"},
        {"/vmlinuz ima_policy=tcb|secure_boot", "tcb|secure_boot"},
        {"/vmlinuz ima_tcb", "tcb"},
    };

    CHECK(*state, CLAIM_IMA_POLICY, cases);
}

static void without_a_line_nothing_is_said(void **state)
{
    struct boot *boot = *state;

    boot_firmware(boot, true);
    boot_collect(boot);
    boot_assert(boot, CLAIM_DEBUG_KERNEL, "unknown");
    boot_assert(boot, CLAIM_KERNEL_LOCKDOWN, "unknown");
    boot_assert(boot, CLAIM_KERNEL_MODULE_SIGNATURES, "unknown");
    boot_assert(boot, CLAIM_IMA_POLICY, "unknown");
}

static void an_unproven_line_proves_nothing(void **state)
{
    static const enum claim_id ids[] = {CLAIM_DEBUG_KERNEL, CLAIM_KERNEL_LOCKDOWN,
                                        CLAIM_KERNEL_MODULE_SIGNATURES, CLAIM_IMA_POLICY};
    struct boot *boot = *state;

    boot_firmware(boot, false);
    boot_linux(boot, "/vmlinuz lockdown=integrity");
    boot_collect(boot);
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        assert_true(boot->claims.claims[ids[i]].known);
        assert_int_equal(boot->claims.claims[ids[i]].grade, CLAIM_UNPROVEN);
    }
}

int main(void)
{
#define LINUX_TEST(name) cmocka_unit_test_setup_teardown(name, boot_setup, boot_teardown)
    const struct CMUnitTest tests[] = {
        LINUX_TEST(debuggers_are_seen),
        LINUX_TEST(lockdown_needs_the_parameter),
        LINUX_TEST(module_signatures_need_a_parameter),
        LINUX_TEST(the_ima_policy_is_named),
        LINUX_TEST(without_a_line_nothing_is_said),
        LINUX_TEST(an_unproven_line_proves_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
