/* What a catalogue may hold: every error is found, with its line and column; and what is written is
 * read again as it was. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "catalog/catalog.h"
#include "catalog/day.h"
#include "document/document.h"

#define HEAD  "[catalog]\nname = test\nversion = 7\nissued = 2026-01-31\nvalid_until = 2026-12-31\n"
#define MODEL "[model m]\nlevel = secured-core\nsource = s\n"
#define NAMED "manufacturer = Acme\nproduct = Anvil\n"
#define ONE   "sha256:0101010101010101010101010101010101010101010101010101010101010101"
#define TWO   "sha256:0202020202020202020202020202020202020202020202020202020202020202"

static struct arena arena;

static int setup(void **state)
{
    (void)state;
    arena = arena_init((size_t)64 << 20);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_done(&arena);
    return 0;
}

static const struct catalog *decode(struct span text)
{
    struct catalog *catalog;
    struct error error = {0};

    if (!catalog_decode(text, &arena, &catalog, &error))
        fail_msg("%s at byte %zu", error.message, error.offset);
    return catalog;
}

static void expect_error(const char *text, size_t line, size_t column, const char *message)
{
    struct catalog *catalog = NULL;
    struct document_position position;
    struct error error = {0};

    if (catalog_decode(span_text(text), &arena, &catalog, &error))
        fail_msg("decoded: %s", text);
    assert_null(catalog);
    position = document_position_of(span_text(text), error.offset);
    if (!strstr(error.message, message) || position.line != line || position.column != column)
        fail_msg("expected \"%s\" at %zu:%zu, found \"%s\" at %zu:%zu in\n%s", message, line,
                 column, error.message, position.line, position.column, text);
}

static void every_key_is_read(void **state)
{
    const struct catalog *catalog = decode(span_text(
        HEAD
        "description = what we run\n"
        "[model first]\nlevel = recommended-baseline\nsource = https://example.org/list\n"
        "manufacturer = Acme\n  Acme Inc., formerly Anvil; Sons\nproduct = Anvil 3000\n"
        "firmware = Acme 1.2 or newer\nfirmware_images =\n  " ONE "\n  " TWO "\n"
        "firmware_images_optional = sha384:" /* 96 digits */
        "0303030303030303030303030303030303030303030303030303030303030303030303030303030303030303"
        "03030303\n"
        "firmware_proves = model\ntpm_manufacturer = IFX\ntpm_model = SLB 9672\n" MODEL NAMED));
    const struct catalog_model *model = &catalog->models[0];

    (void)state;
    assert_string_equal(catalog->name, "test");
    assert_int_equal(catalog->version, 7);
    assert_int_equal(catalog->issued_s, 1769817600);
    assert_int_equal(catalog->valid_until_s, 1798761600); /* 2027-01-01 */
    assert_string_equal(catalog->description, "what we run");
    assert_int_equal(catalog->n_models, 2);
    assert_string_equal(model->name, "first");
    assert_int_equal(model->level, CATALOG_LEVEL_RECOMMENDED_BASELINE);
    assert_string_equal(model->source, "https://example.org/list");
    assert_int_equal(model->manufacturer.n_items, 2);
    assert_string_equal(model->manufacturer.items[1], "Acme Inc., formerly Anvil; Sons");
    assert_string_equal(model->product.items[0], "Anvil 3000");
    assert_string_equal(model->firmware.items[0], "Acme 1.2 or newer");
    assert_int_equal(model->firmware_images.n_items, 2);
    assert_int_equal(model->firmware_images.items[1].alg, TPM_ALG_SHA256);
    assert_int_equal(model->firmware_images.items[1].bytes.data[31], 2);
    assert_int_equal(model->optional_images.items[0].alg, TPM_ALG_SHA384);
    assert_int_equal(model->optional_images.items[0].bytes.len, 48);
    assert_true(model->images_prove_model);
    assert_string_equal(model->tpm_manufacturer.items[0], "IFX");
    assert_string_equal(model->tpm_model.items[0], "SLB 9672");
    assert_int_equal(catalog->models[1].level, CATALOG_LEVEL_SECURED_CORE);
    assert_false(catalog->models[1].images_prove_model);
}

static void errors_in_the_head_have_a_place(void **state)
{
    (void)state;
    expect_error("", 1, 1, "no section [catalog]");
    expect_error(HEAD, 1, 1, "no models");
    expect_error("[catalog]\nname = n\n", 1, 1, "lacks the key \"version\"");
    expect_error("[catalog]\nversion = 1\n", 1, 1, "lacks the key \"name\"");
    expect_error(HEAD "color = blue\n", 6, 9, "no key \"color\"");
    expect_error(HEAD "level = secured-core\n", 6, 9, "no key \"level\"");
    expect_error(HEAD "name = again\n", 6, 1, "twice");
    expect_error(HEAD "[policy]\nname = x\n", 6, 1, "expected [catalog] or [model NAME]");
    expect_error(HEAD "[model]\nlevel = x\n", 6, 1, "expected [catalog] or [model NAME]");
    expect_error(HEAD "[model m]\n", 6, 1, "empty");
    expect_error(HEAD "words\n", 6, 1, "neither");
    expect_error("[catalog]\nname =\nversion = 1\n", 2, 7, "no value");
    expect_error(HEAD "description = a\033b\n", 6, 16, "control character");
}

static void errors_in_numbers_and_days_have_a_place(void **state)
{
    static const char *const NUMBERS[] = {"0", "-1", "01", "1.0", "x", "1x", "1234567890123456"};
    static const char *const DAYS[] = {"2026-1-1",     "2026-13-01", "2026-00-10", "2026-02-29",
                                       "2026-04-31",   "2026-01-00", "1969-12-31", "2026/01/01",
                                       "2026-01-01 ,", "20260101",   "2100-02-29"};
    char text[256];

    (void)state;
    for (size_t i = 0; i < sizeof NUMBERS / sizeof *NUMBERS; i++) {
        snprintf(text, sizeof text, "[catalog]\nname = n\nversion = %s\n", NUMBERS[i]);
        expect_error(text, 3, 11, "whole number");
    }
    for (size_t i = 0; i < sizeof DAYS / sizeof *DAYS; i++) {
        snprintf(text, sizeof text, "[catalog]\nissued = %s\n", DAYS[i]);
        expect_error(text, 2, 10, "YYYY-MM-DD");
    }
    expect_error("[catalog]\nname = n\nversion = 1\nissued = 2026-02-02\nvalid_until = 2026-02-01\n"
                 "[model m]\nlevel = x\n",
                 1, 1, "ends before");
}

static void errors_in_models_have_a_place(void **state)
{
    (void)state;
    expect_error(HEAD "[model m]\nsource = s\n" NAMED, 6, 1, "lacks the key \"level\"");
    expect_error(HEAD "[model m]\nlevel = secured-core\n" NAMED, 6, 1, "lacks the key \"source\"");
    expect_error(HEAD "[model m]\nlevel = none\n", 7, 9, "level is");
    expect_error(HEAD "[model m]\nlevel = Secured-core\n", 7, 9, "level is");
    expect_error(HEAD MODEL "name = x\n", 9, 8, "no key \"name\"");
    expect_error(HEAD MODEL NAMED MODEL NAMED, 11, 1, "twice");
    expect_error(HEAD MODEL "product = p\n", 6, 1, "go together");
    expect_error(HEAD MODEL "manufacturer = p\n", 6, 1, "go together");
    expect_error(HEAD MODEL "tpm_manufacturer = IFX\n", 6, 1, "nothing recognises");
    expect_error(HEAD MODEL "firmware = 1.0\n", 6, 1, "nothing recognises");
    expect_error(HEAD MODEL NAMED "firmware_proves = model\n", 6, 1, "lacks firmware_images");
    expect_error(HEAD MODEL NAMED "firmware_images_optional = " ONE "\n", 6, 1,
                 "lacks firmware_images");
    expect_error(HEAD MODEL "firmware_images = " ONE "\nfirmware_proves = all\n", 10, 19,
                 "firmware_proves is model");
    expect_error(HEAD MODEL "product =\n", 9, 10, "no value");
    expect_error(HEAD MODEL NAMED "firmware = Acme or newer\n", 11, 12, "without a number");
    expect_error(HEAD MODEL NAMED "firmware =\n  1.0\n  Acme or newer\n", 11, 11,
                 "without a number");
}

static void errors_in_digests_have_a_place(void **state)
{
    static const char *const DIGESTS[] = {"sha256",   "sha256:",   "sha256:01",
                                          "md5:0101", "sha256:xx", ":01"};
    char text[512];

    (void)state;
    for (size_t i = 0; i < sizeof DIGESTS / sizeof *DIGESTS; i++) {
        snprintf(text, sizeof text, HEAD MODEL "firmware_images =\n  " ONE "\n  %s\n", DIGESTS[i]);
        expect_error(text, 11, 3, "ALGORITHM:HEX");
    }
    expect_error(HEAD MODEL "firmware_images = " ONE "01\n", 9, 19, "ALGORITHM:HEX");
    expect_error(HEAD MODEL "firmware_images = sha1:0101010101010101010101010101010101010101\n", 9,
                 19, "SHA-1");
}

/* Who proves images that two models have has proven neither. */
static void images_prove_a_model_only_when_they_are_its_own(void **state)
{
    (void)state;
    decode(span_text(HEAD MODEL "firmware_images =\n " ONE "\n " TWO "\nfirmware_proves = model\n"
                                "[model other]\nlevel = secured-core\nsource = s\n"
                                "firmware_images = " ONE "\n"));
    expect_error(HEAD MODEL "firmware_images = " ONE "\nfirmware_proves = model\n"
                            "[model other]\nlevel = secured-core\nsource = s\n"
                            "firmware_images =\n " ONE "\n " TWO "\n",
                 6, 1, "no image proves the model");
    expect_error(HEAD MODEL "firmware_images = " ONE "\nfirmware_proves = model\n"
                            "[model other]\nlevel = secured-core\nsource = s\n"
                            "firmware_images = " TWO "\nfirmware_images_optional = " ONE "\n",
                 6, 1, "no image proves the model");
    /* An image of its own that need not be there proves nothing. */
    expect_error(HEAD MODEL "firmware_images = " ONE "\nfirmware_images_optional = " TWO "\n"
                            "firmware_proves = model\n"
                            "[model other]\nlevel = secured-core\nsource = s\n"
                            "firmware_images = " ONE "\n",
                 6, 1, "no image proves the model");
}

static void there_is_an_end_to_values_and_models(void **state)
{
    size_t cap = (size_t)1 << 20, len;
    char *text = test_malloc(cap);

    (void)state;
    len = (size_t)snprintf(text, cap, HEAD MODEL "manufacturer = a\nproduct =\n");
    for (int i = 0; i <= LIMIT_CATALOG_VALUES; i++)
        len += (size_t)snprintf(text + len, cap - len, " %d\n", i);
    expect_error(text, 11 + LIMIT_CATALOG_VALUES, 2, "too many values");
    len = (size_t)snprintf(text, cap, HEAD);
    for (int i = 0; i <= LIMIT_CATALOG_MODELS; i++)
        len += (size_t)snprintf(text + len, cap - len, "[model %d]\nlevel = secured-core\n", i);
    expect_error(text, 6 + 2 * LIMIT_CATALOG_MODELS, 1, "too many sections");
    test_free(text);
}

static void what_is_written_is_read_again(void **state)
{
    const struct catalog *catalog = decode(span_text(
        HEAD "description = words\n"
             "[model first]\nlevel = recommended-baseline\nsource = s\n"
             "manufacturer = Acme\n  Acme Inc.\nproduct = Anvil\n"
             "firmware = 1.2 or newer\nfirmware_images =\n  " ONE "\n  " TWO "\n"
             "firmware_images_optional = sha512:" /* 128 digits */
             "0303030303030303030303030303030303030303030303030303030303030303"
             "0303030303030303030303030303030303030303030303030303030303030303\n"
             "firmware_proves = model\ntpm_manufacturer = IFX\ntpm_model = SLB\n" MODEL NAMED));
    struct span text, again;
    struct error error;

    (void)state;
    assert_true(catalog_encode(catalog, &arena, &text, &error));
    assert_true(catalog_encode(decode(text), &arena, &again, &error));
    assert_true(span_equal(text, again));
    assert_int_equal(decode(text)->valid_until_s, catalog->valid_until_s);
    assert_true(decode(text)->models[0].images_prove_model);
    assert_int_equal(decode(text)->models[0].optional_images.items[0].bytes.len, 64);
    for (const char *key = "manufacturer\0product\0firmware\0tpm_manufacturer\0tpm_model\0"; *key;
         key += strlen(key) + 1)
        assert_non_null(memmem(text.data, text.len, key, strlen(key)));
}

/* A host may call itself anything. */
static void what_the_reader_would_cut_is_not_written(void **state)
{
    static const char *const TEXTS[] = {"", " a", "a ", "a ;b", ";a", "#a", "a\nb", "a\tb"};
    struct catalog *catalog;
    char many[300];
    const char *texts[1];
    struct span text = {0};
    struct error error;

    (void)state;
    assert_true(catalog_decode(span_text(HEAD MODEL NAMED), &arena, &catalog, &error));
    catalog->models->product.items = texts;
    for (size_t i = 0; i < sizeof TEXTS / sizeof *TEXTS; i++) {
        texts[0] = TEXTS[i];
        assert_false(catalog_encode(catalog, &arena, &text, &error));
        assert_int_equal(error.code, ERROR_USAGE);
    }
    memset(many, 'a', sizeof many);
    many[160] = '\0';
    texts[0] = many;
    assert_true(catalog_encode(catalog, &arena, &text, &error));
    assert_string_equal(decode(text)->models->product.items[0], many);
    many[160] = 'a';
    many[161] = '\0';
    assert_false(catalog_encode(catalog, &arena, &text, &error));
}

static void days_are_those_of_the_calendar(void **state)
{
    char text[DAY_TEXT_LEN];
    int64_t second;

    (void)state;
    assert_true(day_decode("1970-01-01", &second) && second == 0);
    assert_true(day_decode("2000-02-29", &second) && second == 951782400);
    assert_true(day_decode("9999-12-31", &second) && second == INT64_C(253402214400));
    for (int64_t day = 0; day < 60000; day += 13) {
        assert_true(day_decode(day_print(day * DAY_S + DAY_S - 1, text), &second));
        assert_int_equal(second, day * DAY_S);
    }
}

static void a_text_is_whole_or_memory_ran_out(void **state)
{
    static const char TEXT[] = HEAD MODEL NAMED "firmware_images =\n  " ONE "\n"
                                                "firmware_proves = model\n";
    struct catalog *catalog;
    struct span whole, text;
    struct error error;
    bool encoded = false;

    (void)state;
    assert_true(catalog_decode(span_text(TEXT), &arena, &catalog, &error));
    assert_true(catalog_encode(catalog, &arena, &whole, &error));
    for (size_t cap = LIMIT_DOCUMENT_LEN - 16; !encoded; cap += 16) {
        struct arena small = arena_init(cap);

        encoded = catalog_encode(catalog, &small, &text, &error);
        if (encoded)
            assert_true(span_equal(text, whole));
        else
            assert_int_equal(error.code, ERROR_MEMORY);
        arena_done(&small);
    }
}

static void a_full_arena_is_an_error(void **state)
{
    static const char TEXT[] = HEAD MODEL NAMED "firmware_images = " ONE "\n"
                                                "firmware_proves = model\n";
    struct catalog *catalog;
    struct error error;
    bool decoded = false;

    (void)state;
    for (size_t cap = 0; !decoded; cap += 16) {
        struct arena small = arena_init(cap);

        decoded = catalog_decode(span_text(TEXT), &small, &catalog, &error);
        if (!decoded)
            assert_int_equal(error.code, ERROR_MEMORY);
        arena_done(&small);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_key_is_read),
        cmocka_unit_test(errors_in_the_head_have_a_place),
        cmocka_unit_test(errors_in_numbers_and_days_have_a_place),
        cmocka_unit_test(errors_in_models_have_a_place),
        cmocka_unit_test(errors_in_digests_have_a_place),
        cmocka_unit_test(images_prove_a_model_only_when_they_are_its_own),
        cmocka_unit_test(there_is_an_end_to_values_and_models),
        cmocka_unit_test(what_is_written_is_read_again),
        cmocka_unit_test(what_the_reader_would_cut_is_not_written),
        cmocka_unit_test(days_are_those_of_the_calendar),
        cmocka_unit_test(a_text_is_whole_or_memory_ran_out),
        cmocka_unit_test(a_full_arena_is_an_error),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
