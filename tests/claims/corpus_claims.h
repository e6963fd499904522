/* Claims of real logs, for tests over the folder that BOOTSEAL_CORPUS names. */
#ifndef BOOTSEAL_TESTS_CLAIMS_CORPUS_CLAIMS_H
#define BOOTSEAL_TESTS_CLAIMS_CORPUS_CLAIMS_H

#include "claims/claims.h"

struct collected {
    struct arena arena; /* for arena_done */
    struct measured_log log;
    struct claims claims;
    struct reasons reasons;
};

/* Reads the log in the best bank it carries, as if a quote had proven all of it; false when it is no
 * log. */
bool corpus_collect(struct crypto *crypto, struct span bytes, struct collected *collected);

#endif
