/* Somebody who signs hardware catalogues, in software. */
#ifndef BOOTSEAL_TESTS_SUPPORT_SOFT_CATALOG_H
#define BOOTSEAL_TESTS_SUPPORT_SOFT_CATALOG_H

#include "base/arena.h"
#include "support/soft_certificate.h"
#include "support/soft_key.h"

struct soft_catalog_maker {
    struct soft_key key;
    uint8_t der[2048];
    struct span certificate; /* in der */
};

void soft_catalog_maker_init(struct soft_catalog_maker *maker, const char *name);
void soft_catalog_maker_done(struct soft_catalog_maker *maker);

/* The maker's signature over the text, in the arena. */
struct span soft_catalog_sign(struct soft_catalog_maker *maker, const char *text,
                              struct arena *arena);

#endif
