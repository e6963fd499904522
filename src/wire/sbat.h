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

/* Revocation levels that come with a shim: contents for SbatLevel, lines like those above. */
struct sbat_levels {
    struct span automatic; /* what shim demands by itself */
    struct span
        latest; /* what it demands once it was told to ("mokutil --set-sbat-policy latest") */
};

/* Decodes a shim's section .sbatlevel (shim, generate_sbat_var_defs.c; clause "shim, .sbatlevel"): a version, 0; where both
 * texts start, counted from behind the version; texts that end with a NUL. Spans point into bytes and
 * leave the NUL out. ERROR_TRUNCATED, ERROR_UNSUPPORTED for another version, ERROR_MALFORMED for a
 * text outside of the section or that is none of levels. */
bool sbat_levels_decode(struct span bytes, struct sbat_levels *levels,
                        struct error *error) MUST_CHECK;

/* True when shim puts this level in the place of the one that is there: a later date (SBAT.md; no
 * level goes back). False when either is not a level. */
bool sbat_level_succeeds(struct span level, struct span present);

#endif
