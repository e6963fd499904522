/* Texts inside of images and packages: SBAT lines, fields, the version of a kernel. */
#include "wire/fields.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <stdlib.h>

#include "wire/linux_image.h"
#include "wire/sbat.h"

static const char SBAT[] = "sbat,1,SBAT Version,sbat,1,https://example.com\n"
                           "grub,5,Free Software Foundation,grub,2.12,https://example.com\r\n"
                           "\n"
                           "grub.debian,4\n\0\0garbage,x";

static void sbat_lines_are_components_with_generations(void **state)
{
    struct sbat_entry entries[4];
    struct error error;
    size_t n;

    (void)state;
    assert_true(sbat_decode(span_of(SBAT, sizeof SBAT - 1), entries, 4, &n, &error));
    assert_int_equal(n, 3);
    assert_true(span_is(entries[0].name, "sbat"));
    assert_true(span_is(entries[1].name, "grub"));
    assert_int_equal(entries[1].generation, 5);
    assert_true(span_is(entries[1].vendor, "Free Software Foundation"));
    assert_true(span_is(entries[1].package, "grub"));
    assert_true(span_is(entries[1].version, "2.12"));
    assert_true(span_is(entries[2].name, "grub.debian"));
    assert_int_equal(entries[2].generation, 4);
    assert_int_equal(entries[2].vendor.len, 0);
    assert_true(sbat_decode(span_text(""), entries, 4, &n, &error));
    assert_int_equal(n, 0);
    assert_true(sbat_decode(span_of(NULL, 0), entries, 4, &n, &error));
    assert_int_equal(n, 0);
    assert_false(sbat_decode(span_of(SBAT, sizeof SBAT - 1), entries, 2, &n, &error));
    assert_int_equal(error.code, ERROR_LIMIT);
}

/* As shim 16.1 has it. */
#define LEVELS                                                                                     \
    "\0\0\0\0"                                                                                     \
    "\x08\0\0\0\x29\0\0\0"                                                                         \
    "sbat,1,2025021800\nshim,4\ngrub,5\n\0"                                                        \
    "sbat,1,2025051000\nshim,4\ngrub,5\ngrub.proxmox,2\n"

static void levels_of_a_shim_are_found(void **state)
{
    struct sbat_levels levels;
    struct error error;

    (void)state;
    assert_true(sbat_levels_decode(span_of(LEVELS, sizeof LEVELS), &levels, &error));
    assert_true(span_is(levels.automatic, "sbat,1,2025021800\nshim,4\ngrub,5\n"));
    assert_true(span_is(levels.latest, "sbat,1,2025051000\nshim,4\ngrub,5\ngrub.proxmox,2\n"));
    for (size_t len = 0; len < sizeof LEVELS; len++)
        assert_false(sbat_levels_decode(span_of(LEVELS, len), &levels, &error));
}

static void levels_that_lie_are_refused(void **state)
{
    static const struct {
        size_t at;
        uint8_t byte;
        enum error_code code;
    } BAD[] = {
        {0, 1, ERROR_UNSUPPORTED}, /* version */
        {4, 9, ERROR_MALFORMED},   /* not where a level starts */
        {7, 0xFF, ERROR_MALFORMED},
        {11, 0xFF, ERROR_MALFORMED},                        /* far outside */
        {8, (uint8_t)(sizeof LEVELS - 4), ERROR_MALFORMED}, /* just outside */
    };

    (void)state;
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        uint8_t bytes[sizeof LEVELS];
        struct sbat_levels levels;
        struct error error;

        memcpy(bytes, LEVELS, sizeof LEVELS);
        bytes[BAD[i].at] = BAD[i].byte;
        assert_false(sbat_levels_decode(span_of(bytes, sizeof bytes), &levels, &error));
        assert_int_equal(error.code, BAD[i].code);
    }
}

static void a_level_succeeds_by_its_date_and_never_goes_back(void **state)
{
    static const struct {
        const char *level, *present;
        bool succeeds;
    } CASES[] = {
        {"sbat,1,2025021800\nshim,4\n", "sbat,1,2024010900\nshim,4\n", true},
        {"sbat,1,2024010900\n", "sbat,1,2025021800\n", false},
        {"sbat,1,2025021800\n", "sbat,1,2025021800\ngrub,5\n", false},
        {"sbat,2,2025021800\n", "sbat,1,2024010900\n", true},
        {"sbat,1,2025021800\n", "sbat,2,2024010900\n", false},
        {"sbat,1,2025021800\n", "", false},
        {"", "sbat,1,2024010900\n", false},
        {"sbat,1,tomorrow\n", "sbat,1,2024010900\n", false},
        {"grub,9,2025021800\n", "sbat,1,2024010900\n", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++)
        assert_int_equal(
            sbat_level_succeeds(span_text(CASES[i].level), span_text(CASES[i].present)),
            CASES[i].succeeds);
}

static void sbat_lines_without_name_or_generation_are_refused(void **state)
{
    static const char *const BAD[] = {"grub",     "grub,",   "grub,x",  ",1",
                                      "grub,1x",  "grub,-1", "grub, 1", "grub,4294967296",
                                      "a,1\nb\n", "a,1\n,1", ","};

    (void)state;
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        struct sbat_entry entries[4];
        struct error error = {0};
        size_t n = 9;

        assert_false(sbat_decode(span_text(BAD[i]), entries, 4, &n, &error));
        assert_int_equal(error.code, ERROR_MALFORMED);
        assert_int_equal(n, 9);
        assert_int_equal(error.offset, BAD[i][0] == 'a' ? 4 : 0);
    }
}

static void a_field_is_found_by_its_whole_name(void **state)
{
    static const char TEXT[] = "Package-Type: deb\n"
                               "Package: shim-signed \r\n"
                               " Version: a line of the description\n"
                               "Version:1.40\n"
                               "Version: 2\n"
                               "Empty:\n"
                               "NAME=\"Debian GNU/Linux\"\n"
                               "QUOTE='\n"
                               "LAST=x";
    struct span text = span_text(TEXT), value;

    (void)state;
    assert_true(fields_find(text, "Package", ':', &value));
    assert_true(span_is(value, "shim-signed"));
    assert_true(fields_find(text, "Version", ':', &value));
    assert_true(span_is(value, "1.40"));
    assert_true(fields_find(text, "Empty", ':', &value));
    assert_int_equal(value.len, 0);
    assert_true(fields_find(text, "NAME", '=', &value));
    assert_true(span_is(value, "Debian GNU/Linux"));
    assert_true(fields_find(text, "QUOTE", '=', &value));
    assert_true(span_is(value, "'"));
    assert_true(fields_find(text, "LAST", '=', &value));
    assert_true(span_is(value, "x"));
    assert_false(fields_find(text, "Pack", ':', &value));
    assert_false(fields_find(text, "NAME", ':', &value));
    assert_false(fields_find(span_text(""), "NAME", '=', &value));
    assert_false(fields_find(span_text("NAME"), "NAME", '=', &value));
}

static uint8_t kernel[2048];

/* A kernel image with one setup sector, its version text at 0x200 + version_at. */
static struct span kernel_image(uint8_t setup_sectors, uint16_t version_at, const char *version)
{
    memset(kernel, 'k', sizeof kernel);
    kernel[0x1F1] = setup_sectors;
    memcpy(kernel + 0x202, "HdrS", 4);
    kernel[0x20E] = (uint8_t)version_at;
    kernel[0x20F] = (uint8_t)(version_at >> 8);
    memcpy(kernel + 0x200 + version_at, version, strlen(version) + 1);
    return span_of(kernel, sizeof kernel);
}

static void a_kernel_names_its_release(void **state)
{
    struct span release, file = kernel_image(1, 0x100, "6.1.0-56-amd64 (builder@host) #1 SMP");
    struct error error;

    (void)state;
    assert_true(linux_image_is_kernel(file));
    assert_true(linux_image_release(file, &release, &error));
    assert_true(span_is(release, "6.1.0-56-amd64"));
    file = kernel_image(0, 0x300, "5.4.0"); /* no number of sectors means four */
    assert_true(linux_image_release(file, &release, &error));
    assert_true(span_is(release, "5.4.0"));
}

static void a_kernel_whose_version_lies_elsewhere_names_none(void **state)
{
    struct span release, file;
    struct error error = {0};

    (void)state;
    assert_false(linux_image_release(kernel_image(1, 0x200, "6.1"), &release, &error));
    assert_int_equal(error.code, ERROR_MALFORMED);
    assert_false(linux_image_release(kernel_image(1, 0x300, "6.1 "), &release, &error));
    kernel_image(1, 0x100, "6.1");
    memset(kernel + 0x20E, 0, 2);
    assert_false(linux_image_release(span_of(kernel, sizeof kernel), &release, &error));
    assert_int_equal(error.code, ERROR_UNSUPPORTED);
    file = kernel_image(1, 0x1F0, "6.1");
    memset(kernel + 0x3F0, 'v', 16); /* up to the end of the setup code */
    assert_false(linux_image_release(file, &release, &error));
    assert_int_equal(error.code, ERROR_MALFORMED);
    assert_false(linux_image_release(kernel_image(1, 0x100, ""), &release, &error));
    kernel[0x202] = 'X';
    assert_false(linux_image_is_kernel(file));
    assert_false(linux_image_release(file, &release, &error));
    assert_int_equal(error.code, ERROR_MALFORMED);
}

static void a_kernel_cut_anywhere_is_no_crash(void **state)
{
    struct span file = kernel_image(1, 0x100, "6.1.0 ");

    (void)state;
    for (size_t len = 0; len <= 0x307; len++) {
        uint8_t *copy = malloc(len ? len : 1);
        struct span release = span_text("untouched");
        struct error error;

        memcpy(copy, file.data, len);
        if (linux_image_release(span_of(copy, len), &release, &error))
            assert_true(span_is(release, "6.1.0"));
        else
            assert_true(span_is(release, "untouched"));
        assert_true(linux_image_is_kernel(span_of(copy, len)) == (len >= 0x206));
        free(copy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sbat_lines_are_components_with_generations),
        cmocka_unit_test(sbat_lines_without_name_or_generation_are_refused),
        cmocka_unit_test(levels_of_a_shim_are_found),
        cmocka_unit_test(levels_that_lie_are_refused),
        cmocka_unit_test(a_level_succeeds_by_its_date_and_never_goes_back),
        cmocka_unit_test(a_field_is_found_by_its_whole_name),
        cmocka_unit_test(a_kernel_names_its_release),
        cmocka_unit_test(a_kernel_whose_version_lies_elsewhere_names_none),
        cmocka_unit_test(a_kernel_cut_anywhere_is_no_crash),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
