/* Decodes foreign bytes as a device security event: tcg_device_security_decode. What it frames lies
 * inside the input and does not overlap. */
#include <stdlib.h>

#include "fuzz.h"
#include "wire/tcg_device_security.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct tcg_device_security device;
    struct error error;

    if (!tcg_device_security_decode(span_of(data, len), &device, &error))
        return 0;
    if (device.body.len + device.device_path.len > len ||
        !tcg_device_security_is(span_of(data, len)))
        abort();
    if (device.body.len && device.body.data + device.body.len > data + len)
        abort();
    return 0;
}
