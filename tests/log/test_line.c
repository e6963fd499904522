#include "log/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

static char line[LOG_LINE_LEN + 1];

static const char *format(int64_t now_us, enum log_level level, const struct log_field *fields)
{
    line[log_format(line, "bootseald", now_us, level, "host.attested", fields)] = '\0';
    return line;
}

static void lines_have_fixed_fields(void **state)
{
    const struct log_field fields[] = {log_text(LOG_HOST, "web-1"),
                                       log_int(LOG_STATUS, -200),
                                       log_hex(LOG_HOST_ID, span_of("\x00\xff", 2)),
                                       {.kind = LOG_VALUE_END}};

    (void)state;
    assert_string_equal(format(1700000000123456, LOG_LEVEL_INFO, fields),
                        "ts=2023-11-14T22:13:20.123456Z level=info program=bootseald "
                        "event=host.attested host=web-1 status=-200 host_id=00ff\n");
    assert_string_equal(format(-1, LOG_LEVEL_WARNING, fields),
                        "<4>level=warning program=bootseald event=host.attested host=web-1 "
                        "status=-200 host_id=00ff\n");
}

/* A host's text must not start a line, a field or a terminal sequence of its own. */
static void values_cannot_forge_lines(void **state)
{
    static const struct {
        const char *value, *written;
    } CASES[] = {
        {"two words", "\"two words\""},
        {"x\nlevel=error", "\"x\\x0alevel=error\""},
        {"a\" b=\"c", "\"a\\\" b=\\\"c\""},
        {"back\\slash", "\"back\\\\slash\""},
        {"\x1b[31m", "\"\\x1b[31m\""},
        {"caf\xc3\xa9", "\"caf\\xc3\\xa9\""},
        {"", "\"\""},
        {NULL, "\"\""},
    };
    char expected[256];

    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        snprintf(expected, sizeof expected,
                 "<6>level=info program=bootseald event=host.attested host=%s\n", CASES[i].written);
        assert_string_equal(format(-1, LOG_LEVEL_INFO,
                                   (const struct log_field[]){log_text(LOG_HOST, CASES[i].value),
                                                              {.kind = LOG_VALUE_END}}),
                            expected);
    }
}

static void long_lines_are_cut_and_marked(void **state)
{
    static char value[2 * LOG_LINE_LEN];
    const char *written;

    (void)state;
    for (size_t len = LOG_LINE_LEN - 200; len < LOG_LINE_LEN + 10; len++) {
        memset(value, 'a', len);
        value[len] = '\0';
        written = format(-1, LOG_LEVEL_INFO,
                         (const struct log_field[]){log_text(LOG_HOST, value),
                                                    log_text(LOG_PEER, "\n"),
                                                    {.kind = LOG_VALUE_END}});
        assert_in_range(strlen(written), 1, LOG_LINE_LEN);
        assert_ptr_equal(strchr(written, '\n'), written + strlen(written) - 1);
        if (len > LOG_LINE_LEN - 20)
            assert_non_null(strstr(written, " truncated=1\n"));
    }
}

static void levels_filter(void **state)
{
    int pipes[2], kept = dup(STDERR_FILENO);
    char text[4096];
    ssize_t len;

    (void)state;
    assert_int_equal(pipe(pipes), 0);
    dup2(pipes[1], STDERR_FILENO);
    log_init("test", LOG_LEVEL_WARNING);
    log_info("test.quiet");
    log_error("test.loud", log_int(LOG_COUNT, 1));
    dup2(kept, STDERR_FILENO);
    close(pipes[1]);
    len = read(pipes[0], text, sizeof text - 1);
    text[len > 0 ? len : 0] = '\0';
    assert_null(strstr(text, "test.quiet"));
    assert_non_null(strstr(text, "level=error program=test event=test.loud count=1\n"));
    close(pipes[0]);
    close(kept);
    assert_int_equal(log_level_by_name("debug"), LOG_LEVEL_DEBUG);
    assert_int_equal(log_level_by_name("loud"), LOG_LEVEL_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_have_fixed_fields),
        cmocka_unit_test(values_cannot_forge_lines),
        cmocka_unit_test(long_lines_are_cut_and_marked),
        cmocka_unit_test(levels_filter),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
