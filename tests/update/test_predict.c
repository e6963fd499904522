/* Predictions over boots made up: kernels whose release stands in their path, lines in UTF-16 and as
 * digests, and too little memory. */
#include "claims/boot.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "support/pe_builder.h"
#include "update/update.h"

#define OLD_RELEASE "6.1.0-1-amd64"
#define NEW_RELEASE "6.1.0-2-amd64"
#define OLD_KERNEL  "/vmlinuz-" OLD_RELEASE
#define NEW_KERNEL  "/vmlinuz-" NEW_RELEASE

static const uint16_t SHA256_ONLY[] = {TPM_ALG_SHA256};
static struct component_set components;
static struct update update;
static struct update_plan plan;

static void announce(const char *path, struct span bytes)
{
    struct component_file file = {.path = span_text(path), .bytes = bytes, .source = "new"};
    struct error error;

    assert_true(component_add_file(&components, &file, &error));
}

/* A PE image that Linux's own setup header marks as a kernel (Documentation/arch/x86/boot.rst). */
static struct span kernel_image(void)
{
    static const struct pe_builder_section SECTIONS[] = {
        {.name = ".text", .data = {(const uint8_t *)"kernel", 6}}};
    static uint8_t image[8192];
    struct pe_builder builder = {
        .is_64 = true, .sections = SECTIONS, .n_sections = 1, .alignment = 1024};
    struct span file = pe_builder_write(&builder, image, sizeof image);

    image[0x1F1] = 1;
    memcpy(image + 0x202, "HdrS", 4);
    return file;
}

static void make_plan(struct boot *boot)
{
    struct error error;

    boot_collect(boot);
    if (!update_plan(&update, &boot->input, &boot->arena, &plan, &error))
        fail_msg("%s", error.message);
}

static bool accepts(struct boot *boot, enum claim_id claim, const char *text)
{
    for (size_t i = 0; i < plan.accepted.n_values; i++)
        if (plan.accepted.values[i].claim == claim &&
            strcmp(claim_item_print(boot->crypto, &plan.accepted.values[i].item, &boot->arena),
                   text) == 0)
            return true;
    return false;
}

/* The digest that the event gets; NULL when the plan leaves it as it is. */
static const struct span *next_of(const struct boot *boot, uint32_t pcr, uint32_t type)
{
    for (size_t i = 0; i < plan.n_changes; i++) {
        const struct eventlog_event *event = &boot->measured.events[plan.changes[i].event].event;

        if (event->pcr == pcr && event->type == type)
            return &plan.changes[i].to;
    }
    return NULL;
}

static const struct update_gap *gap(const char *what)
{
    for (size_t i = 0; i < plan.n_gaps; i++)
        if (strcmp(plan.gaps[i].what, what) == 0)
            return &plan.gaps[i];
    return NULL;
}

/* GRUB's boot of a kernel at a path with its release. */
static void boot_grub_kernel(struct boot *boot)
{
    boot_firmware(boot, true);
    boot_linux(boot, OLD_KERNEL " root=/dev/vda1 quiet");
    log_builder_add_measured(&boot->log, 9, EV_IPL, span_text("old kernel"),
                             span_text("(hd0)" OLD_KERNEL));
    log_builder_add_measured(&boot->log, 9, EV_IPL, span_text("old RAM disk"),
                             span_text("(hd0)/initrd.img-" OLD_RELEASE));
}

static struct crypto_digest utf16_digest(struct boot *boot, const char *text, bool with_nul)
{
    struct crypto_digest digest;
    uint8_t wide[512] = {0};

    for (size_t i = 0; text[i]; i++)
        wide[2 * i] = (uint8_t)text[i];
    crypto_hash_span(boot->crypto, TPM_ALG_SHA256,
                     span_of(wide, 2 * (strlen(text) + (with_nul ? 1 : 0))), &digest);
    return digest;
}

static void a_new_release_goes_into_path_and_line(void **state)
{
    struct boot *boot = *state;

    boot_grub_kernel(boot);
    announce("boot/vmlinuz-" NEW_RELEASE, kernel_image());
    make_plan(boot);
    assert_true(accepts(boot, CLAIM_BOOT_KERNEL_COMMAND_LINE, NEW_KERNEL " root=/dev/vda1 quiet"));
    assert_non_null(next_of(boot, 9, EV_IPL));
    /* The host makes its RAM disk anew for the new kernel. */
    assert_non_null(gap("initial RAM disk"));
    announce("boot/initrd.img-" NEW_RELEASE, span_text("new RAM disk"));
    make_plan(boot);
    assert_null(gap("initial RAM disk"));
}

/* The kernel logs no text with the digest of its load options; loaders write them in four ways. */
static void load_options_follow_the_line_however_they_are_written(void **state)
{
    static const struct {
        const char *prefix;
        bool with_nul;
    } WAYS[] = {{"", false}, {"BOOT_IMAGE=", false}, {"", true}, {"BOOT_IMAGE=", true}};
    const struct update_edit edit = {.to = span_text("lockdown=integrity")};
    struct boot *boot = *state;

    update.edits = &edit;
    update.n_edits = 1;
    for (size_t i = 0; i < sizeof WAYS / sizeof *WAYS; i++) {
        char next[256];
        struct crypto_digest wanted;

        boot_begin(boot);
        boot_grub_kernel(boot);
        boot_load_options(boot, WAYS[i].prefix, OLD_KERNEL " root=/dev/vda1 quiet",
                          WAYS[i].with_nul);
        make_plan(boot);
        snprintf(next, sizeof next, "%s%s", WAYS[i].prefix,
                 OLD_KERNEL " root=/dev/vda1 quiet lockdown=integrity");
        wanted = utf16_digest(boot, next, WAYS[i].with_nul);
        assert_non_null(next_of(boot, 9, EV_EVENT_TAG));
        assert_true(span_equal(*next_of(boot, 9, EV_EVENT_TAG), crypto_digest_span(&wanted)));
        assert_null(gap("kernel command line, as its digest"));
    }
    boot_begin(boot);
    boot_grub_kernel(boot);
    boot_load_options(boot, "", "another line", false);
    make_plan(boot);
    assert_null(next_of(boot, 9, EV_EVENT_TAG));
    assert_non_null(gap("kernel command line, as its digest"));
}

/* systemd-boot measures the line in UTF-16. */
static void a_wide_line_is_changed_as_it_is_written(void **state)
{
    const struct update_edit edit = {.from = span_text("quiet"), .to = span_text("debug")};
    struct boot *boot = *state;
    struct crypto_digest wanted;

    boot_firmware(boot, true);
    boot_variable(boot, EV_EFI_VARIABLE_AUTHORITY, BOOT_DATABASE, "db",
                  boot_certificate_authority("signer"));
    boot_image(boot, 4, "\\EFI\\systemd\\systemd-bootx64.efi", "systemd-boot");
    boot_stub_line(boot, "root=/dev/vda1 quiet");
    update.edits = &edit;
    update.n_edits = 1;
    make_plan(boot);
    wanted = utf16_digest(boot, "root=/dev/vda1 debug", true);
    assert_non_null(next_of(boot, 12, EV_IPL));
    assert_true(span_equal(*next_of(boot, 12, EV_IPL), crypto_digest_span(&wanted)));
    assert_true(accepts(boot, CLAIM_BOOT_KERNEL_COMMAND_LINE, "root=/dev/vda1 debug"));
}

/* There is a whole plan, or the error says that memory ran out. */
static void a_full_arena_is_an_error(void **state)
{
    static const char DBX[] = "\x26\x16\xc4\xc1\x4c\x50\x92\x40\xac\xa9\x41\xf9\x36\x93\x43\x28"
                              "\x4c\x00\x00\x00\x00\x00\x00\x00\x30\x00\x00\x00"
                              "an owner of ours"
                              "an image that must not run again";
    const struct update_edit edits[] = {{.from = span_text("quiet"), .to = span_text("debug")},
                                        {.to = span_text("lockdown=integrity")}};
    struct boot *boot = *state;
    size_t used, step, n_values;

    boot_grub_kernel(boot);
    boot_load_options(boot, "", OLD_KERNEL " root=/dev/vda1 quiet", false);
    announce("boot/vmlinuz-" NEW_RELEASE, kernel_image());
    announce("boot/initrd.img-" NEW_RELEASE, span_text("new RAM disk"));
    update.edits = edits;
    update.n_edits = 2;
    update.revocations = span_of(DBX, sizeof DBX - 1);
    boot_collect(boot);
    used = boot->arena.used;
    make_plan(boot);
    n_values = plan.accepted.n_values;
    assert_true(n_values > 5);
    used = boot->arena.used - used;
    step = used / 2000 / 16 * 16 + 16;
    for (size_t cap = 0; cap < used; cap += step) {
        struct arena small = arena_init(cap);
        struct error error = {0};

        plan.n_changes = 4711;
        if (update_plan(&update, &boot->input, &small, &plan, &error)) {
            assert_int_equal(plan.accepted.n_values, n_values);
        } else {
            assert_int_equal(error.code, ERROR_MEMORY);
            assert_int_equal(plan.n_changes, 4711);
        }
        arena_done(&small);
    }
}

static int begin(void **state)
{
    struct boot *boot;
    struct error error;

    if (boot_setup(state) != 0)
        return -1;
    boot = *state;
    update = (struct update){.crypto = boot->crypto, .components = &components};
    return component_set_init(&components, boot->crypto, &boot->arena, SHA256_ONLY, 1, &error) ? 0
                                                                                               : -1;
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, begin, boot_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_new_release_goes_into_path_and_line),
        TEST(load_options_follow_the_line_however_they_are_written),
        TEST(a_wide_line_is_changed_as_it_is_written),
        TEST(a_full_arena_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
