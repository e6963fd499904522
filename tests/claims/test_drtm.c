/* Dynamic launch as claims: good, bad and absent value, and each way to feign one in the log alone.
 * The way through quote and verdict is tests/appraise/test_launch.c. */
#include "boot.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/writer.h"
#include "wire/sipa.h"

enum { PCR_17 = 1 << 17 };

static void begin(struct boot *boot)
{
    boot_begin(boot);
    boot_firmware(boot, true);
}

static void launch(struct boot *boot)
{
    begin(boot);
    boot_text(boot, 17, EV_TXT_HASH_START, "module");
    boot_text(boot, 18, EV_TXT_SINIT_PUBKEY_HASH, "key");
}

static enum claim_grade grade(const struct boot *boot, enum claim_id id)
{
    return boot->claims.claims[id].grade;
}

static void a_log_without_a_launch_says_nothing(void **state)
{
    struct boot *boot = *state;

    begin(boot);
    boot_collect(boot);
    boot_assert(boot, CLAIM_DRTM_LAUNCHED, "unknown");
    boot_assert(boot, CLAIM_DRTM_TECHNOLOGY, "unknown");
    boot_assert(boot, CLAIM_DRTM_COMPONENTS, "unknown");
    boot_assert(boot, CLAIM_DRTM_SMM_LEVEL, "unknown");
}

static void ones_in_the_quote_say_that_there_was_none(void **state)
{
    struct boot *boot = *state;

    begin(boot);
    boot->input.ones_pcrs = PCR_17;
    boot_collect(boot);
    boot_assert(boot, CLAIM_DRTM_LAUNCHED, "false");
    assert_int_equal(grade(boot, CLAIM_DRTM_LAUNCHED), CLAIM_ATTESTED);
    boot_assert(boot, CLAIM_DRTM_TECHNOLOGY, "unknown");
}

static void zeros_in_the_quote_are_a_finding(void **state)
{
    struct boot *boot = *state;

    begin(boot);
    boot->input.zero_pcrs = PCR_17;
    boot_collect(boot);
    boot_assert(boot, CLAIM_DRTM_LAUNCHED, "unknown");
    assert_true(boot_has(boot, REASON_DRTM_NOT_MEASURED));
}

static void ones_in_other_pcrs_say_nothing(void **state)
{
    struct boot *boot = *state;

    begin(boot);
    boot->input.attested_pcrs = 0xFFFF;
    boot->input.ones_pcrs = 0x7C0000;
    boot_collect(boot);
    boot_assert(boot, CLAIM_DRTM_LAUNCHED, "unknown");
}

static void a_launch_is_attested_by_pcr_17_and_reported_without(void **state)
{
    struct boot *boot = *state;

    launch(boot);
    boot_collect(boot);
    boot_assert(boot, CLAIM_DRTM_LAUNCHED, "true");
    assert_int_equal(grade(boot, CLAIM_DRTM_LAUNCHED), CLAIM_ATTESTED);
    assert_int_equal(boot->claims.claims[CLAIM_DRTM_LAUNCHED].n_events, 1);
    boot_assert(boot, CLAIM_DRTM_COMPONENTS, "2");
    assert_int_equal(grade(boot, CLAIM_DRTM_COMPONENTS), CLAIM_ATTESTED);
    assert_int_equal(grade(boot, CLAIM_DRTM_TECHNOLOGY), CLAIM_UNPROVEN);

    boot->input.attested_pcrs = UINT32_MAX & ~(uint32_t)PCR_17;
    boot_collect(boot);
    boot_assert(boot, CLAIM_DRTM_LAUNCHED, "true");
    assert_int_equal(grade(boot, CLAIM_DRTM_LAUNCHED), CLAIM_REPORTED);
    assert_int_equal(grade(boot, CLAIM_DRTM_COMPONENTS), CLAIM_REPORTED);
}

static void events_of_other_pcrs_alone_are_no_launch(void **state)
{
    struct boot *boot = *state;

    begin(boot);
    boot_text(boot, 18, EV_TXT_HASH_START, "module");
    boot_collect(boot);
    boot_assert(boot, CLAIM_DRTM_LAUNCHED, "unknown");
    boot_text(boot, 17, EV_TXT_HASH_START, "too late");
    boot_collect(boot);
    boot_assert(boot, CLAIM_DRTM_LAUNCHED, "unknown");
}

static void what_is_not_measured_is_no_launch(void **state)
{
    struct boot *boot = *state;

    begin(boot);
    boot_text(boot, 17, EV_NO_ACTION, "module");
    boot_text(boot, 17, EV_TXT_SLAUNCH_START, "");
    boot_collect(boot);
    boot_assert(boot, CLAIM_DRTM_LAUNCHED, "unknown");
}

static void the_technology_is_told_by_the_types(void **state)
{
    static const struct {
        uint32_t type;
        const char *name;
    } CASES[] = {{EV_TXT_HASH_START, "Intel TXT"}, {EV_TXT_TBOOT_MODULE, "Intel TXT"},
                 {EV_TXT_SLAUNCH, "AMD SKINIT"},   {EV_AMD_SL_LOAD, "AMD Secure Launch"},
                 {EV_ARM_DCE, "Arm DRTM"},         {EV_EVENT_TAG, "unknown"}};
    struct boot *boot = *state;

    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        begin(boot);
        boot_text(boot, 17, CASES[i].type, "SKINIT");
        boot_collect(boot);
        boot_assert(boot, CLAIM_DRTM_TECHNOLOGY, CASES[i].name);
    }
}

static void components_have_labels(void **state)
{
    struct boot *boot = *state;
    const struct claim *components = &boot->claims.claims[CLAIM_DRTM_COMPONENTS];

    begin(boot);
    boot_text(boot, 17, EV_TXT_SLAUNCH, "SKINIT");
    boot_text(boot, 17, EV_TXT_SLAUNCH, "Measured\x1b[2J");
    boot_text(boot, 18, EV_ARM_DLME, "x");
    boot_text(boot, 19, 0x12345678, "x");
    boot_collect(boot);
    assert_int_equal(components->n_items, 4);
    assert_string_equal(components->items[0].label, "SKINIT");
    assert_string_equal(components->items[1].label, "Measured\\x1b[2J");
    assert_string_equal(components->items[2].label, "the measured launch environment");
    assert_null(components->items[3].label);
    assert_int_equal(components->items[2].pcr, 18);
}

/* --- Windows Secure Launch: no public log shows one, so these are made by wbcl.h --- */

static struct span record(uint32_t id, struct span payload)
{
    static uint8_t data[64];
    struct writer writer = writer_init(data, sizeof data);

    writer_le32(&writer, id);
    writer_le32(&writer, (uint32_t)payload.len);
    writer_bytes(&writer, payload);
    return writer_span(&writer);
}

static void measure_level(struct boot *boot, uint32_t pcr, const char *level)
{
    log_builder_add(&boot->log, pcr, EV_EVENT_TAG, record(SIPA_DRTM_SMM_LEVEL, span_of(level, 1)));
}

static void windows_tells_the_level_of_smm(void **state)
{
    struct boot *boot = *state;

    launch(boot);
    log_builder_add(&boot->log, 20, EV_EVENT_TAG,
                    record(SIPA_DRTM_STATE_AUTH, span_text("policy")));
    measure_level(boot, 20, "\x1E");
    boot_collect(boot);
    boot_assert(boot, CLAIM_DRTM_SMM_LEVEL, "30");
    assert_int_equal(grade(boot, CLAIM_DRTM_SMM_LEVEL), CLAIM_UNPROVEN);
    boot_assert(boot, CLAIM_DRTM_COMPONENTS, "4");
    measure_level(boot, 20, "\x1E");
    boot_collect(boot);
    boot_assert(boot, CLAIM_DRTM_SMM_LEVEL, "30");
}

static void a_second_level_makes_it_unknown(void **state)
{
    struct boot *boot = *state;

    launch(boot);
    measure_level(boot, 20, "\x0A");
    measure_level(boot, 20, "\x1E");
    boot_collect(boot);
    boot_assert(boot, CLAIM_DRTM_SMM_LEVEL, "unknown");
}

static void a_level_counts_where_a_launch_measures(void **state)
{
    struct boot *boot = *state;

    begin(boot);
    measure_level(boot, 20, "\x1E"); /* nothing was launched */
    boot_collect(boot);
    boot_assert(boot, CLAIM_DRTM_SMM_LEVEL, "unknown");
    launch(boot);
    measure_level(boot, 12, "\x1E"); /* anybody's PCR */
    boot_collect(boot);
    boot_assert(boot, CLAIM_DRTM_SMM_LEVEL, "unknown");
    log_builder_add_measured(&boot->log, 20, EV_EVENT_TAG, span_text("another"),
                             record(SIPA_DRTM_SMM_LEVEL, span_of("\x1E", 1)));
    boot_collect(boot);
    boot_assert(boot, CLAIM_DRTM_SMM_LEVEL, "unknown");
    log_builder_add(&boot->log, 20, EV_EVENT_TAG,
                    record(SIPA_DRTM_SMM_LEVEL, span_of("\x1E\0", 2)));
    boot_collect(boot);
    boot_assert(boot, CLAIM_DRTM_SMM_LEVEL, "unknown");
}

static void records_that_lie_are_told(void **state)
{
    struct boot *boot = *state;
    uint8_t data[9];

    launch(boot);
    memcpy(data, record(SIPA_DRTM_SMM_LEVEL, span_of("\x1E", 1)).data, sizeof data);
    for (uint32_t len = 2; len < 300; len += 99) {
        launch(boot);
        data[4] = (uint8_t)len;
        data[5] = (uint8_t)(len >> 8);
        log_builder_add(&boot->log, 20, EV_EVENT_TAG, span_of(data, sizeof data));
        boot_collect(boot);
        boot_assert(boot, CLAIM_DRTM_SMM_LEVEL, "unknown");
        assert_true(boot_has(boot, REASON_EVENTLOG_DATA_MALFORMED));
    }
    /* The tags of others have another form, and are left alone. */
    launch(boot);
    boot_text(boot, 20, EV_EVENT_TAG, "later");
    boot_collect(boot);
    assert_false(boot_has(boot, REASON_EVENTLOG_DATA_MALFORMED));
}

int main(void)
{
#define DRTM_TEST(name) cmocka_unit_test_setup_teardown(name, boot_setup, boot_teardown)
    const struct CMUnitTest tests[] = {
        DRTM_TEST(a_log_without_a_launch_says_nothing),
        DRTM_TEST(ones_in_the_quote_say_that_there_was_none),
        DRTM_TEST(zeros_in_the_quote_are_a_finding),
        DRTM_TEST(ones_in_other_pcrs_say_nothing),
        DRTM_TEST(a_launch_is_attested_by_pcr_17_and_reported_without),
        DRTM_TEST(events_of_other_pcrs_alone_are_no_launch),
        DRTM_TEST(what_is_not_measured_is_no_launch),
        DRTM_TEST(the_technology_is_told_by_the_types),
        DRTM_TEST(components_have_labels),
        DRTM_TEST(windows_tells_the_level_of_smm),
        DRTM_TEST(a_second_level_makes_it_unknown),
        DRTM_TEST(a_level_counts_where_a_launch_measures),
        DRTM_TEST(records_that_lie_are_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
