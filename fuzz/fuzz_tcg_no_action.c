/* Decodes foreign bytes as an unmeasured note: tcg_no_action_decode, tcg_reference_manifest_decode. */
#include <stdlib.h>

#include "fuzz.h"
#include "wire/tcg_no_action.h"

static size_t manifest_len(const struct tcg_reference_manifest *manifest)
{
    return manifest->platform_manufacturer.len + manifest->platform_model.len +
           manifest->platform_version.len + manifest->firmware_manufacturer.len +
           manifest->firmware_version.len + manifest->manifest.bytes.len +
           manifest->certificate.bytes.len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static const size_t overhead[] = {0, 36, 45, 61}; /* of each version, strings aside */
    struct tcg_no_action body;
    struct error error;

    if (!tcg_no_action_decode(span_of(data, len), &body, &error))
        return 0;
    if (body.signature.len > 16)
        abort();
    if (body.kind == TCG_NO_ACTION_REFERENCE_MANIFEST &&
        overhead[body.manifest.version] + manifest_len(&body.manifest) != len)
        abort();
    if (body.component.description.len + body.component.measurement.len + body.nv.data.len > len)
        abort();
    return 0;
}
