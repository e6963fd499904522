/* Coverage: for every digest rule the case in which it holds and the case in which it does not. */
#include "verify/measured_log.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "support/log_builder.h"
#include "wire/event_type.h"

static const uint16_t TWO_BANKS[] = {TPM_ALG_SHA1, TPM_ALG_SHA256, 0};

static struct crypto *crypto;
static struct log_builder built;
static struct arena arena;
static struct measured_log measured;

static void start(void)
{
    log_builder_agile(&built, crypto, TWO_BANKS);
}

static void read_built(void)
{
    struct error error;

    if (!measured_log_read(crypto, log_builder_span(&built), TPM_ALG_SHA256, &arena, &measured,
                           &error))
        fail_msg("%s", error.message);
}

/* A log of one event that measured one thing and says another: its coverage. */
static const struct measured_event *one(uint32_t pcr, uint32_t type, struct span measured_bytes,
                                        struct span data)
{
    start();
    log_builder_add_measured(&built, pcr, type, measured_bytes, data);
    read_built();
    assert_int_equal(measured.n_events, 2);
    return &measured.events[1];
}

static enum coverage coverage_of(uint32_t pcr, uint32_t type, const char *measured_text,
                                 const char *data)
{
    return one(pcr, type, span_text(measured_text), span_text(data))->coverage;
}

static void demanded_data_must_match(void **state)
{
    (void)state;
    assert_int_equal(coverage_of(4, EV_EFI_ACTION, "a", "a"), COVERAGE_WHOLE);
    assert_int_equal(coverage_of(4, EV_EFI_ACTION, "a", "b"), COVERAGE_MISMATCH);
    assert_int_equal(coverage_of(7, EV_SEPARATOR, "a", "b"), COVERAGE_MISMATCH);
    assert_int_equal(coverage_of(5, EV_EFI_GPT_EVENT, "a", "b"), COVERAGE_MISMATCH);
    assert_int_equal(coverage_of(1, EV_EFI_VARIABLE_BOOT2, "a", "b"), COVERAGE_MISMATCH);
    assert_int_equal(coverage_of(11, EV_COMPACT_HASH, "a", "b"), COVERAGE_MISMATCH);
}

static void other_data_counts_when_it_matches(void **state)
{
    (void)state;
    assert_int_equal(coverage_of(0, EV_S_CRTM_VERSION, "a", "a"), COVERAGE_WHOLE);
    assert_int_equal(coverage_of(0, EV_S_CRTM_VERSION, "a", "b"), COVERAGE_NONE);
    assert_int_equal(coverage_of(6, EV_COMPACT_HASH, "a", "b"), COVERAGE_NONE);
    assert_int_equal(coverage_of(2, 0x8401, "a", "a"), COVERAGE_WHOLE);
}

static void images_are_never_covered(void **state)
{
    (void)state;
    assert_int_equal(coverage_of(4, EV_EFI_BOOT_SERVICES_APPLICATION, "a", "a"), COVERAGE_NONE);
    assert_int_equal(coverage_of(9, EV_IPL, "a", "a"), COVERAGE_NONE);
    assert_int_equal(coverage_of(14, EV_IPL, "a", "a"), COVERAGE_NONE);
    assert_int_equal(measured.events[1].covered.len, 0);
}

static void unmeasured_events_are_never_evidence(void **state)
{
    (void)state;
    assert_int_equal(coverage_of(0, EV_NO_ACTION, "a", "a"), COVERAGE_UNMEASURED);
    assert_int_equal(coverage_of(24, EV_SEPARATOR, "a", "a"), COVERAGE_UNMEASURED);
    assert_int_equal(coverage_of(0xFFFFFFFF, EV_SEPARATOR, "a", "a"), COVERAGE_UNMEASURED);
    assert_int_equal(measured.events[1].digest.len, 0);
    start();
    log_builder_add_banks(&built, 0, EV_NO_ACTION, TWO_BANKS, 1, span_text("a"), span_text("a"));
    read_built();
    assert_int_equal(measured.events[1].coverage, COVERAGE_UNMEASURED);
}

static void variables_may_be_covered_in_part(void **state)
{
    uint8_t data[200];
    size_t len = log_builder_variable(data, "SecureBoot", span_text("contents"));
    const struct measured_event *event;

    (void)state;
    event = one(7, EV_EFI_VARIABLE_DRIVER_CONFIG, span_of(data, len), span_of(data, len));
    assert_int_equal(event->coverage, COVERAGE_WHOLE);
    event = one(1, EV_EFI_VARIABLE_BOOT, span_text("contents"), span_of(data, len));
    assert_int_equal(event->coverage, COVERAGE_PART);
    assert_true(span_is(event->covered, "contents"));
    event = one(7, EV_EFI_VARIABLE_DRIVER_CONFIG, span_text("other"), span_of(data, len));
    assert_int_equal(event->coverage, COVERAGE_MISMATCH);
    event = one(7, EV_EFI_VARIABLE_DRIVER_CONFIG, span_text("other"), span_text("no variable"));
    assert_int_equal(event->coverage, COVERAGE_MISMATCH);
}

static void old_shims_log_a_byte_too_many(void **state)
{
    uint8_t data[200] = {0};
    size_t len = log_builder_variable(data, "Shim", span_text("certificate"));
    const struct measured_event *event;

    (void)state;
    event = one(7, EV_EFI_VARIABLE_AUTHORITY, span_of(data, len), span_of(data, len + 1));
    assert_int_equal(event->coverage, COVERAGE_PART);
    assert_int_equal(event->covered.len, len);
    event = one(7, EV_EFI_VARIABLE_DRIVER_CONFIG, span_of(data, len), span_of(data, len + 1));
    assert_int_equal(event->coverage, COVERAGE_MISMATCH);
    event = one(7, EV_EFI_VARIABLE_AUTHORITY, span_of(data, len), span_of(data, len + 2));
    assert_int_equal(event->coverage, COVERAGE_MISMATCH);
}

static void boot_loader_text_is_covered_after_its_prefix(void **state)
{
    static const struct {
        const char *data;
        size_t data_len;
        const char *measured;
        size_t measured_len;
        size_t covered_len;
    } cases[] = {
        {"grub_cmd: set a=b\0", 18, "set a=b", 7, 7},
        {"kernel_cmdline: /vmlinuz quiet\0", 31, "/vmlinuz quiet", 14, 14},
        {"module_cmdline: x\0", 18, "x", 1, 1},
        {"grub_cmd set a=b\0", 17, "set a=b\0", 8, 8},
        {"grub_kernel_cmdline /vmlinuz\0", 29, "/vmlinuz", 8, 8},
        {"a\0b\0\0", 5, "a\0b\0\0\0", 6, 5}, /* UTF-16 whose last byte is cut off */
        {"plain", 5, "plain", 5, 5},
    };
    const struct measured_event *event;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        event = one(8, EV_IPL, span_of(cases[i].measured, cases[i].measured_len),
                    span_of(cases[i].data, cases[i].data_len));
        assert_int_equal(event->covered.len, cases[i].covered_len);
        assert_int_equal(event->coverage, cases[i].covered_len == cases[i].data_len
                                              ? COVERAGE_WHOLE
                                              : COVERAGE_PART);
    }
    assert_int_equal(coverage_of(8, EV_IPL, "set a=c", "grub_cmd: set a=b"), COVERAGE_NONE);
    assert_int_equal(coverage_of(8, EV_IPL, "set a=b", "other_cmd: set a=b"), COVERAGE_NONE);
}

static void windows_records_must_match_and_linux_tags_need_not(void **state)
{
    static const uint8_t windows[] = {1, 0, 1, 0x40, 0, 0, 0, 0};
    static const uint8_t linux_tag[] = {0xEC, 0x22, 0x3B, 0x8F, 0, 0, 0, 0};

    (void)state;
    assert_int_equal(one(12, EV_EVENT_TAG, span_of(windows, 8), span_of(windows, 8))->coverage,
                     COVERAGE_WHOLE);
    assert_int_equal(one(12, EV_EVENT_TAG, span_text("x"), span_of(windows, 8))->coverage,
                     COVERAGE_MISMATCH);
    assert_int_equal(one(12, EV_EVENT_TAG, span_text("x"), span_of(linux_tag, 8))->coverage,
                     COVERAGE_NONE);
    assert_int_equal(one(9, EV_EVENT_TAG, span_text("x"), span_of(windows, 8))->coverage,
                     COVERAGE_NONE);
}

static void only_the_asked_bank_counts(void **state)
{
    struct error error;

    (void)state;
    start();
    log_builder_add_banks(&built, 11, EV_COMPACT_HASH, TWO_BANKS, 1, span_text("a"),
                          span_text("a"));
    read_built();
    assert_int_equal(measured.events[1].coverage, COVERAGE_NONE);
    assert_int_equal(measured.events[1].digest.len, 0);
    assert_int_equal(measured.replay.incomplete, EVENT_PCR(11));
    assert_false(measured_log_read(crypto, log_builder_span(&built), TPM_ALG_SHA384, &arena,
                                   &measured, &error));
    assert_int_equal(error.code, ERROR_UNSUPPORTED);
    assert_false(measured_log_read(crypto, log_builder_span(&built), 0, &arena, &measured, &error));
}

static void many_events_grow_the_array(void **state)
{
    (void)state;
    start();
    for (unsigned i = 0; i < 500; i++)
        log_builder_add(&built, i % LIMIT_PCRS, EV_EFI_ACTION, span_text(i % 2 ? "odd" : "even"));
    read_built();
    assert_int_equal(measured.n_events, 501);
    for (unsigned i = 0; i < 500; i++) {
        assert_int_equal(measured.events[i + 1].event.number, i + 1);
        assert_int_equal(measured.events[i + 1].coverage, COVERAGE_WHOLE);
        assert_true(span_is(measured.events[i + 1].event.data, i % 2 ? "odd" : "even"));
    }
}

static void a_full_arena_is_an_error(void **state)
{
    struct error error;
    bool fits = false;
    size_t cap;

    (void)state;
    start();
    for (unsigned i = 0; i < 100; i++)
        log_builder_add(&built, 4, EV_EFI_ACTION, span_text("go"));
    for (cap = 0; !fits; cap += 1024) {
        struct arena small = arena_init(cap);

        fits = measured_log_read(crypto, log_builder_span(&built), TPM_ALG_SHA256, &small,
                                 &measured, &error);
        if (fits)
            assert_int_equal(measured.n_events, 101);
        else
            assert_int_equal(error.code, ERROR_MEMORY);
        arena_done(&small);
    }
    assert_true(cap > 101 * sizeof *measured.events);
}

static int fresh_arena(void **state)
{
    (void)state;
    arena = arena_init((size_t)16 << 20);
    return 0;
}

static int drop_arena(void **state)
{
    (void)state;
    arena_done(&arena);
    return 0;
}

#define COVERAGE_TEST(test) cmocka_unit_test_setup_teardown(test, fresh_arena, drop_arena)

static void each_coverage_has_its_name(void **state)
{
    static const char *const names[] = {"none", "whole", "part", "mismatch", "unmeasured", "none"};

    (void)state;
    for (int i = 0; i < 6; i++)
        assert_string_equal(coverage_name((enum coverage)i), names[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        COVERAGE_TEST(demanded_data_must_match),
        COVERAGE_TEST(other_data_counts_when_it_matches),
        COVERAGE_TEST(images_are_never_covered),
        COVERAGE_TEST(unmeasured_events_are_never_evidence),
        COVERAGE_TEST(variables_may_be_covered_in_part),
        COVERAGE_TEST(old_shims_log_a_byte_too_many),
        COVERAGE_TEST(boot_loader_text_is_covered_after_its_prefix),
        COVERAGE_TEST(windows_records_must_match_and_linux_tags_need_not),
        COVERAGE_TEST(only_the_asked_bank_counts),
        COVERAGE_TEST(many_events_grow_the_array),
        COVERAGE_TEST(a_full_arena_is_an_error),
        COVERAGE_TEST(each_coverage_has_its_name),
    };
    struct error error;
    int failed;

    crypto = crypto_new(&error);
    if (!crypto)
        return 1;
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    crypto_free(crypto);
    return failed;
}
