/* systemd's measurement log: records as systemd writes them, and what is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"
#include "wire/systemd_log.h"
#include "wire/tpm_alg.h"

#define SHA1   "0123456789abcdef0123456789abcdef01234567"
#define SHA256 "00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF"
#define DIGESTS                                                                                    \
    "\"digests\":[{\"hashAlg\":\"sha1\",\"digest\":\"" SHA1                                        \
    "\"},{\"hashAlg\":\"sha256\",\"digest\":\"" SHA256 "\"}]"
#define CONTENT                                                                                    \
    "\"content_type\":\"systemd\",\"content\":{\"string\":\"enter-initrd\",\"bootId\":"            \
    "\"5a8ce4e2c4d44dc2b1f6d9f37b3d1e0a\",\"timestamp\":4061113,\"eventType\":\"phase\"}"
#define RECORD "\x1e{\"pcr\":11," DIGESTS "," CONTENT "}\n"

static int setup(void **state)
{
    static struct arena arena;

    arena = arena_init((size_t)8 << 20);
    *state = &arena;
    return 0;
}

static int teardown(void **state)
{
    arena_done(*state);
    return 0;
}

static void records_as_systemd_writes_them(void **state)
{
    static const char text[] = RECORD
        "\x1e{\"pcr\":15," DIGESTS ",\"content_type\":\"systemd\",\"content\":{\"string\":"
        "\"machine-id:\\u00e9\\u20AC\\ud83d\\ude00\\\"\\\\\\/\"}}\n"
        "\x1e{\"nv_index\":30474752," DIGESTS "," CONTENT "}\n"
        "\x1e { \"recnum\" : 3 , \"pcr\" : 0 , \"digests\" : [ ] , \"later\" : [ { } , -1.5e+3 , 0 "
        ", "
        "0.5E-2 , 7e1 , true , false , null , \"\" ,\t{ \"a\" : { \"b\" : 1 } , \"c\" : 2 } ] }\n";
    struct systemd_log log;
    struct error error;
    struct span digest;

    if (!systemd_log_decode(span_text(text), *state, &log, &error))
        fail_msg("%s", error.message);
    assert_int_equal(log.n_events, 3);
    assert_int_equal(log.n_others, 1);
    assert_int_equal(log.events[0].pcr, 11);
    assert_int_equal(log.events[0].n_digests, 2);
    assert_true(eventlog_event_digest(&log.events[0], TPM_ALG_SHA256, &digest));
    assert_int_equal(digest.len, 32);
    assert_int_equal(digest.data[31], 0xFF);
    assert_true(span_is(log.events[0].data, "enter-initrd"));
    assert_int_equal(log.events[1].offset, sizeof RECORD - 1);
    assert_true(
        span_is(log.events[1].data, "machine-id:\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"\\/"));
    assert_int_equal(log.events[2].number, 2);
    assert_int_equal(log.events[2].pcr, 0);
    assert_int_equal(log.events[2].n_digests, 0);
    assert_int_equal(log.events[2].data.len, 0);
}

static void an_empty_log_has_no_records(void **state)
{
    struct systemd_log log;
    struct error error;

    assert_true(systemd_log_decode((struct span){0}, *state, &log, &error));
    assert_int_equal(log.n_events + log.n_others, 0);
}

/* Cut off anywhere but between two records it is refused; nothing of it is given out. */
static void a_truncated_log_is_refused(void **state)
{
    static const char text[] = RECORD RECORD;
    struct systemd_log log = {.n_events = 77};
    struct error error;

    for (size_t len = 1; len < sizeof text - 1; len++) {
        char *copy = malloc(len);

        memcpy(copy, text, len);
        if (len != sizeof RECORD - 1) {
            assert_false(systemd_log_decode(span_of(copy, len), *state, &log, &error));
            assert_true(error.code == ERROR_TRUNCATED);
            assert_int_equal(log.n_events, 77);
        }
        free(copy);
    }
}

static const struct {
    const char *text;
    enum error_code code;
} BAD[] = {
    {"{\"pcr\":1," DIGESTS "}\n", ERROR_MALFORMED}, /* no separator */
    {"\x1e{\"pcr\":1," DIGESTS "}x", ERROR_MALFORMED},
    {"\x1e{\"pcr\":1," DIGESTS "}\n\n", ERROR_MALFORMED},
    {"\x1e\n", ERROR_TRUNCATED},
    {"\x1e[]\n", ERROR_MALFORMED},
    {"\x1e{}\n", ERROR_MALFORMED}, /* no register */
    {"\x1e{\"pcr\":1}\n", ERROR_MALFORMED},
    {"\x1e{\"pcr\":1,\"nv_index\":2," DIGESTS "}\n", ERROR_MALFORMED},
    {"\x1e{\"pcr\":1,\"pcr\":2," DIGESTS "}\n", ERROR_MALFORMED},
    {"\x1e{\"pcr\":1," DIGESTS "," DIGESTS "}\n", ERROR_MALFORMED},
    {"\x1e{\"pcr\":1," DIGESTS "," CONTENT "," CONTENT "}\n", ERROR_MALFORMED},
    {"\x1e{\"pcr\":1," DIGESTS ",\"content\":{\"string\":\"a\",\"string\":\"b\"}}\n",
     ERROR_MALFORMED},
    {"\x1e{\"p\\u0063r\":1,\"pcr\":2," DIGESTS "}\n", ERROR_MALFORMED}, /* the same name */
    {"\x1e{\"pcr\":24," DIGESTS "}\n", ERROR_MALFORMED},
    {"\x1e{\"pcr\":-1," DIGESTS "}\n", ERROR_MALFORMED},
    {"\x1e{\"pcr\":1.0," DIGESTS "}\n", ERROR_MALFORMED},
    {"\x1e{\"pcr\":1e0," DIGESTS "}\n", ERROR_MALFORMED},
    {"\x1e{\"pcr\":01," DIGESTS "}\n", ERROR_MALFORMED},
    {"\x1e{\"pcr\":18446744073709551627," DIGESTS "}\n", ERROR_MALFORMED}, /* 11, wrapped */
    {"\x1e{\"pcr\":\"1\"," DIGESTS "}\n", ERROR_MALFORMED},
    {"\x1e{\"pcr\":1,\"digests\":{}}\n", ERROR_MALFORMED},
    {"\x1e{\"pcr\":1,\"digests\":[1]}\n", ERROR_MALFORMED},
    {"\x1e{\"pcr\":1,\"digests\":[{\"hashAlg\":\"sha1\"}]}\n", ERROR_MALFORMED},
    {"\x1e{\"pcr\":1,\"digests\":[{\"digest\":\"" SHA1 "\"}]}\n", ERROR_MALFORMED},
    {"\x1e{\"pcr\":1,\"digests\":[{\"hashAlg\":\"sha256\",\"digest\":\"" SHA1 "\"}]}\n",
     ERROR_MALFORMED},
    {"\x1e{\"pcr\":1,\"digests\":[{\"hashAlg\":\"sha1\",\"digest\":\"" SHA256 "\"}]}\n",
     ERROR_MALFORMED},
    {"\x1e{\"pcr\":1,\"digests\":[{\"hashAlg\":\"sha1\",\"digest\":\"zz" SHA1 "\"}]}\n",
     ERROR_MALFORMED},
    {"\x1e{\"pcr\":1,\"digests\":[{\"hashAlg\":\"sha1\",\"hashAlg\":\"sha256\",\"digest\":\"" SHA1
     "\"}]}\n",
     ERROR_MALFORMED},
    {"\x1e{\"pcr\":1,\"digests\":[{\"hashAlg\":\"sha1\",\"digest\":\"" SHA1
     "\"},{\"hashAlg\":\"sha1\",\"digest\":\"" SHA1 "\"}]}\n",
     ERROR_MALFORMED},
    {"\x1e{\"pcr\":1," DIGESTS ",}\n", ERROR_MALFORMED},
    {"\x1e{\"pcr\" 1," DIGESTS "}\n", ERROR_MALFORMED},
    {"\x1e{\"pcr\":1 " DIGESTS "}\n", ERROR_MALFORMED},
    {"\x1e{\"pcr\":1," DIGESTS ",\"x\":tru}\n", ERROR_MALFORMED},
    {"\x1e{\"pcr\":1," DIGESTS ",\"x\":-}\n", ERROR_MALFORMED},
    {"\x1e{\"pcr\":1," DIGESTS ",\"x\":1.}\n", ERROR_MALFORMED},
    {"\x1e{\"pcr\":1," DIGESTS ",\"x\":1e}\n", ERROR_MALFORMED},
    {"\x1e{\"pcr\":1," DIGESTS ",\"x\":\"\\x\"}\n", ERROR_MALFORMED},
    {"\x1e{\"pcr\":1," DIGESTS ",\"x\":\"\\u12g4\"}\n", ERROR_MALFORMED},
    {"\x1e{\"pcr\":1," DIGESTS ",\"x\":\"\\u0000\"}\n", ERROR_MALFORMED},
    {"\x1e{\"pcr\":1," DIGESTS ",\"x\":\"\\ud800\"}\n", ERROR_MALFORMED},
    {"\x1e{\"pcr\":1," DIGESTS ",\"x\":\"\\ud800\\u0041\"}\n", ERROR_MALFORMED},
    {"\x1e{\"pcr\":1," DIGESTS ",\"x\":\"\\udc00\"}\n", ERROR_MALFORMED},
    {"\x1e{\"pcr\":1," DIGESTS ",\"x\":\"\\ud800\\ue000\"}\n", ERROR_MALFORMED},
    {"\x1e{\"pcr\":1," DIGESTS ",\"x\":\"\\u12:4\"}\n", ERROR_MALFORMED},
    {"\x1e{\"pcr\":1," DIGESTS ",\"x\":\"\xff\"}\n", ERROR_MALFORMED},
    {"\x1e{\"pcr\":1," DIGESTS ",\"x\":\"\n\"}\n", ERROR_MALFORMED},
    {"\x1e{\"pcr\":1," DIGESTS ",\"x\":[[[[[[[[[[]]]]]]]]]]}\n", ERROR_LIMIT},
    {"\x1e{\"pcr\":1," DIGESTS ",\"x12345678901234567890123456789012345678901234567890123456789012"
     "34567890\":1}\n",
     ERROR_LIMIT},
};

static void what_is_no_record_is_refused(void **state)
{
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        struct systemd_log log;
        struct error error = {0};

        if (systemd_log_decode(span_text(BAD[i].text), *state, &log, &error))
            fail_msg("accepted: %s", BAD[i].text);
        if (error.code != BAD[i].code)
            fail_msg("%s: %s", BAD[i].text, error.message);
        assert_non_null(error.clause);
    }
}

static void a_hash_that_nobody_here_knows_is_passed_over(void **state)
{
    static const char text[] =
        "\x1e{\"pcr\":1,\"digests\":[{\"hashAlg\":\"whirlpool\",\"digest\":\"what\"}]}\n";
    struct systemd_log log;
    struct error error;

    assert_true(systemd_log_decode(span_text(text), *state, &log, &error));
    assert_int_equal(log.events[0].n_digests, 0);
}

static void repeated(const char *record, size_t n, struct arena *arena, enum error_code expected)
{
    size_t len = strlen(record);
    char *text = malloc(n * len);
    struct systemd_log log;
    struct error error = {0};
    bool read;

    for (size_t i = 0; i < n; i++)
        memcpy(text + i * len, record, len);
    read = systemd_log_decode(span_of(text, n * len), arena, &log, &error);
    free(text);
    assert_int_equal(read, expected == 0);
    assert_int_equal(error.code, expected);
}

static void there_are_limits(void **state)
{
    static const char record[] = "\x1e{\"pcr\":1,\"digests\":[]}\n";
    char *text = malloc(LIMIT_SYSTEMD_TEXT_LEN + 64);
    size_t at = (size_t)sprintf(text, "\x1e{\"pcr\":1,\"digests\":[],\"content\":{\"string\":\"");

    repeated(record, LIMIT_SYSTEMD_LOG_RECORDS, *state, 0);
    repeated(record, LIMIT_SYSTEMD_LOG_RECORDS + 1, *state, ERROR_LIMIT);
    repeated(RECORD, LIMIT_SYSTEMD_LOG_LEN / (sizeof RECORD - 1) + 1, *state, ERROR_LIMIT);
    memset(text + at, 'x', LIMIT_SYSTEMD_TEXT_LEN);
    strcpy(text + at + LIMIT_SYSTEMD_TEXT_LEN, "\"}}\n");
    repeated(text, 1, *state, 0);
    strcpy(text + at + LIMIT_SYSTEMD_TEXT_LEN, "y\"}}\n");
    repeated(text, 1, *state, ERROR_LIMIT);
    free(text);
}

static void a_full_arena_is_an_error(void **state)
{
    static const char text[] = "\x1e{\"pcr\":11," DIGESTS
                               ",\"content\":{\"string\":\"\\u0041 escaped text\"}}\n";

    (void)state;
    for (size_t cap = 0; cap < 4096; cap += 16) {
        struct arena arena = arena_init(cap);
        struct systemd_log log;
        struct error error = {0};

        if (!systemd_log_decode(span_text(text), &arena, &log, &error))
            assert_int_equal(error.code, ERROR_MEMORY);
        arena_done(&arena);
    }
}

int main(void)
{
#define LOG_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        LOG_TEST(records_as_systemd_writes_them),
        LOG_TEST(an_empty_log_has_no_records),
        LOG_TEST(a_truncated_log_is_refused),
        LOG_TEST(what_is_no_record_is_refused),
        LOG_TEST(a_hash_that_nobody_here_knows_is_passed_over),
        LOG_TEST(there_are_limits),
        LOG_TEST(a_full_arena_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
