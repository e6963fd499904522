/* Reads any bytes as the signature of a file in an IMA list: ima_signature_decode and what it calls.
 * What is read must be made of the input and of nothing else. */
#include <stdlib.h>

#include "fuzz.h"
#include "wire/ima_signature.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct ima_signature signature;
    struct error error = {0};

    if (!ima_signature_decode(span_of(data, len), &signature, &error)) {
        if (error.code == ERROR_NONE)
            abort();
        return 0;
    }
    if (signature.bytes.data + signature.bytes.len != data + len || signature.bytes.len == 0 ||
        ima_hash_by_id(data[2]) != signature.hash)
        abort();
    return 0;
}
