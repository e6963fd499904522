/* Files become components: their kind, their digests, what they say of themselves. */
#include "component/component.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <stdlib.h>

#include "base/text.h"
#include "support/crypto_arena.h"
#include "support/pe_builder.h"
#include "support/soft_certificate.h"
#include "support/soft_image_signature.h"
#include "support/soft_key.h"
#include "verify/authenticode.h"

static uint8_t buffer[64 * 1024], kernel[4096];

static const uint16_t SHA256_ONLY[] = {TPM_ALG_SHA256};

static struct component_set new_set(const uint16_t *algs, size_t n_algs)
{
    struct component_set set;
    struct error error;

    assert_true(component_set_init(&set, crypto, &arena, algs, n_algs, &error));
    return set;
}

/* Adds the file to a new set; returns its first component. */
static const struct component *component_of(struct span file)
{
    static struct component_set set;
    const struct component *last;
    struct error error;

    set = new_set(SHA256_ONLY, 1);
    last = set.last;
    assert_true(component_add_file(
        &set,
        &(struct component_file){.path = span_text("boot/file"), .bytes = file, .source = "folder"},
        &error));
    return last->next;
}

static void has_digest(const struct component *component, enum component_form form,
                       const struct span *parts, size_t n_parts)
{
    const struct component_digest *found = component_find_digest(component, form, TPM_ALG_SHA256);
    struct crypto_digest expected;

    crypto_hash(crypto, TPM_ALG_SHA256, parts, n_parts, &expected);
    assert_non_null(found);
    assert_true(span_equal(crypto_digest_span(&found->digest), crypto_digest_span(&expected)));
}

static void lacks_digest(const struct component *component, enum component_form form)
{
    assert_null(component_find_digest(component, form, TPM_ALG_SHA256));
}

static void any_file_has_the_digest_of_its_bytes(void **state)
{
    struct span text = span_text("set timeout=0\n");
    const struct component *component = component_of(text);

    (void)state;
    assert_int_equal(component->kind, COMPONENT_FILE);
    assert_string_equal(component->path, "boot/file");
    assert_string_equal(component->source, "folder");
    assert_int_equal(component->len, text.len);
    has_digest(component, COMPONENT_OVER_FILE, &text, 1);
    lacks_digest(component, COMPONENT_OVER_IMAGE);
    assert_string_equal(component->problem, "");
    component = component_of(span_of(NULL, 0));
    has_digest(component, COMPONENT_OVER_FILE, NULL, 0);
}

static void every_algorithm_asked_for_is_computed(void **state)
{
    static const uint16_t ALGS[] = {TPM_ALG_SHA1, TPM_ALG_SHA384, TPM_ALG_SHA512};
    struct component_set set = new_set(ALGS, 3);
    struct component_file file = {.path = span_text("x"), .bytes = span_text("x"), .source = ""};
    struct error error;

    (void)state;
    assert_true(component_add_file(&set, &file, &error));
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(component_find_digest(set.last, COMPONENT_OVER_FILE, ALGS[i])->digest.len,
                         tpm_digest_len(ALGS[i]));
    assert_null(component_find_digest(set.last, COMPONENT_OVER_FILE, TPM_ALG_SHA256));
}

static const struct pe_builder_section PLAIN[] = {
    {".text", {(const uint8_t *)"code", 4}, 0},
    {".sbat", {(const uint8_t *)"sbat,1\ngrub,4,FSF\n", 18}, 0},
};

static struct pe_builder plain_image(void)
{
    return (struct pe_builder){.is_64 = true, .sections = PLAIN, .n_sections = 2};
}

static struct crypto_digest authenticode_of(struct span file, bool padded)
{
    struct authenticode image;
    struct crypto_digest digest;
    struct error error;
    struct pe pe;

    assert_true(pe_decode(file, &pe, &error) && authenticode_read(&pe, &arena, &image, &error));
    authenticode_hash(crypto, &image, TPM_ALG_SHA256, padded, &digest);
    return digest;
}

static void has_value(const struct component *component, enum component_form form,
                      struct crypto_digest expected)
{
    const struct component_digest *found = component_find_digest(component, form, TPM_ALG_SHA256);

    assert_non_null(found);
    assert_true(span_equal(crypto_digest_span(&found->digest), crypto_digest_span(&expected)));
}

static void an_image_has_its_authenticode_digest_and_sbat(void **state)
{
    struct pe_builder builder = plain_image();
    struct span file = pe_builder_write(&builder, buffer, sizeof buffer);
    const struct component *component = component_of(file);

    (void)state;
    assert_int_equal(component->kind, COMPONENT_IMAGE);
    has_digest(component, COMPONENT_OVER_FILE, &file, 1);
    has_value(component, COMPONENT_OVER_IMAGE, authenticode_of(file, false));
    lacks_digest(component, COMPONENT_OVER_SIGNED_IMAGE);
    lacks_digest(component, COMPONENT_OVER_SECTION);
    assert_int_equal(component->n_sbat, 2);
    assert_string_equal(component->sbat[1].name, "grub");
    assert_int_equal(component->sbat[1].generation, 4);
    assert_int_equal(component->n_signers, 0);
    assert_null(component->next);
    builder.extra = span_text("odd");
    file = pe_builder_write(&builder, buffer, sizeof buffer);
    component = component_of(file);
    has_value(component, COMPONENT_OVER_IMAGE, authenticode_of(file, false));
    has_value(component, COMPONENT_OVER_SIGNED_IMAGE, authenticode_of(file, true));
}

static void a_broken_image_stays_a_file_and_says_why(void **state)
{
    struct pe_builder builder = plain_image();
    struct span file = pe_builder_write(&builder, buffer, sizeof buffer);
    const struct component *component;

    (void)state;
    file.len -= 100;
    component = component_of(file);
    assert_int_equal(component->kind, COMPONENT_FILE);
    has_digest(component, COMPONENT_OVER_FILE, &file, 1);
    lacks_digest(component, COMPONENT_OVER_IMAGE);
    assert_non_null(strstr(component->problem, "PE, Section Table"));
    assert_non_null(strstr(component->problem, "byte "));
}

static void broken_sbat_and_certificates_are_said(void **state)
{
    static const struct pe_builder_section BAD[] = {
        {".sbat", {(const uint8_t *)"sbat,one\n", 9}, 0}};
    struct pe_builder builder = {.is_64 = true, .sections = BAD, .n_sections = 1};
    const struct component *component = component_of(
        pe_builder_write(&builder, buffer, sizeof buffer));

    (void)state;
    assert_non_null(strstr(component->problem, "SBAT"));
    assert_int_equal(component->n_sbat, 0);
    assert_non_null(component_find_digest(component, COMPONENT_OVER_IMAGE, TPM_ALG_SHA256));
    builder = plain_image();
    builder.certificate = span_text("no PKCS #7");
    component = component_of(pe_builder_write(&builder, buffer, sizeof buffer));
    assert_non_null(strstr(component->problem, "PKCS #7"));
    assert_int_equal(component->n_signers, 0);
}

/* The image, signed, in the buffer; gives what was signed. */
static struct span sign(struct pe_builder *builder, struct crypto_digest *digest)
{
    static uint8_t message[8192];
    struct soft_key key;
    X509 *certificate;

    soft_key_rsa(&key, 2048);
    certificate = soft_certificate_make(&(struct soft_certificate){
        .subject = "Signer", .key = key.pkey, .issuer_key = key.pkey, .no_tpm_name = true});
    *digest = authenticode_of(pe_builder_write(builder, buffer, sizeof buffer), true);
    builder->certificate = soft_image_signature_make(
        &(struct soft_image_signature){
            .certificate = certificate, .key = key.pkey, .digest = crypto_digest_span(digest)},
        message, sizeof message);
    X509_free(certificate);
    soft_key_done(&key);
    return pe_builder_write(builder, buffer, sizeof buffer);
}

static void a_signer_holds_for_the_image_it_signed_only(void **state)
{
    struct pe_builder builder = plain_image();
    struct crypto_digest digest;
    const struct component *component;
    struct span file;

    (void)state;
    file = sign(&builder, &digest);
    component = component_of(file);
    assert_int_equal(component->n_signers, 1);
    assert_string_equal(component->signers[0].subject, "CN=Signer");
    assert_true(component->signers[0].holds);
    has_value(component, COMPONENT_OVER_IMAGE, digest);
    buffer[pe_builder_section_at(&builder, 2) + 100] ^= 1;
    component = component_of(file);
    assert_int_equal(component->n_signers, 1);
    assert_false(component->signers[0].holds);
}

/* A PE image that is a kernel, too: Linux writes its setup header behind the PE headers. */
static struct span kernel_image(void)
{
    static const struct pe_builder_section SECTIONS[] = {
        {".text", {(const uint8_t *)"kernel", 6}, 0}};
    struct pe_builder builder = {
        .is_64 = true, .sections = SECTIONS, .n_sections = 1, .alignment = 1024};
    struct span file = pe_builder_write(&builder, kernel, sizeof kernel);

    kernel[0x1F1] = 1;
    memcpy(kernel + 0x202, "HdrS", 4);
    kernel[0x20F] = 1; /* version text at 0x300 */
    memcpy(kernel + 0x300, "6.1.0-test #1", 14);
    return file;
}

static void a_kernel_says_its_release(void **state)
{
    const struct component *component = component_of(kernel_image());

    (void)state;
    assert_int_equal(component->kind, COMPONENT_KERNEL);
    assert_string_equal(component->version, "6.1.0-test");
    has_value(component, COMPONENT_OVER_IMAGE, authenticode_of(kernel_image(), false));
}

static void a_unified_image_has_its_sections_as_the_stub_measures_them(void **state)
{
    struct pe_builder_section sections[] = {
        {".text", span_text("stub"), 0},
        {".linux", kernel_image(), 0},
        {".osrel", span_text("NAME=x\nPRETTY_NAME=\"Debian GNU/Linux 12\"\n"), 0},
        {".cmdline", span_text(" quiet\tro \n"), 0},
        {".initrd", span_text("cpio"), 10000},
        {".pcrsig", span_text("{}"), 0},
    };
    struct pe_builder builder = {.is_64 = true, .sections = sections, .n_sections = 6};
    const struct component *image = component_of(pe_builder_write(&builder, buffer, sizeof buffer));
    const struct component *section = image->next;
    static const uint8_t zeros[10000];

    (void)state;
    assert_int_equal(image->kind, COMPONENT_UKI);
    assert_string_equal(image->version, "6.1.0-test");
    assert_string_equal(image->system, "Debian GNU/Linux 12");
    assert_string_equal(section->section, ".linux");
    assert_int_equal(section->kind, COMPONENT_SECTION);
    has_digest(section, COMPONENT_OVER_SECTION, &sections[1].data, 1);
    has_value(section, COMPONENT_OVER_IMAGE, authenticode_of(kernel_image(), false));
    section = section->next;
    assert_string_equal(section->section, ".osrel");
    has_digest(section, COMPONENT_OVER_SECTION, &sections[2].data, 1);
    section = section->next;
    has_digest(section, COMPONENT_OVER_SECTION, &sections[3].data, 1);
    has_digest(section, COMPONENT_OVER_LOAD_OPTIONS,
               &(struct span){(const uint8_t *)"q\0u\0i\0e\0t\0 \0r\0o\0\0\0", 18}, 1);
    section = section->next;
    assert_string_equal(section->section, ".initrd");
    assert_int_equal(section->len, 10000);
    has_digest(section, COMPONENT_OVER_SECTION,
               (const struct span[]){sections[4].data, span_of(zeros, 9996)}, 2);
    section = section->next;
    assert_string_equal(section->section, ".pcrsig");
    assert_null(section->digests);
    assert_null(section->next);
}

/* The digests were computed by another program, whose result for an image with systemd-stub 257.13 is what Linux
 * measured when it booted that. */
static void a_ram_disk_is_what_its_stub_makes_of_it(void **state)
{
    static const struct {
        const char *loader, *digest;
        bool all;
    } CASES[] = {
        {"", "db1ea57e23365bba39fe4fb3514b6851af03ac7af7400231de7615ef319e39a2", false},
        {"#### LoaderInfo: systemd-stub 252.39-1~deb12u2 ####",
         "db1ea57e23365bba39fe4fb3514b6851af03ac7af7400231de7615ef319e39a2", false},
        {"#### LoaderInfo: systemd-stub 257.13-1~deb13u1 ####",
         "0def274c7100fcc6498341eb942c23a538b04daf4851b08a0c0c63d54db05de8", false},
        {"#### LoaderInfo: systemd-stub 252.39-1~deb12u2 ####",
         "17c75567b9a3d619952a51e910a6924093749b947663d585d9f38d61c1c3265d", true},
        {"#### LoaderInfo: systemd-stub 257.13-1~deb13u1 ####",
         "6a89fcaf35b0fdbfb0986493065223d7f421c474a4fc1764f88f8eb2aae3b47d", true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct pe_builder_section sections[] = {
            {".sdmagic", span_text(CASES[i].loader), 0}, {".initrd", span_text("a RAM disk"), 0},
            {".osrel", span_text("ID=test\n"), 0},       {".ucode", span_text("microcode"), 0},
            {".pcrsig", span_text("a signature"), 0},    {".pcrpkey", span_text("a key"), 0},
            {".profile", span_text("ID=main\n"), 0},
        };
        struct pe_builder builder = {
            .is_64 = true, .sections = sections, .n_sections = CASES[i].all ? 7 : 3};
        const struct component *section =
            component_of(pe_builder_write(&builder, buffer, sizeof buffer))->next;
        const struct component_digest *digest;

        assert_string_equal(section->section, ".initrd");
        digest = component_find_digest(section, COMPONENT_OVER_RAM_DISK, TPM_ALG_SHA256);
        assert_non_null(digest);
        assert_string_equal(text_hex(&arena, crypto_digest_span(&digest->digest)), CASES[i].digest);
    }
}

static void a_loader_of_systemd_says_its_name(void **state)
{
    static const struct {
        const char *text, *loader;
    } CASES[] = {
        {"#### LoaderInfo: systemd-boot 252.39-1~deb12u2 ####\n", "systemd-boot 252.39-1~deb12u2"},
        {"#### LoaderInfo: systemd-boot 252", ""}, /* without an end */
        {"LoaderInfo: systemd-boot 252 ####", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct pe_builder_section section = {".sdmagic", span_text(CASES[i].text), 0};
        struct pe_builder builder = {.sections = &section, .n_sections = 1};

        assert_string_equal(component_of(pe_builder_write(&builder, buffer, sizeof buffer))->loader,
                            CASES[i].loader);
    }
}

#define LEVELS "\0\0\0\0\x08\0\0\0\x1b\0\0\0sbat,1,2025021800\n\0sbat,1,2025051000\n"

static void a_shim_brings_revocation_levels(void **state)
{
    struct pe_builder_section sections[] = {
        {".sbatlevel", {(const uint8_t *)LEVELS, sizeof LEVELS}, 0}};
    struct pe_builder_section revocations[] = {{".sbata", span_text("sbat,1,2026010100\n"), 0},
                                               {".sbatl", span_text("sbat,1,2026020200\n"), 0}};
    struct pe_builder builder = {.sections = sections, .n_sections = 1};
    const struct component *shim = component_of(pe_builder_write(&builder, buffer, sizeof buffer));

    (void)state;
    assert_true(span_is(shim->sbat_levels.automatic, "sbat,1,2025021800\n"));
    assert_true(span_is(shim->sbat_levels.latest, "sbat,1,2025051000\n"));
    builder = (struct pe_builder){.sections = revocations, .n_sections = 2};
    shim = component_of(pe_builder_write(&builder, buffer, sizeof buffer));
    assert_true(span_is(shim->sbat_levels.automatic, "sbat,1,2026010100\n"));
    assert_true(span_is(shim->sbat_levels.latest, "sbat,1,2026020200\n"));
    builder.n_sections = 1; /* shim takes both or none */
    shim = component_of(pe_builder_write(&builder, buffer, sizeof buffer));
    assert_int_equal(shim->sbat_levels.automatic.len, 0);
    sections[0].data.len = 11;
    builder = (struct pe_builder){.sections = sections, .n_sections = 1, .alignment = 1};
    shim = component_of(pe_builder_write(&builder, buffer, sizeof buffer));
    assert_int_equal(shim->sbat_levels.automatic.len, 0);
    assert_non_null(strstr(shim->problem, ".sbatlevel"));
}

static void the_release_in_uname_comes_first(void **state)
{
    struct pe_builder_section sections[] = {{".uname", span_text("6.9.9\n"), 0},
                                            {".linux", kernel_image(), 0}};
    struct pe_builder builder = {.sections = sections, .n_sections = 2};
    const struct component *image = component_of(pe_builder_write(&builder, buffer, sizeof buffer));

    (void)state;
    assert_string_equal(image->version, "6.9.9");
}

static void sections_without_end_get_no_digest(void **state)
{
    struct pe_builder_section sections[] = {{".cmdline", span_text("quiet"), 0xFFFFFFFF}};
    struct pe_builder builder = {.sections = sections, .n_sections = 1};
    const struct component *section =
        component_of(pe_builder_write(&builder, buffer, sizeof buffer))->next;

    (void)state;
    assert_string_equal(section->section, ".cmdline");
    lacks_digest(section, COMPONENT_OVER_SECTION);
    assert_non_null(strstr(section->problem, "zeros"));
    /* A section of no length in memory is one that the stub does not see. */
    pe_builder_write(&builder, buffer, sizeof buffer);
    memset(buffer + pe_builder_section_at(&builder, 0) + 8, 0, 4);
    section = component_of(span_of(buffer, 1024))->next;
    lacks_digest(section, COMPONENT_OVER_SECTION);
    assert_string_equal(section->problem, "");
}

static void names_from_outside_are_printable(void **state)
{
    struct component_set set = new_set(SHA256_ONLY, 1);
    struct component_file file = {.path = span_text("a\x1b[31mb\nc\xFF"), .source = ""};
    struct error error;

    (void)state;
    assert_true(component_add_file(&set, &file, &error));
    assert_string_equal(set.last->path, "a\\x1b[31mb\\x0ac\\xff");
}

static void long_names_are_cut(void **state)
{
    static char name[LIMIT_COMPONENT_TEXT_LEN + 10];
    struct component_set set = new_set(SHA256_ONLY, 1);
    struct component_file file = {.path = span_of(name, sizeof name), .source = ""};
    struct error error;

    (void)state;
    memset(name, 'n', sizeof name);
    assert_true(component_add_file(&set, &file, &error));
    assert_int_equal(strlen(set.last->path), LIMIT_COMPONENT_TEXT_LEN);
}

static void kinds_and_forms_have_their_words(void **state)
{
    (void)state;
    assert_string_equal(component_kind_name(COMPONENT_UKI), "uki");
    assert_string_equal(component_kind_title(COMPONENT_UKI), "unified kernel image");
    assert_string_equal(component_form_name(COMPONENT_OVER_SIGNED_IMAGE), "signed-image");
    for (int kind = 0; kind < COMPONENT_KINDS; kind++)
        assert_true(*component_kind_name(kind) && *component_kind_title(kind));
    for (int form = 0; form < COMPONENT_FORMS; form++)
        assert_true(*component_form_name(form) && *component_form_title(form));
}

static void broken_certificate_tables_are_said(void **state)
{
    struct pe_builder builder = plain_image();
    struct span file = {0};
    const struct component *component;
    size_t len_at;

    (void)state;
    builder.certificate = span_text("no PKCS #7");
    file = pe_builder_write(&builder, buffer, sizeof buffer);
    component = component_of(file);
    assert_non_null(strstr(component->problem, "PKCS #7"));
    /* Other kinds of certificates sign no image. */
    len_at = file.len - 24;
    assert_int_equal(buffer[len_at + 6], 2);
    buffer[len_at + 6] = 1;
    component = component_of(file);
    assert_string_equal(component->problem, "");
    assert_int_equal(component->n_signers, 0);
    has_value(component, COMPONENT_OVER_IMAGE, authenticode_of(file, false));
    /* A certificate longer than its table. */
    buffer[len_at] = 200;
    component = component_of(file);
    assert_int_equal(component->kind, COMPONENT_IMAGE);
    assert_non_null(strstr(component->problem, "certificate"));
    assert_int_equal(component->n_signers, 0);
    /* A section that reaches into the table: firmware refuses the image, so it has no digest. */
    pe_builder_write(&builder, buffer, sizeof buffer);
    buffer[pe_builder_section_at(&builder, 1) + 16] += 8;
    component = component_of(file);
    assert_int_equal(component->kind, COMPONENT_IMAGE);
    lacks_digest(component, COMPONENT_OVER_IMAGE);
    assert_non_null(strstr(component->problem, "follow the sections"));
}

static void a_kernel_whose_release_lies_outside_stays_a_kernel_and_says_why(void **state)
{
    struct span file = kernel_image();
    const struct component *component;

    (void)state;
    kernel[0x20F] = 0xFF;
    component = component_of(file);
    assert_int_equal(component->kind, COMPONENT_KERNEL);
    assert_string_equal(component->version, "");
    assert_string_not_equal(component->problem, "");
    has_value(component, COMPONENT_OVER_IMAGE, authenticode_of(file, false));
}

/* The component of a unified image's only section. */
static const struct component *only_section(const char *name, struct span data, uint32_t len)
{
    struct pe_builder_section sections[] = {{name, data, len}};
    struct pe_builder builder = {.sections = sections, .n_sections = 1};

    return component_of(pe_builder_write(&builder, buffer, sizeof buffer))->next;
}

static void
a_command_line_that_the_stub_changes_otherwise_has_no_digest_as_load_options(void **state)
{
    static char line[LIMIT_COMPONENT_TEXT_LEN + 1];
    const struct component *section = only_section(".cmdline", span_text("t\xc3\xbcr"), 0);

    (void)state;
    assert_non_null(component_find_digest(section, COMPONENT_OVER_SECTION, TPM_ALG_SHA256));
    lacks_digest(section, COMPONENT_OVER_LOAD_OPTIONS);
    memset(line, 'l', sizeof line);
    section = only_section(".cmdline", span_of(line, sizeof line), 0);
    assert_non_null(component_find_digest(section, COMPONENT_OVER_SECTION, TPM_ALG_SHA256));
    lacks_digest(section, COMPONENT_OVER_LOAD_OPTIONS);
    section = only_section(".cmdline", span_of(line, sizeof line - 1), 0);
    assert_non_null(component_find_digest(section, COMPONENT_OVER_LOAD_OPTIONS, TPM_ALG_SHA256));
    /* The line ends at its first NUL, and one of blanks is empty. */
    section = only_section(".cmdline", span_of(" \n\0quiet", 8), 0);
    has_digest(section, COMPONENT_OVER_LOAD_OPTIONS, &(struct span){(const uint8_t *)"\0\0", 2}, 1);
    section = only_section(".cmdline", span_of("a\tb\0quiet", 9), 0);
    has_digest(section, COMPONENT_OVER_LOAD_OPTIONS,
               &(struct span){(const uint8_t *)"a\0 \0b\0\0\0", 8}, 1);
}

static void a_section_that_is_no_image_gets_no_digest_of_one(void **state)
{
    struct span file = kernel_image();
    const struct component *section = only_section(".linux", span_text("no kernel"), 0);

    (void)state;
    assert_non_null(component_find_digest(section, COMPONENT_OVER_SECTION, TPM_ALG_SHA256));
    lacks_digest(section, COMPONENT_OVER_IMAGE);
    assert_string_equal(section->version, "");
    assert_string_equal(section->problem, "");
    /* Of one that the file does not hold whole, nobody knows what firmware would hash. */
    section = only_section(".linux", file, (uint32_t)file.len + 1);
    assert_string_equal(section->version, "6.1.0-test");
    lacks_digest(section, COMPONENT_OVER_IMAGE);
    kernel[PE_BUILDER_MAGIC_AT] ^= 1;
    section = only_section(".linux", file, 0);
    lacks_digest(section, COMPONENT_OVER_IMAGE);
    assert_non_null(strstr(section->problem, "magic"));
}

static void a_set_has_an_end(void **state)
{
    struct component_set set = new_set(SHA256_ONLY, 1);
    struct component_file file = {.path = span_text("x"), .bytes = span_text("x"), .source = ""};
    struct error error;

    (void)state;
    set.n_components = LIMIT_COMPONENTS - 1;
    assert_true(component_add_file(&set, &file, &error));
    assert_false(component_add_file(&set, &file, &error));
    assert_int_equal(error.code, ERROR_LIMIT);
}

/* A signed image of these sections. */
static struct span signed_image(const struct pe_builder_section *sections, size_t n)
{
    struct pe_builder builder = {.is_64 = true, .sections = sections, .n_sections = n};
    struct crypto_digest digest;

    return sign(&builder, &digest);
}

static void is_the_same(const struct component_set *set, const struct component_set *whole)
{
    const struct component *a = set->first, *b = whole->first;

    assert_int_equal(set->n_components, whole->n_components);
    assert_int_equal(set->n_digests, whole->n_digests);
    for (; b; a = a->next, b = b->next) {
        assert_string_equal(a->path, b->path);
        assert_string_equal(a->section, b->section);
        assert_string_equal(a->version, b->version);
        assert_string_equal(a->system, b->system);
        assert_string_equal(a->problem, b->problem);
        assert_int_equal(a->n_signers, b->n_signers);
        assert_int_equal(a->n_sbat, b->n_sbat);
    }
}

/* Whatever the arena's size, a file is known whole or not at all; no lack of memory is told as the
 * file's problem. */
static void a_full_arena_is_an_error(void **state)
{
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        const struct pe_builder_section sections[] = {
            {".sbat", i == 1 ? span_text("sbat,one\n") : span_text("sbat,1\nstub,1,x\n"), 0},
            {".linux", kernel_image(), 0},
            {".osrel", span_text("PRETTY_NAME=\"Debian GNU/Linux 12\"\n"), 0},
            {".uname", span_text("6.1.0"), 0},
            {".cmdline", span_text("quiet"), 0},
        };
        struct component_file file = {.path = span_text("uki.efi"),
                                      .bytes = i == 2 ? signed_image(PLAIN, 1)
                                                      : signed_image(sections, 5),
                                      .source = ""};
        struct component_set whole = new_set(SHA256_ONLY, 1), set;
        struct error error;
        bool fits = false;
        size_t n_failed = 0;

        assert_true(component_add_file(&whole, &file, &error));
        for (size_t cap = 0; !fits; cap += 16) {
            struct arena small = arena_init(cap);

            fits = component_set_init(&set, crypto, &small, SHA256_ONLY, 1, &error) &&
                   component_add_file(&set, &file, &error);
            if (fits)
                is_the_same(&set, &whole);
            else
                assert_int_equal(error.code, ERROR_MEMORY);
            n_failed += !fits;
            arena_done(&small);
        }
        assert_true(n_failed > 50);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_file_has_the_digest_of_its_bytes),
        cmocka_unit_test(every_algorithm_asked_for_is_computed),
        cmocka_unit_test(an_image_has_its_authenticode_digest_and_sbat),
        cmocka_unit_test(a_broken_image_stays_a_file_and_says_why),
        cmocka_unit_test(broken_sbat_and_certificates_are_said),
        cmocka_unit_test(a_signer_holds_for_the_image_it_signed_only),
        cmocka_unit_test(a_kernel_says_its_release),
        cmocka_unit_test(a_unified_image_has_its_sections_as_the_stub_measures_them),
        cmocka_unit_test(a_ram_disk_is_what_its_stub_makes_of_it),
        cmocka_unit_test(a_loader_of_systemd_says_its_name),
        cmocka_unit_test(a_shim_brings_revocation_levels),
        cmocka_unit_test(the_release_in_uname_comes_first),
        cmocka_unit_test(sections_without_end_get_no_digest),
        cmocka_unit_test(names_from_outside_are_printable),
        cmocka_unit_test(long_names_are_cut),
        cmocka_unit_test(kinds_and_forms_have_their_words),
        cmocka_unit_test(broken_certificate_tables_are_said),
        cmocka_unit_test(a_kernel_whose_release_lies_outside_stays_a_kernel_and_says_why),
        cmocka_unit_test(
            a_command_line_that_the_stub_changes_otherwise_has_no_digest_as_load_options),
        cmocka_unit_test(a_section_that_is_no_image_gets_no_digest_of_one),
        cmocka_unit_test(a_set_has_an_end),
        cmocka_unit_test(a_full_arena_is_an_error),
    };

    return cmocka_run_group_tests(tests, crypto_arena_setup, crypto_arena_teardown);
}
