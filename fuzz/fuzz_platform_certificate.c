/* Reads any bytes as a platform certificate, and as the one value of DER that an agent looks for in a TPM; what
 * was read lies within them. */
#include <stdlib.h>

#include "fuzz.h"
#include "wire/der.h"
#include "wire/platform_certificate.h"

static void check_inside(struct span part, struct span whole)
{
    if (part.len && (part.data < whole.data || part.data + part.len > whole.data + whole.len))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct arena arena = arena_init(1 << 20);
    struct span whole = span_of(data, len);
    struct platform_certificate *certificate;
    struct error error = {0};
    size_t measured;

    if (der_measure(whole, &measured, &error) && (measured < 2 || measured > len))
        abort();
    error = (struct error){0};
    if (platform_certificate_decode(whole, &arena, &certificate, &error)) {
        if (!der_measure(whole, &measured, &error) || measured != len)
            abort();
        const struct span parts[] = {
            certificate->signed_part,   certificate->algorithm,     certificate->signature,
            certificate->holder_issuer, certificate->holder_serial, certificate->issuer,
            certificate->manufacturer,  certificate->model,         certificate->version,
            certificate->serial,
        };

        for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
            check_inside(parts[i], whole);
        for (size_t i = 0; i < certificate->n_components; i++)
            check_inside(certificate->components[i].model, whole);
        if (!certificate->delta && (!certificate->manufacturer.len || !certificate->model.len))
            abort();
    } else if (error.code == ERROR_NONE ||
               (error.offset != ERROR_NO_OFFSET && error.offset > len)) {
        abort();
    }
    arena_done(&arena);
    return 0;
}
