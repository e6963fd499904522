/* Decodes foreign bytes as an RPM package, a Debian control file, and SBAT lines.
 * Reaches: rpm_is_package, rpm_decode, fields_find, sbat_decode. */
#include <stdlib.h>

#include "base/limits.h"
#include "fuzz.h"
#include "wire/fields.h"
#include "wire/rpm.h"
#include "wire/sbat.h"

static bool lies_inside(struct span part, struct span whole)
{
    return part.len == 0 ||
           (part.data >= whole.data && part.data + part.len <= whole.data + whole.len);
}

static void decode_texts(struct span bytes)
{
    struct sbat_entry entries[LIMIT_SBAT_ENTRIES];
    struct error error;
    struct span value;
    size_t n;

    if (fields_find(bytes, "Package", ':', &value) && !lies_inside(value, bytes))
        abort();
    if (sbat_decode(bytes, entries, LIMIT_SBAT_ENTRIES, &n, &error))
        for (size_t i = 0; i < n; i++)
            if (entries[i].name.len == 0 || !lies_inside(entries[i].name, bytes) ||
                !lies_inside(entries[i].version, bytes))
                abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct span bytes = span_of(data, len);
    struct error error;
    struct rpm rpm;

    if (rpm_decode(bytes, &rpm, &error) &&
        (!rpm_is_package(bytes) || !lies_inside(rpm.name, bytes) ||
         !lies_inside(rpm.release, bytes) || !lies_inside(rpm.payload, bytes)))
        abort();
    decode_texts(bytes);
    return 0;
}
