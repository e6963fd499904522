/* EFI_IMAGE_LOAD_EVENT (PFP 1.06 section 10.2.3). The digest is that of the image: nothing in this
 * structure is proven. */
#ifndef BOOTSEAL_WIRE_EFI_IMAGE_LOAD_H
#define BOOTSEAL_WIRE_EFI_IMAGE_LOAD_H

#include "base/reader.h"

struct efi_image_load {
    uint64_t location, image_len, link_time_address;
    struct span device_path; /* wire/efi_device_path.h; may be empty */
    struct span trailing;    /* bytes behind the structure: old shims log eight or nine of memory */
};

/* Decodes; the spans point into bytes. */
bool efi_image_load_decode(struct span bytes, struct efi_image_load *image,
                           struct error *error) MUST_CHECK;

#endif
