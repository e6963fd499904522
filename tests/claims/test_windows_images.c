/* The images that Windows lists in PCR 12 and 13, and who is said to have signed them. */
#include "windows_boot.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* Three images in both PCRs, the second's details as given. */
static void three_images(struct boot *boot, int validated)
{
    boot_begin(boot);
    boot_firmware(boot, true);
    WINDOWS_PHASE(boot, 12, windows_image(boot, 12, 1, "", 0), windows_image(boot, 12, 2, "", 0),
                  windows_image(boot, 12, 3, "", 0));
    WINDOWS_PHASE(boot, 13, windows_image(boot, 13, 1, "\\a.sys", 1),
                  windows_image(boot, 13, 2, "\\b.sys", validated),
                  windows_image(boot, 13, 3, "\\c.sys", 1));
}

static void images_are_listed_with_what_is_said_of_them(void **state)
{
    struct boot *boot = *state;
    const enum claim_id id = CLAIM_BOOT_MODULES;

    three_images(boot, 1);
    boot_windows_separators(boot);
    boot_collect(boot);
    boot_assert(boot, id, "3");
    assert_int_equal(boot_item(boot, id, 1)->kind, CLAIM_ITEM_DIGEST);
    assert_int_equal(boot_item(boot, id, 1)->alg, TPM_ALG_SHA256);
    assert_int_equal(boot_item(boot, id, 1)->bytes.data[0], 2);
    assert_int_equal(boot_item(boot, id, 1)->pcr, 13);
    assert_string_equal(boot_label(boot, id, 1), "\\b.sys, Signer");
    assert_int_equal(boot->claims.claims[id].n_events, 2);
    boot_assert(boot, CLAIM_BOOT_MODULES_VALIDATED, "true");
    assert_int_equal(boot->reasons.n_items, 0);
}

static void an_image_that_did_not_validate_is_seen(void **state)
{
    struct boot *boot = *state;

    three_images(boot, 0);
    boot_windows_separators(boot);
    boot_collect(boot);
    boot_assert(boot, CLAIM_BOOT_MODULES_VALIDATED, "false");
    assert_string_equal(boot_label(boot, CLAIM_BOOT_MODULES, 1), "\\b.sys, Signer, NOT VALIDATED");
    three_images(boot, -1);
    boot_windows_separators(boot);
    boot_collect(boot);
    boot_assert(boot, CLAIM_BOOT_MODULES_VALIDATED, "unknown");
    assert_string_equal(boot_label(boot, CLAIM_BOOT_MODULES, 1),
                        "\\b.sys, Signer, not said whether validated");
}

/* Wherever it stands, and whatever value it has. */
static void an_image_without_authority_is_seen(void **state)
{
    struct boot *boot = *state;

    for (uint32_t pcr = 12; pcr <= 14; pcr++)
        for (size_t len = 0; len <= 1; len++) {
            three_images(boot, 1);
            WINDOWS_PHASE(boot, pcr, windows_bytes(SIPA_NOAUTHORITY, span_of("\0", len)));
            boot_windows_separators(boot);
            boot_collect(boot);
            boot_assert(boot, CLAIM_BOOT_MODULES_VALIDATED, "false");
        }
}

static void without_a_separator_in_pcr_14_images_may_lack_authority(void **state)
{
    struct boot *boot = *state;

    three_images(boot, 1);
    boot_text(boot, 12, EV_SEPARATOR, "WBCL");
    boot_text(boot, 13, EV_SEPARATOR, "WBCL");
    boot_collect(boot);
    boot_assert(boot, CLAIM_BOOT_MODULES_VALIDATED, "unknown");
    boot_assert(boot, CLAIM_BOOT_MODULES, "3");
}

/* An event of PCR 14 under another name may be one that says NOAUTHORITY. */
static void a_relabelled_authority_leaves_it_open(void **state)
{
    struct boot *boot = *state;

    three_images(boot, 1);
    boot_text(boot, 14, EV_IPL, "MokList");
    boot_windows_separators(boot);
    boot_collect(boot);
    boot_assert(boot, CLAIM_BOOT_MODULES_VALIDATED, "unknown");
}

static void images_in_another_order_are_the_same(void **state)
{
    struct boot *boot = *state;

    boot_firmware(boot, true);
    WINDOWS_PHASE(boot, 12, windows_image(boot, 12, 3, "", 0), windows_image(boot, 12, 1, "", 0),
                  windows_image(boot, 12, 1, "", 0));
    WINDOWS_PHASE(boot, 13, windows_image(boot, 13, 1, "\\a.sys", 1),
                  windows_image(boot, 13, 3, "\\c.sys", 1),
                  windows_image(boot, 13, 1, "\\a.sys", 1));
    boot_windows_separators(boot);
    boot_collect(boot);
    boot_assert(boot, CLAIM_BOOT_MODULES, "3");
    boot_assert(boot, CLAIM_BOOT_MODULES_VALIDATED, "true");
    assert_int_equal(boot->reasons.n_items, 0);
}

static void an_image_in_one_list_only_is_found_and_listed(void **state)
{
    struct boot *boot = *state;

    for (uint32_t pcr = 12; pcr <= 13; pcr++) {
        three_images(boot, 1);
        WINDOWS_PHASE(boot, pcr, windows_image(boot, pcr, 2, "\\hidden.sys", 1));
        boot_windows_separators(boot);
        boot_collect(boot);
        boot_assert(boot, CLAIM_BOOT_MODULES, "4");
        boot_assert(boot, CLAIM_BOOT_MODULES_VALIDATED, "unknown");
        assert_int_equal(boot_item(boot, CLAIM_BOOT_MODULES, 3)->bytes.data[0], 2);
        assert_int_equal(boot_item(boot, CLAIM_BOOT_MODULES, 3)->pcr, (int)pcr);
        assert_true(boot_has(boot, REASON_WINDOWS_MODULES_DIFFER));
    }
}

static void lists_without_one_image_in_common_are_both_found(void **state)
{
    struct boot *boot = *state;

    boot_firmware(boot, true);
    WINDOWS_PHASE(boot, 12, windows_image(boot, 12, 1, "", 0));
    WINDOWS_PHASE(boot, 13, windows_image(boot, 13, 2, "\\b.sys", 1));
    boot_windows_separators(boot);
    boot_collect(boot);
    boot_assert(boot, CLAIM_BOOT_MODULES, "2");
    assert_int_equal(boot->reasons.n_items, 2);
}

static void a_broken_image_makes_all_unknown(void **state)
{
    struct boot *boot = *state;

    three_images(boot, 1);
    WINDOWS_PHASE(boot, 13, windows_bytes(SIPA_LOADEDMODULE_AGGREGATION, span_text("?")));
    boot_windows_separators(boot);
    boot_collect(boot);
    boot_assert(boot, CLAIM_BOOT_MODULES, "unknown");
    boot_assert(boot, CLAIM_BOOT_MODULES_VALIDATED, "unknown");
    assert_true(boot_has(boot, REASON_EVENTLOG_DATA_MALFORMED));
}

static void the_hypervisor_runs_when_it_was_loaded(void **state)
{
    static const struct {
        uint64_t launch;
        const char *path, *value;
    } CASES[] = {
        {1, "\\Windows\\system32\\hvix64.exe", "true"},
        {1, "\\Windows\\system32\\HVAX64.EXE", "true"},
        {1, "\\hvaa64.exe", "true"},
        {2, "\\hvix64.exe", "true"},
        {0, "\\hvix64.exe", "false"},
        {1, "\\Windows\\system32\\nothvix64.exe", "unknown"},
        {1, "hvix64.exe", "unknown"},
        {1, "\\hvix64.exe.mui", "unknown"},
        {1, "", "unknown"},
    };
    struct boot *boot = *state;

    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        boot_begin(boot);
        boot_firmware(boot, true);
        boot_windows_both(boot, SIPA_HYPERVISOR_LAUNCH_TYPE, CASES[i].launch);
        WINDOWS_PHASE(boot, 12, windows_image(boot, 12, 1, "", 0));
        WINDOWS_PHASE(boot, 13, windows_image(boot, 13, 1, CASES[i].path, 1));
        boot_windows_separators(boot);
        boot_collect(boot);
        boot_assert(boot, CLAIM_HYPERVISOR_ENABLED, CASES[i].value);
    }
}

static void lists_in_a_full_arena_are_an_error(void **state)
{
    struct boot *boot = *state;

    three_images(boot, 1);
    WINDOWS_PHASE(boot, 12, windows_image(boot, 12, 4, "\\hidden.sys", 1));
    boot_windows_separators(boot);
    boot_collect_in_every_arena(boot);
    boot_assert(boot, CLAIM_BOOT_MODULES, "4");
}

int main(void)
{
#define IMAGES_TEST(name) cmocka_unit_test_setup_teardown(name, boot_setup, boot_teardown)
    const struct CMUnitTest tests[] = {
        IMAGES_TEST(images_are_listed_with_what_is_said_of_them),
        IMAGES_TEST(an_image_that_did_not_validate_is_seen),
        IMAGES_TEST(an_image_without_authority_is_seen),
        IMAGES_TEST(without_a_separator_in_pcr_14_images_may_lack_authority),
        IMAGES_TEST(a_relabelled_authority_leaves_it_open),
        IMAGES_TEST(images_in_another_order_are_the_same),
        IMAGES_TEST(an_image_in_one_list_only_is_found_and_listed),
        IMAGES_TEST(lists_without_one_image_in_common_are_both_found),
        IMAGES_TEST(a_broken_image_makes_all_unknown),
        IMAGES_TEST(the_hypervisor_runs_when_it_was_loaded),
        IMAGES_TEST(lists_in_a_full_arena_are_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
