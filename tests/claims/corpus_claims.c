#include "corpus_claims.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

bool corpus_collect(struct crypto *crypto, struct span bytes, struct collected *collected)
{
    static const uint16_t banks[] = {TPM_ALG_SHA256, TPM_ALG_SHA384, TPM_ALG_SHA512, TPM_ALG_SHA1};
    struct claims_input input = {
        .log = &collected->log, .attested_pcrs = UINT32_MAX, .crypto = crypto};
    struct error error;
    bool read = false;

    *collected = (struct collected){.arena = arena_init((size_t)64 << 20)};
    for (size_t i = 0; i < sizeof banks / sizeof *banks && !read; i++)
        read = measured_log_read(crypto, bytes, banks[i], &collected->arena, &collected->log,
                                 &error);
    if (read)
        assert_true(claims_collect(&input, &collected->arena, &collected->claims,
                                   &collected->reasons, &error));
    return read;
}
