/* Event logs changed on purpose, the same ones in every run: some stay logs, some do not. */
#ifndef BOOTSEAL_TESTS_DIFFERENTIAL_MUTANT_H
#define BOOTSEAL_TESTS_DIFFERENTIAL_MUTANT_H

#include "base/span.h"

struct mutant {
    uint8_t *bytes; /* owned */
    size_t len;
    const char *kind; /* "flip", "cut", ... */
};

/* The number-th mutant of a crypto-agile log; consecutive numbers take turns with the kinds. */
void mutant_init(struct mutant *mutant, struct span log, unsigned number);
void mutant_done(struct mutant *mutant);

#endif
