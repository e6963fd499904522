/* RPM packages as rpmbuild frames them, for tests: lead, an empty signature header, a header with
 * names, and any payload. */
#ifndef BOOTSEAL_TESTS_SUPPORT_RPM_BUILDER_H
#define BOOTSEAL_TESTS_SUPPORT_RPM_BUILDER_H

#include "base/span.h"
#include "base/writer.h"

struct rpm_builder {
    const char *name, *version, *release, *architecture;
    bool has_epoch; /* then it is the header's first entry, otherwise the name is */
    uint32_t epoch;
    const char *payload_format; /* NULL: "cpio" */
    struct span payload;
};

/* Offset of the header that names the package. */
size_t rpm_builder_header_at(const struct rpm_builder *builder);

/* Writes the package; the span is empty when it did not fit. */
struct span rpm_builder_write(const struct rpm_builder *builder, uint8_t *buffer, size_t cap);

#endif
