/* Takes foreign bytes for a file of a boot chain: an image, a kernel, a unified kernel image, anything.
 * Reaches: component_set_init, component_add_file with the decoders of PE images, kernels, SBAT and
 * its levels, os-release and PKCS #7 signatures behind it, component_index_build, component_index_find. */
#include <stdlib.h>

#include "component/index.h"
#include "fuzz.h"

static const uint16_t ALGS[] = {TPM_ALG_SHA256};

/* Every digest of the set must lead back to it. */
static void check(const struct component_set *set, struct arena *arena)
{
    struct component_index index;
    struct error error;

    if (!component_index_build(set, arena, &index, &error))
        return;
    for (const struct component *component = set->first; component; component = component->next)
        for (const struct component_digest *digest = component->digests; digest;
             digest = digest->next) {
            size_t n = 0;
            const struct component_digest *const *found = component_index_find(
                &index, crypto_digest_span(&digest->digest), &n);
            bool is_there = false;

            for (size_t i = 0; i < n; i++)
                is_there |= found[i] == digest;
            if (!is_there)
                abort();
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static struct crypto *crypto;
    struct arena arena = arena_init((size_t)16 * 1024 * 1024);
    struct component_file file = {
        .path = span_text("file"), .bytes = span_of(data, len), .source = "source"};
    struct component_set set;
    struct error error;

    if (!crypto)
        crypto = crypto_new(&error);
    if (component_set_init(&set, crypto, &arena, ALGS, 1, &error) &&
        component_add_file(&set, &file, &error))
        check(&set, &arena);
    arena_done(&arena);
    return 0;
}
