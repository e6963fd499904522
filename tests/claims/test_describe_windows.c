/* What is shown of Windows records: all of them, in their nest, decoded, and broken ones as such. */
#include "windows_boot.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/writer.h"

/* Describes the log's last event. */
static struct event_records describe(struct boot *boot)
{
    struct event_records records;
    struct error error;

    if (!measured_log_read(boot->crypto, log_builder_span(&boot->log), TPM_ALG_SHA256, &boot->arena,
                           &boot->measured, &error))
        fail_msg("%s", error.message);
    assert_true(event_records(&boot->measured, boot->measured.n_events - 1, boot->crypto,
                              &boot->arena, &records, &error));
    return records;
}

static const char *value_of(struct boot *boot, struct windows_record record)
{
    struct event_records records;

    boot_begin(boot);
    WINDOWS_PHASE(boot, 13, record);
    records = describe(boot);
    assert_int_equal(records.n_records, 2);
    assert_null(records.broken);
    return records.records[1].value;
}

static void records_stand_in_their_nest(void **state)
{
    struct boot *boot = *state;
    struct event_records records;

    WINDOWS_PHASE(boot, 13, windows_number(boot, SIPA_WINPE, 0),
                  windows_image(boot, 13, 0xAB, "\\a.sys", 1),
                  windows_bytes(0x00057777, span_text("\1\2")));
    records = describe(boot);
    assert_int_equal(records.n_records, 9);
    assert_string_equal(records.records[0].name, "TRUSTBOUNDARY");
    assert_true(records.records[0].container);
    assert_null(records.records[0].value);
    assert_string_equal(records.records[1].name, "WINPE");
    assert_string_equal(records.records[1].meaning, "WinPE");
    assert_string_equal(records.records[1].value, "no");
    assert_true(records.records[1].measured);
    assert_int_equal(records.records[1].depth, 1);
    assert_string_equal(records.records[2].name, "LOADEDMODULE_AGGREGATION");
    assert_string_equal(records.records[3].name, "AUTHENTICODEHASH");
    assert_int_equal(records.records[3].depth, 2);
    assert_int_equal(strspn(records.records[3].value, "ab"), 64);
    assert_string_equal(records.records[4].value, "\\a.sys");
    assert_string_equal(records.records[5].value, "32780 (sha256)");
    assert_string_equal(records.records[7].value, "yes");
    assert_string_equal(records.records[8].name, "0x00057777");
    assert_null(records.records[8].meaning);
    assert_string_equal(records.records[8].value, "0102");
}

static void numbers_have_their_words(void **state)
{
    static const struct {
        uint32_t id;
        uint64_t number;
        const char *value;
    } CASES[] = {
        {SIPA_WINPE, 1, "yes"},
        {SIPA_WINPE, 2, "2"},
        {SIPA_BOOTCOUNTER, 1039716173, "1039716173"},
        {SIPA_MORBIT_API_STATUS, 0xC0000225, "0xc0000225"},
        {SIPA_TRANSFER_CONTROL, 2, "2 (the resume loader)"},
        {SIPA_TRANSFER_CONTROL, 9, "9"},
        {SIPA_DATAEXECUTIONPREVENTION, 2, "2 (off)"},
        {SIPA_HYPERVISOR_IOMMU_POLICY, 0, "0 (default)"},
        {SIPA_OSDEVICE, 0x10004, "65540 (partition)"},
        {SIPA_OSDEVICE, 0x99999, "629145"},
        {SIPA_BITLOCKER_UNLOCK, 0, "none"},
        {SIPA_BITLOCKER_UNLOCK, 0x14, "TPM, PIN"},
        {SIPA_DRTM_SMM_LEVEL, 1, "1"},
    };
    struct boot *boot = *state;

    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++)
        assert_string_equal(value_of(boot, windows_number(boot, CASES[i].id, CASES[i].number)),
                            CASES[i].value);
}

static void structures_are_told(void **state)
{
    struct boot *boot = *state;
    uint8_t bytes[256];
    struct writer writer = writer_init(bytes, sizeof bytes);
    char key[200];
    struct crypto_digest digest;

    writer_le64(&writer, UINT64_C(0x000A000000010002));
    writer_le16(&writer, 2);
    writer_le16(&writer, TPM_ALG_SHA256);
    writer_le32(&writer, 2);
    writer_bytes(&writer, span_of("p\0\1\2", 4));
    assert_string_equal(value_of(boot, windows_bytes(SIPA_SI_POLICY, writer_span(&writer))),
                        "p 10.0.1.2 sha256:0102");
    writer = writer_init(bytes, sizeof bytes);
    writer_le64(&writer, UINT64_C(132623758700000000));
    writer_le32(&writer, 2);
    writer_le16(&writer, TPM_ALG_SHA1);
    writer_bytes(&writer, span_of("\1\2", 2));
    assert_string_equal(
        value_of(boot, windows_bytes(SIPA_OS_REVOCATION_LIST, writer_span(&writer))),
        "2021-04-08 sha1:0102");
    writer = writer_init(bytes, sizeof bytes);
    writer_le32(&writer, 1);
    writer_le32(&writer, 20);
    writer_le16(&writer, 0x7777);
    writer_le16(&writer, 2);
    writer_le32(&writer, 3);
    writer_le32(&writer, 4);
    writer_bytes(&writer, span_of("\1\2", 2));
    assert_string_equal(value_of(boot, windows_bytes(SIPA_SBCP_INFO, writer_span(&writer))),
                        "version 1, options 0x00000003, 4 signers, 0102");
    writer = writer_init(bytes, sizeof bytes);
    writer_le32(&writer, 6);
    writer_le32(&writer, 14);
    writer_le16(&writer, 1);
    writer_le16(&writer, 2);
    writer_le16(&writer, 2);
    writer_le16(&writer, 1);
    writer_bytes(&writer, span_of("p\0\1x", 4));
    writer_le16(&writer, 2);
    writer_le16(&writer, 2);
    writer_le32(&writer, 0x800C);
    writer_le16(&writer, 0);
    writer_bytes(&writer, span_of("A\0B\0", 4));
    assert_string_equal(value_of(boot, windows_bytes(SIPA_SI_POLICY_SIGNER, writer_span(&writer))),
                        "p, root 6, 1 key usages; A, issued by B");
    writer = writer_init(bytes, sizeof bytes);
    writer_le32(&writer, 1);
    writer_le32(&writer, 2048);
    writer_le32(&writer, 1);
    writer_le32(&writer, 2);
    writer_bytes(&writer, span_of("\3\xAB\xCD", 3));
    assert_string_equal(value_of(boot, windows_bytes(SIPA_VSM_IDK_INFO, writer_span(&writer))),
                        "algorithm 1, 2048 bits, modulus abcd");
    writer = writer_init(bytes, sizeof bytes);
    writer_le32(&writer, 7);
    writer_le32(&writer, 2);
    writer_bytes(&writer, span_of("\xAB\xCD", 2));
    assert_string_equal(value_of(boot, windows_bytes(SIPA_KSR_SIGNATURE, writer_span(&writer))),
                        "algorithm 7, abcd");
    crypto_hash_span(boot->crypto, TPM_ALG_SHA256, span_text("key"), &digest);
    snprintf(key, sizeof key, "3 bytes, fingerprint sha256:%02x%02x", digest.bytes[0],
             digest.bytes[1]);
    assert_memory_equal(value_of(boot, windows_bytes(SIPA_AUTHORITYPUBKEY, span_text("key"))), key,
                        strlen(key));
}

static void broken_structures_are_told_as_such(void **state)
{
    static const uint32_t ids[] = {SIPA_SI_POLICY,    SIPA_OS_REVOCATION_LIST,
                                   SIPA_SBCP_INFO,    SIPA_SI_POLICY_SIGNER,
                                   SIPA_VSM_IDK_INFO, SIPA_KSR_SIGNATURE};
    struct boot *boot = *state;

    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
        assert_non_null(
            strstr(value_of(boot, windows_bytes(ids[i], span_text("?"))), "cannot be read"));
    /* A number of a wrong size is shown as bytes. */
    assert_string_equal(value_of(boot, windows_bytes(SIPA_WINPE, span_of("\1\2", 2))), "0102");
}

static void long_values_are_cut(void **state)
{
    static const uint8_t zeros[LIMIT_SUMMARY_TEXT_LEN + 1];
    struct boot *boot = *state;
    const char *value = value_of(boot,
                                 windows_bytes(SIPA_INFORMATION, span_of(zeros, sizeof zeros)));

    assert_int_equal(strlen(value), 2 * LIMIT_SUMMARY_TEXT_LEN + strlen("... (513 bytes)"));
    assert_non_null(strstr(value, "... (513 bytes)"));
}

static void records_that_break_off_are_shown_up_to_there(void **state)
{
    struct boot *boot = *state;
    uint8_t bytes[64];
    struct writer writer = writer_init(bytes, sizeof bytes);
    struct event_records records;

    writer_le32(&writer, SIPA_WINPE);
    writer_le32(&writer, 1);
    writer_u8(&writer, 1);
    writer_le32(&writer, SIPA_SAFEMODE);
    writer_le32(&writer, 99);
    log_builder_add(&boot->log, 12, EV_EVENT_TAG, writer_span(&writer));
    records = describe(boot);
    assert_int_equal(records.n_records, 1);
    assert_non_null(strstr(records.broken, "cannot be read"));
}

/* A quote that the host made of itself: shown, marked as not measured. */
static void trust_points_are_shown_as_unmeasured(void **state)
{
    static const uint8_t quote[] = {
        0xFF, 'T', 'C',  'G',  0x80, 0x18, /* magic, type */
        0,    0,   0,    2,    0xAA, 0xBB, /* signer, extra data */
        0,    0,   0,    0,    0,    0,    0, 9, 0, 0,
        0,    3,   0,    0,    0,    4,    1,          /* clock, counters, safe */
        0,    0,   0,    0,    0,    0,    0, 0,       /* firmware */
        0,    0,   0,    1,    0,    0x0B, 3, 1, 0, 0, /* PCR 0 */
        0,    2,   0xCC, 0xDD,
    };
    struct boot *boot = *state;
    struct windows_record inner[] = {
        windows_bytes(SIPA_QUOTE, span_of(quote, sizeof quote)),
        windows_bytes(SIPA_QUOTE, span_text("TPM 1.2")),
        windows_text(boot, SIPA_AIKID, "Windows AIK"),
    };
    struct windows_record point = windows_container(boot, (uint32_t)SIPA_TRUSTPOINT_AGGREGATION,
                                                    inner, 3);
    struct windows_record event = windows_container(boot, 0, &point, 1);
    struct event_records records;

    log_builder_add(&boot->log, UINT32_MAX, EV_NO_ACTION, event.payload);
    records = describe(boot);
    assert_int_equal(records.n_records, 4);
    assert_string_equal(records.records[0].name, "TRUSTPOINT_AGGREGATION");
    assert_false(records.records[0].measured);
    assert_string_equal(records.records[1].value,
                        "PCR digest ccdd, extra data aabb, 3 resets, 4 restarts");
    assert_string_equal(records.records[2].value, "54504d20312e32");
    assert_string_equal(records.records[3].value, "Windows AIK");
    assert_string_equal(event_component(&boot->measured, boot->measured.n_events - 1, &boot->arena),
                        "quote that Windows made of itself (not measured)");
}

static void other_events_hold_no_records(void **state)
{
    static const struct {
        uint32_t pcr, type;
    } CASES[] = {{9, EV_EVENT_TAG}, {12, EV_IPL}, {0, EV_NO_ACTION}, {23, EV_EVENT_TAG}};
    struct boot *boot = *state;
    struct windows_record point = windows_bytes((uint32_t)SIPA_TRUSTPOINT_AGGREGATION,
                                                span_of(NULL, 0));
    struct windows_record event = windows_container(boot, 0, &point, 1);

    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        log_builder_add(&boot->log, CASES[i].pcr, CASES[i].type, event.payload);
        assert_int_equal(describe(boot).n_records, 0);
    }
    log_builder_add(&boot->log, 20, EV_EVENT_TAG, event.payload); /* a dynamic launch */
    assert_int_equal(describe(boot).n_records, 1);
}

static void a_full_arena_is_an_error(void **state)
{
    struct boot *boot = *state;
    struct event_records records;
    struct error error;

    WINDOWS_PHASE(boot, 13, windows_image(boot, 13, 1, "\\a.sys", 1),
                  windows_number(boot, SIPA_BITLOCKER_UNLOCK, 0x14),
                  windows_bytes(0x00057777, span_text("?")));
    describe(boot);
    for (size_t cap = 0; cap < 4096; cap += 16) {
        struct arena arena = arena_init(cap);
        bool done = event_records(&boot->measured, boot->measured.n_events - 1, boot->crypto,
                                  &arena, &records, &error);

        if (!done)
            assert_int_equal(error.code, ERROR_MEMORY);
        else
            assert_int_equal(records.n_records, 9);
        arena_done(&arena);
    }
}

int main(void)
{
#define DESCRIBE_TEST(name) cmocka_unit_test_setup_teardown(name, boot_setup, boot_teardown)
    const struct CMUnitTest tests[] = {
        DESCRIBE_TEST(records_stand_in_their_nest),
        DESCRIBE_TEST(numbers_have_their_words),
        DESCRIBE_TEST(structures_are_told),
        DESCRIBE_TEST(broken_structures_are_told_as_such),
        DESCRIBE_TEST(long_values_are_cut),
        DESCRIBE_TEST(records_that_break_off_are_shown_up_to_there),
        DESCRIBE_TEST(trust_points_are_shown_as_unmeasured),
        DESCRIBE_TEST(other_events_hold_no_records),
        DESCRIBE_TEST(a_full_arena_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
