#include "os/clock.h"
#include "os/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char directory[64];
static struct arena arena;
static struct error error;

static const char *path_of(const char *name)
{
    static char path[128];

    snprintf(path, sizeof path, "%s/%s", directory, name);
    return path;
}

static int set_up(void **state)
{
    (void)state;
    strcpy(directory, "/tmp/bootseal-file-XXXXXX");
    arena = arena_init(1024 * 1024);
    return mkdtemp(directory) ? 0 : -1;
}

static int tear_down(void **state)
{
    static const char *const NAMES[] = {"a",     "key",  "b.conf",  "a.conf",
                                        "c.txt", "link", "deep/er", "deep"};

    (void)state;
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++)
        remove(path_of(NAMES[i]));
    arena_done(&arena);
    return rmdir(directory); /* fails when a temporary file was left behind */
}

static void files_are_replaced_whole(void **state)
{
    struct span bytes;

    (void)state;
    assert_true(os_file_write(path_of("a"), OS_FILE_PUBLIC, span_text("one"), &error));
    assert_true(os_file_write(path_of("a"), OS_FILE_PUBLIC, span_text("second"), &error));
    assert_true(os_file_read(path_of("a"), 6, &arena, &bytes, &error));
    assert_true(span_is(bytes, "second"));
    assert_int_equal(bytes.data[bytes.len], 0);
    assert_false(os_file_read(path_of("a"), 5, &arena, &bytes, &error));
    assert_int_equal(error.code, ERROR_LIMIT);
    assert_false(os_file_read(path_of("none"), 5, &arena, &bytes, &error));
    assert_int_equal(error.code, ERROR_NOT_FOUND);
    assert_true(os_file_read("/proc/self/stat", 4096, &arena, &bytes, &error));
    assert_true(bytes.len > 10);
    assert_false(os_file_write("/nowhere/at/all", OS_FILE_PUBLIC, span_text("x"), &error));
    assert_int_equal(error.code, ERROR_NOT_FOUND);
}

/* Writing through a link that somebody placed must not reach what it points to. */
static void links_are_not_followed(void **state)
{
    struct span bytes;

    (void)state;
    assert_true(os_file_write(path_of("a"), OS_FILE_PUBLIC, span_text("kept"), &error));
    assert_int_equal(symlink("a", path_of("link")), 0);
    assert_true(os_file_write(path_of("link"), OS_FILE_PUBLIC, span_text("new"), &error));
    assert_true(os_file_read(path_of("a"), 100, &arena, &bytes, &error));
    assert_true(span_is(bytes, "kept"));
}

static void keys_stay_private(void **state)
{
    struct stat status;
    struct span bytes;

    (void)state;
    assert_true(os_file_write(path_of("key"), OS_FILE_PRIVATE, span_text("secret"), &error));
    assert_int_equal(stat(path_of("key"), &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
    assert_true(os_file_read_private(path_of("key"), 100, &arena, &bytes, &error));
    chmod(path_of("key"), 0640);
    assert_false(os_file_read_private(path_of("key"), 100, &arena, &bytes, &error));
    assert_int_equal(error.code, ERROR_DENIED);
    chmod(path_of("key"), 0604);
    assert_false(os_file_read_private(path_of("key"), 100, &arena, &bytes, &error));
    assert_false(os_file_read_private("/dev/null", 100, &arena, &bytes, &error));
    assert_int_equal(error.code, ERROR_DENIED);
    if (geteuid() == 0) {
        chmod(path_of("key"), 0600);
        assert_int_equal(chown(path_of("key"), 12345, 0), 0);
        assert_false(os_file_read_private(path_of("key"), 100, &arena, &bytes, &error));
        assert_int_equal(error.code, ERROR_DENIED);
    }
}

static void directories_are_made_and_listed(void **state)
{
    const char **names;
    size_t n;

    (void)state;
    assert_true(os_directory_make(path_of("deep/er"), &error));
    assert_true(os_directory_make(path_of("deep/er"), &error));
    assert_true(os_file_write(path_of("b.conf"), OS_FILE_PUBLIC, span_text(""), &error));
    assert_false(os_directory_make(path_of("b.conf"), &error));
    assert_true(os_file_write(path_of("a.conf"), OS_FILE_PUBLIC, span_text(""), &error));
    assert_true(os_file_write(path_of("c.txt"), OS_FILE_PUBLIC, span_text(""), &error));
    assert_true(os_directory_list(directory, ".conf", 2, &arena, &names, &n, &error));
    assert_int_equal(n, 2);
    assert_string_equal(names[0], "a.conf");
    assert_string_equal(names[1], "b.conf");
    assert_false(os_directory_list(directory, ".conf", 1, &arena, &names, &n, &error));
    assert_int_equal(error.code, ERROR_LIMIT);
    assert_true(os_directory_list("/nowhere", ".conf", 2, &arena, &names, &n, &error));
    assert_int_equal(n, 0);
}

static void times_are_rfc_3339(void **state)
{
    static const char *const WRONG[] = {
        "",
        "2026-01-31",
        "2026-02-30T00:00:00Z",
        "2026-01-31T23:59:59",
        "2026-01-31T23:59:59Zx",
        " 2026-01-31T23:59:59Z",
        "2026-1-31T23:59:59Z",
        "2026-01-31T23:59:60Z",
        "2026-01-31T23:59:59+00:00",
    };
    char text[OS_TIME_TEXT_LEN];
    int64_t unix_s = 0;

    (void)state;
    assert_string_equal(os_time_print(0, text), "1970-01-01T00:00:00Z");
    assert_string_equal(os_time_print(1769903999, text), "2026-01-31T23:59:59Z");
    assert_string_equal(os_time_print(INT64_MAX, text), "9999-12-31T23:59:59Z");
    assert_string_equal(os_time_print(INT64_MIN, text), "0000-01-01T00:00:00Z");
    assert_true(os_time_parse("2026-01-31T23:59:59Z", &unix_s));
    assert_int_equal(unix_s, 1769903999);
    for (size_t i = 0; i < sizeof WRONG / sizeof *WRONG; i++)
        assert_false(os_time_parse(WRONG[i], &unix_s));
    assert_true(os_now_s() > 1700000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(files_are_replaced_whole, set_up, tear_down),
        cmocka_unit_test_setup_teardown(links_are_not_followed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(keys_stay_private, set_up, tear_down),
        cmocka_unit_test_setup_teardown(directories_are_made_and_listed, set_up, tear_down),
        cmocka_unit_test(times_are_rfc_3339),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
