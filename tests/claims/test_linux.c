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
        {"/vmlinuz module.sig_enforce=", "unknown"}, /* kstrtobool refuses it */
        {"/vmlinuz module.sig_enforce=on", "true"},
        {"/vmlinuz module.sig_enforce=true", "unknown"}, /* only newer kernels know the word */
        {"/vmlinuz module.sig_enforce=1 module.sig_enforce=0", "true"}, /* cannot be undone */
        {"/vmlinuz -- module.sig_enforce=1", "unknown"},
        {"/vmlinuz x=\"a module.sig_enforce=1\"", "unknown"},
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
        {"/vmlinuz ima_tcbs", "tcb"}, /* the kernel compares the beginning */
        {"/vmlinuz ima_policy=secure_boot ima_policy=tcb", "tcb|secure_boot"}, /* they add up */
        {"/vmlinuz ima_policy=\"tcb appraise_tcb\"", "tcb|appraise_tcb"},
        {"/vmlinuz ima_policy=all", "none"},
        {"/vmlinuz ima_policy", "none"},
        {"/vmlinuz ima_appraise_tcb ima-policy=critical_data|fail_securely",
         "appraise_tcb|critical_data|fail_securely"},
        {"/vmlinuz ima_policy=tcb bootconfig", "unknown"},
    };

    CHECK(*state, CLAIM_IMA_POLICY, cases);
}

static void what_appraisal_does_is_the_last_word(void **state)
{
    static const struct expectation cases[] = {
        {"/vmlinuz", "default"},
        {"/vmlinuz ima_appraise=enforce", "enforce"},
        {"/vmlinuz ima_appraise=enforce ima_appraise=off", "off"},
        {"/vmlinuz ima_appraise=log-more", "log"}, /* the kernel compares the beginning */
        {"/vmlinuz ima_appraise=fix", "fix"},
        {"/vmlinuz ima_appraise=fix ima_appraise=please", "unknown"},
        {"/vmlinuz -- ima_appraise=off", "default"},
        {"/vmlinuz ima_appraise=enforce bootconfig", "unknown"},
    };

    CHECK(*state, CLAIM_IMA_APPRAISE, cases);
}

static void mitigations_are_on_or_off(void **state)
{
    static const struct expectation cases[] = {
        {"/vmlinuz quiet", "false"},
        {"/vmlinuz mitigations=auto,nosmt", "false"},
        {"/vmlinuz mitigations=off", "true"},
        {"/vmlinuz mitigations=\"off\"", "true"},
        {"/vmlinuz \"mitigations=off\"", "true"},
        {"/vmlinuz mitigations=auto;no_user_kernel", "true"},
        {"/vmlinuz mitigations=off mitigations=what", "unknown"}, /* the kernel keeps "off" */
        {"/vmlinuz mitigations=off mds=off mds=full", "true"},
        {"/vmlinuz -- mitigations=off", "false"}, /* not for the kernel */
        {"/vmlinuz -- nopti", "true"},            /* x86 looks for the word itself */
        {"/vmlinuz x=\"y nospectre_v2 z\"", "true"},
        {"/vmlinuz spectre-v2=off", "true"},
        {"/vmlinuz spectre_v2=retpoline", "false"},
        {"/vmlinuz retbleed=auto,off", "true"},
        {"/vmlinuz nosmap", "true"},
        {"/vmlinuz noexec=off", "true"},
        {"/vmlinuz noexec=on", "false"},
        {"/vmlinuz clearcpuid=514", "unknown"}, /* who knows what 514 is here */
        {"/vmlinuz clearcpuid=514 gather_data_sampling=off", "true"},
        {"/vmlinuz bootconfig", "unknown"},
        {"/vmlinuz bootconfig mitigations=off", "true"},
    };

    CHECK(*state, CLAIM_KERNEL_MITIGATIONS_DISABLED, cases);
}

static void the_first_program_is_named(void **state)
{
    static const struct expectation cases[] = {
        {"/vmlinuz quiet", "default"},
        {"/vmlinuz init=/bin/sh", "/bin/sh"},
        {"/vmlinuz init=/sbin/init init=/bin/sh", "/bin/sh"},
        {"/vmlinuz rdinit=/bin/sh", "/bin/sh"},
        {"/vmlinuz rdinit=/a init=/b", "rdinit=/a init=/b"},
        /* The scripts of the initial RAM disk look behind "--" and into quotes. */
        {"/vmlinuz -- init=/bin/sh", "unknown"},
        {"/vmlinuz x=\" init=/bin/sh\"", "unknown"},
        {"/vmlinuz init=/sbin/init x=\" init=/bin/sh\"", "unknown"},
        {"/vmlinuz bootconfig", "unknown"},
    };

    CHECK(*state, CLAIM_KERNEL_INIT, cases);
}

static void shells_are_seen(void **state)
{
    static const struct expectation cases[] = {
        {"/vmlinuz quiet", "false"},
        {"/vmlinuz single", "true"},
        {"/vmlinuz -- single", "true"},
        {"/vmlinuz 1", "true"},
        {"/vmlinuz -s", "true"},
        {"/vmlinuz systemd.unit=rescue.target", "true"},
        {"/vmlinuz systemd.unit=multi-user.target", "false"},
        {"/vmlinuz systemd.unit=emergency.target systemd.unit=multi-user.target", "unknown"},
        {"/vmlinuz systemd.debug-shell", "true"},
        {"/vmlinuz systemd.debug_shell=ttyS0", "true"},
        {"/vmlinuz systemd.debug_shell=0", "false"},
        {"/vmlinuz rd.break=pre-mount", "true"},
        {"/vmlinuz break=init", "true"},
        {"/vmlinuz breaks", "false"},
        {"/vmlinuz bootconfig", "unknown"},
    };

    CHECK(*state, CLAIM_BOOT_RESCUE_SHELL, cases);
}

static void only_switching_the_iommu_off_is_believed(void **state)
{
    static const struct expectation cases[] = {
        {"/vmlinuz", "unknown"},
        {"/vmlinuz intel_iommu=on iommu=force iommu.strict=1", "unknown"},
        {"/vmlinuz iommu=off", "false"},
        {"/vmlinuz iommu=noforce,off", "false"},
        {"/vmlinuz intel_iommu=off", "false"},
        {"/vmlinuz intel_iommu=on intel_iommu=off", "false"},
        {"/vmlinuz intel_iommu=off intel_iommu=on", "unknown"},
        {"/vmlinuz amd_iommu=off", "false"},
        {"/vmlinuz iommu=pt", "false"},
        {"/vmlinuz iommu.passthrough=1", "false"},
        {"/vmlinuz iommu.passthrough=0", "unknown"},
        {"/vmlinuz iommu.passthrough=1 bootconfig", "false"},
    };

    CHECK(*state, CLAIM_DMA_PROTECTION_RUNTIME, cases);
}

static void lockdown_forces_signatures_for_kexec(void **state)
{
    static const struct expectation cases[] = {
        {"/vmlinuz", "unknown"},
        {"/vmlinuz module.sig_enforce=1", "unknown"},
        {"/vmlinuz lockdown=integrity", "true"},
        {"/vmlinuz lockdown=integrity lsm=yama", "unknown"},
        {"/vmlinuz lockdown=integrity lsm=yama lsm=lockdown", "true"}, /* the last list counts */
        {"/vmlinuz lockdown=integrity security=selinux", "true"},
    };

    CHECK(*state, CLAIM_KERNEL_KEXEC_SIGNATURES, cases);
}

static void parameters_are_listed_with_what_they_decide(void **state)
{
    struct boot *boot = *state;
    const struct claim *claim = &boot->claims.claims[CLAIM_KERNEL_PARAMETERS];

    boot_firmware(boot, true);
    boot_linux(boot, "/vmlinuz quiet \"apparmor=0\" intel-iommu=off -- nopti");
    boot_collect(boot);
    boot_assert(boot, CLAIM_KERNEL_PARAMETERS, "3");
    assert_true(span_is(claim->items[0].bytes, "apparmor=0"));
    assert_string_equal(claim->items[0].label, "AppArmor is off");
    assert_true(span_is(claim->items[1].bytes, "intel-iommu=off"));
    assert_true(span_is(claim->items[2].bytes, "nopti"));
    assert_int_equal(claim->grade, CLAIM_ATTESTED);
    assert_true(claim->n_events > 0);
}

/* The kernel keeps 2047 bytes; which ones, with what a loader puts before them, no log says. */
static void of_a_line_that_is_too_long_nothing_is_said(void **state)
{
    static const char prefix[] = "kernel_cmdline: ";
    struct boot *boot = *state;
    char line[2100];

    memset(line, 'x', sizeof line);
    memcpy(line, prefix, sizeof prefix - 1);
    memcpy(line + sizeof prefix - 1, "/vmlinuz lockdown=integrity kgdbwait ", 37);
    for (size_t len = 2046; len <= 2048; len++) {
        boot_begin(boot);
        boot_firmware(boot, true);
        log_builder_add_measured(&boot->log, 8, EV_IPL, span_of(line + sizeof prefix - 1, len),
                                 span_of(line, sizeof prefix - 1 + len));
        boot_collect(boot);
        boot_assert(boot, CLAIM_KERNEL_LOCKDOWN, len <= 2047 ? "integrity" : "unknown");
        boot_assert(boot, CLAIM_DEBUG_KERNEL, len <= 2047 ? "true" : "unknown");
        boot_assert(boot, CLAIM_KERNEL_PARAMETERS, len <= 2047 ? "2" : "unknown");
    }
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
    boot_assert(boot, CLAIM_IMA_APPRAISE, "unknown");
    boot_assert(boot, CLAIM_KERNEL_INIT, "unknown");
    boot_assert(boot, CLAIM_KERNEL_MITIGATIONS_DISABLED, "unknown");
    boot_assert(boot, CLAIM_KERNEL_KEXEC_SIGNATURES, "unknown");
    boot_assert(boot, CLAIM_KERNEL_PARAMETERS, "unknown");
    boot_assert(boot, CLAIM_BOOT_RESCUE_SHELL, "unknown");
}

static void an_unproven_line_proves_nothing(void **state)
{
    static const enum claim_id ids[] = {CLAIM_DEBUG_KERNEL,
                                        CLAIM_KERNEL_LOCKDOWN,
                                        CLAIM_KERNEL_MODULE_SIGNATURES,
                                        CLAIM_IMA_POLICY,
                                        CLAIM_IMA_APPRAISE,
                                        CLAIM_KERNEL_INIT,
                                        CLAIM_KERNEL_PARAMETERS,
                                        CLAIM_KERNEL_KEXEC_SIGNATURES,
                                        CLAIM_KERNEL_MITIGATIONS_DISABLED,
                                        CLAIM_BOOT_RESCUE_SHELL};
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
        LINUX_TEST(what_appraisal_does_is_the_last_word),
        LINUX_TEST(mitigations_are_on_or_off),
        LINUX_TEST(the_first_program_is_named),
        LINUX_TEST(shells_are_seen),
        LINUX_TEST(only_switching_the_iommu_off_is_believed),
        LINUX_TEST(lockdown_forces_signatures_for_kexec),
        LINUX_TEST(parameters_are_listed_with_what_they_decide),
        LINUX_TEST(of_a_line_that_is_too_long_nothing_is_said),
        LINUX_TEST(without_a_line_nothing_is_said),
        LINUX_TEST(an_unproven_line_proves_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
