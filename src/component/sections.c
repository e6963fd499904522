/* Sections of unified kernel images and their add-ons (systemd-stub(7), UKI specification), digested
 * as the stub finds them in memory: VirtualSize bytes, of which those behind SizeOfRawData are zero
 * (PE, Section Table). The stub takes the first section of a name; other ones are digested too, for
 * images with profiles. Must never believe what a section says about the image but as its name. */
#include "component/internal.h"

#include "wire/fields.h"
#include "wire/linux_image.h"

static const struct {
    const char *name;
    bool measured;
} SECTIONS[] = {
#define COMPONENT_SECTION(name, measured) {name, measured},
#include "component/component.def"
};

static bool is_known(struct span name, bool *measured)
{
    for (size_t i = 0; i < sizeof SECTIONS / sizeof *SECTIONS; i++)
        if (span_is(name, SECTIONS[i].name)) {
            *measured = SECTIONS[i].measured;
            return true;
        }
    return false;
}

bool component_is_unified(const struct pe *pe)
{
    struct pe_section section;

    return pe_find_section(pe, ".linux", &section) || pe_find_section(pe, ".cmdline", &section) ||
           pe_find_section(pe, ".initrd", &section) || pe_find_section(pe, ".ucode", &section) ||
           pe_find_section(pe, ".dtb", &section);
}

/* What of the section is in the file. Its VirtualSize is the real one, SizeOfRawData is rounded up. */
static struct span content_of(const struct pe_section *section)
{
    struct span content = section->raw;

    if (content.len > section->virtual_len)
        content.len = section->virtual_len;
    return content;
}

static bool digest_section(struct component_set *set, struct component *component,
                           const struct pe_section *section, struct error *error)
{
    static const uint8_t ZEROS[4096];
    struct span parts[1 + LIMIT_PE_ZEROS_LEN / sizeof ZEROS + 1] = {content_of(section)};
    size_t n = 1, zeros = section->virtual_len - parts[0].len;
    struct error problem;

    if (section->virtual_len == 0)
        return true; /* the stub takes it for absent */
    if (zeros > LIMIT_PE_ZEROS_LEN) {
        error_set(&problem, ERROR_LIMIT, ERROR_NO_OFFSET, "PE, Section Table",
                  "section has %zu zeros behind its data, over the limit of %d", zeros,
                  LIMIT_PE_ZEROS_LEN);
        return component_note_problem(set, component, &problem, error);
    }
    for (; zeros; zeros -= parts[n++].len)
        parts[n] = span_of(ZEROS, zeros < sizeof ZEROS ? zeros : sizeof ZEROS);
    return component_add_digests(set, component, COMPONENT_OVER_SECTION, parts, n, error);
}

/* The stub hands .cmdline to the kernel in UTF-16, with control characters as blanks and none at
 * either end; the kernel measures that with its NUL. A text that is not ASCII gets no digest. */
static bool digest_load_options(struct component_set *set, struct component *component,
                                struct span line, struct error *error)
{
    const uint8_t *nul = line.len ? memchr(line.data, 0, line.len) : NULL;
    uint8_t *utf16;
    char *text;
    size_t n = 0;

    line.len = nul ? (size_t)(nul - line.data) : line.len;
    while (line.len && line.data[0] <= ' ')
        line = span_of(line.data + 1, line.len - 1);
    while (line.len && line.data[line.len - 1] <= ' ')
        line.len--;
    if (line.len > LIMIT_COMPONENT_TEXT_LEN)
        return true;
    utf16 = arena_alloc(set->arena, 2 * (line.len + 1));
    text = arena_text(set->arena, line);
    if (!utf16 || !text)
        return arena_error(set->arena, error);
    for (; n < line.len && line.data[n] < 0x80; n++) {
        utf16[2 * n] = line.data[n] < ' ' ? ' ' : line.data[n];
        text[n] = (char)utf16[2 * n];
    }
    if (n < line.len)
        return true;
    component->command_line = text;
    return component_add_digests(set, component, COMPONENT_OVER_LOAD_OPTIONS,
                                 &(struct span){utf16, 2 * (n + 1)}, 1, error);
}

/* The kernel in .linux is loaded as an image of its own: its Authenticode digest is in PCR 4. */
static bool digest_kernel(struct component_set *set, struct component *component,
                          const struct pe_section *section, struct error *error)
{
    struct span kernel = content_of(section), release;
    struct error problem;
    struct pe pe;

    if (linux_image_is_kernel(kernel) && linux_image_release(kernel, &release, &problem)) {
        component->version = component_text(set, release, error);
        if (!component->version)
            return false;
    }
    if (kernel.len < section->virtual_len || !pe_is_image(kernel))
        return true;
    if (!pe_decode(kernel, &pe, &problem))
        return component_note_problem(set, component, &problem, error);
    return component_add_image_digests(set, component, &pe, error);
}

/* Text of a section without what stands behind its first NUL or newline. */
static struct span first_line(struct span text)
{
    size_t len = 0;

    while (len < text.len && text.data[len] != 0 && text.data[len] != '\n')
        len++;
    return span_of(text.data, len);
}

/* What the image says of itself in .osrel and .uname, or else in its kernel. */
static bool name_image(struct component_set *set, struct component *image,
                       const struct component *section, const struct pe_section *from,
                       struct error *error)
{
    struct span value;

    if (span_is(from->name, ".osrel") && !*image->system &&
        fields_find(content_of(from), "PRETTY_NAME", '=', &value))
        image->system = component_text(set, value, error);
    else if (span_is(from->name, ".uname"))
        image->version = component_text(set, first_line(content_of(from)), error);
    else if (span_is(from->name, ".linux") && !*image->version)
        image->version = section->version;
    return image->system && image->version;
}

/* What others than the stub measure of the section. */
static bool digest_again(struct component_set *set, struct component *image,
                         struct component *component, const struct pe *pe,
                         const struct pe_section *section, struct error *error)
{
    if (span_is(section->name, ".linux"))
        return digest_kernel(set, component, section, error);
    if (span_is(section->name, ".cmdline"))
        return digest_load_options(set, component, content_of(section), error);
    return !span_is(section->name, ".initrd") ||
           component_add_ram_disk(set, image, component, pe, error);
}

static bool add_section(struct component_set *set, struct component *image,
                        const struct component_file *file, const struct pe *pe, size_t index,
                        struct error *error)
{
    const struct pe_section found = pe_section(pe, index), *section = &found;
    struct component *component;
    bool measured;

    if (!is_known(section->name, &measured))
        return true;
    component = component_add(set, COMPONENT_SECTION, file, error);
    if (!component)
        return false;
    component->section = component_text(set, section->name, error);
    component->len = section->virtual_len;
    if (!component->section || (measured && !digest_section(set, component, section, error)) ||
        !digest_again(set, image, component, pe, section, error))
        return false;
    return name_image(set, image, component, section, error);
}

bool component_add_sections(struct component_set *set, struct component *image,
                            const struct component_file *file, const struct pe *pe,
                            struct error *error)
{
    struct pe_section section;

    if (pe_find_section(pe, ".linux", &section))
        image->kind = COMPONENT_UKI;
    for (size_t i = 0; i < pe->n_sections; i++)
        if (!add_section(set, image, file, pe, i, error))
            return false;
    return true;
}
