/* Appraises foreign evidence as a saved bundle: no signature of a real AK can be found by chance, so
 * the verdict may be anything but a good one unless the input is signed. */
#include <stdlib.h>

#include "appraise/appraise.h"
#include "fuzz.h"

static const char POLICY[] = "[policy]\nname = fuzz\nversion = 1\n"
                             "[rule r]\nrequire = secure_boot.enabled\nmessage = m\n";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static struct appraisal appraisal;
    struct arena arena = arena_init((size_t)256 << 20);
    struct appraise_input input = {.evidence = span_of(data, len)};
    struct policy_position position;
    struct policy *policy;
    struct error error;
    struct crypto *crypto = crypto_new(&error);

    if (!policy_compile(&(struct policy_sources){.text = span_text(POLICY)}, &arena, &policy,
                        &position, &error))
        abort();
    input.policies = &policy;
    input.n_policies = 1;
    if (appraise(crypto, &input, &arena, &appraisal, &error) &&
        appraisal.verdict == VERDICT_TRUSTED && !appraisal.quote_verified)
        abort();
    crypto_free(crypto);
    arena_done(&arena);
    return 0;
}
