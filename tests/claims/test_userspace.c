/* What systemd measured, behind what the boot did: phases as claims, and no way to take an event of
 * the boot out of sight. */
#include "boot.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "support/systemd_log_builder.h"
#include "verify/systemd_measurements.h"

static struct systemd_log_builder userspace;
static struct error error;

static void read_boot(struct boot *boot)
{
    assert_true(measured_log_read(boot->crypto, log_builder_span(&boot->log), TPM_ALG_SHA256,
                                  &boot->arena, &boot->measured, &error));
    systemd_log_begin(&userspace, boot->crypto);
}

static bool append(struct boot *boot)
{
    return systemd_measurements_append(boot->crypto, systemd_log_span(&userspace), &boot->arena,
                                       &boot->measured, &error);
}

static void collect(struct boot *boot)
{
    boot->input.log = &boot->measured;
    assert_true(claims_collect(&boot->input, &boot->arena, &boot->claims, &boot->reasons, &error));
}

static void begin(struct boot *boot, bool secure_boot)
{
    boot_firmware(boot, secure_boot);
    boot_unified_kernel(boot, "quiet");
    read_boot(boot);
}

static void phases_are_listed_in_order(void **state)
{
    struct boot *boot = *state;
    const struct claim *claim = &boot->claims.claims[CLAIM_BOOT_PHASES];
    uint8_t expected[LIMIT_TPM_DIGEST_LEN];
    struct crypto_digest digest;

    begin(boot, true);
    memcpy(expected, boot->measured.replay.pcrs[11], sizeof expected);
    systemd_log_add_text(&userspace, 11, "enter-initrd");
    systemd_log_add(&userspace, 15, span_text("HMAC"), "cryptsetup:root:uuid");
    systemd_log_add_text(&userspace, 11, "leave-initrd");
    assert_true(append(boot));
    collect(boot);
    boot_assert(boot, CLAIM_BOOT_PHASES, "2");
    assert_true(span_is(claim->items[0].bytes, "enter-initrd"));
    assert_true(span_is(claim->items[1].bytes, "leave-initrd"));
    assert_int_equal(claim->grade, CLAIM_ATTESTED);
    assert_int_equal(claim->n_events, 2);
    crypto_hash_span(boot->crypto, TPM_ALG_SHA256, span_text("enter-initrd"), &digest);
    crypto_extend(boot->crypto, TPM_ALG_SHA256, expected, crypto_digest_span(&digest));
    crypto_hash_span(boot->crypto, TPM_ALG_SHA256, span_text("leave-initrd"), &digest);
    crypto_extend(boot->crypto, TPM_ALG_SHA256, expected, crypto_digest_span(&digest));
    assert_memory_equal(boot->measured.replay.pcrs[11], expected, 32);
    assert_true(boot->measured.replay.extended >> 15 & 1);
}

static void without_a_log_of_systemd_no_phase_is_known(void **state)
{
    struct boot *boot = *state;

    begin(boot, true);
    collect(boot);
    boot_assert(boot, CLAIM_BOOT_PHASES, "unknown");
    assert_true(append(boot)); /* an empty one */
    collect(boot);
    boot_assert(boot, CLAIM_BOOT_PHASES, "unknown");
}

static void phases_of_an_unproven_system_are_unproven(void **state)
{
    struct boot *boot = *state;

    begin(boot, false);
    systemd_log_add_text(&userspace, 11, "ready");
    assert_true(append(boot));
    collect(boot);
    boot_assert(boot, CLAIM_BOOT_PHASES, "1");
    assert_int_equal(boot->claims.claims[CLAIM_BOOT_PHASES].grade, CLAIM_UNPROVEN);
}

/* A quote that leaves PCR 11 out proves no phase. */
static void phases_need_their_pcr(void **state)
{
    struct boot *boot = *state;

    begin(boot, true);
    systemd_log_add_text(&userspace, 11, "ready");
    assert_true(append(boot));
    boot->input.attested_pcrs = 0xFF;
    collect(boot);
    assert_int_equal(boot->claims.claims[CLAIM_BOOT_PHASES].grade, CLAIM_REPORTED);
}

/* The boot's claims are those that they are without systemd's log. */
static void what_systemd_measures_changes_no_claim_of_the_boot(void **state)
{
    struct boot *boot = *state;
    struct claims before;

    begin(boot, true);
    collect(boot);
    before = boot->claims;
    systemd_log_add_text(&userspace, 11, "enter-initrd");
    for (uint32_t pcr = 0; pcr < 8; pcr++)
        systemd_log_add_text(&userspace, pcr, "os-separator");
    systemd_log_add_text(&userspace, 9, "nvpcr-init:hardware:0x1d10200:000b");
    systemd_log_add_text(&userspace, 12, "os-separator");
    assert_true(append(boot));
    collect(boot);
    for (int id = 0; id < CLAIM_IDS; id++)
        if (id != CLAIM_BOOT_PHASES) {
            assert_int_equal(boot->claims.claims[id].known, before.claims[id].known);
            assert_int_equal(boot->claims.claims[id].grade, before.claims[id].grade);
            assert_int_equal(boot->claims.claims[id].n_items, before.claims[id].n_items);
        }
}

/* Who moves events of the boot into systemd's log, where no family looks for them, must fail. */
static void no_event_of_the_boot_can_hide_in_systemds_log(void **state)
{
    static const struct {
        uint32_t pcr;
        const char *measured, *said;
    } moved[] = {
        {4, "boot loader", "boot loader"},
        {4, "boot loader", "os-separator"},
        {7, "authority", "authority"},
        {8, "linux /vmlinuz init=/bin/sh", "linux /vmlinuz init=/bin/sh"},
        {8, "os-separator", "os-separator"},
        {9, "a grub.cfg that is text", "a grub.cfg that is text"},
        {9, "initrd", "nvpcr-init:"},
        {10, "file", "file"},
        {11, "contents of a section", "ready"},
        {11, "", ""},
        {12, "init=/bin/sh", "init=/bin/sh"},
        {14, "MokList", "MokList"},
        {17, "os-separator", "os-separator"},
    };
    struct boot *boot = *state;

    for (size_t i = 0; i < sizeof moved / sizeof *moved; i++) {
        size_t n;

        boot_begin(boot);
        begin(boot, true);
        n = boot->measured.n_events;
        systemd_log_add_text(&userspace, 11, "enter-initrd");
        systemd_log_add(&userspace, moved[i].pcr, span_text(moved[i].measured), moved[i].said);
        if (append(boot))
            fail_msg("PCR %u took \"%s\"", moved[i].pcr, moved[i].said);
        assert_int_equal(error.code, ERROR_MALFORMED);
        assert_true(error.offset > 0 && error.offset < userspace.len);
        assert_non_null(error.clause);
        assert_int_equal(boot->measured.n_events, n);
        assert_int_equal(boot->measured.n_sources, 1);
    }
}

/* The last name of a section has its contents taken away: no word of it is believed. */
static void a_section_without_contents_is_seen(void **state)
{
    struct boot *boot = *state;

    boot_firmware(boot, true);
    boot_unified_kernel(boot, "quiet");
    log_builder_add_measured(&boot->log, 11, EV_IPL, span_of(".uname", 7),
                             span_of(".\0u\0n\0a\0m\0e\0\0\0", 14));
    read_boot(boot);
    systemd_log_add_text(&userspace, 11, "6.1.0-1-amd64");
    assert_true(append(boot));
    collect(boot);
    assert_int_equal(boot->claims.claims[CLAIM_BOOT_UNIFIED_KERNEL].grade, CLAIM_UNPROVEN);
}

static void records_are_described_in_words(void **state)
{
    static const struct {
        uint32_t pcr;
        const char *text, *component;
    } cases[] = {
        {11, "ready", "boot phase"},
        {15, "machine-id:0123", "machine ID"},
        {15, "file-system:/:ext4", "file system that was mounted"},
        {15, "what an administrator measures", "measurement of user space"},
        {0, "os-separator", "end of what was measured before the system"},
    };
    struct boot *boot = *state;

    begin(boot, true);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        systemd_log_add_text(&userspace, cases[i].pcr, cases[i].text);
    assert_true(append(boot));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t index = boot->measured.n_events - sizeof cases / sizeof *cases + i;
        struct event_description words;

        assert_true(
            event_describe(&boot->measured, index, boot->crypto, &boot->arena, &words, &error));
        assert_string_equal(words.component, cases[i].component);
        assert_string_equal(words.summary, cases[i].text);
        assert_true(words.proven);
    }
}

int main(void)
{
#define USERSPACE_TEST(name) cmocka_unit_test_setup_teardown(name, boot_setup, boot_teardown)
    const struct CMUnitTest tests[] = {
        USERSPACE_TEST(phases_are_listed_in_order),
        USERSPACE_TEST(without_a_log_of_systemd_no_phase_is_known),
        USERSPACE_TEST(phases_of_an_unproven_system_are_unproven),
        USERSPACE_TEST(phases_need_their_pcr),
        USERSPACE_TEST(what_systemd_measures_changes_no_claim_of_the_boot),
        USERSPACE_TEST(no_event_of_the_boot_can_hide_in_systemds_log),
        USERSPACE_TEST(a_section_without_contents_is_seen),
        USERSPACE_TEST(records_are_described_in_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
