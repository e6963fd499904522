/* Decodes foreign evidence; what is accepted must encode to the very same bytes. */
#include <stdlib.h>

#include "fuzz.h"
#include "wire/evidence.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct arena arena = arena_init((size_t)16 << 20);
    struct evidence evidence;
    struct error error;
    struct span bytes;

    if (evidence_decode(span_of(data, len), &arena, &evidence, &error) &&
        evidence_encode(&evidence, &arena, &bytes, &error) &&
        !span_equal(bytes, span_of(data, len)))
        abort();
    arena_done(&arena);
    return 0;
}
