/* Windows records: no public log has the bad values, so they are made here. */
#include "boot.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/writer.h"
#include "wire/sipa.h"

/* Facts that one claim states, and the value that is bad for the host. */
static const struct {
    enum claim_id claim;
    uint32_t record;
    uint64_t bad;
} FACTS[] = {
    {CLAIM_DEBUG_BOOT, SIPA_BOOTDEBUGGING, 1},
    {CLAIM_DEBUG_KERNEL, SIPA_OSKERNELDEBUG, 1},
    {CLAIM_DEBUG_HYPERVISOR, SIPA_HYPERVISOR_DEBUG, 1},
    {CLAIM_SIGNING_TEST, SIPA_TESTSIGNING, 1},
    {CLAIM_SIGNING_FLIGHT, SIPA_FLIGHTSIGNING, 1},
    {CLAIM_BOOT_SAFE_MODE, SIPA_SAFEMODE, 1},
    {CLAIM_BOOT_WINPE, SIPA_WINPE, 1},
    {CLAIM_CODE_INTEGRITY_ENABLED, SIPA_CODEINTEGRITY, 0},
    {CLAIM_DMA_PROTECTION_BOOT, SIPA_HYPERVISOR_BOOT_DMA_PROTECTION, 0},
    {CLAIM_VBS_REQUIRED, SIPA_VBS_VSM_REQUIRED, 0},
    {CLAIM_VBS_MANDATORY, SIPA_VBS_MANDATORY_ENFORCEMENT, 0},
    {CLAIM_VBS_SECURE_BOOT_REQUIRED, SIPA_VBS_SECUREBOOT_REQUIRED, 0},
    {CLAIM_VBS_IOMMU_REQUIRED, SIPA_VBS_IOMMU_REQUIRED, 0},
    {CLAIM_MEMORY_DUMPS_DISABLED, SIPA_DUMPS_DISABLED, 0},
    {CLAIM_MEMORY_DUMPS_ENCRYPTED, SIPA_DUMP_ENCRYPTION_ENABLED, 0},
    {CLAIM_MEMORY_HIBERNATION_DISABLED, SIPA_HIBERNATION_DISABLED, 0},
    {CLAIM_MEMORY_PAGE_FILE_ENCRYPTED, SIPA_PAGEFILE_ENCRYPTION_ENABLED, 0},
};
enum { N_FACTS = sizeof FACTS / sizeof *FACTS };

static const char *text_of(uint64_t value)
{
    return value ? "true" : "false";
}

static void each_fact_is_stated(void **state)
{
    struct boot *boot = *state;

    for (size_t i = 0; i < N_FACTS; i++)
        for (uint64_t value = 0; value <= 1; value++) {
            boot_begin(boot);
            boot_firmware(boot, true);
            boot_windows_both(boot, FACTS[i].record, value);
            boot_windows_separators(boot);
            boot_collect(boot);
            boot_assert(boot, FACTS[i].claim, text_of(value));
            assert_int_equal(boot->claims.claims[FACTS[i].claim].n_events, 2);
            for (size_t k = 0; k < N_FACTS; k++) /* debug.kernel also minds the hypervisor's */
                if (k != i && FACTS[k].claim != CLAIM_DEBUG_KERNEL)
                    boot_assert(boot, FACTS[k].claim, "unknown");
            assert_int_equal(boot->reasons.n_items, 0);
        }
}

static void any_weak_value_wins(void **state)
{
    struct boot *boot = *state;

    for (size_t i = 0; i < N_FACTS; i++)
        for (int first = 0; first <= 1; first++) {
            boot_begin(boot);
            boot_firmware(boot, true);
            boot_windows_both(boot, FACTS[i].record, first ? FACTS[i].bad : !FACTS[i].bad);
            boot_windows_both(boot, FACTS[i].record, first ? !FACTS[i].bad : FACTS[i].bad);
            boot_windows_separators(boot);
            boot_collect(boot);
            boot_assert(boot, FACTS[i].claim, text_of(FACTS[i].bad));
        }
}

static void a_weak_value_in_either_pcr_wins_and_is_found(void **state)
{
    struct boot *boot = *state;

    for (size_t i = 0; i < N_FACTS; i++)
        for (uint32_t pcr = 12; pcr <= 13; pcr++) {
            boot_begin(boot);
            boot_firmware(boot, true);
            boot_windows(boot, pcr, FACTS[i].record, FACTS[i].bad);
            boot_windows(boot, 25 - pcr, FACTS[i].record, !FACTS[i].bad);
            boot_windows_separators(boot);
            boot_collect(boot);
            boot_assert(boot, FACTS[i].claim, text_of(FACTS[i].bad));
            assert_true(boot_has(boot, REASON_WINDOWS_COPIES_DIFFER));
        }
}

static void a_value_above_one_is_never_good(void **state)
{
    struct boot *boot = *state;

    for (size_t i = 0; i < N_FACTS; i++) {
        boot_begin(boot);
        boot_firmware(boot, true);
        boot_windows_both(boot, FACTS[i].record, 2);
        boot_windows_separators(boot);
        boot_collect(boot);
        boot_assert(boot, FACTS[i].claim, text_of(FACTS[i].bad));
    }
}

static void what_comes_after_the_separators_is_ignored(void **state)
{
    struct boot *boot = *state;

    boot_firmware(boot, true);
    boot_windows_both(boot, SIPA_WINPE, 0);
    boot_windows_separators(boot);
    for (size_t i = 0; i < N_FACTS; i++)
        boot_windows_both(boot, FACTS[i].record, !FACTS[i].bad);
    boot_collect(boot);
    boot_assert(boot, CLAIM_CODE_INTEGRITY_ENABLED, "unknown");
    boot_assert(boot, CLAIM_BOOT_WINPE, "false");
    assert_true(boot_has(boot, REASON_WINDOWS_AFTER_SEPARATOR));
    assert_int_equal(reasons_weight(&boot->reasons), REASON_WEIGHT_NOTE);
}

static void only_a_windows_separator_ends_the_records(void **state)
{
    struct boot *boot = *state;

    boot_firmware(boot, true);
    boot_separator(boot, 12);
    boot_separator(boot, 13);
    boot_windows_both(boot, SIPA_WINPE, 1);
    boot_windows_separators(boot);
    boot_collect(boot);
    boot_assert(boot, CLAIM_BOOT_WINPE, "true");
    assert_true(boot_has(boot, REASON_EVENTLOG_SEPARATOR));
}

/* Root calls the separator something else and extends records, with a separator behind them. */
static void a_relabelled_separator_ends_the_records_still(void **state)
{
    static const uint32_t types[] = {EV_EVENT_TAG, EV_IPL, EV_COMPACT_HASH};
    struct boot *boot = *state;

    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        boot_begin(boot);
        boot_firmware(boot, true);
        boot_windows_both(boot, SIPA_WINPE, 0);
        boot_text(boot, 12, types[i], "WBCL");
        boot_text(boot, 13, types[i], "WBCL");
        boot_windows_both(boot, SIPA_CODEINTEGRITY, 1);
        boot_windows_separators(boot);
        boot_collect(boot);
        boot_assert(boot, CLAIM_CODE_INTEGRITY_ENABLED, "unknown");
        assert_true(boot_has(boot, REASON_EVENTLOG_TYPE_UNEXPECTED));
    }
}

static void without_separators_all_is_unknown(void **state)
{
    struct boot *boot = *state;

    boot_firmware(boot, true);
    for (size_t i = 0; i < N_FACTS; i++)
        boot_windows_both(boot, FACTS[i].record, !FACTS[i].bad);
    boot_collect(boot);
    for (size_t i = 0; i < N_FACTS; i++)
        boot_assert(boot, FACTS[i].claim, "unknown");
    assert_true(boot_has(boot, REASON_EVENTLOG_SEPARATOR));
}

static void a_record_of_a_wrong_size_is_unknown_and_found(void **state)
{
    struct boot *boot = *state;
    uint8_t data[16];
    struct writer writer = writer_init(data, sizeof data);

    writer_le32(&writer, SIPA_CODEINTEGRITY);
    writer_le32(&writer, 4);
    writer_le32(&writer, 1);
    boot_firmware(boot, true);
    log_builder_add(&boot->log, 12, EV_EVENT_TAG, writer_span(&writer));
    boot_windows_both(boot, SIPA_CODEINTEGRITY, 1);
    boot_windows_separators(boot);
    boot_collect(boot);
    boot_assert(boot, CLAIM_CODE_INTEGRITY_ENABLED, "unknown");
    assert_true(boot_has(boot, REASON_EVENTLOG_DATA_MALFORMED));
}

static void a_broken_container_makes_all_unknown(void **state)
{
    struct boot *boot = *state;
    uint8_t data[16];
    struct writer writer = writer_init(data, sizeof data);

    writer_le32(&writer, SIPA_TRUSTBOUNDARY);
    writer_le32(&writer, 100);
    boot_firmware(boot, true);
    boot_windows_both(boot, SIPA_WINPE, 0);
    log_builder_add(&boot->log, 13, EV_EVENT_TAG, writer_span(&writer));
    boot_windows_separators(boot);
    boot_collect(boot);
    boot_assert(boot, CLAIM_BOOT_WINPE, "unknown");
    assert_true(boot_has(boot, REASON_EVENTLOG_DATA_MALFORMED));
}

static void records_that_were_not_measured_make_all_unknown(void **state)
{
    struct boot *boot = *state;
    uint8_t data[16];
    struct writer writer = writer_init(data, sizeof data);

    writer_le32(&writer, SIPA_WINPE);
    writer_le32(&writer, 1);
    writer_u8(&writer, 0);
    boot_firmware(boot, true);
    boot_windows_both(boot, SIPA_WINPE, 0);
    log_builder_add_measured(&boot->log, 12, EV_EVENT_TAG, span_text("else"), writer_span(&writer));
    boot_windows_separators(boot);
    boot_collect(boot);
    boot_assert(boot, CLAIM_BOOT_WINPE, "unknown");
    assert_true(boot_has(boot, REASON_EVENTLOG_DATA_MISMATCH));
}

static void a_hypervisor_debugger_debugs_the_kernel(void **state)
{
    struct boot *boot = *state;

    boot_firmware(boot, true);
    boot_windows_both(boot, SIPA_OSKERNELDEBUG, 0);
    boot_windows_both(boot, SIPA_HYPERVISOR_DEBUG, 1);
    boot_windows_separators(boot);
    boot_collect(boot);
    boot_assert(boot, CLAIM_DEBUG_KERNEL, "true");
}

static void virtualisation_based_security_needs_both(void **state)
{
    enum { ABSENT = 9 };
    static const struct {
        uint64_t launch, required, hvci;
        const char *vbs, *hvci_claim;
    } CASES[] = {
        {1, 1, 1, "true", "true"},
        {1, 1, 0, "true", "false"},
        {1, 1, ABSENT, "true", "unknown"},
        {0, 1, 1, "false", "false"},
        {1, 0, 1, "unknown", "unknown"},
        {1, ABSENT, 1, "unknown", "unknown"},
        {ABSENT, 1, 1, "unknown", "unknown"},
        {1, 1, 2, "true", "unknown"},
    };
    struct boot *boot = *state;

    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        boot_begin(boot);
        boot_firmware(boot, true);
        if (CASES[i].launch != ABSENT)
            boot_windows_both(boot, SIPA_VSM_LAUNCH_TYPE, CASES[i].launch);
        if (CASES[i].required != ABSENT)
            boot_windows_both(boot, SIPA_VBS_VSM_REQUIRED, CASES[i].required);
        if (CASES[i].hvci != ABSENT)
            boot_windows_both(boot, SIPA_VBS_HVCI_POLICY, CASES[i].hvci);
        boot_windows_separators(boot);
        boot_collect(boot);
        boot_assert(boot, CLAIM_VBS_ENABLED, CASES[i].vbs);
        boot_assert(boot, CLAIM_CODE_INTEGRITY_HVCI, CASES[i].hvci_claim);
    }
}

static void a_resume_says_nothing_of_the_kernel(void **state)
{
    struct boot *boot = *state;

    boot_firmware(boot, true);
    boot_windows_both(boot, SIPA_BOOTDEBUGGING, 0);
    boot_windows_separators(boot);
    boot_collect(boot);
    boot_assert(boot, CLAIM_DEBUG_BOOT, "false");
    boot_assert(boot, CLAIM_DEBUG_KERNEL, "unknown");
    boot_assert(boot, CLAIM_CODE_INTEGRITY_POLICIES, "unknown");
}

static void policies_are_listed_by_digest(void **state)
{
    struct boot *boot = *state;
    uint8_t data[64];
    struct writer writer = writer_init(data, sizeof data);
    const struct claim *claim = &boot->claims.claims[CLAIM_CODE_INTEGRITY_POLICIES];

    writer_le32(&writer, SIPA_SI_POLICY);
    writer_le32(&writer, 16 + 4 + 3);
    writer_le64(&writer, UINT64_C(0x000A000000000001));
    writer_le16(&writer, 4);
    writer_le16(&writer, TPM_ALG_SHA256);
    writer_le32(&writer, 3);
    writer_bytes(&writer, span_of("p\0q\0", 4));
    writer_bytes(&writer, span_text("xyz"));
    boot_firmware(boot, true);
    log_builder_add(&boot->log, 13, EV_EVENT_TAG, writer_span(&writer));
    boot_windows_both(boot, SIPA_OSKERNELDEBUG, 0);
    boot_windows_separators(boot);
    boot_collect(boot);
    boot_assert(boot, CLAIM_CODE_INTEGRITY_POLICIES, "1");
    assert_string_equal(claim->items[0].label, "pq 10.0.0.1");
    assert_true(span_is(claim->items[0].bytes, "xyz"));
    assert_int_equal(claim->items[0].alg, TPM_ALG_SHA256);
}

/* An event of PCR 13 that holds one record with these contents. */
static void add_record(struct boot *boot, uint32_t id, struct span payload)
{
    uint8_t data[64];
    struct writer writer = writer_init(data, sizeof data);

    writer_le32(&writer, id);
    writer_le32(&writer, (uint32_t)payload.len);
    writer_bytes(&writer, payload);
    log_builder_add(&boot->log, 13, EV_EVENT_TAG, writer_span(&writer));
}

static void a_broken_policy_makes_all_unknown(void **state)
{
    struct boot *boot = *state;

    boot_firmware(boot, true);
    boot_windows_both(boot, SIPA_WINPE, 0);
    add_record(boot, SIPA_SI_POLICY, span_text("too short"));
    boot_windows_separators(boot);
    boot_collect(boot);
    boot_assert(boot, CLAIM_CODE_INTEGRITY_POLICIES, "unknown");
    boot_assert(boot, CLAIM_BOOT_WINPE, "unknown");
    assert_true(boot_has(boot, REASON_EVENTLOG_DATA_MALFORMED));
}

/* What is inside an image's record, or marked as not measured, is no setting. */
static void settings_stand_only_where_windows_puts_them(void **state)
{
    static const uint8_t setting[] = {0x06, 0, 0x05, 0, 1, 0, 0, 0, 1}; /* WINPE 1 */
    static const uint32_t containers[] = {SIPA_ELAM_AGGREGATION, SIPA_KSR_AGGREGATION,
                                          SIPA_TRUSTPOINT_AGGREGATION, 0x40017777};
    struct boot *boot = *state;

    for (size_t i = 0; i < sizeof containers / sizeof *containers; i++) {
        boot_begin(boot);
        boot_firmware(boot, true);
        boot_windows_both(boot, SIPA_WINPE, 0);
        add_record(boot, containers[i], span_of(setting, sizeof setting));
        add_record(boot, SIPA_FLAG_UNMEASURED | SIPA_WINPE, span_of("\1", 1));
        boot_windows_separators(boot);
        boot_collect(boot);
        boot_assert(boot, CLAIM_BOOT_WINPE, "false");
        assert_true(boot_has(boot, REASON_WINDOWS_RECORD_UNKNOWN));
        assert_int_equal(boot_has(boot, REASON_WINDOWS_CONTAINER_UNKNOWN), i > 0);
    }
    boot_begin(boot);
    boot_firmware(boot, true);
    boot_windows_both(boot, SIPA_WINPE, 0);
    add_record(boot, SIPA_TRUSTBOUNDARY, span_of(setting, sizeof setting));
    boot_windows_separators(boot);
    boot_collect(boot);
    boot_assert(boot, CLAIM_BOOT_WINPE, "true");
}

static void an_identity_key_shows_that_vsm_runs(void **state)
{
    static const uint32_t ids[] = {SIPA_VSM_IDK_INFO, SIPA_VSM_IDKS_INFO};
    struct boot *boot = *state;

    for (size_t i = 0; i < 2; i++) {
        boot_begin(boot);
        boot_firmware(boot, true);
        boot_windows_both(boot, SIPA_VSM_LAUNCH_TYPE, 1);
        boot_windows_separators(boot);
        boot_collect(boot);
        boot_assert(boot, CLAIM_VBS_ENABLED, "unknown");
        boot_begin(boot);
        boot_firmware(boot, true);
        boot_windows_both(boot, SIPA_VSM_LAUNCH_TYPE, 1);
        add_record(boot, ids[i], span_text("key"));
        boot_windows_separators(boot);
        boot_collect(boot);
        boot_assert(boot, CLAIM_VBS_ENABLED, "true");
    }
}

/* Any boot loader can extend PCR 11-14: only Windows' own keys in PCR 7 say who did. */
static void a_loader_that_nobody_vouches_for_proves_nothing(void **state)
{
    struct boot *boot = *state;

    boot_firmware(boot, true);
    boot_variable(boot, EV_EFI_VARIABLE_AUTHORITY, BOOT_DATABASE, "db",
                  boot_certificate_authority("Microsoft Windows Production PCA 2011"));
    boot_windows_both(boot, SIPA_CODEINTEGRITY, 1);
    boot_windows_separators(boot);
    boot_collect(boot);
    boot_assert(boot, CLAIM_CODE_INTEGRITY_ENABLED, "true");
    assert_int_equal(boot->claims.claims[CLAIM_CODE_INTEGRITY_ENABLED].grade, CLAIM_UNPROVEN);
}

static void pcr_7_may_switch_dma_protection_off_alone(void **state)
{
    struct boot *boot = *state;

    boot_firmware_without_separator(boot, 7);
    boot_text(boot, 7, EV_EFI_ACTION, "DMA Protection Disabled");
    boot_separator(boot, 7);
    boot_windows_both(boot, SIPA_HYPERVISOR_BOOT_DMA_PROTECTION, 1);
    boot_windows_separators(boot);
    boot_collect(boot);
    boot_assert(boot, CLAIM_DMA_PROTECTION_BOOT, "false");
}

static void linux_hosts_have_no_windows_claims(void **state)
{
    struct boot *boot = *state;

    boot_firmware(boot, true);
    boot_linux(boot, "/vmlinuz");
    boot_collect(boot);
    for (size_t i = 0; i < N_FACTS; i++)
        if (FACTS[i].claim != CLAIM_DEBUG_KERNEL)
            boot_assert(boot, FACTS[i].claim, "unknown");
    boot_assert(boot, CLAIM_VBS_ENABLED, "unknown");
}

int main(void)
{
#define WINDOWS_TEST(name) cmocka_unit_test_setup_teardown(name, boot_setup, boot_teardown)
    const struct CMUnitTest tests[] = {
        WINDOWS_TEST(each_fact_is_stated),
        WINDOWS_TEST(any_weak_value_wins),
        WINDOWS_TEST(a_weak_value_in_either_pcr_wins_and_is_found),
        WINDOWS_TEST(a_value_above_one_is_never_good),
        WINDOWS_TEST(what_comes_after_the_separators_is_ignored),
        WINDOWS_TEST(only_a_windows_separator_ends_the_records),
        WINDOWS_TEST(a_relabelled_separator_ends_the_records_still),
        WINDOWS_TEST(without_separators_all_is_unknown),
        WINDOWS_TEST(a_record_of_a_wrong_size_is_unknown_and_found),
        WINDOWS_TEST(a_broken_container_makes_all_unknown),
        WINDOWS_TEST(records_that_were_not_measured_make_all_unknown),
        WINDOWS_TEST(a_hypervisor_debugger_debugs_the_kernel),
        WINDOWS_TEST(virtualisation_based_security_needs_both),
        WINDOWS_TEST(a_resume_says_nothing_of_the_kernel),
        WINDOWS_TEST(policies_are_listed_by_digest),
        WINDOWS_TEST(a_broken_policy_makes_all_unknown),
        WINDOWS_TEST(settings_stand_only_where_windows_puts_them),
        WINDOWS_TEST(an_identity_key_shows_that_vsm_runs),
        WINDOWS_TEST(a_loader_that_nobody_vouches_for_proves_nothing),
        WINDOWS_TEST(pcr_7_may_switch_dma_protection_off_alone),
        WINDOWS_TEST(linux_hosts_have_no_windows_claims),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
