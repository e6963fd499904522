/* What nearly every test of the core needs: cryptography and memory, one of each for a group. */
#ifndef BOOTSEAL_TESTS_SUPPORT_CRYPTO_ARENA_H
#define BOOTSEAL_TESTS_SUPPORT_CRYPTO_ARENA_H

#include "base/arena.h"
#include "crypto/crypto.h"

extern struct crypto *crypto;
extern struct arena arena;

/* cmocka's setup and teardown of a group. */
int crypto_arena_setup(void **state);
int crypto_arena_teardown(void **state);

#endif
