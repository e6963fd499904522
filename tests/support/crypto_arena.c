#include "support/crypto_arena.h"

struct crypto *crypto;
struct arena arena;

int crypto_arena_setup(void **state)
{
    struct error error;

    (void)state;
    crypto = crypto_new(&error);
    arena = arena_init((size_t)64 << 20);
    return crypto ? 0 : -1;
}

int crypto_arena_teardown(void **state)
{
    (void)state;
    crypto_free(crypto);
    arena_done(&arena);
    return 0;
}
