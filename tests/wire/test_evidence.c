/* Evidence: what is encoded decodes to the same, truncation at every byte, every size limit, and
 * what the schema forbids. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "wire/cbor.h"
#include "wire/evidence.h"

static const uint8_t BYTES_32[32] = {1, 2, 3};
static const uint8_t LOG[100] = {9, 8, 7};

struct fixture {
    struct arena arena;
    struct evidence evidence;
    struct evidence_item items[3];
    struct error error;
};

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    struct evidence *evidence = &fixture->evidence;

    fixture->arena = arena_init((size_t)300 << 20);
    evidence->host_id = span_of(BYTES_32, 32);
    evidence->nonce = span_of(LOG, 32);
    evidence->bank = 0x000B;
    evidence->quote = span_of(LOG, 60);
    evidence->quote_signature = span_of(LOG + 1, 70);
    evidence->logs[0] = (struct evidence_log){EVIDENCE_LOG_TCG, span_of(BYTES_32, 32), sizeof LOG,
                                              span_of(LOG, sizeof LOG), true};
    evidence->logs[1] = (struct evidence_log){EVIDENCE_LOG_IMA, span_of(BYTES_32, 32), 40,
                                              span_of(LOG, sizeof LOG), true};
    evidence->logs[2] = (struct evidence_log){EVIDENCE_LOG_DRTM, span_of(BYTES_32, 32), 40,
                                              span_of(NULL, 0), false};
    evidence->n_logs = 3;
    evidence->identity.public_area = span_of(LOG, 20);
    evidence->identity.certify = span_of(LOG, 21);
    evidence->identity.certify_signature = span_of(LOG, 22);
    fixture->items[0] = (struct evidence_item){span_text("os.name"), span_text("Debian")};
    fixture->items[1] = (struct evidence_item){span_text("agent"), span_text("0.1")};
    fixture->items[2] = (struct evidence_item){span_text("arch"), span_text("")};
    evidence->inventory = fixture->items;
    evidence->n_inventory = 3;
    evidence->ak_public = span_of(LOG, 30);
    evidence->channel_binding = span_of(BYTES_32, 32);
    evidence->pcr_values = span_of(BYTES_32, 32);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;

    arena_done(&fixture->arena);
    free(fixture);
    return 0;
}

static struct span encode(struct fixture *fixture)
{
    struct span bytes;

    assert_true(evidence_encode(&fixture->evidence, &fixture->arena, &bytes, &fixture->error));
    return bytes;
}

static void expect_refused(struct fixture *fixture, enum error_code code)
{
    struct evidence found = {.bank = 0xBEEF};
    struct span bytes = encode(fixture);

    assert_false(evidence_decode(bytes, &fixture->arena, &found, &fixture->error));
    assert_int_equal(fixture->error.code, code);
    assert_int_equal(found.bank, 0xBEEF); /* outputs stay untouched */
}

static void test_round_trip(void **state)
{
    struct fixture *fixture = *state;
    struct span bytes = encode(fixture), again;
    struct evidence found;

    assert_true(evidence_decode(bytes, &fixture->arena, &found, &fixture->error));
    assert_true(span_equal(found.nonce, fixture->evidence.nonce));
    assert_int_equal(found.n_logs, 3);
    assert_int_equal(found.logs[1].covered_len, 40);
    assert_false(found.logs[2].has_bytes);
    assert_int_equal(found.n_inventory, 3);
    assert_true(span_is(found.inventory[0].name, "arch")); /* shorter names first */
    assert_true(span_is(found.inventory[1].name, "agent"));
    assert_true(span_equal(found.channel_binding, fixture->evidence.channel_binding));
    assert_true(span_equal(found.pcr_values, fixture->evidence.pcr_values));
    assert_ptr_equal(evidence_find_log(&found, EVIDENCE_LOG_IMA), &found.logs[1]);
    assert_true(evidence_encode(&found, &fixture->arena, &again, &fixture->error));
    assert_true(span_equal(bytes, again));
}

static void test_optional_members_may_be_absent(void **state)
{
    struct fixture *fixture = *state;
    struct evidence found;
    struct span none = {0};

    fixture->evidence.identity.public_area = none;
    fixture->evidence.ak_public = none;
    fixture->evidence.channel_binding = none;
    fixture->evidence.pcr_values = none;
    fixture->evidence.n_logs = 0;
    fixture->evidence.n_inventory = 0;
    assert_true(evidence_decode(encode(fixture), &fixture->arena, &found, &fixture->error));
    assert_int_equal(found.n_logs, 0);
    assert_null(evidence_find_log(&found, EVIDENCE_LOG_TCG));
    assert_int_equal(found.identity.public_area.len, 0);
}

static void test_truncated_at_every_byte(void **state)
{
    struct fixture *fixture = *state;
    struct span bytes = encode(fixture);
    struct evidence found;

    for (size_t len = 0; len < bytes.len; len++) {
        uint8_t *copy = malloc(len ? len : 1); /* exact size, for the sanitizer */

        memcpy(copy, bytes.data, len);
        assert_false(evidence_decode(span_of(copy, len), &fixture->arena, &found, &fixture->error));
        assert_int_equal(fixture->error.code, ERROR_TRUNCATED);
        assert_in_range(fixture->error.offset, 0, len);
        free(copy);
    }
}

static void test_trailing_bytes(void **state)
{
    struct fixture *fixture = *state;
    struct span bytes = encode(fixture);
    uint8_t *copy = arena_alloc(&fixture->arena, bytes.len + 1);
    struct evidence found;

    memcpy(copy, bytes.data, bytes.len);
    assert_false(
        evidence_decode(span_of(copy, bytes.len + 1), &fixture->arena, &found, &fixture->error));
    assert_int_equal(fixture->error.code, ERROR_TRAILING);
}

static void test_limits(void **state)
{
    struct fixture *fixture = *state;
    struct evidence *evidence = &fixture->evidence;
    const struct evidence good = *evidence;
    uint8_t *big = arena_alloc(&fixture->arena, LIMIT_IMA_LEN + 1);
    const struct {
        struct span *member;
        size_t cap;
    } MEMBERS[] = {
        {&evidence->nonce, LIMIT_NONCE_LEN},
        {&evidence->quote, LIMIT_TPM_STRUCT_LEN},
        {&evidence->quote_signature, LIMIT_TPM_STRUCT_LEN},
        {&evidence->identity.public_area, LIMIT_TPM_STRUCT_LEN},
        {&evidence->identity.certify, LIMIT_TPM_STRUCT_LEN},
        {&evidence->identity.certify_signature, LIMIT_TPM_STRUCT_LEN},
        {&evidence->ak_public, LIMIT_TPM_STRUCT_LEN},
        {&evidence->channel_binding, 32},
        {&evidence->host_id, 32},
        {&evidence->logs[0].sha256, 32},
    };

    assert_non_null(big);
    for (size_t i = 0; i < sizeof MEMBERS / sizeof *MEMBERS; i++) {
        *MEMBERS[i].member = span_of(big, MEMBERS[i].cap + 1);
        expect_refused(fixture, ERROR_LIMIT);
        *evidence = good;
    }
    evidence->logs[0].bytes = span_of(big, LIMIT_EVENTLOG_LEN + 1);
    expect_refused(fixture, ERROR_LIMIT);
    *evidence = good;
    evidence->logs[1].bytes = span_of(big, LIMIT_IMA_LEN + 1);
    expect_refused(fixture, ERROR_LIMIT);
    *evidence = good;
    evidence->logs[2].covered_len = LIMIT_EVENTLOG_LEN + 1;
    expect_refused(fixture, ERROR_LIMIT);
}

static void test_inventory_limits(void **state)
{
    struct fixture *fixture = *state;
    static char text[LIMIT_INVENTORY_TEXT_LEN + 1];
    struct evidence_item *items;

    memset(text, 'x', sizeof text);
    fixture->items[1].value = span_of(text, sizeof text);
    expect_refused(fixture, ERROR_LIMIT);
    fixture->items[1] = (struct evidence_item){span_of(text, sizeof text), span_text("1")};
    expect_refused(fixture, ERROR_LIMIT);

    items = arena_array(&fixture->arena, LIMIT_INVENTORY_ITEMS + 1, sizeof *items);
    for (size_t i = 0; i <= LIMIT_INVENTORY_ITEMS; i++)
        items[i].name = span_text(arena_printf(&fixture->arena, "item-%04zu", i));
    fixture->evidence.inventory = items;
    fixture->evidence.n_inventory = LIMIT_INVENTORY_ITEMS + 1;
    expect_refused(fixture, ERROR_LIMIT);
}

static void test_whole_limit(void **state)
{
    struct fixture *fixture = *state;
    struct evidence found;
    uint8_t *big = calloc(1, (size_t)LIMIT_EVIDENCE_LEN + 1);

    assert_false(evidence_decode(span_of(big, (size_t)LIMIT_EVIDENCE_LEN + 1), &fixture->arena,
                                 &found, &fixture->error));
    assert_int_equal(fixture->error.code, ERROR_LIMIT);
    free(big);
}

static void test_what_the_schema_forbids(void **state)
{
    struct fixture *fixture = *state;
    struct evidence *evidence = &fixture->evidence;
    const struct evidence good = *evidence;
    const struct span none = {0};

    evidence->logs[1].kind = EVIDENCE_LOG_TCG; /* a kind twice; and one that must not go on */
    expect_refused(fixture, ERROR_MALFORMED);
    *evidence = good;
    evidence->logs[0].covered_len--; /* bytes behind the covered part */
    expect_refused(fixture, ERROR_MALFORMED);
    *evidence = good;
    evidence->logs[1].covered_len = sizeof LOG + 1;
    expect_refused(fixture, ERROR_MALFORMED);
    *evidence = good;
    evidence->logs[2] = good.logs[1];
    expect_refused(fixture, ERROR_MALFORMED);
    *evidence = good;
    evidence->logs[0].kind = 7;
    expect_refused(fixture, ERROR_UNSUPPORTED);
    *evidence = good;
    evidence->nonce = none;
    expect_refused(fixture, ERROR_MALFORMED);
    *evidence = good;
    evidence->host_id = span_of(BYTES_32, 31);
    expect_refused(fixture, ERROR_MALFORMED);
    *evidence = good;
    evidence->identity.certify = none;
    expect_refused(fixture, ERROR_MALFORMED);
    *evidence = good;
    fixture->items[0].value = span_text("\xff");
    expect_refused(fixture, ERROR_MALFORMED);
}

/* Evidence whose map holds the given pairs only, values being zero. */
static bool decodes(struct fixture *fixture, uint64_t version, uint64_t extra_key)
{
    struct cbor_writer writer = cbor_writer_init(&fixture->arena);
    struct evidence found;
    struct span bytes;

    cbor_write_map(&writer, extra_key ? 9 : 8);
    cbor_write_uint(&writer, 1);
    cbor_write_uint(&writer, version);
    cbor_write_uint(&writer, 2);
    cbor_write_bytes(&writer, span_of(BYTES_32, 32));
    cbor_write_uint(&writer, 3);
    cbor_write_bytes(&writer, span_of(BYTES_32, 32));
    cbor_write_uint(&writer, 4);
    cbor_write_uint(&writer, 11);
    cbor_write_uint(&writer, 5);
    cbor_write_bytes(&writer, span_of(BYTES_32, 32));
    cbor_write_uint(&writer, 6);
    cbor_write_bytes(&writer, span_of(BYTES_32, 32));
    cbor_write_uint(&writer, 7);
    cbor_write_array(&writer, 0);
    cbor_write_uint(&writer, 9);
    cbor_write_map(&writer, 0);
    if (extra_key) {
        cbor_write_uint(&writer, extra_key);
        cbor_write_uint(&writer, 0);
    }
    assert_true(cbor_writer_done(&writer, &bytes, &fixture->error));
    return evidence_decode(bytes, &fixture->arena, &found, &fixture->error);
}

static void test_version_and_keys(void **state)
{
    struct fixture *fixture = *state;
    static const uint8_t EMPTY_MAP[] = {0xA0};
    struct evidence found;

    assert_true(decodes(fixture, 1, 0));
    assert_false(decodes(fixture, 2, 0));
    assert_int_equal(fixture->error.code, ERROR_UNSUPPORTED);
    assert_false(decodes(fixture, 1, 12));
    assert_int_equal(fixture->error.code, ERROR_MALFORMED);
    assert_false(decodes(fixture, 1, UINT64_MAX));
    assert_int_equal(fixture->error.code, ERROR_MALFORMED);
    assert_false(evidence_decode(span_of(EMPTY_MAP, 1), &fixture->arena, &found, &fixture->error));
    assert_int_equal(fixture->error.code, ERROR_MALFORMED);
}

static void test_a_full_arena_is_an_error(void **state)
{
    struct fixture *fixture = *state;
    struct span bytes = encode(fixture), again = {0};
    struct evidence found = {.bank = 0xBEEF};
    struct arena none = arena_init(8);

    assert_false(evidence_decode(bytes, &none, &found, &fixture->error));
    assert_int_equal(fixture->error.code, ERROR_MEMORY);
    assert_int_equal(found.bank, 0xBEEF);
    assert_false(evidence_encode(&fixture->evidence, &none, &again, &fixture->error));
    assert_int_equal(fixture->error.code, ERROR_MEMORY);
    assert_null(again.data);
    arena_done(&none);
}

static void test_kinds_of_logs_have_names_of_their_own(void **state)
{
    const enum evidence_log_kind last = EVIDENCE_LOG_SYSTEMD;

    (void)state;
    assert_string_equal(evidence_log_kind_name(EVIDENCE_LOG_NONE), "log");
    assert_string_equal(evidence_log_kind_name(EVIDENCE_LOG_MOK), "MOK list");
    for (enum evidence_log_kind a = EVIDENCE_LOG_TCG; a <= last; a++)
        for (enum evidence_log_kind b = EVIDENCE_LOG_NONE; b < a; b++)
            assert_string_not_equal(evidence_log_kind_name(a), evidence_log_kind_name(b));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_round_trip, setup, teardown),
        cmocka_unit_test_setup_teardown(test_optional_members_may_be_absent, setup, teardown),
        cmocka_unit_test_setup_teardown(test_truncated_at_every_byte, setup, teardown),
        cmocka_unit_test_setup_teardown(test_trailing_bytes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_limits, setup, teardown),
        cmocka_unit_test_setup_teardown(test_inventory_limits, setup, teardown),
        cmocka_unit_test_setup_teardown(test_whole_limit, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_the_schema_forbids, setup, teardown),
        cmocka_unit_test_setup_teardown(test_version_and_keys, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_full_arena_is_an_error, setup, teardown),
        cmocka_unit_test(test_kinds_of_logs_have_names_of_their_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
