/* The version in an x86 Linux kernel image (bzImage): Linux Documentation/arch/x86/boot.rst. */
#ifndef BOOTSEAL_WIRE_LINUX_IMAGE_H
#define BOOTSEAL_WIRE_LINUX_IMAGE_H

#include "base/reader.h"

/* True when the file has the kernel's setup header: "HdrS" at 0x202. */
bool linux_image_is_kernel(struct span file);

/* The release, "6.1.0-56-amd64", which starts the version text; it points into file.
 * ERROR_UNSUPPORTED for an image that names no version, ERROR_MALFORMED for a text that does not
 * end, or lies outside of the setup code. */
bool linux_image_release(struct span file, struct span *release, struct error *error) MUST_CHECK;

#endif
