/* Writes files for the tests of bootseal component into a folder: an image of odd length, a kernel, a
 * unified kernel image of it, a broken image, and a log that measured kernel and unified image.
 * Usage: component_samples DIRECTORY */
#include <stdio.h>
#include <stdlib.h>

#include "support/log_builder.h"
#include "support/pe_builder.h"
#include "verify/authenticode.h"
#include "wire/event_type.h"

static uint8_t image[4096], kernel[4096], unified[16384];

static void write_file(const char *directory, const char *name, struct span bytes)
{
    char path[4096];
    FILE *file;

    snprintf(path, sizeof path, "%s/%s", directory, name);
    file = fopen(path, "wb");
    if (!file || fwrite(bytes.data, 1, bytes.len, file) != bytes.len || fclose(file) != 0) {
        perror(path);
        exit(1);
    }
}

static struct span make_image(void)
{
    const struct pe_builder_section sections[] = {
        {".text", span_text("code"), 0}, {".sbat", span_text("sbat,1\nloader,3,Somebody\n"), 0}};

    return pe_builder_write(
        &(struct pe_builder){
            .is_64 = true, .sections = sections, .n_sections = 2, .extra = span_text("odd")},
        image, sizeof image);
}

static struct span make_kernel(void)
{
    const struct pe_builder_section sections[] = {{".text", span_text("kernel"), 0}};
    struct span file = pe_builder_write(
        &(struct pe_builder){
            .is_64 = true, .sections = sections, .n_sections = 1, .alignment = 1024},
        kernel, sizeof kernel);

    kernel[0x1F1] = 1;
    memcpy(kernel + 0x202, "HdrS", 4);
    kernel[0x20F] = 1;
    memcpy(kernel + 0x300, "6.1.0-test #1", 14);
    return file;
}

static struct span make_unified(struct span linux_image)
{
    const struct pe_builder_section sections[] = {
        {".text", span_text("stub"), 0},
        {".osrel", span_text("PRETTY_NAME=\"Test OS 1\"\n"), 0},
        {".cmdline", span_text("quiet"), 0},
        {".initrd", span_text("initrd"), 0},
        {".linux", linux_image, 0}};

    return pe_builder_write(
        &(struct pe_builder){.is_64 = true, .sections = sections, .n_sections = 5}, unified,
        sizeof unified);
}

static void write_log(const char *directory, struct span linux_image, struct span uki)
{
    static struct log_builder log;
    struct arena arena = arena_init(1024 * 1024);
    struct error error;
    struct crypto *crypto = crypto_new(&error);
    struct authenticode parts;
    uint8_t hashed[sizeof unified];
    size_t len = 0;
    struct pe pe;

    if (!crypto || !pe_decode(uki, &pe, &error) || !authenticode_read(&pe, &arena, &parts, &error))
        exit(1);
    for (size_t i = 0; i < parts.n_parts; i++) {
        memcpy(hashed + len, parts.parts[i].data, parts.parts[i].len);
        len += parts.parts[i].len;
    }
    log_builder_agile(&log, crypto, (const uint16_t[]){TPM_ALG_SHA256, TPM_ALG_SHA384, 0});
    log_builder_add_measured(&log, 4, EV_EFI_BOOT_SERVICES_APPLICATION, span_of(hashed, len),
                             span_of("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
                                     "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
                                     32));
    log_builder_add(&log, 4, EV_SEPARATOR, span_of("\0\0\0\0", 4));
    log_builder_add_measured(&log, 11, EV_IPL, span_of(".linux", 7), span_text("x"));
    log_builder_add_measured(&log, 11, EV_IPL, linux_image, span_text("x"));
    log_builder_add_measured(&log, 9, EV_EVENT_TAG, span_of("q\0u\0i\0e\0t\0\0\0", 12),
                             span_text("load options"));
    log_builder_add_measured(&log, 9, EV_IPL, linux_image, span_text("/vmlinuz"));
    write_file(directory, "eventlog.bin", log_builder_span(&log));
    crypto_free(crypto);
    arena_done(&arena);
}

int main(int argc, char **argv)
{
    struct span linux_image = make_kernel(), uki = make_unified(linux_image), loader = make_image();

    if (argc != 2)
        return 2;
    write_file(argv[1], "loader.efi", loader);
    write_file(argv[1], "vmlinuz", linux_image);
    write_file(argv[1], "unified.efi", uki);
    write_file(argv[1], "broken.efi", span_of(loader.data, loader.len - 200));
    write_log(argv[1], linux_image, uki);
    return 0;
}
