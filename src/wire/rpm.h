/* RPM packages up to their payload: lead, signature header, header (rpm.org, RPM Package format, V4;
 * LSB Core 5.0, 25.2; "RPM" in clauses). Only what names a package is read. Signatures are not. */
#ifndef BOOTSEAL_WIRE_RPM_H
#define BOOTSEAL_WIRE_RPM_H

#include "base/reader.h"

struct rpm {
    struct span name, version, release, architecture; /* empty when the header lacks them */
    uint32_t epoch;
    bool has_epoch;
    struct span payload_format; /* "cpio"; empty when the header doesn't say */
    struct span payload;        /* compressed archive: the rest of the file */
};

/* True when the file starts with an RPM lead. */
bool rpm_is_package(struct span file);

/* Decodes; spans point into file. ERROR_MALFORMED for what is no RPM package, ERROR_LIMIT for
 * headers over the caps. */
bool rpm_decode(struct span file, struct rpm *rpm, struct error *error) MUST_CHECK;

#endif
