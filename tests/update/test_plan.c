/* Plans over real boots of tests/fixtures: what was announced is accepted, what is planned comes true,
 * and nothing else is accepted. */
#include "update/update.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "policy/learn.h"
#include "policy/policy.h"
#include "support/pe_builder.h"
#include "support/soft_certificate.h"
#include "support/soft_image_signature.h"
#include "support/soft_key.h"
#include "wire/event_type.h"

enum { FILE_CAP = 1024 * 1024 };

static const uint16_t SHA256_ONLY[] = {TPM_ALG_SHA256};

static struct crypto *crypto;
static struct arena arena;
static struct component_set components;
static struct update update;

static struct measured_log log_of(const char *name)
{
    const char *path = arena_printf(&arena, "%s/tests/fixtures/%s/eventlog.bin",
                                    getenv("BOOTSEAL_SOURCE_ROOT"), name);
    FILE *file = fopen(path, "rb");
    uint8_t *bytes = arena_alloc(&arena, FILE_CAP);
    struct measured_log log;
    struct error error;

    assert_non_null(file);
    assert_non_null(bytes);
    assert_true(measured_log_read(crypto, span_of(bytes, fread(bytes, 1, FILE_CAP, file)),
                                  TPM_ALG_SHA256, &arena, &log, &error));
    fclose(file);
    return log;
}

static struct claims_input input_of(const struct measured_log *log)
{
    return (struct claims_input){.log = log, .attested_pcrs = UINT32_MAX, .crypto = crypto};
}

static struct claims *claims_of(const struct measured_log *log)
{
    struct claims_input input = input_of(log);
    struct claims *claims = arena_new(&arena, struct claims);
    struct reasons *reasons = arena_new(&arena, struct reasons);
    struct error error;

    assert_true(claims_collect(&input, &arena, claims, reasons, &error));
    return claims;
}

static const struct component *announce(const char *path, struct span bytes)
{
    const struct component *last = components.last;
    struct error error;

    assert_true(component_add_file(
        &components,
        &(struct component_file){.path = span_text(path), .bytes = bytes, .source = "new"},
        &error));
    return last->next;
}

static struct update_plan plan_of(const struct measured_log *log)
{
    struct claims_input input = input_of(log);
    struct update_plan all = {
        .accepted = {.arena = &arena}, .retired = {.arena = &arena}, .kept = {.arena = &arena}};
    struct update_plan plan;
    struct error error;

    assert_true(update_plan(&update, &input, &arena, &plan, &error));
    assert_true(update_plan_join(&all, &plan, &error));
    plan.accepted = all.accepted;
    plan.retired = all.retired;
    return plan;
}

static bool has_value(const struct reference_values *values, enum claim_id claim, const char *text)
{
    for (size_t i = 0; i < values->n_values; i++)
        if (values->values[i].claim == claim &&
            strcmp(claim_item_print(crypto, &values->values[i].item, &arena), text) == 0)
            return true;
    return false;
}

static size_t count(const struct reference_values *values, enum claim_id claim)
{
    size_t n = 0;

    for (size_t i = 0; i < values->n_values; i++)
        n += values->values[i].claim == claim;
    return n;
}

static bool has_gap(const struct update_plan *plan, const char *what)
{
    for (size_t i = 0; i < plan->n_gaps; i++)
        if (strcmp(plan->gaps[i].what, what) == 0)
            return true;
    return false;
}

/* The rules of a policy learned from one boot that another one breaks, with the update accepted. */
static struct reasons *judge(const struct measured_log *learned, const struct update_plan *plan,
                             const struct measured_log *judged)
{
    const struct reference_document document = {.kind = "update",
                                                .section = "accept",
                                                .name = "u",
                                                .version = "1",
                                                .description = "d",
                                                .retired = plan ? &plan->retired : NULL};
    struct reasons *reasons = arena_new(&arena, struct reasons);
    struct policy_sources sources = {0};
    struct policy_position position;
    struct policy *policy;
    struct error error;
    struct span text;

    assert_true(policy_learn(claims_of(learned), crypto, "learned", &arena, &sources.text, &error));
    if (plan) {
        assert_true(reference_values_write(&plan->accepted, &document, &text, &error));
        sources.updates = &text;
        sources.n_updates = 1;
    }
    if (!policy_compile(&sources, &arena, &policy, &position, &error))
        fail_msg("source %zu, line %zu: %s", position.source, position.line, error.message);
    assert_true(policy_evaluate(policy, crypto, claims_of(judged), &arena, NULL, reasons, &error));
    return reasons;
}

/* GRUB's configuration of a lab host (lab/bootdisk). */
static struct span configuration(const char *command_line)
{
    return span_text(arena_printf(
        &arena, "set timeout=0\nlinux /vmlinuz %s\ninitrd /initrd.img\nboot\n", command_line));
}

#define COMMAND_LINE "console=ttyS0 quiet panic=-1 ima_policy=tcb"

/* --- Command lines --- */

static void an_announced_command_line_passes_and_comes_true(void **state)
{
    struct measured_log before = log_of("secure-boot"), after = log_of("command-line");
    struct update_edit edit = {.to = span_text("lockdown=none")};
    struct update_plan plan;

    (void)state;
    announce("EFI/debian/grub.cfg", configuration(COMMAND_LINE " lockdown=none"));
    update.edits = &edit;
    update.n_edits = 1;
    plan = plan_of(&before);
    assert_int_equal(plan.n_gaps, 0);
    assert_int_equal(plan.n_changes, 3); /* configuration, command, line */
    for (size_t i = 0; i < plan.n_changes; i++)
        assert_true(span_equal(plan.changes[i].to, after.events[plan.changes[i].event].digest));
    assert_true(has_value(&plan.accepted, CLAIM_BOOT_KERNEL_COMMAND_LINE,
                          "/vmlinuz " COMMAND_LINE " lockdown=none"));
    assert_true(has_value(&plan.retired, CLAIM_BOOT_KERNEL_COMMAND_LINE, "/vmlinuz " COMMAND_LINE));
    assert_int_not_equal(judge(&before, NULL, &after)->n_items, 0);
    assert_int_equal(judge(&before, &plan, &after)->n_items, 0);
    assert_int_equal(judge(&before, &plan, &before)->n_items, 0); /* old beside new */
}

static void a_whole_line_needs_no_path_and_no_prefix(void **state)
{
    static const char *const LINES[] = {COMMAND_LINE " lockdown=none",
                                        "/vmlinuz " COMMAND_LINE " lockdown=none",
                                        "BOOT_IMAGE=/vmlinuz " COMMAND_LINE " lockdown=none"};
    struct measured_log before = log_of("secure-boot");

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct span line = span_text(LINES[i]);
        struct update_plan plan;

        update.command_lines = &line;
        update.n_command_lines = 1;
        plan = plan_of(&before);
        assert_int_equal(count(&plan.accepted, CLAIM_BOOT_KERNEL_COMMAND_LINE), 1);
        assert_true(has_value(&plan.accepted, CLAIM_BOOT_KERNEL_COMMAND_LINE,
                              "/vmlinuz " COMMAND_LINE " lockdown=none"));
    }
}

static void every_announced_line_is_accepted_and_a_kept_one_not_retired(void **state)
{
    struct measured_log before = log_of("secure-boot");
    struct span lines[] = {span_text("a=1"), span_text("b=2"), span_text(COMMAND_LINE)};
    struct update_plan plan;

    (void)state;
    update.command_lines = lines;
    update.n_command_lines = 3;
    plan = plan_of(&before);
    assert_true(has_value(&plan.accepted, CLAIM_BOOT_KERNEL_COMMAND_LINE, "/vmlinuz a=1"));
    assert_true(has_value(&plan.accepted, CLAIM_BOOT_KERNEL_COMMAND_LINE, "/vmlinuz b=2"));
    assert_int_equal(count(&plan.retired, CLAIM_BOOT_KERNEL_COMMAND_LINE), 0);
}

static void a_parameter_is_replaced_or_taken_out(void **state)
{
    struct measured_log before = log_of("secure-boot");
    struct update_edit edits[] = {{.from = span_text("quiet")},
                                  {.from = span_text("panic=-1"), .to = span_text("panic=5")}};
    struct update_plan plan;

    (void)state;
    update.edits = edits;
    update.n_edits = 2;
    plan = plan_of(&before);
    assert_true(has_value(&plan.accepted, CLAIM_BOOT_KERNEL_COMMAND_LINE,
                          "/vmlinuz console=ttyS0 panic=5 ima_policy=tcb"));
    assert_true(has_gap(&plan, "grub.cfg")); /* nobody handed the new one in */
}

static void a_switch_that_changes_is_told(void **state)
{
    struct measured_log before = log_of("secure-boot");
    struct update_edit edit = {.to = span_text("kgdboc=ttyS0")};
    struct update_plan plan;

    (void)state;
    update.edits = &edit;
    update.n_edits = 1;
    plan = plan_of(&before);
    assert_true(has_gap(&plan, "claim debug.kernel"));
}

/* --- Files and images --- */

static void what_is_handed_in_and_not_loaded_is_told(void **state)
{
    struct measured_log before = log_of("secure-boot");
    struct pe_builder_section section = {.name = ".text", .data = span_text("code")};
    struct pe_builder builder = {.is_64 = true, .sections = &section, .n_sections = 1};
    static uint8_t image[8192];
    struct update_plan plan;

    (void)state;
    announce("EFI/debian/other.efi", pe_builder_write(&builder, image, sizeof image));
    announce("usr/share/doc/readme", span_text("text"));
    plan = plan_of(&before);
    assert_int_equal(plan.n_changes, 0);
    assert_int_equal(plan.accepted.n_values, 0);
    assert_int_equal(plan.n_unused, 1);
    assert_string_equal(plan.unused[0]->path, "EFI/debian/other.efi");
}

static void an_image_is_found_by_its_path_and_an_unknown_signer_told(void **state)
{
    struct measured_log before = log_of("secure-boot");
    struct pe_builder_section section = {.name = ".text", .data = span_text("code")};
    struct pe_builder builder = {.is_64 = true, .sections = &section, .n_sections = 1};
    static uint8_t image[8192];
    const struct component *grub;
    struct update_plan plan;

    (void)state;
    grub = announce("usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed",
                    pe_builder_write(&builder, image, sizeof image));
    plan = plan_of(&before);
    assert_int_equal(plan.n_changes, 3); /* and the kernel's load options, if they get measured */
    assert_string_equal(plan.changes[0].what, "GRUB");
    assert_ptr_equal(plan.changes[0].component, grub);
    assert_int_equal(count(&plan.accepted, CLAIM_BOOT_IMAGES), 1);
    assert_int_equal(count(&plan.retired, CLAIM_BOOT_IMAGES), 1);
    assert_true(has_gap(&plan, "GRUB"));
}

static void an_initial_ram_disk_is_one_when_the_operator_says_so(void **state)
{
    struct measured_log before = log_of("secure-boot");
    const struct component *disk = announce("tmp/strange-name", span_text("a RAM disk"));
    struct update_plan plan = plan_of(&before);

    (void)state;
    assert_int_equal(plan.n_changes, 0);
    update.initrds = &disk;
    update.n_initrds = 1;
    plan = plan_of(&before);
    assert_int_equal(plan.n_changes, 1);
    assert_string_equal(plan.changes[0].what, "initial RAM disk");
    assert_int_equal(count(&plan.accepted, CLAIM_BOOT_FILES), 1);
    assert_int_equal(plan.n_unused, 0);
}

/* --- What a new boot loader brings with it --- */

#define LEVELS(automatic, latest)                                                                  \
    "\0\0\0\0\x08\0\0\0\x22\0\0\0sbat,1," automatic "\ngrub,6\n\0sbat,1," latest "\ngrub,7\n"

static const char NEXT_LEVELS[] = LEVELS("2030010100", "2030020200"),
                  PAST_LEVELS[] = LEVELS("2020010100", "2020020200");

/* An image with these levels, or with none, and this SBAT. */
static struct span loader_image(struct span levels, const char *sbat)
{
    static uint8_t images[4][8192];
    static size_t n;
    struct pe_builder_section sections[] = {{.name = ".sbat", .data = span_text(sbat)},
                                            {.name = ".sbatlevel", .data = levels}};
    struct pe_builder builder = {.is_64 = true, .sections = sections};

    builder.n_sections = levels.len ? 2 : 1;
    n = (n + 1) % 4;
    return pe_builder_write(&builder, images[n], sizeof images[n]);
}

static struct span shim_image(const char *levels)
{
    return loader_image(span_of(levels, sizeof NEXT_LEVELS), "sbat,1\nshim,4\n");
}

static bool level_will_be(const struct update_plan *plan, const char *level)
{
    return count(&plan->accepted, CLAIM_SECURE_BOOT_SBAT_LEVEL) == 1 &&
           count(&plan->retired, CLAIM_SECURE_BOOT_SBAT_LEVEL) == 1 &&
           has_value(&plan->accepted, CLAIM_SECURE_BOOT_SBAT_LEVEL, level);
}

static void a_new_shim_raises_the_revocation_level(void **state)
{
    struct measured_log before = log_of("secure-boot");
    struct update_plan plan;

    (void)state;
    announce("usr/lib/shim/shimx64.efi.signed", shim_image(NEXT_LEVELS));
    plan = plan_of(&before);
    assert_true(level_will_be(&plan, "sbat,1,2030010100 grub,6"));
    assert_true(has_gap(&plan, "GRUB")); /* which may be too old for that */
    update.sbat_latest = true;
    plan = plan_of(&before);
    assert_true(level_will_be(&plan, "sbat,1,2030020200 grub,7"));
}

static void a_level_never_goes_back(void **state)
{
    struct measured_log before = log_of("secure-boot");
    struct update_plan plan;

    (void)state;
    announce("usr/lib/shim/shimx64.efi.signed", shim_image(PAST_LEVELS));
    plan = plan_of(&before);
    assert_int_equal(plan.n_changes, 1);
    assert_int_equal(count(&plan.accepted, CLAIM_SECURE_BOOT_SBAT_LEVEL), 0);
    assert_false(has_gap(&plan, "GRUB"));
}

/* Levels count of shim, and of the file of revocations that it looks for; of nothing else. */
static void revocations_beside_shim_raise_the_level(void **state)
{
    struct measured_log before = log_of("secure-boot");
    struct pe_builder_section sections[] = {
        {.name = ".sbata", .data = span_text("sbat,1,2030010100\nmm,1\n")},
        {.name = ".sbatl", .data = span_text("sbat,1,2030020200\nmm,2\n")}};
    struct pe_builder builder = {.is_64 = true, .sections = sections, .n_sections = 2};
    static uint8_t image[8192];
    struct span file = pe_builder_write(&builder, image, sizeof image);
    struct update_plan plan;

    (void)state;
    announce("EFI/BOOT/other.efi", file);
    plan = plan_of(&before);
    assert_int_equal(plan.accepted.n_values, 0);
    assert_int_equal(plan.n_unused, 1);
    announce("EFI/BOOT/revocations_sbat.efi", file);
    plan = plan_of(&before);
    assert_true(level_will_be(&plan, "sbat,1,2030010100 mm,1"));
    assert_int_equal(plan.n_unused, 1);
    assert_int_equal(count(&plan.accepted, CLAIM_BOOT_IMAGES), 1); /* shim measures it */
}

/* The log with an event of the digest OTHER before the first image, which is otherwise the same. */
static const uint8_t OTHER[32] = {1};

static size_t add_first_image(struct measured_log *log)
{
    struct measured_event *events = arena_array(&arena, log->n_events + 1, sizeof *events);
    size_t first = 0;

    while (log->events[first].event.type != EV_EFI_BOOT_SERVICES_APPLICATION)
        first++;
    memcpy(events, log->events, (first + 1) * sizeof *events);
    memcpy(events + first + 1, log->events + first, (log->n_events - first) * sizeof *events);
    events[first].digest = span_of(OTHER, sizeof OTHER);
    log->events = events;
    log->n_events++;
    return first;
}

/* shim measures its revocations under its own path, behind itself. */
static void a_shim_is_told_from_its_revocations(void **state)
{
    struct measured_log before = log_of("secure-boot");
    size_t first = add_first_image(&before);
    struct pe_builder_section sections[] = {
        {.name = ".sbata", .data = span_text("sbat,1,2020010100\n")},
        {.name = ".sbatl", .data = span_text("sbat,1,2020010100\n")}};
    struct pe_builder builder = {.is_64 = true, .sections = sections, .n_sections = 2};
    static uint8_t image[8192];
    struct update_plan plan;

    (void)state;
    announce("usr/lib/shim/shimx64.efi.signed", shim_image(PAST_LEVELS));
    plan = plan_of(&before);
    assert_int_equal(plan.n_changes, 1);
    assert_int_equal(plan.changes[0].event, first);
    announce("EFI/BOOT/revocations_sbat.efi", pe_builder_write(&builder, image, sizeof image));
    plan = plan_of(&before);
    assert_int_equal(plan.n_changes, 2);
    assert_int_equal(plan.changes[1].event, first + 1);
}

static void an_image_that_cannot_start_is_told(void **state)
{
    static const char LYING[] = "\0\0\0\0\xFF\0\0\0\xFF\0\0\0";
    struct measured_log before = log_of("secure-boot");
    struct update_plan plan;

    (void)state;
    announce("EFI/BOOT/BOOTX64.EFI",
             loader_image(span_of(LYING, sizeof LYING), "sbat,1\nshim,4\n"));
    plan = plan_of(&before);
    assert_true(has_gap(&plan, "shim"));
    assert_non_null(strstr(plan.gaps[0].why, "damaged"));
}

/* Changed after it was signed. */
static void a_signature_of_something_else_is_told(void **state)
{
    struct measured_log before = log_of("secure-boot");
    struct pe_builder_section section = {.name = ".text", .data = span_text("code")};
    struct pe_builder builder = {.is_64 = true, .sections = &section, .n_sections = 1};
    static uint8_t image[16384], message[8192];
    struct update_plan plan;
    struct soft_key key;
    X509 *certificate;

    (void)state;
    soft_key_rsa(&key, 2048);
    certificate = soft_certificate_make(&(struct soft_certificate){
        .subject = "Signer", .key = key.pkey, .issuer_key = key.pkey, .no_tpm_name = true});
    builder.certificate = soft_image_signature_make(
        &(struct soft_image_signature){
            .certificate = certificate, .key = key.pkey, .digest = span_of(OTHER, sizeof OTHER)},
        message, sizeof message);
    announce("grub/grubx64.efi", pe_builder_write(&builder, image, sizeof image));
    plan = plan_of(&before);
    assert_non_null(strstr(plan.gaps[0].why, "none of its signatures"));
    X509_free(certificate);
    soft_key_done(&key);
}

static void a_loader_under_the_level_is_told(void **state)
{
    struct measured_log before = log_of("secure-boot");
    struct update_plan plan;

    (void)state;
    announce("usr/lib/shim/shimx64.efi.signed", shim_image(NEXT_LEVELS));
    announce("usr/lib/grub/grubx64.efi", loader_image((struct span){0}, "sbat,1\ngrub,5\n"));
    plan = plan_of(&before);
    for (size_t i = 0; i < plan.n_gaps; i++)
        if (strstr(plan.gaps[i].why, "grub,5, is under"))
            return;
    fail();
}

static void a_loader_of_the_level_is_not_told(void **state)
{
    struct measured_log before = log_of("secure-boot");
    struct update_plan plan;

    (void)state;
    announce("usr/lib/shim/shimx64.efi.signed", shim_image(NEXT_LEVELS));
    announce("usr/lib/grub/grubx64.efi", loader_image((struct span){0}, "sbat,1\ngrub,6\n"));
    plan = plan_of(&before);
    for (size_t i = 0; i < plan.n_gaps; i++)
        assert_null(strstr(plan.gaps[i].why, "SbatLevel"));
}

/* GRUB 2.12 starts kernels by their EFI stub, which measures the line; this digest is from such a boot. */
static void load_options_may_be_measured_from_a_new_loader_on(void **state)
{
    struct measured_log before = log_of("secure-boot");
    struct span line = span_text("/vmlinuz-6.1.0-47-cloud-amd64 root=/dev/vda2 ro console=ttyS0 "
                                 "quiet panic=-1 no_timer_check ima_policy=tcb");
    struct update_plan plan;

    (void)state;
    update.command_lines = &line;
    update.n_command_lines = 1;
    plan = plan_of(&before);
    assert_int_equal(count(&plan.accepted, CLAIM_BOOT_FILES), 0);
    announce("usr/lib/grub/grubx64.efi", loader_image((struct span){0}, "sbat,1\ngrub,5\n"));
    plan = plan_of(&before);
    assert_int_equal(count(&plan.accepted, CLAIM_BOOT_FILES), 2);
    assert_true(
        has_value(&plan.accepted, CLAIM_BOOT_FILES,
                  "sha256:1586d0e659817cb9e7eca6d59ae7a3df924f569756c13e78dbd35ad3d5917573"));
}

/* A boot manager under firmware's own name, before the image that it starts. */
static void systemd_boot_is_found_where_firmware_looks_first(void **state)
{
    struct measured_log before = log_of("own-keys-uki");
    struct pe_builder_section section = {
        .name = ".sdmagic", .data = span_text("#### LoaderInfo: systemd-boot 257 ####")};
    struct pe_builder builder = {.is_64 = true, .sections = &section, .n_sections = 1};
    size_t first = add_first_image(&before);
    static uint8_t image[8192];
    struct update_plan plan;

    (void)state;
    announce("lib/manager.efi", pe_builder_write(&builder, image, sizeof image));
    plan = plan_of(&before);
    assert_int_equal(plan.n_unused, 0);
    assert_int_equal(plan.n_changes, 1);
    assert_int_equal(plan.changes[0].event, first);
    assert_int_equal(count(&plan.accepted, CLAIM_BOOT_IMAGES), 1);
}

/* --- Unified kernel images --- */

static struct span unified_image(const char *command_line, bool system)
{
    static uint8_t image[16384];
    struct pe_builder_section sections[] = {
        {.name = ".linux", .data = span_text("a kernel")},
        {.name = ".cmdline", .data = span_text(command_line)},
        {.name = ".initrd", .data = span_text("a RAM disk")},
        {.name = ".osrel", .data = span_text("ID=test\n")},
    };
    struct pe_builder builder = {.is_64 = true, .sections = sections, .n_sections = system ? 4 : 3};

    return pe_builder_write(&builder, image, sizeof image);
}

static void a_unified_kernel_image_brings_its_sections_and_its_line(void **state)
{
    struct measured_log before = log_of("own-keys-uki");
    struct update_plan plan;

    (void)state;
    announce("EFI/BOOT/BOOTX64.EFI", unified_image("quiet new=1", true));
    plan = plan_of(&before);
    assert_int_equal(count(&plan.accepted, CLAIM_BOOT_IMAGES), 1);
    assert_int_equal(count(&plan.accepted, CLAIM_BOOT_UNIFIED_KERNEL), 4);
    assert_int_equal(count(&plan.retired, CLAIM_BOOT_UNIFIED_KERNEL), 4);
    /* The kernel measures its RAM disk and its load options once more. */
    assert_int_equal(count(&plan.accepted, CLAIM_BOOT_FILES), 2);
    assert_true(has_value(&plan.accepted, CLAIM_BOOT_KERNEL_COMMAND_LINE, "quiet new=1"));
}

/* What the stub finds beside its image is the host's, and in what Linux measures. */
static void a_ram_disk_with_files_of_the_host_is_told(void **state)
{
    struct measured_log before = log_of("own-keys-uki");
    struct measured_event *events = arena_array(&arena, before.n_events + 1, sizeof *events);
    struct update_plan plan;

    (void)state;
    announce("EFI/BOOT/BOOTX64.EFI", unified_image("quiet new=1", true));
    plan = plan_of(&before);
    assert_false(has_gap(&plan, "initial RAM disk"));
    memcpy(events, before.events, before.n_events * sizeof *events);
    events[before.n_events] = events[before.n_events - 1];
    events[before.n_events].event.pcr = 12;
    events[before.n_events++].coverage = COVERAGE_NONE;
    before.events = events;
    plan = plan_of(&before);
    assert_true(has_gap(&plan, "initial RAM disk"));
}

static void a_section_that_goes_is_retired(void **state)
{
    struct measured_log before = log_of("own-keys-uki");
    struct update_plan plan;

    (void)state;
    announce("EFI/Linux/other-name.efi", unified_image("quiet", false));
    plan = plan_of(&before);
    assert_int_equal(count(&plan.accepted, CLAIM_BOOT_UNIFIED_KERNEL), 3);
    assert_int_equal(count(&plan.retired, CLAIM_BOOT_UNIFIED_KERNEL), 4);
}

/* --- dbx --- */

/* One list with two SHA-256 digests (UEFI 2.10 section 32.4.1). */
static const uint8_t REVOKED[] = "\x26\x16\xc4\xc1\x4c\x50\x92\x40\xac\xa9\x41\xf9\x36\x93\x43\x28"
                                 "\x7c\x00\x00\x00\x00\x00\x00\x00\x30\x00\x00\x00"
                                 "an owner of ours"
                                 "an image that must not run again"
                                 "an owner of ours"
                                 "and another one of the same kind";

static void revocations_are_added_to_dbx(void **state)
{
    struct measured_log before = log_of("secure-boot");
    struct update_plan plan;

    (void)state;
    update.revocations = span_of(REVOKED, sizeof REVOKED - 1);
    plan = plan_of(&before);
    assert_int_equal(plan.n_changes, 1);
    assert_int_equal(plan.n_gaps, 0);
    assert_int_equal(count(&plan.accepted, CLAIM_SECURE_BOOT_DBX), 2);
    assert_int_equal(count(&plan.retired, CLAIM_SECURE_BOOT_DBX), 0);
}

/* Firmware leaves out what is there: an update of nothing new changes nothing. */
static void a_revocation_that_is_there_changes_nothing(void **state)
{
    struct measured_log before = log_of("secure-boot");
    struct span variable = {0};
    struct update_plan plan;

    (void)state;
    for (size_t i = 0; i < before.n_events; i++)
        if (before.events[i].event.pcr == 7 && before.events[i].event.data.len == 38 + 76)
            variable = before.events[i].event.data;
    assert_int_equal(variable.len, 38 + 76); /* dbx with one digest, and nothing else */
    update.revocations = span_of(variable.data + 38, 76);
    plan = plan_of(&before);
    assert_int_equal(plan.n_changes, 0);
    assert_int_equal(plan.accepted.n_values, 0);
}

static void lists_that_break_are_refused(void **state)
{
    struct measured_log before = log_of("secure-boot");
    struct claims_input input = input_of(&before);
    struct update_plan plan;
    struct error error;

    (void)state;
    update.revocations = span_of(REVOKED, 40);
    assert_false(update_plan(&update, &input, &arena, &plan, &error));
    assert_int_equal(error.code, ERROR_TRUNCATED);
}

/* --- Limits --- */

static void a_log_of_another_bank_is_refused(void **state)
{
    static const uint16_t SHA384_ONLY[] = {TPM_ALG_SHA384};
    struct measured_log before = log_of("secure-boot");
    struct claims_input input = input_of(&before);
    struct update_plan plan;
    struct error error;

    (void)state;
    assert_true(component_set_init(&components, crypto, &arena, SHA384_ONLY, 1, &error));
    assert_false(update_plan(&update, &input, &arena, &plan, &error));
    assert_int_equal(error.code, ERROR_UNSUPPORTED);
}

static void too_many_variants_are_refused(void **state)
{
    struct measured_log before = log_of("secure-boot");
    struct claims_input input = input_of(&before);
    const struct component *disks[LIMIT_UPDATE_VARIANTS + 1];
    struct update_plan plan;
    struct error error;

    (void)state;
    for (size_t i = 0; i <= LIMIT_UPDATE_VARIANTS; i++)
        disks[i] = announce(arena_printf(&arena, "disk-%zu", i),
                            span_text(arena_printf(&arena, "RAM disk %zu", i)));
    update.initrds = disks;
    update.n_initrds = LIMIT_UPDATE_VARIANTS + 1;
    assert_false(update_plan(&update, &input, &arena, &plan, &error));
    assert_int_equal(error.code, ERROR_LIMIT);
    update.n_initrds = LIMIT_UPDATE_VARIANTS;
    assert_true(update_plan(&update, &input, &arena, &plan, &error));
    assert_int_equal(count(&plan.accepted, CLAIM_BOOT_FILES), LIMIT_UPDATE_VARIANTS);
}

static int begin(void **state)
{
    struct error error;

    (void)state;
    arena = arena_init(256 * 1024 * 1024);
    update = (struct update){.crypto = crypto, .components = &components};
    return component_set_init(&components, crypto, &arena, SHA256_ONLY, 1, &error) ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    arena_done(&arena);
    return 0;
}

static int set_up(void **state)
{
    struct error error;

    (void)state;
    crypto = crypto_new(&error);
    return crypto ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    crypto_free(crypto);
    return 0;
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_announced_command_line_passes_and_comes_true),
        TEST(a_whole_line_needs_no_path_and_no_prefix),
        TEST(every_announced_line_is_accepted_and_a_kept_one_not_retired),
        TEST(a_parameter_is_replaced_or_taken_out),
        TEST(a_switch_that_changes_is_told),
        TEST(what_is_handed_in_and_not_loaded_is_told),
        TEST(an_image_is_found_by_its_path_and_an_unknown_signer_told),
        TEST(an_initial_ram_disk_is_one_when_the_operator_says_so),
        TEST(a_new_shim_raises_the_revocation_level),
        TEST(a_level_never_goes_back),
        TEST(revocations_beside_shim_raise_the_level),
        TEST(a_shim_is_told_from_its_revocations),
        TEST(an_image_that_cannot_start_is_told),
        TEST(a_signature_of_something_else_is_told),
        TEST(a_loader_under_the_level_is_told),
        TEST(a_loader_of_the_level_is_not_told),
        TEST(load_options_may_be_measured_from_a_new_loader_on),
        TEST(systemd_boot_is_found_where_firmware_looks_first),
        TEST(a_unified_kernel_image_brings_its_sections_and_its_line),
        TEST(a_ram_disk_with_files_of_the_host_is_told),
        TEST(a_section_that_goes_is_retired),
        TEST(revocations_are_added_to_dbx),
        TEST(a_revocation_that_is_there_changes_nothing),
        TEST(lists_that_break_are_refused),
        TEST(a_log_of_another_bank_is_refused),
        TEST(too_many_variants_are_refused),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
