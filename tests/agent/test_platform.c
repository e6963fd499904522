/* Platform certificates in files: found, each once, and left out with a word when they cannot be sent. */
#include "agent/platform.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "os/file.h"

enum { ARENA_LEN = 4 * 1024 * 1024 };

static struct arena arena;
static char root[64];

static int set_up(void **state)
{
    (void)state;
    arena = arena_init(ARENA_LEN);
    snprintf(root, sizeof root, "/tmp/bootseal-platform-XXXXXX");
    return mkdtemp(root) ? 0 : -1;
}

static int tear_down(void **state)
{
    char command[128];

    (void)state;
    arena_done(&arena);
    snprintf(command, sizeof command, "rm -rf '%s'", root);
    return system(command);
}

static void put(const char *folder, const char *name, struct span bytes)
{
    char path[256];
    struct error error;

    snprintf(path, sizeof path, "%s%s", root, folder);
    assert_true(os_directory_make(path, &error));
    snprintf(path, sizeof path, "%s%s/%s", root, folder, name);
    assert_true(os_file_write(path, OS_FILE_PUBLIC, bytes, &error));
}

static struct platform_certificates find(void)
{
    struct platform_certificates found = {.n_items = 99};
    struct error error;

    assert_true(platform_certificates_find(root, NULL, &arena, &found, &error));
    return found;
}

static void a_host_without_any_has_none(void **state)
{
    (void)state;
    assert_int_equal(find().n_items, 0);
}

static void they_are_found_in_every_folder_and_sent_once(void **state)
{
    struct platform_certificates found;

    (void)state;
    put("/boot/tcg/cert/platform", "b.cer",
        span_text("\x30\x01"
                  "b"));
    put("/boot/tcg/cert/platform", "a.cer",
        span_text("\x30\x01"
                  "a\xFF\xFF")); /* padded */
    put("/boot/tcg/cert/platform", "readme.txt",
        span_text("\x30\x01"
                  "c"));
    put("/boot/efi/EFI/tcg/cert/platform", "a.cer",
        span_text("\x30\x01"
                  "a"));
    put("/efi/EFI/tcg/cert/platform", "d.cer",
        span_text("\x30\x01"
                  "d"));
    found = find();
    assert_int_equal(found.n_items, 3);
    assert_true(span_is(found.items[0], "\x30\x01"
                                        "a"));
    assert_true(span_is(found.items[1], "\x30\x01"
                                        "b"));
    assert_true(span_is(found.items[2], "\x30\x01"
                                        "d"));
}

static void what_cannot_be_sent_is_left_out(void **state)
{
    uint8_t *large = calloc(1, LIMIT_PLATFORM_CERTIFICATE_LEN + 1);
    struct platform_certificates found;

    (void)state;
    put("/boot/tcg/cert/platform", "1.cer", span_text("-----BEGIN"));
    put("/boot/tcg/cert/platform", "2.cer",
        span_text("\x30\x02"
                  "a"));
    put("/boot/tcg/cert/platform", "3.cer", span_of(large, LIMIT_PLATFORM_CERTIFICATE_LEN + 1));
    put("/boot/tcg/cert/platform", "4.cer", span_text(""));
    for (char name[] = "a.cer"; *name <= 'f'; ++*name)
        put("/boot/tcg/cert/platform", name,
            span_of(name, 5)); /* 'a' is a tag, '.' a length: too short */
    assert_int_equal(find().n_items, 0);
    for (char der[] = "\x30\x01"
                      "a";
         der[2] <= 'f'; der[2]++) {
        char name[] = {der[2], '.', 'c', 'e', 'r', '\0'};

        put("/boot/tcg/cert/platform", name, span_of(der, 3));
    }
    found = find();
    assert_int_equal(found.n_items, LIMIT_PLATFORM_CERTIFICATES);
    assert_true(span_is(found.items[3], "\x30\x01"
                                        "d"));
    free(large);
}

static void a_full_arena_is_an_error(void **state)
{
    struct platform_certificates found;
    struct error error = {0};

    (void)state;
    put("/boot/tcg/cert/platform", "a.cer",
        span_text("\x30\x01"
                  "a"));
    arena_done(&arena);
    arena = arena_init(1);
    assert_false(platform_certificates_find(root, NULL, &arena, &found, &error));
    assert_int_equal(error.code, ERROR_MEMORY);
}

int main(void)
{
#define PLATFORM_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        PLATFORM_TEST(a_host_without_any_has_none),
        PLATFORM_TEST(they_are_found_in_every_folder_and_sent_once),
        PLATFORM_TEST(what_cannot_be_sent_is_left_out),
        PLATFORM_TEST(a_full_arena_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
