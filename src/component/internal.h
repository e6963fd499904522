/* What the files of src/component share; nobody else includes this. */
#ifndef BOOTSEAL_COMPONENT_INTERNAL_H
#define BOOTSEAL_COMPONENT_INTERNAL_H

#include "component/component.h"
#include "wire/pe.h"

/* Adds an empty component of this kind and file to the set; NULL with *error when it cannot. */
struct component *component_add(struct component_set *set, enum component_kind kind,
                                const struct component_file *file, struct error *error);

/* Adds digests of the parts one after the other, in each of the set's algorithms. */
bool component_add_digests(struct component_set *set, struct component *component,
                           enum component_form form, const struct span *parts, size_t n_parts,
                           struct error *error) MUST_CHECK;

/* Adds the Authenticode digests of a PE image. An image that firmware would refuse gets none, and
 * the problem is noted. */
bool component_add_image_digests(struct component_set *set, struct component *component,
                                 const struct pe *pe, struct error *error) MUST_CHECK;

/* Notes what is wrong with the component; the first one stays. False when the arena is full, also when
 * that is the problem. */
bool component_note_problem(struct component_set *set, struct component *component,
                            const struct error *problem, struct error *error) MUST_CHECK;

/* A printable copy of foreign text, cut at LIMIT_COMPONENT_TEXT_LEN; NULL with *error when the
 * arena is full. */
const char *component_text(struct component_set *set, struct span text, struct error *error);

/* True when the image has a section that systemd-stub would take from it. */
bool component_is_unified(const struct pe *pe);

/* Adds the sections of a unified kernel image, and names the image's kernel and system after them. */
bool component_add_sections(struct component_set *set, struct component *image,
                            const struct component_file *file, const struct pe *pe,
                            struct error *error) MUST_CHECK;

/* Adds to .initrd's component the digests of the RAM disk that the image's stub makes of it. */
bool component_add_ram_disk(struct component_set *set, const struct component *image,
                            struct component *initrd, const struct pe *pe,
                            struct error *error) MUST_CHECK;

#endif
