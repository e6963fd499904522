/* SBAT metadata of an image (section .sbat): which components it is made of and their generations,
 * so that a revocation can name "GRUB before generation 5" (shim, SBAT.md; "SBAT" in clauses). */
#ifndef BOOTSEAL_WIRE_SBAT_H
#define BOOTSEAL_WIRE_SBAT_H

#include "base/reader.h"

struct sbat_entry {
    struct span name; /* "grub.debian" */
    uint32_t generation;
    struct span vendor, package, version; /* empty when the line ends before */
};

/* Decodes lines of comma-separated text up to the first NUL; at most cap. Spans point into bytes.
 * ERROR_MALFORMED for a line without name or without a decimal generation. */
bool sbat_decode(struct span bytes, struct sbat_entry *entries, size_t cap, size_t *n_entries,
                 struct error *error) MUST_CHECK;

#endif
