/* Windows records that are more than a switch: phases, lists, words. */
#include "windows_boot.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/writer.h"

/* --- phases --- */

/* A boot manager, whatever it hands over to, and a loader. */
static void two_phases(struct boot *boot, uint64_t transfer, uint64_t manager_svn,
                       uint64_t loader_svn)
{
    boot_begin(boot);
    boot_firmware(boot, true);
    WINDOWS_PHASE(boot, 12, windows_number(boot, SIPA_APPLICATION_SVN, manager_svn),
                  windows_number(boot, SIPA_TRANSFER_CONTROL, transfer));
    WINDOWS_PHASE(boot, 13, windows_number(boot, SIPA_APPLICATION_SVN, manager_svn));
    WINDOWS_PHASES_BOTH(boot, windows_number(boot, SIPA_APPLICATION_SVN, loader_svn));
    boot_windows_separators(boot);
    boot_collect(boot);
}

static void versions_are_those_of_boot_manager_and_loader(void **state)
{
    struct boot *boot = *state;

    two_phases(boot, 1, 7, 5);
    boot_assert(boot, CLAIM_BOOT_MANAGER_SVN, "7");
    boot_assert(boot, CLAIM_BOOT_LOADER_SVN, "5");
    boot_assert(boot, CLAIM_BOOT_RESUMED, "false");
    assert_int_equal(boot->reasons.n_items, 0);
    /* What hands over to the hypervisor loader is no boot manager. */
    two_phases(boot, 5, 7, 5);
    boot_assert(boot, CLAIM_BOOT_MANAGER_SVN, "unknown");
    boot_assert(boot, CLAIM_BOOT_LOADER_SVN, "5");
}

static void without_a_transfer_nobody_is_the_boot_manager(void **state)
{
    struct boot *boot = *state;

    boot_firmware(boot, true);
    WINDOWS_PHASES_BOTH(boot, windows_number(boot, SIPA_APPLICATION_SVN, 3));
    boot_windows_separators(boot);
    boot_collect(boot);
    boot_assert(boot, CLAIM_BOOT_MANAGER_SVN, "unknown");
    boot_assert(boot, CLAIM_BOOT_LOADER_SVN, "3");
    boot_assert(boot, CLAIM_BOOT_RESUMED, "unknown");
}

static void the_oldest_of_two_boot_managers_counts(void **state)
{
    struct boot *boot = *state;

    for (uint64_t first = 2; first <= 9; first += 7) {
        boot_begin(boot);
        boot_firmware(boot, true);
        for (uint64_t i = 0; i < 2; i++) {
            uint64_t svn = i ? 11 - first : first;

            WINDOWS_PHASE(boot, 12, windows_number(boot, SIPA_APPLICATION_SVN, svn),
                          windows_number(boot, SIPA_TRANSFER_CONTROL, 1),
                          windows_number(boot, SIPA_CODEINTEGRITY, i));
            WINDOWS_PHASE(boot, 13, windows_number(boot, SIPA_APPLICATION_SVN, svn),
                          windows_number(boot, SIPA_CODEINTEGRITY, i));
        }
        boot_windows_separators(boot);
        boot_collect(boot);
        boot_assert(boot, CLAIM_BOOT_MANAGER_SVN, "2");
        boot_assert(boot, CLAIM_CODE_INTEGRITY_ENABLED, "false");
        assert_true(boot_has(boot, REASON_WINDOWS_BOOT_MANAGERS));
    }
}

static void a_start_without_a_check_is_found(void **state)
{
    struct boot *boot = *state;

    two_phases(boot, 4, 7, 5);
    boot_assert(boot, CLAIM_BOOT_MODULES_VALIDATED, "false");
    assert_true(boot_has(boot, REASON_WINDOWS_START_UNCHECKED));
    assert_int_equal(reasons_weight(&boot->reasons), REASON_WEIGHT_ATTENTION);
}

static void a_transfer_of_a_wrong_size_makes_all_unknown(void **state)
{
    struct boot *boot = *state;

    boot_firmware(boot, true);
    WINDOWS_PHASE(boot, 12, windows_bytes(SIPA_TRANSFER_CONTROL, span_of("\1", 1)));
    boot_windows_both(boot, SIPA_CODEINTEGRITY, 1);
    boot_windows_separators(boot);
    boot_collect(boot);
    boot_assert(boot, CLAIM_CODE_INTEGRITY_ENABLED, "unknown");
    boot_assert(boot, CLAIM_BOOT_RESUMED, "unknown");
    assert_true(boot_has(boot, REASON_EVENTLOG_DATA_MALFORMED));
}

/* After a resume the kernel's settings are those of another boot, whoever states them. */
static void a_resume_believes_no_good_word_of_the_kernel(void **state)
{
    static const struct {
        uint32_t record;
        uint64_t good, bad;
        enum claim_id claim;
        const char *weak;
    } CASES[] = {
        {SIPA_OSKERNELDEBUG, 0, 1, CLAIM_DEBUG_KERNEL, "true"},
        {SIPA_SAFEMODE, 0, 1, CLAIM_BOOT_SAFE_MODE, "true"},
        {SIPA_DUMPS_DISABLED, 1, 0, CLAIM_MEMORY_DUMPS_DISABLED, "false"},
        {SIPA_DATAEXECUTIONPREVENTION, 3, 2, CLAIM_MEMORY_NX_POLICY, "off"},
        {SIPA_HYPERVISOR_IOMMU_POLICY, 1, 2, CLAIM_HYPERVISOR_IOMMU_POLICY, "disabled"},
        {SIPA_DRIVER_LOAD_POLICY, 1, 7, CLAIM_CODE_INTEGRITY_DRIVER_LOAD_POLICY, "unknown"},
        {SIPA_VSM_LAUNCH_TYPE, 1, 0, CLAIM_VBS_ENABLED, "false"},
        {SIPA_HYPERVISOR_LAUNCH_TYPE, 1, 0, CLAIM_HYPERVISOR_ENABLED, "false"},
    };
    struct boot *boot = *state;

    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++)
        for (int bad = 0; bad < 2; bad++) {
            boot_begin(boot);
            boot_firmware(boot, true);
            boot_windows(boot, 12, SIPA_TRANSFER_CONTROL, 2);
            WINDOWS_PHASES_BOTH(
                boot, windows_number(boot, CASES[i].record, bad ? CASES[i].bad : CASES[i].good),
                windows_number(boot, SIPA_VBS_VSM_REQUIRED, 1));
            WINDOWS_PHASE(boot, 12, windows_image(boot, 12, 1, "", 0));
            WINDOWS_PHASE(boot, 13, windows_image(boot, 13, 1, "\\hvix64.exe", 1));
            boot_windows_separators(boot);
            boot_collect(boot);
            boot_assert(boot, CLAIM_BOOT_RESUMED, "true");
            boot_assert(boot, CASES[i].claim, bad ? CASES[i].weak : "unknown");
            boot_assert(boot, CLAIM_BOOT_MODULES_VALIDATED, "unknown");
            boot_assert(boot, CLAIM_CODE_INTEGRITY_POLICIES, "unknown");
            boot_assert(boot, CLAIM_CODE_INTEGRITY_ELAM, "unknown");
        }
}

static void unlocking_is_listed_for_each_phase(void **state)
{
    struct boot *boot = *state;
    const enum claim_id id = CLAIM_BOOT_BITLOCKER_UNLOCK;

    boot_firmware(boot, true);
    WINDOWS_PHASE(boot, 12, windows_number(boot, SIPA_BITLOCKER_UNLOCK, 0x14),
                  windows_number(boot, SIPA_TRANSFER_CONTROL, 1));
    boot_windows(boot, 13, SIPA_BITLOCKER_UNLOCK, 0x14);
    boot_windows_both(boot, SIPA_BITLOCKER_UNLOCK, 0x640);
    boot_windows_both(boot, SIPA_BITLOCKER_UNLOCK, 0);
    boot_windows_separators(boot);
    boot_collect(boot);
    boot_assert(boot, id, "6");
    assert_true(span_is(boot_item(boot, id, 0)->bytes, "TPM"));
    assert_string_equal(boot_label(boot, id, 0), "boot manager");
    assert_true(span_is(boot_item(boot, id, 1)->bytes, "PIN"));
    assert_true(span_is(boot_item(boot, id, 2)->bytes, "recovery key"));
    assert_string_equal(boot_label(boot, id, 2), "loader");
    assert_true(span_is(boot_item(boot, id, 3)->bytes, "automatic unlock key"));
    assert_true(span_is(boot_item(boot, id, 4)->bytes, "0x400"));
    assert_true(span_is(boot_item(boot, id, 5)->bytes, "none"));
    assert_int_equal(boot->reasons.n_items, 0);
}

/* A list that is cut short would lie; so would one that starts over. */
static void more_items_than_a_claim_may_have_are_none(void **state)
{
    struct boot *boot = *state;
    struct windows_record records[LIMIT_CLAIM_ITEMS / 32 + 8];

    for (size_t i = 0; i < sizeof records / sizeof *records; i++)
        records[i] = windows_number(boot, SIPA_BITLOCKER_UNLOCK, UINT32_MAX);
    boot_firmware(boot, true);
    windows_phase(boot, 12, records, sizeof records / sizeof *records);
    windows_phase(boot, 13, records, sizeof records / sizeof *records);
    boot_windows_separators(boot);
    boot_collect(boot);
    boot_assert(boot, CLAIM_BOOT_BITLOCKER_UNLOCK, "unknown");
}

static void warnings_of_windows_become_findings(void **state)
{
    static const struct {
        uint32_t record;
        uint64_t value;
        enum reason_code reason;
    } CASES[] = {
        {SIPA_SVN_CHAIN_STATUS, 1, REASON_WINDOWS_SVN_CHAIN},
        {SIPA_ERROR_FIRMWAREFAILURE, 0xC0000001, REASON_WINDOWS_ERROR_RECORDED},
        {SIPA_ERROR_INTERNALFAILURE, 0xC0000001, REASON_WINDOWS_ERROR_RECORDED},
        {SIPA_ERROR_HYPERVISORFAILURE, 0xC0000001, REASON_WINDOWS_ERROR_RECORDED},
        {SIPA_APPLICATION_RETURN, 0, REASON_WINDOWS_APPLICATION_RETURNED},
        {SIPA_SVN_CHAIN_STATUS, 0, REASON_NONE},
        {SIPA_BOOTCOUNTER, 12345, REASON_NONE},
        {SIPA_MORBIT_API_STATUS, 0xC0000225, REASON_NONE},
    };
    struct boot *boot = *state;

    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        boot_begin(boot);
        boot_firmware(boot, true);
        boot_windows_both(boot, CASES[i].record, CASES[i].value);
        boot_windows_separators(boot);
        boot_collect(boot);
        if (CASES[i].reason == REASON_NONE)
            assert_int_equal(boot->reasons.n_items, 0);
        else
            assert_true(boot_has(boot, CASES[i].reason));
    }
}

/* --- numbers with words --- */

static void words_stand_for_numbers(void **state)
{
    static const struct {
        uint32_t record;
        uint64_t first, second;
        enum claim_id claim;
        const char *value;
    } CASES[] = {
        {SIPA_DATAEXECUTIONPREVENTION, 0, 0, CLAIM_MEMORY_NX_POLICY, "opt-in"},
        {SIPA_DATAEXECUTIONPREVENTION, 1, 1, CLAIM_MEMORY_NX_POLICY, "opt-out"},
        {SIPA_DATAEXECUTIONPREVENTION, 2, 3, CLAIM_MEMORY_NX_POLICY, "off"},
        {SIPA_DATAEXECUTIONPREVENTION, 3, 2, CLAIM_MEMORY_NX_POLICY, "off"},
        {SIPA_DATAEXECUTIONPREVENTION, 3, 3, CLAIM_MEMORY_NX_POLICY, "on"},
        {SIPA_DATAEXECUTIONPREVENTION, 3, 1, CLAIM_MEMORY_NX_POLICY, "unknown"},
        {SIPA_DATAEXECUTIONPREVENTION, 9, 9, CLAIM_MEMORY_NX_POLICY, "9"},
        {SIPA_HYPERVISOR_IOMMU_POLICY, 0, 0, CLAIM_HYPERVISOR_IOMMU_POLICY, "default"},
        {SIPA_HYPERVISOR_IOMMU_POLICY, 1, 1, CLAIM_HYPERVISOR_IOMMU_POLICY, "enabled"},
        {SIPA_HYPERVISOR_IOMMU_POLICY, 1, 2, CLAIM_HYPERVISOR_IOMMU_POLICY, "disabled"},
        {SIPA_HYPERVISOR_IOMMU_POLICY, 77, 77, CLAIM_HYPERVISOR_IOMMU_POLICY, "77"},
        {SIPA_HYPERVISOR_IOMMU_POLICY, 77, 78, CLAIM_HYPERVISOR_IOMMU_POLICY, "unknown"},
        {SIPA_DRIVER_LOAD_POLICY, 3, 3, CLAIM_CODE_INTEGRITY_DRIVER_LOAD_POLICY, "3"},
        {SIPA_DRIVER_LOAD_POLICY, 3, 1, CLAIM_CODE_INTEGRITY_DRIVER_LOAD_POLICY, "unknown"},
        {SIPA_LSAISO_CONFIG, 2, 2, CLAIM_VBS_CREDENTIAL_GUARD, "2"},
    };
    struct boot *boot = *state;

    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        boot_begin(boot);
        boot_firmware(boot, true);
        boot_windows_both(boot, CASES[i].record, CASES[i].first);
        boot_windows_both(boot, CASES[i].record, CASES[i].second);
        boot_windows_separators(boot);
        boot_collect(boot);
        boot_assert(boot, CASES[i].claim, CASES[i].value);
        assert_int_equal(boot->claims.claims[CASES[i].claim].n_events, 4);
    }
}

/* What PCR 12 says must be in PCR 13 and the other way round; a record that no public log has may be
 * in one. */
static void what_stands_in_one_pcr_only_is_found(void **state)
{
    static const uint32_t records[] = {SIPA_WINPE, SIPA_APPLICATION_SVN, SIPA_BITLOCKER_UNLOCK,
                                       SIPA_VSM_LAUNCH_TYPE, SIPA_SMT_STATUS};
    struct boot *boot = *state;

    for (size_t i = 0; i < sizeof records / sizeof *records; i++)
        for (uint32_t pcr = 12; pcr <= 13; pcr++) {
            boot_begin(boot);
            boot_firmware(boot, true);
            boot_windows(boot, pcr, records[i], 0);
            boot_windows_separators(boot);
            boot_collect(boot);
            assert_true(boot_has(boot, REASON_WINDOWS_COPIES_DIFFER));
        }
    for (int both = 0; both < 2; both++) {
        boot_begin(boot);
        boot_firmware(boot, true);
        boot_windows(boot, 12, SIPA_VBS_MANDATORY_ENFORCEMENT, 1);
        if (both)
            boot_windows(boot, 13, SIPA_VBS_MANDATORY_ENFORCEMENT, 0);
        boot_windows_separators(boot);
        boot_collect(boot);
        boot_assert(boot, CLAIM_VBS_MANDATORY, both ? "false" : "true");
        assert_int_equal(boot_has(boot, REASON_WINDOWS_COPIES_DIFFER), both);
    }
}

static void texts_are_held_against_their_copies(void **state)
{
    struct boot *boot = *state;

    for (int same = 0; same < 2; same++) {
        boot_begin(boot);
        boot_firmware(boot, true);
        WINDOWS_PHASE(boot, 12, windows_text(boot, SIPA_SYSTEMROOT, "\\Windows"));
        WINDOWS_PHASE(boot, 13,
                      windows_text(boot, SIPA_SYSTEMROOT, same ? "\\Windows" : "\\Windoze"));
        boot_windows_separators(boot);
        boot_collect(boot);
        assert_int_equal(boot_has(boot, REASON_WINDOWS_COPIES_DIFFER), !same);
    }
}

/* --- lists of code integrity --- */

static struct windows_record revocation_list(struct boot *boot, uint32_t id, uint64_t time)
{
    uint8_t *bytes = arena_alloc(&boot->arena, 32);
    struct writer writer = writer_init(bytes, 32);

    writer_le64(&writer, time);
    writer_le32(&writer, 3);
    writer_le16(&writer, TPM_ALG_SHA256);
    writer_bytes(&writer, span_text("xyz"));
    return windows_bytes(id, writer_span(&writer));
}

static void revocation_lists_have_dates(void **state)
{
    static const struct {
        uint64_t time;
        const char *date;
    } CASES[] = {
        {UINT64_C(132623758700000000), "boot manager 2021-04-08"},
        {0, "boot manager 1601-01-01"},
        {UINT64_C(864000000000) * 58, "boot manager 1601-02-28"},
        {UINT64_C(864000000000) * 59, "boot manager 1601-03-01"},
        {UINT64_C(864000000000) * (146097 - 1), "boot manager 2000-12-31"},
        {UINT64_C(864000000000) * 146097, "boot manager 2001-01-01"},
        {UINT64_C(125962560000000000), "boot manager 2000-02-29"},
        {UINT64_MAX, "boot manager 1601-01-01"}, /* negative */
    };
    const enum claim_id id = CLAIM_CODE_INTEGRITY_REVOCATION_LISTS;
    struct boot *boot = *state;

    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        boot_begin(boot);
        boot_firmware(boot, true);
        WINDOWS_PHASE(boot, 13, revocation_list(boot, SIPA_BOOT_REVOCATION_LIST, CASES[i].time));
        boot_windows_separators(boot);
        boot_collect(boot);
        boot_assert(boot, id, "1");
        assert_string_equal(boot_label(boot, id, 0), CASES[i].date);
        assert_true(span_is(boot_item(boot, id, 0)->bytes, "xyz"));
    }
}

static void what_two_phases_state_is_listed_once(void **state)
{
    const enum claim_id id = CLAIM_CODE_INTEGRITY_REVOCATION_LISTS;
    struct boot *boot = *state;

    boot_firmware(boot, true);
    for (int i = 0; i < 2; i++)
        WINDOWS_PHASE(boot, 13, revocation_list(boot, SIPA_BOOT_REVOCATION_LIST, 0),
                      revocation_list(boot, SIPA_OS_REVOCATION_LIST, 0));
    boot_windows_separators(boot);
    boot_collect(boot);
    boot_assert(boot, id, "2");
    assert_string_equal(boot_label(boot, id, 1), "system 1601-01-01");
    assert_int_equal(boot->claims.claims[id].n_events, 2);
}

static void secure_boot_policies_are_listed(void **state)
{
    const enum claim_id id = CLAIM_CODE_INTEGRITY_SECURE_BOOT_POLICIES;
    struct boot *boot = *state;
    uint8_t bytes[32];
    struct writer writer = writer_init(bytes, sizeof bytes);

    writer_le32(&writer, 1);
    writer_le32(&writer, 20);
    writer_le16(&writer, TPM_ALG_SHA256);
    writer_le16(&writer, 3);
    writer_le32(&writer, 0x10);
    writer_le32(&writer, 1);
    writer_bytes(&writer, span_text("xyz"));
    boot_firmware(boot, true);
    WINDOWS_PHASE(boot, 13, windows_bytes(SIPA_SBCP_INFO, writer_span(&writer)));
    boot_windows_separators(boot);
    boot_collect(boot);
    boot_assert(boot, id, "1");
    assert_string_equal(boot_label(boot, id, 0), "version 1, options 0x00000010, 1 signer");
}

static struct windows_record signer(struct boot *boot, uint32_t id, uint16_t n_certificates)
{
    uint8_t *bytes = arena_alloc(&boot->arena, 64);
    struct writer writer = writer_init(bytes, 64);

    writer_le32(&writer, 6);
    writer_le32(&writer, 17u * n_certificates);
    writer_le16(&writer, n_certificates);
    writer_le16(&writer, 4);
    writer_le16(&writer, 0);
    writer_le16(&writer, 0);
    writer_bytes(&writer, span_of("p\0q\0", 4));
    for (uint16_t i = 0; i < n_certificates; i++) {
        writer_le16(&writer, 2);
        writer_le16(&writer, 2);
        writer_le32(&writer, 0x800C);
        writer_le16(&writer, 3);
        writer_bytes(&writer, span_of("A\0B\0xyz", 7));
    }
    return windows_bytes(id, writer_span(&writer));
}

static void signers_of_policies_are_listed(void **state)
{
    const enum claim_id id = CLAIM_CODE_INTEGRITY_POLICY_SIGNERS;
    struct boot *boot = *state;

    boot_firmware(boot, true);
    WINDOWS_PHASE(boot, 13, signer(boot, SIPA_SI_POLICY_SIGNER, 1),
                  signer(boot, SIPA_SI_POLICY_UPDATE_SIGNER, 0));
    boot_windows_separators(boot);
    boot_collect(boot);
    boot_assert(boot, id, "2");
    assert_true(span_is(boot_item(boot, id, 0)->bytes, "pq: A, issued by B"));
    assert_string_equal(boot_label(boot, id, 0), "signed the policy");
    assert_true(span_is(boot_item(boot, id, 1)->bytes, "pq: root 6"));
    assert_string_equal(boot_label(boot, id, 1), "may change the policy");
}

/* A boot that states the kernel's settings would state policies; nothing is said of signers. */
static void absent_lists_are_empty_only_where_windows_would_fill_them(void **state)
{
    static const struct {
        enum claim_id claim;
        const char *cold;
    } CASES[] = {
        {CLAIM_CODE_INTEGRITY_POLICIES, "0"},
        {CLAIM_CODE_INTEGRITY_ELAM, "0"},
        {CLAIM_CODE_INTEGRITY_POLICY_SIGNERS, "unknown"},
        {CLAIM_CODE_INTEGRITY_REVOCATION_LISTS, "unknown"},
        {CLAIM_CODE_INTEGRITY_SECURE_BOOT_POLICIES, "unknown"},
        {CLAIM_VBS_IDENTITY_KEYS, "unknown"},
        {CLAIM_BOOT_MODULES, "unknown"},
        {CLAIM_BOOT_MODULES_VALIDATED, "unknown"},
        {CLAIM_BOOT_BITLOCKER_UNLOCK, "unknown"},
    };
    struct boot *boot = *state;

    for (int kernel = 0; kernel < 2; kernel++) {
        boot_begin(boot);
        boot_firmware(boot, true);
        boot_windows_both(boot, kernel ? SIPA_OSKERNELDEBUG : SIPA_BOOTDEBUGGING, 0);
        boot_windows_separators(boot);
        boot_collect(boot);
        for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++)
            boot_assert(boot, CASES[i].claim, kernel ? CASES[i].cold : "unknown");
    }
}

static void broken_lists_make_all_unknown(void **state)
{
    static const uint32_t records[] = {
        SIPA_SI_POLICY,
        SIPA_SI_POLICY_SIGNER,
        SIPA_SI_POLICY_UPDATE_SIGNER,
        SIPA_BOOT_REVOCATION_LIST,
        SIPA_OS_REVOCATION_LIST,
        SIPA_SBCP_INFO,
        SIPA_VSM_IDK_INFO,
    };
    struct boot *boot = *state;

    for (size_t i = 0; i < sizeof records / sizeof *records; i++) {
        boot_begin(boot);
        boot_firmware(boot, true);
        boot_windows_both(boot, SIPA_WINPE, 0);
        WINDOWS_PHASE(boot, 13, windows_bytes(records[i], span_of(NULL, 0)));
        boot_windows_separators(boot);
        boot_collect(boot);
        boot_assert(boot, CLAIM_BOOT_WINPE, "unknown");
        assert_true(boot_has(boot, REASON_EVENTLOG_DATA_MALFORMED));
    }
}

/* A thousand records that cannot be read are one finding, and leave room for others. */
static void broken_records_are_found_once(void **state)
{
    struct boot *boot = *state;
    struct windows_record records[1000];

    for (size_t i = 0; i < sizeof records / sizeof *records; i++)
        records[i] = windows_bytes(SIPA_SBCP_INFO, span_text("?"));
    boot_firmware(boot, true);
    windows_phase(boot, 13, records, sizeof records / sizeof *records);
    boot_windows_separators(boot);
    boot_collect(boot);
    assert_int_equal(boot->reasons.n_items, 1);
    assert_int_equal(boot->reasons.items[0].code, REASON_EVENTLOG_DATA_MALFORMED);
}

/* A long name beside thousands of certificates or digests would fill any memory. */
static void long_names_are_cut(void **state)
{
    enum { NAME_LEN = 30000, CERTIFICATES = 3000 };
    static uint8_t bytes[16 + NAME_LEN + 10 * CERTIFICATES], name[NAME_LEN];
    struct writer writer = writer_init(bytes, sizeof bytes);
    struct boot *boot = *state;
    struct windows_record elam[1000];

    memset(name, 'n', sizeof name);
    writer_le32(&writer, 6);
    writer_le32(&writer, 10 * CERTIFICATES);
    writer_le16(&writer, CERTIFICATES);
    writer_le16(&writer, NAME_LEN);
    writer_le16(&writer, 0);
    writer_le16(&writer, 0);
    writer_bytes(&writer, span_of(name, sizeof name));
    for (size_t i = 0; i < CERTIFICATES; i++)
        writer_bytes(&writer, span_of("\0\0\0\0\0\0\0\0\0\0", 10));
    boot_firmware(boot, true);
    WINDOWS_PHASE(boot, 13, windows_bytes(SIPA_SI_POLICY_SIGNER, writer_span(&writer)));
    boot_windows_separators(boot);
    boot_collect(boot);
    boot_assert(boot, CLAIM_CODE_INTEGRITY_POLICY_SIGNERS, "1"); /* all say the same */

    elam[0] = windows_bytes(SIPA_ELAM_KEYNAME, span_of(name, sizeof name));
    for (size_t i = 1; i < sizeof elam / sizeof *elam; i++)
        elam[i] = windows_bytes(SIPA_ELAM_MEASURED, span_of(name + i % 7, 20));
    boot_begin(boot);
    boot_firmware(boot, true);
    WINDOWS_PHASE(boot, 12,
                  windows_container(boot, SIPA_ELAM_AGGREGATION, elam, sizeof elam / sizeof *elam));
    boot_windows_separators(boot);
    boot_collect(boot);
    boot_assert(boot, CLAIM_CODE_INTEGRITY_ELAM, "1");
}

/* --- early-launch anti-malware --- */

static void anti_malware_is_listed_with_what_was_measured(void **state)
{
    static const uint8_t digest[20] = {9};
    const enum claim_id id = CLAIM_CODE_INTEGRITY_ELAM;
    struct boot *boot = *state;
    struct windows_record first[] = {
        windows_text(boot, SIPA_ELAM_KEYNAME, "Defender"),
        windows_bytes(SIPA_ELAM_MEASURED, span_of(digest, 20)),
        windows_bytes(SIPA_ELAM_POLICY, span_of(digest, 20)),
    };
    struct windows_record second[] = {
        windows_text(boot, SIPA_ELAM_KEYNAME, "Other"),
        windows_bytes(SIPA_ELAM_CONFIGURATION, span_of("123456789012345678901234567890ab", 32)),
    };
    struct windows_record nested = windows_container(boot, SIPA_ELAM_AGGREGATION, first, 3);
    struct windows_record bare = windows_text(boot, SIPA_ELAM_KEYNAME, "Bare");

    boot_firmware(boot, true);
    WINDOWS_PHASE(boot, 12, windows_container(boot, SIPA_ELAM_AGGREGATION, &nested, 1),
                  windows_container(boot, SIPA_ELAM_AGGREGATION, second, 2),
                  windows_container(boot, SIPA_ELAM_AGGREGATION, &bare, 1),
                  windows_number(boot, SIPA_VBS_MANDATORY_ENFORCEMENT, 1));
    boot_windows_separators(boot);
    boot_collect(boot);
    boot_assert(boot, id, "4");
    assert_string_equal(boot_label(boot, id, 0), "Defender measured");
    assert_int_equal(boot_item(boot, id, 0)->alg, TPM_ALG_SHA1);
    assert_string_equal(boot_label(boot, id, 1), "Defender policy");
    assert_string_equal(boot_label(boot, id, 2), "Other configuration");
    assert_int_equal(boot_item(boot, id, 2)->alg, TPM_ALG_SHA256);
    assert_true(span_is(boot_item(boot, id, 3)->bytes, "Bare"));
    boot_assert(boot, CLAIM_VBS_MANDATORY, "true"); /* it stands behind the containers */
    assert_int_equal(boot->reasons.n_items, 0);
}

/* --- keys --- */

static void identity_keys_are_listed_by_digest(void **state)
{
    const enum claim_id id = CLAIM_VBS_IDENTITY_KEYS;
    struct boot *boot = *state;
    struct crypto_digest digest;

    boot_firmware(boot, true);
    WINDOWS_PHASE(boot, 12, windows_bytes(SIPA_VSM_IDK_INFO, span_text("key")),
                  windows_bytes(SIPA_VSM_IDKS_INFO, span_text("signing key")));
    boot_windows_separators(boot);
    boot_collect(boot);
    boot_assert(boot, id, "2");
    crypto_hash_span(boot->crypto, TPM_ALG_SHA256, span_text("key"), &digest);
    assert_true(span_equal(boot_item(boot, id, 0)->bytes, crypto_digest_span(&digest)));
    assert_string_equal(boot_label(boot, id, 0), "identity key");
    assert_string_equal(boot_label(boot, id, 1), "identity signing key");
    boot->input.crypto = NULL; /* then there is nothing to know them by */
    boot_collect(boot);
    boot_assert(boot, id, "unknown");
}

/* --- what nobody knows --- */

static void unknown_records_are_noted_once(void **state)
{
    struct boot *boot = *state;

    boot_firmware(boot, true);
    boot_windows_both(boot, SIPA_WINPE, 0);
    for (uint32_t pcr = 12; pcr <= 14; pcr++)
        WINDOWS_PHASE(boot, pcr, windows_bytes(0x00057777, span_text("?")),
                      windows_bytes(SIPA_IMAGEVALIDATED, span_of("\1", 1)),
                      windows_bytes(SIPA_FLAG_UNMEASURED | SIPA_WINPE, span_of("\1", 1)));
    boot_windows_separators(boot);
    boot_collect(boot);
    boot_assert(boot, CLAIM_BOOT_WINPE, "false");
    assert_int_equal(boot->reasons.n_items, 1);
    assert_int_equal(boot->reasons.items[0].code, REASON_WINDOWS_RECORD_UNKNOWN);
    assert_string_equal(boot->reasons.items[0].found, "9 records, the first 0x00057777");
    assert_int_equal(reasons_weight(&boot->reasons), REASON_WEIGHT_NOTE);
}

/* PCR 14 names keys: a setting there is none. */
static void settings_in_pcr_14_are_none(void **state)
{
    struct boot *boot = *state;

    boot_firmware(boot, true);
    boot_windows_both(boot, SIPA_CODEINTEGRITY, 1);
    boot_windows(boot, 14, SIPA_WINPE, 0);
    boot_windows_separators(boot);
    boot_collect(boot);
    boot_assert(boot, CLAIM_BOOT_WINPE, "unknown");
    assert_true(boot_has(boot, REASON_WINDOWS_RECORD_UNKNOWN));
}

static void lists_in_a_full_arena_are_an_error(void **state)
{
    static const uint8_t digest[20] = {9};
    struct boot *boot = *state;
    struct windows_record elam[] = {
        windows_text(boot, SIPA_ELAM_KEYNAME, "Defender"),
        windows_bytes(SIPA_ELAM_MEASURED, span_of(digest, 20)),
    };

    boot_firmware(boot, true);
    WINDOWS_PHASES_BOTH(boot, revocation_list(boot, SIPA_BOOT_REVOCATION_LIST, 0),
                        signer(boot, SIPA_SI_POLICY_SIGNER, 1),
                        signer(boot, SIPA_SI_POLICY_UPDATE_SIGNER, 0),
                        windows_container(boot, SIPA_ELAM_AGGREGATION, elam, 2),
                        windows_number(boot, SIPA_HYPERVISOR_IOMMU_POLICY, 77),
                        windows_bytes(SIPA_VSM_IDK_INFO, span_text("key")));
    boot_windows_separators(boot);
    boot_collect_in_every_arena(boot);
    boot_assert(boot, CLAIM_CODE_INTEGRITY_POLICY_SIGNERS, "2");
}

int main(void)
{
#define RECORDS_TEST(name) cmocka_unit_test_setup_teardown(name, boot_setup, boot_teardown)
    const struct CMUnitTest tests[] = {
        RECORDS_TEST(versions_are_those_of_boot_manager_and_loader),
        RECORDS_TEST(without_a_transfer_nobody_is_the_boot_manager),
        RECORDS_TEST(the_oldest_of_two_boot_managers_counts),
        RECORDS_TEST(a_start_without_a_check_is_found),
        RECORDS_TEST(a_transfer_of_a_wrong_size_makes_all_unknown),
        RECORDS_TEST(a_resume_believes_no_good_word_of_the_kernel),
        RECORDS_TEST(unlocking_is_listed_for_each_phase),
        RECORDS_TEST(more_items_than_a_claim_may_have_are_none),
        RECORDS_TEST(warnings_of_windows_become_findings),
        RECORDS_TEST(words_stand_for_numbers),
        RECORDS_TEST(what_stands_in_one_pcr_only_is_found),
        RECORDS_TEST(texts_are_held_against_their_copies),
        RECORDS_TEST(revocation_lists_have_dates),
        RECORDS_TEST(what_two_phases_state_is_listed_once),
        RECORDS_TEST(secure_boot_policies_are_listed),
        RECORDS_TEST(signers_of_policies_are_listed),
        RECORDS_TEST(absent_lists_are_empty_only_where_windows_would_fill_them),
        RECORDS_TEST(broken_lists_make_all_unknown),
        RECORDS_TEST(broken_records_are_found_once),
        RECORDS_TEST(long_names_are_cut),
        RECORDS_TEST(anti_malware_is_listed_with_what_was_measured),
        RECORDS_TEST(identity_keys_are_listed_by_digest),
        RECORDS_TEST(unknown_records_are_noted_once),
        RECORDS_TEST(settings_in_pcr_14_are_none),
        RECORDS_TEST(lists_in_a_full_arena_are_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
