/* Compiles foreign policy text and evaluates it over claims that hold a little of everything. */
#include "fuzz.h"
#include "policy/policy.h"

static void fill(struct claims *claims, struct claim_item *items)
{
    static const uint8_t DIGEST[32] = {1};

    items[0] = (struct claim_item){
        .kind = CLAIM_ITEM_DIGEST, .alg = TPM_ALG_SHA256, .bytes = span_of(DIGEST, sizeof DIGEST)};
    items[1] = (struct claim_item){.kind = CLAIM_ITEM_TEXT, .bytes = span_of("text", 4)};
    for (int id = 0; id < CLAIM_IDS; id += 2)
        claims->claims[id] = (struct claim){.known = true,
                                            .is_true = id % 4 == 0,
                                            .text = "root=/dev/sda1 quiet",
                                            .items = items,
                                            .n_items = 2,
                                            .grade = (enum claim_grade)(id % 4)};
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct arena arena = arena_init((size_t)64 << 20);
    struct claims claims = {0};
    struct claim_item items[2];
    struct policy_position position;
    struct reasons reasons = {0};
    struct policy *policy;
    struct error error;
    struct crypto *crypto = crypto_new(&error);

    fill(&claims, items);
    if (policy_compile(&(struct policy_sources){.text = span_of(data, len)}, &arena, &policy,
                       &position, &error))
        (void)!policy_evaluate(policy, crypto, &claims, &arena, NULL, &reasons, &error);
    crypto_free(crypto);
    arena_done(&arena);
    return 0;
}
