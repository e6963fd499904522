/* Text with one field in a line: "Package: shim-signed" of a Debian control file (Debian Policy, 5.1)
 * and "VERSION_ID="12"" of os-release(5). */
#ifndef BOOTSEAL_WIRE_FIELDS_H
#define BOOTSEAL_WIRE_FIELDS_H

#include "base/span.h"

/* The value of the first line that starts with name and separator, without blanks around it and one
 * pair of quotes; it points into text. False when no line does. A field's further lines, which start
 * with a blank, are not part of it. */
bool fields_find(struct span text, const char *name, char separator, struct span *value);

#endif
