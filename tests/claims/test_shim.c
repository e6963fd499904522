/* What shim says of itself, and of the owner's keys: believed as far as Secure Boot and shim vouch for
 * who measured it, and the digest for what. */
#include "boot.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const uint32_t AUTHORITY = 0x800000E0; /* EV_EFI_VARIABLE_AUTHORITY */
static const uint32_t CONFIG = 0x80000001;    /* EV_EFI_VARIABLE_DRIVER_CONFIG */

/* A copy that stays: the makers of spans in boot.h have one buffer each. */
static struct span kept(struct boot *boot, struct span bytes)
{
    uint8_t *copy = arena_alloc(&boot->arena, bytes.len);

    memcpy(copy, bytes.data, bytes.len);
    return span_of(copy, bytes.len);
}

static enum claim_grade grade(const struct boot *boot, enum claim_id id)
{
    return boot->claims.claims[id].grade;
}

/* A host with shim whose MokList and SbatLevel are these. */
static void boot_shim(struct boot *boot, bool secure_boot, struct span list, const char *level)
{
    boot_begin(boot);
    boot_firmware(boot, secure_boot);
    if (secure_boot)
        boot_variable(boot, AUTHORITY, BOOT_DATABASE, "db", boot_certificate_authority("signer"));
    boot_image(boot, 4, "", "shim");
    if (list.len)
        log_builder_add_measured(&boot->log, 14, EV_IPL, list, span_of("MokList", 8));
    log_builder_add_measured(&boot->log, 14, EV_IPL, span_text("denied"), span_of("MokListX", 9));
    if (level)
        boot_variable(boot, AUTHORITY, BOOT_SHIM, "SbatLevel", span_text(level));
    boot_image(boot, 4, "", "GRUB");
}

static void the_revocation_level_is_one_line(void **state)
{
    struct boot *boot = *state;

    boot_shim(boot, true, span_text("list"), "sbat,1,2025021800\nshim,4\ngrub,5\n");
    boot_collect(boot);
    boot_assert(boot, CLAIM_SECURE_BOOT_SBAT_LEVEL, "sbat,1,2025021800 shim,4 grub,5");
    assert_int_equal(grade(boot, CLAIM_SECURE_BOOT_SBAT_LEVEL), CLAIM_ATTESTED);
    boot_shim(boot, true, span_text("list"), NULL);
    boot_collect(boot);
    boot_assert(boot, CLAIM_SECURE_BOOT_SBAT_LEVEL, "unknown");
}

static void without_secure_boot_any_loader_may_have_measured_it(void **state)
{
    struct boot *boot = *state;

    boot_shim(boot, false, span_text("list"), "sbat,1,2025021800\n");
    boot_collect(boot);
    boot_assert(boot, CLAIM_SECURE_BOOT_SBAT_LEVEL, "sbat,1,2025021800");
    assert_int_equal(grade(boot, CLAIM_SECURE_BOOT_SBAT_LEVEL), CLAIM_UNPROVEN);
    boot_assert(boot, CLAIM_SECURE_BOOT_MOK_LIST, "1");
    assert_int_equal(grade(boot, CLAIM_SECURE_BOOT_MOK_LIST), CLAIM_UNPROVEN);
}

/* A shim that knows no levels measures none, and root may do that for it later. */
static void a_level_behind_what_shim_loads_is_anybodys(void **state)
{
    static const struct {
        enum boot_owner owner;
        const char *name, *signer;
    } LOADED[] = {{BOOT_SHIM, "Shim", "vendor"}, {BOOT_DATABASE, "db", "signer"}};
    struct boot *boot = *state;

    for (size_t i = 0; i < sizeof LOADED / sizeof *LOADED; i++) {
        boot_shim(boot, true, span_text("list"), NULL);
        boot_variable(boot, AUTHORITY, LOADED[i].owner, LOADED[i].name,
                      boot_certificate_authority(LOADED[i].signer));
        boot_variable(boot, AUTHORITY, BOOT_SHIM, "SbatLevel", span_text("sbat,1,9\n"));
        boot_collect(boot);
        boot_assert(boot, CLAIM_SECURE_BOOT_SBAT_LEVEL, "sbat,1,9");
        assert_int_equal(grade(boot, CLAIM_SECURE_BOOT_SBAT_LEVEL), CLAIM_UNPROVEN);
    }
}

static void a_level_that_was_not_measured_is_not_believed(void **state)
{
    struct boot *boot = *state;
    struct span measured;

    boot_shim(boot, true, span_text("list"), NULL);
    measured = kept(boot, boot_variable_data(BOOT_SHIM, "SbatLevel", span_text("sbat,1,1\n")));
    log_builder_add_measured(&boot->log, 7, AUTHORITY, measured,
                             boot_variable_data(BOOT_SHIM, "SbatLevel", span_text("sbat,1,9\n")));
    boot_collect(boot);
    boot_assert(boot, CLAIM_SECURE_BOOT_SBAT_LEVEL, "unknown");
    /* Nor is the one that root extends after hiding the true one in this way. */
    boot_variable(boot, AUTHORITY, BOOT_SHIM, "SbatLevel", span_text("sbat,1,9\n"));
    boot_collect(boot);
    boot_assert(boot, CLAIM_SECURE_BOOT_SBAT_LEVEL, "unknown");
}

static void two_levels_are_none(void **state)
{
    struct boot *boot = *state;

    boot_shim(boot, true, span_text("list"), "sbat,1,1\n");
    boot_variable(boot, AUTHORITY, BOOT_SHIM, "SbatLevel", span_text("sbat,1,1\n"));
    boot_collect(boot);
    assert_false(boot_has(boot, REASON_EVENTLOG_DUPLICATE));
    boot_assert(boot, CLAIM_SECURE_BOOT_SBAT_LEVEL, "sbat,1,1");
    boot_variable(boot, AUTHORITY, BOOT_SHIM, "SbatLevel", span_text("sbat,1,9\n"));
    boot_collect(boot);
    boot_assert(boot, CLAIM_SECURE_BOOT_SBAT_LEVEL, "unknown");
    assert_true(boot_has(boot, REASON_EVENTLOG_DUPLICATE));
}

static void what_is_no_level_is_found(void **state)
{
    struct boot *boot = *state;

    boot_shim(boot, true, span_text("list"), "\x1b[2J");
    boot_collect(boot);
    boot_assert(boot, CLAIM_SECURE_BOOT_SBAT_LEVEL, "unknown");
    assert_true(boot_has(boot, REASON_EVENTLOG_DATA_MALFORMED));
    /* And what is one prints as such, whatever stands in it. */
    boot_shim(boot, true, span_text("list"), "sbat,1,\x1b[2J\n");
    boot_collect(boot);
    boot_assert(boot, CLAIM_SECURE_BOOT_SBAT_LEVEL, "sbat,1,\\x1b[2J");
}

static void the_owners_list_is_its_digest_until_the_host_sends_it(void **state)
{
    struct boot *boot = *state;
    struct span list = kept(boot, boot_certificate_list("owner"));

    boot_shim(boot, true, list, NULL);
    boot_variable(boot, AUTHORITY, BOOT_SHIM, "SbatLevel", span_text("sbat,1,1\n"));
    boot_collect(boot);
    boot_assert(boot, CLAIM_SECURE_BOOT_MOK_LIST, "1");
    assert_int_equal(boot->claims.claims[CLAIM_SECURE_BOOT_MOK_LIST].items[0].kind,
                     CLAIM_ITEM_DIGEST);
    assert_int_equal(grade(boot, CLAIM_SECURE_BOOT_MOK_LIST), CLAIM_ATTESTED);

    boot->input.mok_list = list;
    boot_collect(boot);
    boot_assert(boot, CLAIM_SECURE_BOOT_MOK_LIST, "1");
    assert_int_equal(boot->claims.claims[CLAIM_SECURE_BOOT_MOK_LIST].items[0].kind,
                     CLAIM_ITEM_CERTIFICATE);
    assert_int_equal(grade(boot, CLAIM_SECURE_BOOT_MOK_LIST), CLAIM_ATTESTED);
    assert_false(boot_has(boot, REASON_MOK_LIST_MISMATCH));
}

static void a_list_that_was_not_measured_is_not_believed(void **state)
{
    struct boot *boot = *state;

    boot_shim(boot, true, span_text("list"), "sbat,1,1\n");
    boot->input.mok_list = boot_certificate_list("somebody else's");
    boot_collect(boot);
    assert_true(boot_has(boot, REASON_MOK_LIST_MISMATCH));
    assert_int_equal(boot->claims.claims[CLAIM_SECURE_BOOT_MOK_LIST].items[0].kind,
                     CLAIM_ITEM_DIGEST);
}

/* The list of what is denied, passed off as that of what is allowed: it was measured, but not first. */
static void another_list_of_shims_is_not_the_owners(void **state)
{
    struct boot *boot = *state;

    boot_shim(boot, true, span_text("list"), "sbat,1,1\n");
    boot->input.mok_list = span_text("denied");
    boot_collect(boot);
    assert_true(boot_has(boot, REASON_MOK_LIST_MISMATCH));
    /* Nor is there an owner's list where the first measurement is another. */
    boot_shim(boot, true, (struct span){0}, "sbat,1,1\n");
    boot->input.mok_list = span_text("denied");
    boot_collect(boot);
    boot_assert(boot, CLAIM_SECURE_BOOT_MOK_LIST, "unknown");
}

static void a_measured_list_that_is_none_is_found(void **state)
{
    struct boot *boot = *state;

    boot_shim(boot, true, span_text("no list"), "sbat,1,1\n");
    boot->input.mok_list = span_text("no list");
    boot_collect(boot);
    boot_assert(boot, CLAIM_SECURE_BOOT_MOK_LIST, "unknown");
    assert_true(boot_has(boot, REASON_EVENTLOG_DATA_MALFORMED));
}

static void without_shim_pcr_14_is_anybodys(void **state)
{
    struct boot *boot = *state;

    boot_firmware(boot, true);
    boot_variable(boot, AUTHORITY, BOOT_DATABASE, "db", boot_certificate_authority("signer"));
    boot_image(boot, 4, "", "loader");
    log_builder_add_measured(&boot->log, 14, EV_IPL, span_text("list"), span_of("MokList", 8));
    boot_collect(boot);
    boot_assert(boot, CLAIM_SECURE_BOOT_MOK_LIST, "unknown");
    boot_assert(boot, CLAIM_SECURE_BOOT_SBAT_LEVEL, "unknown");
}

/* shim of 2022 measured its lists into PCR 7, where the digest covers name and contents. */
static void a_list_in_pcr_7_is_the_list(void **state)
{
    struct boot *boot = *state;

    boot_shim(boot, true, (struct span){0}, "sbat,1,1\n");
    boot_variable(boot, CONFIG, BOOT_SHIM, "MokList", boot_certificate_list("owner"));
    boot_collect(boot);
    boot_assert(boot, CLAIM_SECURE_BOOT_MOK_LIST, "1");
    assert_int_equal(grade(boot, CLAIM_SECURE_BOOT_MOK_LIST), CLAIM_ATTESTED);
    boot_assert(boot, CLAIM_BOOT_AUTHORITIES, "1");
    /* Two of them are none. */
    boot_variable(boot, CONFIG, BOOT_SHIM, "MokList", boot_certificate_list("another"));
    boot_collect(boot);
    boot_assert(boot, CLAIM_SECURE_BOOT_MOK_LIST, "unknown");
    assert_true(boot_has(boot, REASON_EVENTLOG_DUPLICATE));
}

static void the_owners_list_in_a_full_arena_is_an_error(void **state)
{
    struct boot *boot = *state;
    struct span list = kept(boot, boot_certificate_list("owner"));

    boot_shim(boot, true, list, "sbat,1,1\n");
    boot->input.mok_list = list;
    boot_collect_in_every_arena(boot);
    boot_assert(boot, CLAIM_SECURE_BOOT_MOK_LIST, "1");
}

int main(void)
{
#define SHIM_TEST(name) cmocka_unit_test_setup_teardown(name, boot_setup, boot_teardown)
    const struct CMUnitTest tests[] = {
        SHIM_TEST(the_revocation_level_is_one_line),
        SHIM_TEST(without_secure_boot_any_loader_may_have_measured_it),
        SHIM_TEST(a_level_behind_what_shim_loads_is_anybodys),
        SHIM_TEST(a_level_that_was_not_measured_is_not_believed),
        SHIM_TEST(two_levels_are_none),
        SHIM_TEST(what_is_no_level_is_found),
        SHIM_TEST(the_owners_list_is_its_digest_until_the_host_sends_it),
        SHIM_TEST(a_list_that_was_not_measured_is_not_believed),
        SHIM_TEST(another_list_of_shims_is_not_the_owners),
        SHIM_TEST(a_measured_list_that_is_none_is_found),
        SHIM_TEST(without_shim_pcr_14_is_anybodys),
        SHIM_TEST(a_list_in_pcr_7_is_the_list),
        SHIM_TEST(the_owners_list_in_a_full_arena_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
