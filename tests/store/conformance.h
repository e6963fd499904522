/* What every store has to do, written against store/store.h alone: one suite for all backends. */
#ifndef BOOTSEAL_TESTS_STORE_CONFORMANCE_H
#define BOOTSEAL_TESTS_STORE_CONFORMANCE_H

#include "store/store.h"

/* The backend under test: gives the location of a store that is empty. */
typedef const char *conformance_fresh_fn(void);

/* Runs the suite; the number of failed tests. */
int conformance_run(conformance_fresh_fn *fresh);

#endif
