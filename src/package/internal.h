/* What the files of src/package share; nobody else includes this. */
#ifndef BOOTSEAL_PACKAGE_INTERNAL_H
#define BOOTSEAL_PACKAGE_INTERNAL_H

#include <archive.h>

#include "package/package.h"

struct package_reader {
    const char *source; /* as the operator knows the package: its path, printable */
    struct span bytes;  /* the whole package */
    struct arena *arena;
    package_visit *visit;
    void *context;
};

/* True when the bytes start as such a package does. */
bool package_is_debian(struct span bytes);
bool package_is_rpm(struct span bytes);

/* Visits the files of one package. */
bool package_read_debian(const struct package_reader *reader, struct error *error) MUST_CHECK;
bool package_read_rpm(const struct package_reader *reader, struct error *error) MUST_CHECK;

/* Visits each regular file of an archive that is open, under the caps of base/limits.h. */
bool package_visit_entries(const struct package_reader *reader, struct archive *archive,
                           const struct component_package *package, struct error *error) MUST_CHECK;

/* An archive that will read compressed data, format none yet; NULL with *error for no memory. */
struct archive *package_new_archive(struct error *error);

/* Fills in *error with the library's own words and returns false. */
bool package_archive_error(const struct package_reader *reader, struct archive *archive,
                           struct error *error);

#endif
