#include "boot.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/writer.h"
#include "wire/sipa.h"

static const uint8_t OWNERS[][16] = {
    [BOOT_GLOBAL] = {0x61, 0xdf, 0xe4, 0x8b, 0xca, 0x93, 0xd2, 0x11, 0xaa, 0x0d, 0x00, 0xe0, 0x98,
                     0x03, 0x2b, 0x8c},
    [BOOT_DATABASE] = {0xcb, 0xb2, 0x19, 0xd7, 0x3a, 0x3d, 0x96, 0x45, 0xa3, 0xbc, 0xda, 0xd0, 0x0e,
                       0x67, 0x65, 0x6f},
    [BOOT_SHIM] = {0x50, 0xab, 0x5d, 0x60, 0x46, 0xe0, 0x00, 0x43, 0xab, 0xb6, 0x3d, 0xd8, 0x10,
                   0xdd, 0x8b, 0x23},
    [BOOT_STRANGER] = {1},
};
static const uint8_t X509[] = {0xa1, 0x59, 0xc0, 0xa5, 0xe4, 0x94, 0xa7, 0x4a,
                               0x87, 0xb5, 0xab, 0x15, 0x5c, 0x2b, 0xf0, 0x72};

int boot_setup(void **state)
{
    struct boot *boot = calloc(1, sizeof *boot);
    struct error error;

    boot->crypto = crypto_new(&error);
    boot->arena = arena_init((size_t)16 << 20);
    boot_begin(boot);
    *state = boot;
    return boot->crypto ? 0 : -1;
}

int boot_teardown(void **state)
{
    struct boot *boot = *state;

    crypto_free(boot->crypto);
    arena_done(&boot->arena);
    free(boot);
    return 0;
}

void boot_begin(struct boot *boot)
{
    static const uint16_t algs[] = {TPM_ALG_SHA256, 0};

    log_builder_agile(&boot->log, boot->crypto, algs);
    boot->input = (struct claims_input){.attested_pcrs = UINT32_MAX, .crypto = boot->crypto};
}

struct span boot_variable_data(enum boot_owner owner, const char *name, struct span contents)
{
    static uint8_t data[8192];
    struct writer writer = writer_init(data, sizeof data);

    writer_bytes(&writer, span_of(OWNERS[owner], 16));
    writer_le64(&writer, strlen(name));
    writer_le64(&writer, contents.len);
    for (const char *c = name; *c; c++)
        writer_le16(&writer, (uint16_t)*c);
    writer_bytes(&writer, contents);
    return writer_span(&writer);
}

void boot_variable(struct boot *boot, uint32_t type, enum boot_owner owner, const char *name,
                   struct span contents)
{
    log_builder_add(&boot->log, 7, type, boot_variable_data(owner, name, contents));
}

static void write_certificate(struct writer *writer, const char *text)
{
    writer_u8(writer, 0x30);
    writer_u8(writer, 0x82);
    writer_be16(writer, (uint16_t)strlen(text));
    writer_bytes(writer, span_text(text));
}

struct span boot_certificate_authority(const char *text)
{
    static uint8_t data[4096];
    struct writer writer = writer_init(data, sizeof data);

    writer_bytes(&writer, span_of(OWNERS[BOOT_STRANGER], 16));
    write_certificate(&writer, text);
    return writer_span(&writer);
}

struct span boot_certificate_list(const char *text)
{
    static uint8_t data[4096];
    struct writer writer = writer_init(data, sizeof data);
    struct span entry = boot_certificate_authority(text);

    writer_bytes(&writer, span_of(X509, sizeof X509));
    writer_le32(&writer, (uint32_t)(28 + entry.len));
    writer_le32(&writer, 0);
    writer_le32(&writer, (uint32_t)entry.len);
    writer_bytes(&writer, entry);
    return writer_span(&writer);
}

void boot_text(struct boot *boot, uint32_t pcr, uint32_t type, const char *text)
{
    log_builder_add(&boot->log, pcr, type, span_text(text));
}

void boot_separator(struct boot *boot, uint32_t pcr)
{
    log_builder_add(&boot->log, pcr, EV_SEPARATOR, span_of("\0\0\0\0", 4));
}

void boot_separators(struct boot *boot)
{
    for (uint32_t pcr = 0; pcr <= 7; pcr++)
        boot_separator(boot, pcr);
}

static void write_firmware(struct boot *boot, bool secure_boot, uint32_t without)
{
    const uint32_t config = EV_EFI_VARIABLE_DRIVER_CONFIG;

    boot_text(boot, 0, EV_S_CRTM_VERSION, "1.0");
    boot_variable(boot, config, BOOT_GLOBAL, "SecureBoot", span_of(secure_boot ? "\1" : "\0", 1));
    boot_variable(boot, config, BOOT_GLOBAL, "PK", boot_certificate_list("platform key"));
    boot_variable(boot, config, BOOT_GLOBAL, "KEK", boot_certificate_list("exchange key"));
    boot_variable(boot, config, BOOT_DATABASE, "db", boot_certificate_list("signer"));
    boot_variable(boot, config, BOOT_DATABASE, "dbx", (struct span){0});
    for (uint32_t pcr = 0; pcr <= 7; pcr++)
        if (pcr != without)
            boot_separator(boot, pcr);
}

void boot_firmware(struct boot *boot, bool secure_boot)
{
    write_firmware(boot, secure_boot, LIMIT_PCRS);
}

void boot_firmware_without_separator(struct boot *boot, uint32_t without)
{
    write_firmware(boot, true, without);
}

void boot_image(struct boot *boot, uint32_t pcr, const char *path, const char *image)
{
    uint8_t data[1024];
    struct writer writer = writer_init(data, sizeof data);
    size_t node_len = 4 + 2 * (strlen(path) + 1);

    writer_le64(&writer, 0x1000);
    writer_le64(&writer, strlen(image));
    writer_le64(&writer, 0);
    writer_le64(&writer, *path ? node_len + 4 : 0);
    if (*path) {
        writer_u8(&writer, 4);
        writer_u8(&writer, 4);
        writer_le16(&writer, (uint16_t)node_len);
        for (const char *c = path; *c; c++)
            writer_le16(&writer, (uint16_t)*c);
        writer_le16(&writer, 0);
        writer_le32(&writer, 0x0004FF7F);
    }
    log_builder_add_measured(
        &boot->log, pcr, pcr == 2 ? EV_EFI_BOOT_SERVICES_DRIVER : EV_EFI_BOOT_SERVICES_APPLICATION,
        span_text(image), writer_span(&writer));
}

void boot_grub(struct boot *boot, const char *prefix, const char *text)
{
    char data[1024];
    int len = snprintf(data, sizeof data, "%s%s", prefix, text);

    /* GRUB logs the NUL and does not measure it. */
    log_builder_add_measured(&boot->log, 8, EV_IPL, span_text(text),
                             span_of(data, (size_t)len + 1));
}

void boot_linux(struct boot *boot, const char *command_line)
{
    char command[512];

    boot_variable(boot, EV_EFI_VARIABLE_AUTHORITY, BOOT_DATABASE, "db",
                  boot_certificate_authority("signer"));
    boot_image(boot, 4, "\\EFI\\BOOT\\BOOTX64.EFI", "shim code");
    log_builder_add_measured(&boot->log, 14, EV_IPL, span_text("list"), span_of("MokList", 8));
    boot_variable(boot, EV_EFI_VARIABLE_AUTHORITY, BOOT_SHIM, "SbatLevel",
                  span_text("sbat,1,2024\n"));
    boot_image(boot, 4, "\\EFI\\BOOT\\grubx64.efi", "GRUB code");
    snprintf(command, sizeof command, "linux %s", command_line);
    boot_grub(boot, "grub_cmd: ", command);
    log_builder_add_measured(&boot->log, 9, EV_IPL, span_text("kernel code"),
                             span_text("(hd0)/vmlinuz"));
    boot_image(boot, 4, "", "kernel code");
    boot_grub(boot, "kernel_cmdline: ", command_line);
}

static struct span utf16(const char *text, bool with_nul)
{
    static uint8_t data[4096];
    struct writer writer = writer_init(data, sizeof data);

    for (const char *c = text; *c; c++)
        writer_le16(&writer, (uint8_t)*c);
    if (with_nul)
        writer_le16(&writer, 0);
    return writer_span(&writer);
}

void boot_stub_line(struct boot *boot, const char *line)
{
    log_builder_add(&boot->log, 12, EV_IPL, utf16(line, true));
}

void boot_section(struct boot *boot, const char *name, const char *contents)
{
    log_builder_add_measured(&boot->log, 11, EV_IPL, span_of(name, strlen(name) + 1),
                             utf16(name, true));
    log_builder_add_measured(&boot->log, 11, EV_IPL, span_text(contents), utf16(name, true));
}

void boot_tag(struct boot *boot, uint32_t tag, struct span measured)
{
    uint8_t data[64];
    struct writer writer = writer_init(data, sizeof data);

    writer_le32(&writer, tag);
    writer_le32(&writer, 4);
    writer_bytes(&writer, span_of("tag", 4));
    log_builder_add_measured(&boot->log, 9, EV_EVENT_TAG, measured, writer_span(&writer));
}

void boot_load_options(struct boot *boot, const char *prefix, const char *line, bool with_nul)
{
    char text[1024];

    snprintf(text, sizeof text, "%s%s", prefix, line);
    boot_tag(boot, 0x8F3B22ED, utf16(text, with_nul));
}

void boot_unified_kernel(struct boot *boot, const char *section_of_line)
{
    boot_variable(boot, EV_EFI_VARIABLE_AUTHORITY, BOOT_DATABASE, "db",
                  boot_certificate_authority("signer"));
    boot_image(boot, 4, "\\EFI\\BOOT\\BOOTX64.EFI", "unified kernel");
    boot_section(boot, ".linux", "kernel code");
    boot_section(boot, ".osrel", "ID=test");
    boot_section(boot, ".cmdline", section_of_line);
    boot_section(boot, ".initrd", "initial RAM disk");
}

void boot_windows(struct boot *boot, uint32_t pcr, uint32_t id, uint64_t value)
{
    uint8_t data[64];
    struct writer writer = writer_init(data, sizeof data);
    size_t len = sipa_number_len(id);

    writer_le32(&writer, SIPA_TRUSTBOUNDARY);
    writer_le32(&writer, (uint32_t)(8 + len));
    writer_le32(&writer, id);
    writer_le32(&writer, (uint32_t)len);
    for (size_t i = 0; i < len; i++)
        writer_u8(&writer, (uint8_t)(value >> 8 * i));
    log_builder_add(&boot->log, pcr, EV_EVENT_TAG, writer_span(&writer));
}

void boot_windows_both(struct boot *boot, uint32_t id, uint64_t value)
{
    boot_windows(boot, 12, id, value);
    boot_windows(boot, 13, id, value);
}

void boot_windows_separators(struct boot *boot)
{
    for (uint32_t pcr = 12; pcr <= 14; pcr++)
        boot_text(boot, pcr, EV_SEPARATOR, "WBCL");
}

void boot_collect(struct boot *boot)
{
    struct error error;

    boot->reasons.n_items = 0;
    boot->reasons.overflow = false;
    if (!measured_log_read(boot->crypto, log_builder_span(&boot->log), TPM_ALG_SHA256, &boot->arena,
                           &boot->measured, &error))
        fail_msg("%s", error.message);
    boot->input.log = &boot->measured;
    assert_true(claims_collect(&boot->input, &boot->arena, &boot->claims, &boot->reasons, &error));
}

const char *boot_value(struct boot *boot, enum claim_id id)
{
    const struct claim *claim = &boot->claims.claims[id];

    if (!claim->known)
        return "unknown";
    switch (claim_type(id)) {
    case CLAIM_BOOL:
        return claim->is_true ? "true" : "false";
    case CLAIM_TEXT:
        return claim->text;
    case CLAIM_LIST:
        break;
    }
    return arena_printf(&boot->arena, "%zu", claim->n_items);
}

void boot_collect_in_every_arena(struct boot *boot)
{
    const char *whole[CLAIM_IDS];
    size_t n_reasons, n_failed = 0;
    bool fits = false;

    boot_collect(boot);
    n_reasons = boot->reasons.n_items;
    for (int id = 0; id < CLAIM_IDS; id++)
        whole[id] = boot_value(boot, id);
    for (size_t cap = 0; !fits; cap += 16) {
        struct arena small = arena_init(cap);
        struct error error;

        boot->reasons = (struct reasons){.n_items = 0};
        fits = claims_collect(&boot->input, &small, &boot->claims, &boot->reasons, &error);
        if (!fits)
            assert_int_equal(error.code, ERROR_MEMORY);
        for (int id = 0; fits && id < CLAIM_IDS; id++)
            assert_string_equal(boot_value(boot, id), whole[id]);
        n_failed += !fits;
        arena_done(&small);
    }
    assert_int_equal(boot->reasons.n_items, n_reasons);
    assert_true(n_failed > 10);
    boot_collect(boot);
}

bool boot_has(const struct boot *boot, enum reason_code code)
{
    return reasons_have(&boot->reasons, code);
}

const struct claim_item *boot_item(const struct boot *boot, enum claim_id id, size_t number)
{
    assert_true(number < boot->claims.claims[id].n_items);
    return &boot->claims.claims[id].items[number];
}

const char *boot_label(struct boot *boot, enum claim_id id, size_t number)
{
    return claim_item_label(boot_item(boot, id, number), &boot->arena);
}
