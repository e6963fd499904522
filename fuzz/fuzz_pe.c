/* Decodes foreign bytes as a PE image, and finds what an Authenticode digest of it is over.
 * Reaches: pe_is_image, pe_decode, pe_section, pe_find_section, pe_find_long_section,
 * pe_certificates_decode,
 * authenticode_read. */
#include <stdlib.h>

#include "base/limits.h"
#include "fuzz.h"
#include "verify/authenticode.h"

static bool lies_inside(struct span part, struct span whole)
{
    return part.len == 0 ||
           (part.data >= whole.data && part.data + part.len <= whole.data + whole.len);
}

static void hash(const struct pe *pe)
{
    struct arena arena = arena_init(1024 * 1024);
    struct authenticode image;
    struct error error;
    size_t hashed = 0;

    if (authenticode_read(pe, &arena, &image, &error)) {
        for (size_t i = 0; i < image.n_parts; i++) {
            if (!lies_inside(image.parts[i], pe->file))
                abort();
            hashed += image.parts[i].len;
        }
        if (hashed > (LIMIT_PE_REPEATS + 1) * pe->file.len || image.padding_len > 7)
            abort();
    }
    arena_done(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct pe_certificate certificates[LIMIT_PE_CERTIFICATES];
    struct pe_section section;
    struct error error;
    struct pe pe;
    size_t n;

    if (!pe_decode(span_of(data, len), &pe, &error))
        return 0;
    if (!pe_is_image(span_of(data, len)))
        abort();
    for (size_t i = 0; i < pe.n_sections; i++)
        if (!lies_inside(pe_section(&pe, i).raw, pe.file))
            abort();
    if (pe_find_section(&pe, ".sbat", &section) && !span_is(section.name, ".sbat"))
        abort();
    if (pe_find_long_section(&pe, ".sbatlevel", &section) && section.name.data[0] != '/')
        abort();
    if (pe_certificates_decode(&pe, certificates, LIMIT_PE_CERTIFICATES, &n, &error))
        for (size_t i = 0; i < n; i++)
            if (!lies_inside(certificates[i].data, pe.certificates))
                abort();
    hash(&pe);
    return 0;
}
