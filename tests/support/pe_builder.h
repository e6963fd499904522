/* PE images as a linker would write them, for tests: sections of any content, certificates behind
 * them, PE32 or PE32+. Every field stands where the PE_BUILDER_ offsets say, for tests that change
 * one. */
#ifndef BOOTSEAL_TESTS_SUPPORT_PE_BUILDER_H
#define BOOTSEAL_TESTS_SUPPORT_PE_BUILDER_H

#include "base/span.h"
#include "base/writer.h"

enum {
    PE_BUILDER_PE_AT = 64, /* the PE header; file header at +4, optional header at +24 */
    PE_BUILDER_N_SECTIONS_AT = PE_BUILDER_PE_AT + 6,
    PE_BUILDER_OPTIONAL_LEN_AT = PE_BUILDER_PE_AT + 20,
    PE_BUILDER_MAGIC_AT = PE_BUILDER_PE_AT + 24,
    PE_BUILDER_HEADERS_LEN_AT = PE_BUILDER_MAGIC_AT + 60,
    PE_BUILDER_CHECKSUM_AT = PE_BUILDER_MAGIC_AT + 64,
};

struct pe_builder_section {
    const char *name; /* over 8 bytes: in the COFF string table, behind the sections */
    struct span data;
    uint32_t virtual_len; /* 0: as long as data */
};

struct pe_builder {
    bool is_64;
    bool no_directories; /* header ends before the data directories */
    const struct pe_builder_section *sections;
    size_t n_sections;
    size_t alignment;        /* of sections in the file; 0: 512 */
    struct span extra;       /* behind the sections */
    struct span certificate; /* what one WIN_CERTIFICATE of PKCS #7 holds; empty: none */
};

/* Offsets in the image that is_64 and no_directories decide. */
size_t pe_builder_n_directories_at(const struct pe_builder *builder);
size_t pe_builder_certificate_entry_at(const struct pe_builder *builder);
size_t pe_builder_section_at(const struct pe_builder *builder, size_t index);

/* Writes the image; the span is empty when it did not fit. */
struct span pe_builder_write(const struct pe_builder *builder, uint8_t *buffer, size_t cap);

#endif
