/* Documents of reference values: whatever labels and texts hold, the reader gets back what was put in. */
#include "policy/reference_values.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "policy/policy.h"

static struct arena arena;
static struct reference_values values;
static const struct reference_document HEAD = {.kind = "reference-values",
                                               .section = "reference",
                                               .name = "boot",
                                               .version = "2",
                                               .description = "what was released"};

static int begin(void **state)
{
    (void)state;
    arena = arena_init(64 * 1024 * 1024);
    values = (struct reference_values){.arena = &arena};
    return 0;
}

static int end(void **state)
{
    (void)state;
    arena_done(&arena);
    return 0;
}

static void add_digest(enum claim_id claim, const char *label, uint16_t alg, uint8_t fill)
{
    uint8_t *bytes = arena_alloc(&arena, LIMIT_TPM_DIGEST_LEN);
    struct error error = {0};

    memset(bytes, fill, LIMIT_TPM_DIGEST_LEN);
    assert_true(reference_values_add_digest(&values, claim, label, alg,
                                            span_of(bytes, tpm_digest_len(alg)), &error));
}

static struct policy_values read_back(const struct reference_document *head)
{
    struct policy_position position;
    struct policy_values read;
    struct error error = {0};
    struct span text;

    assert_true(reference_values_write(&values, head, &text, &error));
    if (!policy_values_check(text, &arena, &read, &position, &error))
        fail_msg("%zu:%zu: %s in\n%.*s", position.line, position.column, error.message,
                 (int)text.len, (const char *)text.data);
    return read;
}

static void values_come_back_by_claim(void **state)
{
    struct policy_values read;

    (void)state;
    add_digest(CLAIM_BOOT_FILES, "vmlinuz", TPM_ALG_SHA256, 1);
    add_digest(CLAIM_BOOT_IMAGES, "shim", TPM_ALG_SHA256, 2);
    add_digest(CLAIM_BOOT_IMAGES, "shim, next release", TPM_ALG_SHA384, 3);
    read = read_back(&HEAD);
    assert_string_equal(read.name, "boot");
    assert_string_equal(read.version, "2");
    assert_string_equal(read.description, "what was released");
    assert_int_equal(read.n_values, 3);
    assert_int_equal(read.n_lists, 2);
    assert_string_equal(read.lists[0].name, "boot.images");
    assert_string_equal(read.lists[0].items[1].label, "shim, next release");
    assert_int_equal(read.lists[0].items[1].bytes.len, 48);
    assert_int_equal(read.lists[0].items[1].bytes.data[47], 3);
    assert_string_equal(read.lists[1].name, "boot.files");
}

static void a_value_is_there_once(void **state)
{
    (void)state;
    add_digest(CLAIM_BOOT_IMAGES, "shim", TPM_ALG_SHA256, 2);
    add_digest(CLAIM_BOOT_IMAGES, "the same under another name", TPM_ALG_SHA256, 2);
    assert_int_equal(values.n_values, 1);
    add_digest(CLAIM_BOOT_FILES, "shim", TPM_ALG_SHA256, 2);
    add_digest(CLAIM_BOOT_IMAGES, "shim", TPM_ALG_SHA384, 2);
    assert_int_equal(values.n_values, 3);
    assert_int_equal(read_back(&HEAD).n_values, 3);
}

static void no_label_breaks_a_document(void **state)
{
    static const char *const LABELS[] = {"",
                                         " ",
                                         "=",
                                         "# no comment",
                                         "; no comment",
                                         "[rule r]",
                                         "a = b",
                                         "a: b ; c",
                                         "line\nrequire = true",
                                         "\xC3\xA9t\xC3\xA9",
                                         "\xFF",
                                         "same",
                                         "same",
                                         "same #2",
                                         "same  2",
                                         "a label that is longer than any line of a document may "
                                         "be, as a path in a package can be when somebody nests "
                                         "folders in folders, and that is not yet all of it: there "
                                         "is still some more to come, up to here"};
    uint8_t fill = 0;

    (void)state;
    for (size_t i = 0; i < sizeof LABELS / sizeof *LABELS; i++) {
        add_digest(CLAIM_BOOT_IMAGES, LABELS[i], TPM_ALG_SHA256, ++fill);
        add_digest(CLAIM_BOOT_IMAGES, LABELS[i], TPM_ALG_SHA512, fill);
    }
    assert_int_equal(read_back(&HEAD).n_values, 2 * sizeof LABELS / sizeof *LABELS);
}

static void texts_come_back(void **state)
{
    static const char *const TEXTS[] = {
        "ro quiet", "a \"b\" \\c 'd'", "a ; b ;c; d", "caf\xC3\xA9 [x] # y = z",
        "root=/dev/mapper/root rd.luks.name=00000000-0000-0000-0000-000000000000=root ro quiet "
        "splash console=ttyS0,115200n8 console=tty0 lockdown=integrity module.sig_enforce=1 "
        "iommu=force intel_iommu=on mitigations=auto systemd.unit=multi-user.target"};
    struct error error = {0};
    struct policy_values read;

    (void)state;
    for (size_t i = 0; i < sizeof TEXTS / sizeof *TEXTS; i++)
        assert_true(reference_values_add_text(&values, CLAIM_BOOT_KERNEL_COMMAND_LINE, "line",
                                              span_text(TEXTS[i]), &error));
    read = read_back(&HEAD);
    assert_int_equal(read.n_values, sizeof TEXTS / sizeof *TEXTS);
    for (size_t i = 0; i < sizeof TEXTS / sizeof *TEXTS; i++) {
        bool found = false;

        for (size_t j = 0; j < read.lists[0].n_items; j++)
            found |= span_is(read.lists[0].items[j].bytes, TEXTS[i]);
        assert_true(found);
    }
}

static void what_is_no_line_of_text_is_refused(void **state)
{
    static const char *const TEXTS[] = {"", "two\nlines", "bell\x07", "\xFF", "\x7F"};
    struct error error = {0};

    (void)state;
    for (size_t i = 0; i < sizeof TEXTS / sizeof *TEXTS; i++) {
        assert_false(reference_values_add_text(&values, CLAIM_BOOT_KERNEL_COMMAND_LINE, "line",
                                               span_text(TEXTS[i]), &error));
        assert_int_equal(error.code, ERROR_MALFORMED);
    }
    assert_int_equal(values.n_values, 0);
}

static void a_head_is_checked(void **state)
{
    static const char *const WRONG[] = {"", "a\nb", "a ; b", "\xFF"};
    struct error error = {0};
    struct span text = {0};

    (void)state;
    assert_false(reference_values_write(&values, &HEAD, &text, &error));
    assert_int_equal(error.code, ERROR_NOT_FOUND);
    add_digest(CLAIM_BOOT_IMAGES, "shim", TPM_ALG_SHA256, 2);
    for (size_t i = 0; i < sizeof WRONG / sizeof *WRONG; i++) {
        struct reference_document name = HEAD, version = HEAD, description = HEAD;

        name.name = version.version = description.description = WRONG[i];
        assert_false(reference_values_write(&values, &name, &text, &error));
        assert_int_equal(error.code, ERROR_USAGE);
        assert_false(reference_values_write(&values, &version, &text, &error));
        assert_false(reference_values_write(&values, &description, &text, &error));
    }
    assert_null(text.data);
}

static void there_is_a_limit(void **state)
{
    struct error error = {0};

    (void)state;
    for (uint32_t i = 0; i <= LIMIT_POLICY_REFERENCES; i++) {
        uint8_t *bytes = arena_alloc(&arena, 32);

        memcpy(bytes, &i, sizeof i);
        assert_int_equal(reference_values_add_digest(&values, CLAIM_BOOT_FILES, "f", TPM_ALG_SHA256,
                                                     span_of(bytes, 32), &error),
                         i < LIMIT_POLICY_REFERENCES);
    }
    assert_int_equal(error.code, ERROR_LIMIT);
    assert_int_equal(read_back(&HEAD).n_values, LIMIT_POLICY_REFERENCES);
}

static const struct component_package PACKAGE = {
    .format = "deb", .name = "linux-image", .version = "1:6.1-2", .architecture = "amd64"};

static void a_component_goes_where_hosts_show_it(void **state)
{
    struct component component = {.kind = COMPONENT_IMAGE,
                                  .path = "/boot/vmlinuz-6.1",
                                  .section = "",
                                  .version = "",
                                  .command_line = "",
                                  .package = &PACKAGE};
    struct component_digest digests[3] = {{.form = COMPONENT_OVER_FILE},
                                          {.form = COMPONENT_OVER_IMAGE},
                                          {.form = COMPONENT_OVER_NAME}};
    struct policy_values read;
    struct error error = {0};

    (void)state;
    component.digests = digests;
    for (size_t i = 0; i < 3; i++) {
        digests[i].component = &component;
        digests[i].alg = TPM_ALG_SHA256;
        digests[i].digest.len = 32;
        digests[i].digest.bytes[0] = (uint8_t)i;
        digests[i].next = i < 2 ? &digests[i + 1] : NULL;
    }
    assert_true(reference_values_add_component(&values, &component, &error));
    read = read_back(&HEAD);
    assert_int_equal(read.n_values, 3); /* the image's digest also as db would name it */
    assert_string_equal(read.lists[0].name, "secure_boot.db");
    assert_string_equal(read.lists[1].name, "boot.images");
    assert_string_equal(read.lists[1].items[0].label, "linux-image 1 6.1-2 vmlinuz-6.1");
    assert_string_equal(read.lists[2].name, "boot.files");
}

static void files_that_no_loader_reads_are_left_out(void **state)
{
    static const struct {
        const char *path;
        bool in_package, taken;
    } CASES[] = {{"/usr/share/doc/x", true, false},
                 {"/boot/grub/fonts/unicode.pf2", true, true},
                 {"/usr/lib/grub/x86_64-efi/tpm.mod", true, true},
                 {"/lib/modules/6.1/kernel/x.ko", true, false},
                 {"x.ko", false, true}};
    struct error error = {0};

    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct component component = {.kind = COMPONENT_FILE,
                                      .path = CASES[i].path,
                                      .section = "",
                                      .version = "",
                                      .command_line = "",
                                      .package = CASES[i].in_package ? &PACKAGE : NULL};
        struct component_digest digest = {.component = &component,
                                          .form = COMPONENT_OVER_FILE,
                                          .alg = TPM_ALG_SHA256,
                                          .digest = {.len = 32}};

        component.digests = &digest;
        values.n_values = 0;
        assert_true(reference_values_add_component(&values, &component, &error));
        assert_int_equal(values.n_values, CASES[i].taken);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(values_come_back_by_claim, begin, end),
        cmocka_unit_test_setup_teardown(a_value_is_there_once, begin, end),
        cmocka_unit_test_setup_teardown(no_label_breaks_a_document, begin, end),
        cmocka_unit_test_setup_teardown(texts_come_back, begin, end),
        cmocka_unit_test_setup_teardown(what_is_no_line_of_text_is_refused, begin, end),
        cmocka_unit_test_setup_teardown(a_head_is_checked, begin, end),
        cmocka_unit_test_setup_teardown(there_is_a_limit, begin, end),
        cmocka_unit_test_setup_teardown(a_component_goes_where_hosts_show_it, begin, end),
        cmocka_unit_test_setup_teardown(files_that_no_loader_reads_are_left_out, begin, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
