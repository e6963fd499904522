/* Unified kernel images, the command lines around them, and which loader ran. */
#include "boot.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const enum claim_id LINE = CLAIM_BOOT_KERNEL_COMMAND_LINE;

static enum claim_grade grade(const struct boot *boot, enum claim_id id)
{
    return boot->claims.claims[id].grade;
}

/* The host says that this is its command line. */
static void say(struct boot *boot, const char *line)
{
    static struct evidence_item item;

    item = (struct evidence_item){span_text("kernel.command_line"), span_text(line)};
    boot->input.inventory = &item;
    boot->input.n_inventory = 1;
}

static void sections_are_listed_in_order(void **state)
{
    struct boot *boot = *state;
    const struct claim *claim = &boot->claims.claims[CLAIM_BOOT_UNIFIED_KERNEL];
    struct crypto_digest digest;

    boot_firmware(boot, true);
    boot_unified_kernel(boot, "quiet");
    boot_collect(boot);
    boot_assert(boot, CLAIM_BOOT_UNIFIED_KERNEL, "4");
    assert_int_equal(claim->grade, CLAIM_ATTESTED);
    assert_string_equal(claim->items[0].label, ".linux");
    assert_string_equal(claim->items[3].label, ".initrd");
    crypto_hash_span(boot->crypto, TPM_ALG_SHA256, span_text("kernel code"), &digest);
    assert_true(span_equal(claim->items[0].bytes, crypto_digest_span(&digest)));
    boot_assert(boot, CLAIM_BOOT_LOADER, "systemd-stub");
    assert_int_equal(grade(boot, CLAIM_BOOT_LOADER), CLAIM_ATTESTED);
}

static void without_sections_there_is_none(void **state)
{
    struct boot *boot = *state;

    boot_firmware(boot, true);
    boot_linux(boot, "/vmlinuz");
    boot_collect(boot);
    boot_assert(boot, CLAIM_BOOT_UNIFIED_KERNEL, "unknown");
    boot_assert(boot, CLAIM_BOOT_LOADER, "GRUB");
    assert_int_equal(grade(boot, CLAIM_BOOT_LOADER), CLAIM_ATTESTED);
}

static void without_secure_boot_sections_are_unproven(void **state)
{
    struct boot *boot = *state;

    boot_firmware(boot, false);
    boot_unified_kernel(boot, "quiet");
    say(boot, "quiet");
    boot_collect(boot);
    assert_int_equal(grade(boot, CLAIM_BOOT_UNIFIED_KERNEL), CLAIM_UNPROVEN);
    assert_int_equal(grade(boot, CLAIM_BOOT_LOADER), CLAIM_UNPROVEN);
    boot_assert(boot, LINE, "quiet");
    assert_int_equal(grade(boot, LINE), CLAIM_UNPROVEN);
}

/* Root extends PCR 11 after the boot: the stub measures in one order, each section once, no name
 * without contents. */
static void what_root_adds_costs_the_grade(void **state)
{
    static const char *const added[] = {".linux", ".cmdline", ".initrd"};
    struct boot *boot = *state;

    for (size_t i = 0; i <= 4; i++) {
        boot_begin(boot);
        boot_firmware(boot, true);
        boot_unified_kernel(boot, "evil");
        if (i < 3)
            boot_section(boot, added[i], "good");
        else if (i == 3)
            log_builder_add_measured(&boot->log, 11, EV_IPL, span_of(".sbat", 6),
                                     span_of(".\0s\0b\0a\0t\0", 10));
        else
            boot_text(boot, 11, EV_COMPACT_HASH, "something");
        say(boot, "good");
        boot_collect(boot);
        assert_int_equal(grade(boot, CLAIM_BOOT_UNIFIED_KERNEL), CLAIM_UNPROVEN);
        assert_true(!boot->claims.claims[LINE].known || grade(boot, LINE) < CLAIM_ATTESTED);
    }
}

/* A name whose digest is another's: contents cannot pass for a name, nor one name for another. */
static void a_section_cannot_be_renamed(void **state)
{
    struct boot *boot = *state;

    boot_firmware(boot, true);
    boot_unified_kernel(boot, "evil");
    log_builder_add_measured(&boot->log, 11, EV_IPL, span_of(".uname", 7),
                             span_of(".\0s\0b\0a\0t\0\0\0", 12));
    boot_text(boot, 11, EV_IPL, "contents");
    boot_collect(boot);
    boot_assert(boot, CLAIM_BOOT_UNIFIED_KERNEL, "4");
    assert_int_equal(grade(boot, CLAIM_BOOT_UNIFIED_KERNEL), CLAIM_UNPROVEN);
}

static void a_line_that_hashes_to_the_section_is_proven(void **state)
{
    static const char *const sections[] = {"quiet lockdown=integrity",
                                           "quiet lockdown=integrity\n"};
    struct boot *boot = *state;

    for (size_t i = 0; i < 2; i++) {
        boot_begin(boot);
        boot_firmware(boot, true);
        boot_unified_kernel(boot, sections[i]);
        say(boot, "quiet lockdown=integrity");
        boot_collect(boot);
        boot_assert(boot, LINE, "quiet lockdown=integrity");
        assert_int_equal(grade(boot, LINE), CLAIM_ATTESTED);
        assert_true(boot->claims.claims[LINE].n_events > 0);
        boot_assert(boot, CLAIM_KERNEL_LOCKDOWN, "integrity");
        assert_int_equal(grade(boot, CLAIM_KERNEL_LOCKDOWN), CLAIM_ATTESTED);
    }
}

static void a_line_of_another_digest_is_not_believed(void **state)
{
    struct boot *boot = *state;

    boot_firmware(boot, true);
    boot_unified_kernel(boot, "init=/bin/sh");
    boot_collect(boot);
    boot_assert(boot, LINE, "unknown");
    say(boot, "quiet");
    boot_collect(boot);
    boot_assert(boot, LINE, "unknown");
}

/* The section is as said, but the kernel got something else. */
static void load_options_that_differ_are_seen(void **state)
{
    struct boot *boot = *state;

    boot_firmware(boot, true);
    boot_unified_kernel(boot, "quiet");
    boot_load_options(boot, "", "quiet init=/bin/sh", true);
    say(boot, "quiet");
    boot_collect(boot);
    boot_assert(boot, LINE, "unknown");
}

/* Nothing says whether the line in PCR 12 replaces the section or is added to it, except the
 * kernel's own measurement. */
static void a_line_beside_the_section_needs_the_kernels_word(void **state)
{
    struct boot *boot = *state;

    boot_firmware(boot, true);
    boot_unified_kernel(boot, "quiet");
    boot_stub_line(boot, "debug");
    say(boot, "quiet");
    boot_collect(boot);
    boot_assert(boot, LINE, "unknown");

    boot_load_options(boot, "", "debug", true);
    boot_collect(boot);
    boot_assert(boot, LINE, "debug");
    assert_int_equal(grade(boot, LINE), CLAIM_ATTESTED);
}

/* Root extends a pleasing line and load options that fit it after the boot. */
static void load_options_count_only_when_they_come_first(void **state)
{
    struct boot *boot = *state;

    boot_firmware(boot, true);
    boot_unified_kernel(boot, "quiet");
    boot_tag(boot, 0x8F3B22EC, span_text("load options of evil, called an initial RAM disk"));
    boot_stub_line(boot, "good");
    boot_load_options(boot, "", "good", true);
    boot_collect(boot);
    boot_assert(boot, LINE, "unknown");
}

static void systemd_boot_needs_load_options_that_agree(void **state)
{
    static const char *const got[] = {"root=/dev/vda1", "root=/dev/vda1 single", NULL};
    struct boot *boot = *state;

    for (size_t i = 0; i < 3; i++) {
        boot_begin(boot);
        boot_firmware(boot, true);
        boot_variable(boot, EV_EFI_VARIABLE_AUTHORITY, BOOT_DATABASE, "db",
                      boot_certificate_authority("signer"));
        boot_stub_line(boot, "root=/dev/vda1");
        if (got[i])
            boot_load_options(boot, "", got[i], i == 0);
        boot_collect(boot);
        boot_assert(boot, LINE, "root=/dev/vda1");
        assert_int_equal(grade(boot, LINE), i == 1 ? CLAIM_UNPROVEN : CLAIM_ATTESTED);
        boot_assert(boot, CLAIM_BOOT_LOADER, "systemd-boot");
    }
}

/* Credentials and device trees are measured by digest: one of them may be a line, relabelled. */
static void what_is_no_text_beside_a_line_costs_the_grade(void **state)
{
    struct boot *boot = *state;

    boot_firmware(boot, true);
    boot_variable(boot, EV_EFI_VARIABLE_AUTHORITY, BOOT_DATABASE, "db",
                  boot_certificate_authority("signer"));
    boot_stub_line(boot, "quiet");
    log_builder_add_measured(&boot->log, 12, EV_EVENT_TAG, span_text("device tree"),
                             span_of("\x51\xF7\x46\x6C\4\0\0\0a.dt", 12));
    boot_collect(boot);
    boot_assert(boot, LINE, "quiet"); /* systemd's tag does not make it a Windows host */
    assert_int_equal(grade(boot, LINE), CLAIM_UNPROVEN);

    boot_load_options(boot, "", "quiet", true);
    boot_collect(boot);
    assert_int_equal(grade(boot, LINE), CLAIM_ATTESTED);
}

static void grub_and_the_kernel_must_agree(void **state)
{
    static const struct {
        const char *prefix, *line;
        enum claim_grade grade;
    } cases[] = {
        {"BOOT_IMAGE=", "/vmlinuz quiet", CLAIM_ATTESTED},
        {"", "/vmlinuz quiet", CLAIM_ATTESTED},
        {"BOOT_IMAGE=", "/vmlinuz quiet init=/bin/sh", CLAIM_UNPROVEN},
    };
    struct boot *boot = *state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        boot_begin(boot);
        boot_firmware(boot, true);
        boot_linux(boot, "/vmlinuz quiet");
        boot_load_options(boot, cases[i].prefix, cases[i].line, false);
        boot_collect(boot);
        boot_assert(boot, LINE, "/vmlinuz quiet");
        assert_int_equal(grade(boot, LINE), cases[i].grade);
        boot_assert(boot, CLAIM_BOOT_LOADER, "GRUB");
    }
}

/* The firmware started the kernel itself: the digest of its load options is all there is. */
static void a_kernel_without_a_loader_proves_what_it_got(void **state)
{
    static const struct {
        const char *said, *value;
        enum claim_grade grade;
    } cases[] = {
        {"root=/dev/vda1", "root=/dev/vda1", CLAIM_ATTESTED},
        {"root=/dev/vda2", "unknown", CLAIM_UNPROVEN},
    };
    struct boot *boot = *state;

    for (size_t i = 0; i < 2; i++) {
        boot_begin(boot);
        boot_firmware(boot, true);
        boot_variable(boot, EV_EFI_VARIABLE_AUTHORITY, BOOT_DATABASE, "db",
                      boot_certificate_authority("signer"));
        boot_load_options(boot, "", "root=/dev/vda1", true);
        say(boot, cases[i].said);
        boot_collect(boot);
        boot_assert(boot, LINE, cases[i].value);
        assert_int_equal(grade(boot, LINE), cases[i].grade);
        boot_assert(boot, CLAIM_BOOT_LOADER, "none: the firmware started the kernel");
    }
}

/* Root can add load options behind what the kernel measured, but not before it. */
static void load_options_behind_something_else_prove_nothing(void **state)
{
    struct boot *boot = *state;

    boot_firmware(boot, true);
    boot_variable(boot, EV_EFI_VARIABLE_AUTHORITY, BOOT_DATABASE, "db",
                  boot_certificate_authority("signer"));
    boot_tag(boot, 0x8F3B22EC, span_text("load options of evil, called an initial RAM disk"));
    boot_load_options(boot, "", "good", true);
    say(boot, "good");
    boot_collect(boot);
    boot_assert(boot, LINE, "good");
    assert_int_equal(grade(boot, LINE), CLAIM_REPORTED);
}

/* A stub that found no line in its image may have been followed by root, who extends one. */
static void a_section_of_the_line_at_the_end_proves_nothing(void **state)
{
    struct boot *boot = *state;

    boot_firmware(boot, true);
    boot_variable(boot, EV_EFI_VARIABLE_AUTHORITY, BOOT_DATABASE, "db",
                  boot_certificate_authority("signer"));
    boot_section(boot, ".linux", "kernel code");
    boot_section(boot, ".osrel", "ID=test");
    boot_section(boot, ".cmdline", "good");
    say(boot, "good");
    boot_collect(boot);
    boot_assert(boot, LINE, "good");
    assert_int_equal(grade(boot, LINE), CLAIM_REPORTED);
}

static void a_line_that_nothing_measured_is_reported(void **state)
{
    struct boot *boot = *state;

    boot_firmware(boot, true);
    say(boot, "quiet");
    boot_collect(boot);
    boot_assert(boot, LINE, "quiet");
    assert_int_equal(grade(boot, LINE), CLAIM_REPORTED);
    assert_int_equal(grade(boot, CLAIM_DEBUG_KERNEL), CLAIM_REPORTED);
}

static void two_loaders_prove_neither(void **state)
{
    struct boot *boot = *state;

    boot_firmware(boot, true);
    boot_unified_kernel(boot, "quiet");
    boot_grub(boot, "grub_cmd: ", "linux /vmlinuz");
    boot_collect(boot);
    boot_assert(boot, CLAIM_BOOT_LOADER, "GRUB, systemd-stub");
    assert_int_equal(grade(boot, CLAIM_BOOT_LOADER), CLAIM_UNPROVEN);
}

/* Root can extend what GRUB would have measured, where no GRUB ran. */
static void a_line_in_pcr_8_of_another_loader_is_unproven(void **state)
{
    struct boot *boot = *state;

    boot_firmware(boot, true);
    boot_unified_kernel(boot, "quiet");
    boot_grub(boot, "kernel_cmdline: ", "/vmlinuz lockdown=confidentiality");
    boot_collect(boot);
    boot_assert(boot, LINE, "/vmlinuz lockdown=confidentiality");
    assert_int_equal(grade(boot, LINE), CLAIM_UNPROVEN);
    assert_int_equal(grade(boot, CLAIM_KERNEL_LOCKDOWN), CLAIM_UNPROVEN);
    boot_begin(boot); /* the sections under other names, and Windows */
    boot_firmware(boot, true);
    boot_variable(boot, EV_EFI_VARIABLE_AUTHORITY, BOOT_DATABASE, "db",
                  boot_certificate_authority("signer"));
    log_builder_add_measured(&boot->log, 11, EV_IPL, span_text(".linux"), span_text("?"));
    boot_grub(boot, "kernel_cmdline: ", "/vmlinuz");
    boot_collect(boot);
    assert_int_equal(grade(boot, LINE), CLAIM_UNPROVEN);
    boot_begin(boot);
    boot_firmware(boot, true);
    boot_variable(boot, EV_EFI_VARIABLE_AUTHORITY, BOOT_DATABASE, "db",
                  boot_certificate_authority("signer"));
    boot_windows_separators(boot);
    boot_grub(boot, "kernel_cmdline: ", "/vmlinuz");
    boot_collect(boot);
    assert_int_equal(grade(boot, LINE), CLAIM_UNPROVEN);
}

static void windows_and_nothing_are_told_apart(void **state)
{
    struct boot *boot = *state;

    boot_firmware(boot, true);
    boot_collect(boot);
    boot_assert(boot, CLAIM_BOOT_LOADER, "unknown");
    boot_windows_separators(boot);
    boot_collect(boot);
    boot_assert(boot, CLAIM_BOOT_LOADER, "Windows Boot Manager");
    assert_int_equal(grade(boot, CLAIM_BOOT_LOADER), CLAIM_UNPROVEN); /* whose key, nobody knows */
}

static void events_are_described_in_words(void **state)
{
    struct boot *boot = *state;
    bool image = false, name = false, contents = false, initrd = false, options = false;

    boot_firmware(boot, true);
    boot_unified_kernel(boot, "quiet");
    boot_load_options(boot, "", "quiet", true);
    boot_tag(boot, 0x8F3B22EC, span_text("initial RAM disk"));
    boot_collect(boot);
    for (size_t i = 0; i < boot->measured.n_events; i++) {
        const char *text = event_component(&boot->measured, i, &boot->arena);

        image |= strcmp(text, "unified kernel image") == 0;
        name |= strcmp(text, "name of a section of the unified kernel image") == 0;
        contents |= strcmp(text, "section of the unified kernel image") == 0;
        initrd |= strcmp(text, "initial RAM disk") == 0;
        options |= strcmp(text, "kernel command line, as its digest") == 0;
    }
    assert_true(image && name && contents && initrd && options);
}

static void sections_in_a_full_arena_are_an_error(void **state)
{
    struct boot *boot = *state;

    boot_firmware(boot, true);
    boot_unified_kernel(boot, "quiet lockdown=integrity");
    say(boot, "quiet lockdown=integrity");
    boot_collect_in_every_arena(boot);
    boot_assert(boot, CLAIM_KERNEL_LOCKDOWN, "integrity");
}

int main(void)
{
#define UKI_TEST(name) cmocka_unit_test_setup_teardown(name, boot_setup, boot_teardown)
    const struct CMUnitTest tests[] = {
        UKI_TEST(sections_are_listed_in_order),
        UKI_TEST(without_sections_there_is_none),
        UKI_TEST(without_secure_boot_sections_are_unproven),
        UKI_TEST(what_root_adds_costs_the_grade),
        UKI_TEST(a_section_cannot_be_renamed),
        UKI_TEST(a_line_that_hashes_to_the_section_is_proven),
        UKI_TEST(a_line_of_another_digest_is_not_believed),
        UKI_TEST(load_options_that_differ_are_seen),
        UKI_TEST(a_line_beside_the_section_needs_the_kernels_word),
        UKI_TEST(load_options_count_only_when_they_come_first),
        UKI_TEST(systemd_boot_needs_load_options_that_agree),
        UKI_TEST(what_is_no_text_beside_a_line_costs_the_grade),
        UKI_TEST(grub_and_the_kernel_must_agree),
        UKI_TEST(a_kernel_without_a_loader_proves_what_it_got),
        UKI_TEST(load_options_behind_something_else_prove_nothing),
        UKI_TEST(a_section_of_the_line_at_the_end_proves_nothing),
        UKI_TEST(a_line_that_nothing_measured_is_reported),
        UKI_TEST(two_loaders_prove_neither),
        UKI_TEST(a_line_in_pcr_8_of_another_loader_is_unproven),
        UKI_TEST(windows_and_nothing_are_told_apart),
        UKI_TEST(events_are_described_in_words),
        UKI_TEST(sections_in_a_full_arena_are_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
