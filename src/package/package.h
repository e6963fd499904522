/* Files of a boot chain, read from where they are kept: a folder, a file, a Debian or an RPM package.
 *
 * An edge: it opens what the operator names and hands on bytes. Trusts neither archives nor names in
 * them; unpacks into memory only, one file at a time, under caps, and never writes a file. Symbolic
 * links and special files below a named source are left out, and so are packages inside of packages.
 * Signatures of packages are not checked: what a package calls itself is its own word. */
#ifndef BOOTSEAL_PACKAGE_PACKAGE_H
#define BOOTSEAL_PACKAGE_PACKAGE_H

#include "component/component.h"

/* Called with each file of a source; false with *error ends the reading. Only file->package and
 * file->source outlive the call. */
typedef bool package_visit(void *context, const struct component_file *file, struct error *error);

/* Visits every regular file of the source at path, folders in the order of names. Packages that lie
 * in a folder are opened too. What lives longer than a visit is in the arena. Errors of the file
 * system, ERROR_MALFORMED and ERROR_TRUNCATED for broken packages, ERROR_LIMIT over a cap; they name
 * the file. */
bool package_read(const char *path, struct arena *arena, package_visit *visit, void *context,
                  struct error *error) MUST_CHECK;

#endif
