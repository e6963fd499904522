/* Learning a policy from a host that is as it should be.
 *
 * Every proven claim becomes a rule that it stays as it is: images, files and keys as named
 * references, switches and texts by their value. Claims that no two boots share are left out. */
#ifndef BOOTSEAL_POLICY_LEARN_H
#define BOOTSEAL_POLICY_LEARN_H

#include "claims/claims.h"

/* Writes the policy's text into the arena; it compiles, and the claims fulfil it. Only claims of
 * grade attested are learned, so a host that proves nothing gives ERROR_NOT_FOUND. name is at most
 * LIMIT_NAME_LEN bytes of printable text. */
bool policy_learn(const struct claims *claims, struct crypto *crypto, const char *name,
                  struct arena *arena, struct span *text, struct error *error) MUST_CHECK;

#endif
