/* What the host says of itself: taken, held against what was measured, and lied about. */
#include "boot.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "support/corpus.h"
#include "support/smbios_builder.h"

static void say(struct boot *boot, const char *name, const char *value)
{
    static struct evidence_item items[CLAIM_IDS];
    size_t n = boot->input.n_inventory;

    items[n] = (struct evidence_item){span_text(name), span_text(value)};
    boot->input.inventory = items;
    boot->input.n_inventory = n + 1;
}

static void assert_grade(const struct boot *boot, enum claim_id id, enum claim_grade grade)
{
    assert_true(boot->claims.claims[id].known);
    assert_int_equal(boot->claims.claims[id].grade, grade);
}

static const struct reason *find_reason(const struct boot *boot, enum reason_code code)
{
    for (size_t i = 0; i < boot->reasons.n_items; i++)
        if (boot->reasons.items[i].code == code)
            return &boot->reasons.items[i];
    fail_msg("no %s", reason_code_text(code));
    return NULL;
}

/* Every claim that a word is taken for, with a good and a bad value. */
static const struct {
    enum claim_id id;
    const char *good, *bad;
} WORDS[] = {
    {CLAIM_HARDWARE_MANUFACTURER, "Acme", "Unknown"},
    {CLAIM_HARDWARE_MODEL, "Anvil", "Virtual Machine"},
    {CLAIM_HARDWARE_FIRMWARE, "Acme 1.2 2026-01-02", "Acme 0.1 2001-01-01"},
    {CLAIM_HARDWARE_CPU, "Acme 3000", "Acme 1"},
    {CLAIM_HARDWARE_CPU_FEATURES, "nx\nsmep\nvmx", "nx"},
    {CLAIM_HARDWARE_MICROCODE, "0x2b000181", "0x1"},
    {CLAIM_TPM_MANUFACTURER, "IFX", "IBM"},
    {CLAIM_TPM_MODEL, "SLB9670", "SW   TPM"},
    {CLAIM_TPM_FIRMWARE_VERSION, "7.85.17.51968", "7.40.0.0"},
    {CLAIM_TPM_SPECIFICATION, "1.59", "1.16"},
    {CLAIM_KERNEL_VERSION, "6.1.0-9-amd64 #1", "3.2.0"},
    {CLAIM_KERNEL_TAINTED, "no", "P O E"},
    {CLAIM_KERNEL_CONFIG, "CONFIG_MODULE_SIG=y\nCONFIG_KEXEC=n", "CONFIG_MODULE_SIG=n"},
    {CLAIM_KERNEL_SECURITY_MODULES, "lockdown,yama", "capability"},
    {CLAIM_KERNEL_LOCKDOWN, "confidentiality", "none"},
    {CLAIM_KERNEL_MODULE_SIGNATURES, "true", "false"},
    {CLAIM_KERNEL_KEXEC_SIGNATURES, "true", "false"},
    {CLAIM_DMA_PROTECTION_FIRMWARE, "true", "false"},
    {CLAIM_DMA_PROTECTION_RUNTIME, "true", "false"},
};

enum { N_WORDS = sizeof WORDS / sizeof *WORDS };

static void assert_said(struct boot *boot, enum claim_id id, const char *value)
{
    const struct claim *claim = &boot->claims.claims[id];
    char lines[512] = "";

    assert_grade(boot, id, CLAIM_REPORTED);
    for (size_t i = 0; i < claim->n_items; i++) {
        assert_int_equal(claim->items[i].event, REASON_NO_EVENT);
        snprintf(lines + strlen(lines), sizeof lines - strlen(lines), "%s%.*s", i ? "\n" : "",
                 (int)claim->items[i].bytes.len, (const char *)claim->items[i].bytes.data);
    }
    assert_string_equal(claim_type(id) == CLAIM_LIST ? lines : boot_value(boot, id), value);
}

static void the_hosts_word_is_reported(void **state)
{
    struct boot *boot = *state;

    boot_firmware(boot, true);
    boot_collect(boot);
    for (size_t i = 0; i < N_WORDS; i++)
        boot_assert(boot, WORDS[i].id, "unknown");
    for (size_t i = 0; i < N_WORDS; i++)
        say(boot, claim_name(WORDS[i].id), WORDS[i].good);
    boot_collect(boot);
    for (size_t i = 0; i < N_WORDS; i++)
        assert_said(boot, WORDS[i].id, WORDS[i].good);
    boot->input.n_inventory = 0;
    for (size_t i = 0; i < N_WORDS; i++)
        say(boot, claim_name(WORDS[i].id), WORDS[i].bad);
    boot_collect(boot);
    for (size_t i = 0; i < N_WORDS; i++)
        assert_said(boot, WORDS[i].id, WORDS[i].bad);
    assert_false(boot_has(boot, REASON_INVENTORY_CONTRADICTED));
    assert_false(boot_has(boot, REASON_INVENTORY_MALFORMED));
}

/* A bool said as a number, a text that is empty, a second item of the same name: none is believed. */
static void values_without_the_claims_form_are_told(void **state)
{
    struct boot *boot = *state;

    for (size_t i = 0; i < N_WORDS; i++) {
        boot_begin(boot);
        boot_firmware(boot, true);
        if (claim_type(WORDS[i].id) == CLAIM_LIST)
            say(boot, claim_name(WORDS[i].id), WORDS[i].good);
        say(boot, claim_name(WORDS[i].id), claim_type(WORDS[i].id) == CLAIM_BOOL ? "1" : "");
        boot_collect(boot);
        assert_string_equal(find_reason(boot, REASON_INVENTORY_MALFORMED)->component,
                            claim_name(WORDS[i].id));
        if (claim_type(WORDS[i].id) == CLAIM_LIST)
            assert_said(boot, WORDS[i].id, WORDS[i].good);
        else
            boot_assert(boot, WORDS[i].id, "unknown");
    }
    boot_begin(boot);
    boot_firmware(boot, true);
    say(boot, "dma_protection.runtime", "true\n");
    boot_collect(boot);
    boot_assert(boot, CLAIM_DMA_PROTECTION_RUNTIME, "unknown");
    assert_string_equal(find_reason(boot, REASON_INVENTORY_MALFORMED)->found, "true\\x0a");
}

static void the_same_name_twice_is_no_second_try(void **state)
{
    struct boot *boot = *state;

    boot_firmware(boot, true);
    say(boot, "tpm.model", "first");
    say(boot, "tpm.model", "second");
    boot_collect(boot);
    boot_assert(boot, CLAIM_TPM_MODEL, "first");
    assert_string_equal(find_reason(boot, REASON_INVENTORY_CONTRADICTED)->found, "second");
}

static void control_characters_are_made_visible(void **state)
{
    struct boot *boot = *state;

    boot_firmware(boot, true);
    say(boot, "hardware.cpu", "Acme\033[2J\r\n");
    say(boot, "kernel.config", "CONFIG_A=y\n\nCONFIG_B=\033\n");
    boot_collect(boot);
    boot_assert(boot, CLAIM_HARDWARE_CPU, "Acme\\x1b[2J\\x0d\\x0a");
    assert_said(boot, CLAIM_KERNEL_CONFIG, "CONFIG_A=y\nCONFIG_B=\\x1b");
}

/* What only measured evidence shows is not for the host to say. */
static void other_claims_are_not_for_the_host_to_say(void **state)
{
    struct boot *boot = *state;

    for (int id = 0; id < CLAIM_IDS; id++) {
        bool taken = false;

        for (size_t i = 0; i < N_WORDS; i++)
            taken |= WORDS[i].id == (enum claim_id)id;
        if (!taken)
            say(boot, claim_name((enum claim_id)id), "true");
    }
    boot_collect(boot);
    for (size_t i = 0; i < CLAIM_IDS; i++)
        assert_true(i == CLAIM_LOG_COMPLETE || !boot->claims.claims[i].known);
}

static void what_was_measured_stands_against_the_hosts_word(void **state)
{
    struct boot *boot = *state;
    const struct reason *reason;

    boot_firmware(boot, true);
    boot_linux(boot, "/vmlinuz lockdown=integrity intel_iommu=off");
    say(boot, "kernel.lockdown", "none");
    say(boot, "kernel.module_signatures", "false");
    say(boot, "dma_protection.runtime", "true");
    boot_collect(boot);
    boot_assert(boot, CLAIM_KERNEL_LOCKDOWN, "integrity");
    assert_grade(boot, CLAIM_KERNEL_LOCKDOWN, CLAIM_ATTESTED);
    boot_assert(boot, CLAIM_KERNEL_MODULE_SIGNATURES, "true");
    boot_assert(boot, CLAIM_DMA_PROTECTION_RUNTIME, "false");
    assert_grade(boot, CLAIM_DMA_PROTECTION_RUNTIME, CLAIM_ATTESTED);
    reason = find_reason(boot, REASON_INVENTORY_CONTRADICTED);
    assert_string_equal(reason->component, "kernel.lockdown");
    assert_string_equal(reason->expected, "integrity");
    assert_string_equal(reason->found, "none");
    assert_int_equal(reason->event, claim_event(&boot->claims.claims[CLAIM_KERNEL_LOCKDOWN]));
    assert_int_equal(boot->reasons.n_items, 3);
}

static void a_word_that_agrees_changes_nothing(void **state)
{
    struct boot *boot = *state;

    boot_firmware(boot, true);
    boot_linux(boot, "/vmlinuz lockdown=integrity");
    say(boot, "kernel.lockdown", "confidentiality"); /* raised while Linux ran */
    say(boot, "kernel.module_signatures", "true");
    boot_collect(boot);
    boot_assert(boot, CLAIM_KERNEL_LOCKDOWN, "integrity");
    assert_grade(boot, CLAIM_KERNEL_LOCKDOWN, CLAIM_ATTESTED);
    assert_grade(boot, CLAIM_KERNEL_MODULE_SIGNATURES, CLAIM_ATTESTED);
    assert_false(boot_has(boot, REASON_INVENTORY_CONTRADICTED));
}

/* Without Secure Boot nobody vouches for what measured the command line. */
static void a_word_that_agrees_with_what_is_unproven_is_reported(void **state)
{
    struct boot *boot = *state;

    boot_firmware(boot, false);
    boot_linux(boot, "/vmlinuz module.sig_enforce lockdown=integrity");
    boot_collect(boot);
    assert_grade(boot, CLAIM_KERNEL_MODULE_SIGNATURES, CLAIM_UNPROVEN);
    say(boot, "kernel.module_signatures", "true");
    say(boot, "kernel.lockdown", "none");
    boot_collect(boot);
    assert_grade(boot, CLAIM_KERNEL_MODULE_SIGNATURES, CLAIM_REPORTED);
    boot_assert(boot, CLAIM_KERNEL_LOCKDOWN, "integrity");
    assert_grade(boot, CLAIM_KERNEL_LOCKDOWN, CLAIM_UNPROVEN);
    assert_true(boot_has(boot, REASON_INVENTORY_CONTRADICTED));
}

/* --- the TPM's maker --- */

static void the_certificate_names_the_tpms_maker(void **state)
{
    static const struct {
        const char *id, *text;
    } IDS[] = {
        {"id:49465800", "IFX"},
        {"id:53544D20", "STM"},
        {"id:00001014", "id:00001014"},
        {"id:1B5B324A", "id:1B5B324A"},
        {"id:4946", "IF"},
        {"id:494658005859", "id:494658005859"},
        {"id:4x465800", "id:4x465800"},
        {"id:00000000", "id:00000000"},
        {"Acme\033", "Acme\\x1b"},
    };
    struct boot *boot = *state;

    for (size_t i = 0; i < sizeof IDS / sizeof *IDS; i++) {
        boot_begin(boot);
        boot_firmware(boot, true);
        boot->input.endorsed.texts[ENDORSED_TPM_MANUFACTURER] = span_text(IDS[i].id);
        boot_collect(boot);
        boot_assert(boot, CLAIM_TPM_MANUFACTURER, IDS[i].text);
        assert_grade(boot, CLAIM_TPM_MANUFACTURER, CLAIM_SIGNED);
    }
}

static void a_tpm_of_another_maker_is_told(void **state)
{
    struct boot *boot = *state;

    boot_firmware(boot, true);
    boot->input.endorsed.texts[ENDORSED_TPM_MANUFACTURER] = span_text("id:49465800");
    say(boot, "tpm.manufacturer", "IFX");
    boot_collect(boot);
    assert_false(boot_has(boot, REASON_INVENTORY_CONTRADICTED));
    boot->input.n_inventory = 0;
    say(boot, "tpm.manufacturer", "STM");
    boot_collect(boot);
    boot_assert(boot, CLAIM_TPM_MANUFACTURER, "IFX");
    assert_grade(boot, CLAIM_TPM_MANUFACTURER, CLAIM_SIGNED);
    assert_true(boot_has(boot, REASON_INVENTORY_CONTRADICTED));
    /* swtpm's certificates have a number that is no text, and its TPM says "IBM". */
    boot->input.endorsed.texts[ENDORSED_TPM_MANUFACTURER] = span_text("id:00001014");
    boot_collect(boot);
    assert_false(boot_has(boot, REASON_INVENTORY_CONTRADICTED));
}

static void certificates_sign_for_what_they_say(void **state)
{
    static const struct {
        enum endorsed_text text;
        enum claim_id claim;
        const char *value;
    } CASES[] = {
        {ENDORSED_EK_ISSUER, CLAIM_TPM_EK_ISSUER, "CN=TPM maker"},
        {ENDORSED_TPM_MODEL, CLAIM_TPM_MODEL, "SLB 9672"},
        {ENDORSED_PLATFORM_ISSUER, CLAIM_HARDWARE_PLATFORM_ISSUER, "CN=Acme platforms"},
        {ENDORSED_PLATFORM_MANUFACTURER, CLAIM_HARDWARE_PLATFORM_MANUFACTURER, "Acme"},
        {ENDORSED_PLATFORM_MODEL, CLAIM_HARDWARE_PLATFORM_MODEL, "Anvil"},
        {ENDORSED_PLATFORM_VERSION, CLAIM_HARDWARE_PLATFORM_VERSION, "2"},
        {ENDORSED_PLATFORM_SERIAL, CLAIM_HARDWARE_PLATFORM_SERIAL, "4711"},
    };
    struct boot *boot = *state;

    boot_firmware(boot, true);
    boot_collect(boot);
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++)
        boot_assert(boot, CASES[i].claim, "unknown");
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++)
        boot->input.endorsed.texts[CASES[i].text] = span_text(CASES[i].value);
    boot_collect_in_every_arena(boot);
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        boot_assert(boot, CASES[i].claim, CASES[i].value);
        assert_grade(boot, CASES[i].claim, CLAIM_SIGNED);
    }
}

/* Makers write it differently in the certificate and in the TPM: the signed one stands, and nobody lies. */
static void the_certificates_model_of_the_tpm_wins(void **state)
{
    struct boot *boot = *state;

    boot_firmware(boot, true);
    boot->input.endorsed.texts[ENDORSED_TPM_MODEL] = span_text("SLB 9672");
    say(boot, "tpm.model", "SLB9672");
    boot_collect(boot);
    boot_assert(boot, CLAIM_TPM_MODEL, "SLB 9672");
    assert_grade(boot, CLAIM_TPM_MODEL, CLAIM_SIGNED);
    assert_false(boot_has(boot, REASON_INVENTORY_CONTRADICTED));
}

/* --- SMBIOS --- */

static uint8_t tables[1024];

static struct span machine(struct boot *boot, const char *model)
{
    boot->input.smbios = smbios_builder_machine(tables, sizeof tables, false, "Acme", model);
    return span_of(tables + SMBIOS_BUILDER_HEAD_2_LEN,
                   boot->input.smbios.len - SMBIOS_BUILDER_HEAD_2_LEN);
}

static struct span tag_of(struct boot *boot, struct span measured)
{
    static uint8_t tag[28] = {1, 0, 0, 0, 20};
    struct crypto_digest digest;

    crypto_hash_span(boot->crypto, TPM_ALG_SHA1, measured, &digest);
    memcpy(tag + 8, digest.bytes, digest.len);
    return span_of(tag, sizeof tag);
}

static void bios_separators(struct boot *boot)
{
    for (uint32_t pcr = 0; pcr <= 7; pcr++)
        boot_text(boot, pcr, EV_SEPARATOR, "\xff\xff\xff\xff");
}

/* A host without UEFI, whose SeaBIOS measured these tables. */
static void seabios(struct boot *boot, struct span measured)
{
    boot_begin(boot);
    log_builder_add(&boot->log, 1, EV_EVENT_TAG, tag_of(boot, measured));
    boot_text(boot, 2, EV_ACTION, "Start Option ROM Scan");
    bios_separators(boot);
}

static void assert_machine(struct boot *boot, const char *model, enum claim_grade grade)
{
    boot_collect(boot);
    boot_assert(boot, CLAIM_HARDWARE_MANUFACTURER, "Acme");
    boot_assert(boot, CLAIM_HARDWARE_MODEL, model);
    boot_assert(boot, CLAIM_HARDWARE_FIRMWARE, "Acme BIOS 1.2 2026-01-02");
    assert_grade(boot, CLAIM_HARDWARE_MANUFACTURER, grade);
    assert_grade(boot, CLAIM_HARDWARE_MODEL, grade);
    assert_grade(boot, CLAIM_HARDWARE_FIRMWARE, grade);
}

static void tables_that_nobody_measured_are_reported(void **state)
{
    struct boot *boot = *state;

    boot_firmware(boot, true);
    machine(boot, "Anvil");
    assert_machine(boot, "Anvil", CLAIM_REPORTED);
    say(boot, "hardware.model", "Hammer");
    assert_machine(boot, "Anvil", CLAIM_REPORTED);
    assert_string_equal(find_reason(boot, REASON_INVENTORY_CONTRADICTED)->found, "Hammer");
}

static void tables_that_seabios_measured_are_attested(void **state)
{
    struct boot *boot = *state;

    seabios(boot, machine(boot, "Anvil"));
    machine(boot, "Anvil");
    assert_machine(boot, "Anvil", CLAIM_ATTESTED);
    assert_int_equal(boot->claims.claims[CLAIM_HARDWARE_MODEL].n_events, 1);
    assert_false(boot_has(boot, REASON_INVENTORY_CONTRADICTED));
    boot->input.attested_pcrs = ~EVENT_PCR(1);
    assert_machine(boot, "Anvil", CLAIM_REPORTED);
    boot->input.attested_pcrs = ~EVENT_PCR(7);
    assert_machine(boot, "Anvil", CLAIM_REPORTED);
    boot->input.attested_pcrs = 0;
    assert_machine(boot, "Anvil", CLAIM_REPORTED);
}

static void other_tables_than_those_measured_are_a_lie(void **state)
{
    struct boot *boot = *state;

    seabios(boot, machine(boot, "Anvil"));
    machine(boot, "Hammer");
    boot_collect(boot);
    boot_assert(boot, CLAIM_HARDWARE_MODEL, "unknown");
    boot_assert(boot, CLAIM_HARDWARE_FIRMWARE, "unknown");
    assert_int_equal(find_reason(boot, REASON_INVENTORY_CONTRADICTED)->pcr, 1);
}

/* With UEFI the host chooses the contents of boot variables, which are measured into PCR 1 too; no
 * digest covers an event's type. */
static void a_boot_variable_does_not_pass_for_seabios(void **state)
{
    struct boot *boot = *state;
    struct span measured = machine(boot, "Forged");

    boot_begin(boot);
    log_builder_add(&boot->log, 1, EV_EVENT_TAG, tag_of(boot, measured));
    boot_text(boot, 1, EV_SEPARATOR, "\xff\xff\xff\xff");
    boot_firmware(boot, true);
    bios_separators(boot);
    machine(boot, "Forged");
    assert_machine(boot, "Forged", CLAIM_REPORTED);
}

static void only_the_first_event_is_seabioss(void **state)
{
    struct boot *boot = *state;
    struct span measured = machine(boot, "Forged");

    boot_begin(boot);
    boot_text(boot, 1, EV_EVENT_TAG, "another");
    log_builder_add(&boot->log, 1, EV_EVENT_TAG, tag_of(boot, measured));
    bios_separators(boot);
    log_builder_add(&boot->log, 1, EV_EVENT_TAG, tag_of(boot, measured));
    machine(boot, "Forged");
    assert_machine(boot, "Forged", CLAIM_REPORTED);
    /* A tag that its own digest does not cover says nothing. */
    boot_begin(boot);
    log_builder_add_measured(&boot->log, 1, EV_EVENT_TAG, span_text("true tables"),
                             tag_of(boot, measured));
    bios_separators(boot);
    machine(boot, "Forged");
    assert_machine(boot, "Forged", CLAIM_REPORTED);
}

static void tables_with_lying_lengths_are_told(void **state)
{
    struct boot *boot = *state;

    boot_firmware(boot, true);
    machine(boot, "Anvil");
    boot->input.smbios.len--;
    boot_collect(boot);
    boot_assert(boot, CLAIM_HARDWARE_MODEL, "unknown");
    assert_non_null(strstr(find_reason(boot, REASON_INVENTORY_MALFORMED)->found, "entry point"));
    /* The host's word by itself is still its word. */
    say(boot, "hardware.model", "Anvil");
    boot_collect(boot);
    assert_grade(boot, CLAIM_HARDWARE_MODEL, CLAIM_REPORTED);
}

static unsigned n_real;

/* A legacy BIOS host in the lab: its firmware measured the tables that Linux showed. */
static int visit(const char *path, const struct stat *status, int type, struct FTW *ftw)
{
    static uint8_t bytes[4096];
    char beside[512];
    struct span log, found;
    struct boot *boot;
    struct error error;
    void *state;

    (void)status, (void)ftw;
    if (type != FTW_F || !corpus_ends_with(path, "fast-bios-cloud/smbios.bin"))
        return 0;
    assert_int_equal(boot_setup(&state), 0);
    boot = state;
    snprintf(beside, sizeof beside, "%.*s/eventlog.bin", (int)(strrchr(path, '/') - path), path);
    log = corpus_read(beside);
    found = corpus_read(path);
    smbios_builder_entry_point(bytes, false, found.len);
    memcpy(bytes + SMBIOS_BUILDER_HEAD_2_LEN, found.data, found.len);
    boot->input.smbios = span_of(bytes, SMBIOS_BUILDER_HEAD_2_LEN + found.len);
    assert_true(measured_log_read(boot->crypto, log, TPM_ALG_SHA256, &boot->arena, &boot->measured,
                                  &error));
    boot->input.log = &boot->measured;
    assert_true(claims_collect(&boot->input, &boot->arena, &boot->claims, &boot->reasons, &error));
    boot_assert(boot, CLAIM_HARDWARE_MANUFACTURER, "QEMU");
    assert_grade(boot, CLAIM_HARDWARE_MANUFACTURER, CLAIM_ATTESTED);
    assert_grade(boot, CLAIM_HARDWARE_MODEL, CLAIM_ATTESTED);
    corpus_free(log);
    corpus_free(found);
    boot_teardown(&state);
    n_real++;
    return 0;
}

static void a_real_host_without_uefi_is_attested(void **state)
{
    (void)state;
    corpus_walk("lab", visit);
    assert_int_equal(n_real, 1);
}

static void words_in_a_full_arena_are_an_error(void **state)
{
    struct boot *boot = *state;

    seabios(boot, machine(boot, "Anvil"));
    machine(boot, "Anvil");
    for (size_t i = 0; i < N_WORDS; i++)
        say(boot, claim_name(WORDS[i].id), WORDS[i].good);
    boot_collect_in_every_arena(boot);
    boot_assert(boot, CLAIM_HARDWARE_CPU_FEATURES, "3");
    /* Tables that were not measured: the finding has both digests. */
    boot->input.n_inventory = 0;
    machine(boot, "Hammer");
    boot_collect_in_every_arena(boot);
    assert_true(boot_has(boot, REASON_INVENTORY_CONTRADICTED));
}

static void another_machine_than_the_platform_certificates_is_told(void **state)
{
    struct boot *boot = *state;

    boot_firmware(boot, true);
    boot->input.endorsed.texts[ENDORSED_PLATFORM_MANUFACTURER] = span_text("Acme");
    boot->input.endorsed.texts[ENDORSED_PLATFORM_MODEL] = span_text("Anvil");
    machine(boot, "Anvil");
    boot_collect(boot);
    assert_false(boot_has(boot, REASON_PLATFORM_CONTRADICTED));
    machine(boot, "Bench");
    boot_collect_in_every_arena(boot);
    assert_true(boot_has(boot, REASON_PLATFORM_CONTRADICTED));
    boot_assert(boot, CLAIM_HARDWARE_MODEL, "Bench");
    boot_assert(boot, CLAIM_HARDWARE_PLATFORM_MODEL, "Anvil");
    /* an agent's word counts as its tables do */
    boot->input.smbios = (struct span){0};
    say(boot, "hardware.manufacturer", "Bits");
    boot_collect(boot);
    assert_true(boot_has(boot, REASON_PLATFORM_CONTRADICTED));
}

int main(void)
{
#define CLAIMS_TEST(name) cmocka_unit_test_setup_teardown(name, boot_setup, boot_teardown)
    const struct CMUnitTest tests[] = {
        CLAIMS_TEST(the_hosts_word_is_reported),
        CLAIMS_TEST(values_without_the_claims_form_are_told),
        CLAIMS_TEST(the_same_name_twice_is_no_second_try),
        CLAIMS_TEST(control_characters_are_made_visible),
        CLAIMS_TEST(other_claims_are_not_for_the_host_to_say),
        CLAIMS_TEST(what_was_measured_stands_against_the_hosts_word),
        CLAIMS_TEST(a_word_that_agrees_changes_nothing),
        CLAIMS_TEST(a_word_that_agrees_with_what_is_unproven_is_reported),
        CLAIMS_TEST(the_certificate_names_the_tpms_maker),
        CLAIMS_TEST(a_tpm_of_another_maker_is_told),
        CLAIMS_TEST(certificates_sign_for_what_they_say),
        CLAIMS_TEST(the_certificates_model_of_the_tpm_wins),
        CLAIMS_TEST(another_machine_than_the_platform_certificates_is_told),
        CLAIMS_TEST(tables_that_nobody_measured_are_reported),
        CLAIMS_TEST(tables_that_seabios_measured_are_attested),
        CLAIMS_TEST(other_tables_than_those_measured_are_a_lie),
        CLAIMS_TEST(a_boot_variable_does_not_pass_for_seabios),
        CLAIMS_TEST(only_the_first_event_is_seabioss),
        CLAIMS_TEST(tables_with_lying_lengths_are_told),
        CLAIMS_TEST(words_in_a_full_arena_are_an_error),
        cmocka_unit_test(a_real_host_without_uefi_is_attested),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
