/* Framing of PE images. Must never follow an offset that it has not held against the file's length,
 * or hash what it frames: src/verify/authenticode.c does. */
#include "wire/pe.h"

#include "base/limits.h"

static const char DOS[] = "PE, MS-DOS Stub";
static const char FILE_HEADER[] = "PE, COFF File Header";
static const char OPTIONAL_HEADER[] = "PE, Optional Header";
static const char SECTION_TABLE[] = "PE, Section Table";
static const char CERTIFICATE_TABLE[] = "PE, Attribute Certificate Table";

enum {
    DOS_HEADER_LEN = 64,
    PE_HEADER_AT = 0x3C, /* offset of the field that points to the PE header */
    SIGNATURE_LEN = 4,
    FILE_HEADER_LEN = 20,
    SECTION_LEN = 40,
    SYMBOL_LEN = 18,
    MAGIC_PE32 = 0x10B,
    MAGIC_PE32_PLUS = 0x20B,
    CHECKSUM_AT = 64, /* in the optional header, of both magics */
    DIRECTORY_ENTRIES = 16,
    DIRECTORY_ENTRY_LEN = 8,
    CERTIFICATE_ENTRY = 4,
    CERTIFICATE_ALIGNMENT = 8,
};

/* Reads on from offset; the reader has failed when that is outside of the file. */
static struct reader reader_from(struct span file, size_t offset, const char *clause,
                                 struct error *error)
{
    struct reader reader = reader_init(file, clause, error);

    if (offset)
        reader_bytes(&reader, offset, "what stands before");
    return reader;
}

static bool find_pe_header(struct span file, size_t *at, struct error *error)
{
    struct reader reader = reader_init(file, DOS, error);
    struct span signature = reader_bytes(&reader, 2, "MS-DOS signature");
    uint32_t pe_header;

    if (reader_ok(&reader) && !span_is(signature, "MZ"))
        return error_set(error, ERROR_MALFORMED, 0, DOS, "no MZ signature");
    reader_bytes(&reader, PE_HEADER_AT - 2, "MS-DOS header");
    pe_header = reader_le32(&reader);
    if (!reader_ok(&reader))
        return false;
    if (pe_header < DOS_HEADER_LEN)
        return error_set(error, ERROR_MALFORMED, PE_HEADER_AT, DOS,
                         "PE header at %u stands inside the MS-DOS header", pe_header);
    reader = reader_from(file, pe_header, DOS, error);
    signature = reader_bytes(&reader, SIGNATURE_LEN, "PE signature");
    if (!reader_ok(&reader))
        return false;
    if (!span_equal(signature, span_of("PE\0", 4)))
        return error_set(error, ERROR_MALFORMED, pe_header, DOS,
                         "no PE signature where the MS-DOS header points to");
    *at = pe_header;
    return true;
}

bool pe_is_image(struct span file)
{
    struct error error;
    size_t at;

    return find_pe_header(file, &at, &error);
}

/* The certificate table's place stands in a directory entry, as a file offset (PE, Optional Header
 * Data Directories). Firmware reads all of it before it looks at an image. */
static bool read_certificate_entry(struct reader *directory, struct pe *pe)
{
    uint32_t offset, len;

    reader_bytes(directory, (size_t)CERTIFICATE_ENTRY * DIRECTORY_ENTRY_LEN, "data directories");
    pe->certificate_entry_at = reader_offset(directory);
    offset = reader_le32(directory);
    len = reader_le32(directory);
    if (!reader_ok(directory) || len == 0)
        return reader_ok(directory);
    if (offset > pe->file.len || len > pe->file.len - offset)
        return error_set(directory->error, ERROR_TRUNCATED, pe->certificate_entry_at,
                         CERTIFICATE_TABLE, "certificate table of %u bytes at %u, file has %zu",
                         len, offset, pe->file.len);
    pe->certificates = span_of(pe->file.data + offset, len);
    pe->certificates_offset = offset;
    return true;
}

static bool read_optional_header(struct reader *header, struct pe *pe)
{
    size_t start = reader_offset(header), hashed_to;
    uint16_t magic = reader_le16(header);
    uint32_t n_entries;

    if (reader_ok(header) && magic != MAGIC_PE32 && magic != MAGIC_PE32_PLUS)
        return error_set(header->error, ERROR_MALFORMED, start, OPTIONAL_HEADER,
                         "magic is 0x%04x, expected 0x010b or 0x020b", magic);
    pe->is_64 = magic == MAGIC_PE32_PLUS;
    reader_bytes(header, 58, "optional header");
    pe->headers_len = reader_le32(header);
    pe->checksum_at = start + CHECKSUM_AT;
    reader_le32(header); /* CheckSum */
    pe->subsystem = reader_le16(header);
    reader_bytes(header, pe->is_64 ? 38 : 22, "optional header");
    n_entries = reader_le32(header);
    if (!reader_cap(header, n_entries, DIRECTORY_ENTRIES, "number of data directories"))
        return false;
    hashed_to = pe->checksum_at + 4;
    if (n_entries > CERTIFICATE_ENTRY) {
        if (!read_certificate_entry(header, pe))
            return false;
        hashed_to = pe->certificate_entry_at + DIRECTORY_ENTRY_LEN;
    }
    if (!reader_ok(header))
        return false;
    if (pe->headers_len > pe->file.len || pe->headers_len < hashed_to)
        return error_set(header->error, ERROR_MALFORMED, start + 60, OPTIONAL_HEADER,
                         "SizeOfHeaders is %u, must be %zu to %zu", pe->headers_len, hashed_to,
                         pe->file.len);
    return true;
}

static bool check_sections(const struct pe *pe, size_t table_at, struct error *error)
{
    uint64_t total = 0;

    for (size_t i = 0; i < pe->n_sections; i++) {
        struct reader reader = reader_from(pe->section_table, i * SECTION_LEN + 16, SECTION_TABLE,
                                           error);
        uint32_t len = reader_le32(&reader), offset = reader_le32(&reader);

        if (len == 0)
            continue;
        if (offset > pe->file.len || len > pe->file.len - offset)
            return error_set(error, ERROR_TRUNCATED, table_at + i * SECTION_LEN + 16, SECTION_TABLE,
                             "section %zu has %u bytes at %u, file has %zu", i + 1, len, offset,
                             pe->file.len);
        total += len;
    }
    if (total > (uint64_t)LIMIT_PE_REPEATS * pe->file.len)
        return error_set(error, ERROR_LIMIT, table_at, SECTION_TABLE,
                         "sections overlap: they have %llu bytes together, file has %zu",
                         (unsigned long long)total, pe->file.len);
    return true;
}

/* COFF String Table: behind the symbols, of 18 bytes each. Images need none: no loader reads it. */
static struct span find_strings(struct span file, uint32_t symbols_at, uint32_t n_symbols)
{
    uint64_t at = symbols_at + (uint64_t)n_symbols * SYMBOL_LEN;

    if (symbols_at == 0 || at >= file.len)
        return (struct span){0};
    return span_of(file.data + at, file.len - (size_t)at);
}

bool pe_decode(struct span file, struct pe *pe, struct error *error)
{
    struct pe decoded = {.file = file};
    struct reader reader, optional;
    uint32_t symbols_at, n_symbols;
    uint16_t optional_len;
    size_t at = 0, table_at;

    if (file.len > LIMIT_PE_LEN)
        return error_set(error, ERROR_LIMIT, 0, DOS, "file has %zu bytes, over the limit of %d",
                         file.len, LIMIT_PE_LEN);
    if (!find_pe_header(file, &at, error))
        return false;
    reader = reader_from(file, at + SIGNATURE_LEN, FILE_HEADER, error);
    decoded.machine = reader_le16(&reader);
    decoded.n_sections = reader_le16(&reader);
    reader_le32(&reader); /* TimeDateStamp */
    symbols_at = reader_le32(&reader);
    n_symbols = reader_le32(&reader);
    decoded.strings = find_strings(file, symbols_at, n_symbols);
    optional_len = reader_le16(&reader);
    reader_le16(&reader); /* Characteristics */
    if (!reader_cap(&reader, decoded.n_sections, LIMIT_PE_SECTIONS, "number of sections"))
        return false;
    optional = reader_child(&reader, optional_len, OPTIONAL_HEADER);
    if (!read_optional_header(&optional, &decoded))
        return false;
    table_at = reader_offset(&reader);
    reader.clause = SECTION_TABLE;
    decoded.section_table = reader_bytes(&reader, decoded.n_sections * SECTION_LEN,
                                         "section table");
    if (!reader_ok(&reader) || !check_sections(&decoded, table_at, error))
        return false;
    *pe = decoded;
    return true;
}

struct pe_section pe_section(const struct pe *pe, size_t index)
{
    struct error none;
    struct reader reader = reader_from(pe->section_table, index * SECTION_LEN, SECTION_TABLE,
                                       &none);
    struct pe_section section = {.name = reader_bytes(&reader, 8, "name")};
    uint32_t raw_len;

    while (section.name.len && section.name.data[section.name.len - 1] == 0)
        section.name.len--;
    section.virtual_len = reader_le32(&reader);
    reader_le32(&reader); /* VirtualAddress */
    raw_len = reader_le32(&reader);
    section.raw_offset = reader_le32(&reader);
    if (raw_len)
        section.raw = span_of(pe->file.data + section.raw_offset, raw_len);
    return section;
}

bool pe_find_section(const struct pe *pe, const char *name, struct pe_section *section)
{
    for (size_t i = 0; i < pe->n_sections; i++) {
        struct pe_section found = pe_section(pe, i);

        if (span_is(found.name, name)) {
            *section = found;
            return true;
        }
    }
    return false;
}

/* True when the section's name is "/" and the decimal offset of the name in the string table. */
static bool is_long_name(const struct pe *pe, struct span reference, const char *name)
{
    size_t offset = 0, len = strlen(name) + 1;

    if (reference.len < 2 || reference.data[0] != '/')
        return false;
    for (size_t i = 1; i < reference.len; i++) {
        if (reference.data[i] < '0' || reference.data[i] > '9')
            return false;
        offset = offset * 10 + (size_t)(reference.data[i] - '0');
    }
    return offset < pe->strings.len && len <= pe->strings.len - offset &&
           memcmp(pe->strings.data + offset, name, len) == 0;
}

bool pe_find_long_section(const struct pe *pe, const char *name, struct pe_section *section)
{
    for (size_t i = 0; i < pe->n_sections; i++) {
        struct pe_section found = pe_section(pe, i);

        if (is_long_name(pe, found.name, name)) {
            *section = found;
            return true;
        }
    }
    return false;
}

bool pe_certificates_decode(const struct pe *pe, struct pe_certificate *certificates, size_t cap,
                            size_t *n_certificates, struct error *error)
{
    struct reader reader = reader_init(pe->certificates, CERTIFICATE_TABLE, error);
    size_t n = 0;

    reader.base = pe->certificates_offset;
    while (reader_left(&reader)) {
        uint32_t len = reader_le32(&reader);
        struct pe_certificate certificate = {.revision = reader_le16(&reader)};
        size_t padding;

        certificate.type = reader_le16(&reader);
        if (!reader_ok(&reader))
            return false;
        if (len < 8)
            return reader_fail(&reader, ERROR_MALFORMED, "certificate's length is %u, less than 8",
                               len);
        certificate.data = reader_bytes(&reader, len - 8, "certificate");
        if (!reader_cap(&reader, n + 1, cap, "number of certificates") || !reader_ok(&reader))
            return false;
        certificates[n++] = certificate;
        padding = -(size_t)len % CERTIFICATE_ALIGNMENT;
        if (padding < reader_left(&reader))
            reader_bytes(&reader, padding, "padding");
        else
            reader_rest(&reader);
    }
    *n_certificates = n;
    return true;
}
