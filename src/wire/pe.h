/* PE/COFF images as UEFI firmware reads them (Microsoft PE Format; "PE" in clauses).
 *
 * Whatever firmware would load is framed, also when headers lie about what is loaded; what firmware
 * reads out of bounds is refused. Sections may overlap each other, the headers and the certificates:
 * that is for those to judge who use them. */
#ifndef BOOTSEAL_WIRE_PE_H
#define BOOTSEAL_WIRE_PE_H

#include "base/reader.h"

enum pe_subsystem {
    PE_EFI_APPLICATION = 10,
    PE_EFI_BOOT_SERVICES_DRIVER = 11,
    PE_EFI_RUNTIME_DRIVER = 12,
    PE_EFI_ROM = 13,
};

struct pe {
    struct span file;
    uint16_t machine; /* 0x8664 for x86-64 */
    uint16_t subsystem;
    bool is_64; /* PE32+ */
    uint32_t headers_len;
    size_t checksum_at;          /* offset of CheckSum, 4 bytes */
    size_t certificate_entry_at; /* offset of the Certificate Table's directory entry, 8 bytes; 0
                                    when the image has none */
    struct span section_table;
    size_t n_sections;
    struct span strings;        /* the COFF string table and what follows it; empty without one */
    struct span certificates;   /* the attribute certificate table; empty without one */
    size_t certificates_offset; /* in the file */
};

/* Decodes; spans point into file. ERROR_MALFORMED for what is no PE image, ERROR_TRUNCATED for what
 * lies outside of the file, ERROR_LIMIT for too many sections. */
bool pe_decode(struct span file, struct pe *pe, struct error *error) MUST_CHECK;

/* True when the file starts as a PE image does: "MZ", and "PE" where that points to. */
bool pe_is_image(struct span file);

struct pe_section {
    struct span name;     /* without the NULs behind it; at most 8 bytes */
    uint32_t virtual_len; /* bytes in memory; more than raw.len means zeros behind it */
    uint32_t raw_offset;  /* in the file */
    struct span raw;      /* SizeOfRawData bytes of the file; may be empty */
};

/* Section index of the table; index must be below n_sections. */
struct pe_section pe_section(const struct pe *pe, size_t index);

/* The first section called name; false when there is none. */
bool pe_find_section(const struct pe *pe, const char *name, struct pe_section *section);

/* The same for a name of more than 8 bytes, which stands in the string table: tools for files read it there,
 * loaders don't (PE, Section Table). */
bool pe_find_long_section(const struct pe *pe, const char *name, struct pe_section *section);

/* WIN_CERTIFICATE (PE, Attribute Certificate Table). */
enum { PE_CERTIFICATE_PKCS_SIGNED_DATA = 2 };

struct pe_certificate {
    uint16_t revision, type;
    struct span data;
};

/* Frames at most cap entries of the certificate table. The last one's padding to 8 bytes may be
 * missing. */
bool pe_certificates_decode(const struct pe *pe, struct pe_certificate *certificates, size_t cap,
                            size_t *n_certificates, struct error *error) MUST_CHECK;

#endif
