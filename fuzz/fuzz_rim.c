/* Decodes foreign bytes as a base RIM, unsigned, and holds its signature against a certificate.
 * Reaches: rim_decode with all of src/rim, and the parts of libxml and xmlsec that it lets run. */
#include <stdlib.h>

#include "crypto/crypto.h"
#include "fuzz.h"
#include "rim/rim.h"
#include "rim_certificate.h"

static void check(const struct rim *rim)
{
    for (size_t i = 0; i < rim->n_files; i++)
        if (!*rim->files[i].name || rim->files[i].digest.len < 32)
            abort();
    for (size_t i = 0; i < rim->n_links; i++)
        if (!rim->links[i])
            abort();
    if (!rim->signed_at)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    const struct span certificate = span_of(RIM_CERTIFICATE, sizeof RIM_CERTIFICATE);
    struct arena arena = arena_init((size_t)16 << 20);
    struct error error;
    struct rim rim;

    if (rim_decode(span_of(data, len), NULL, 0, &arena, &rim, &error))
        check(&rim);
    if (rim_decode(span_of(data, len), &certificate, 1, &arena, &rim, &error))
        check(&rim);
    arena_done(&arena);
    return 0;
}
