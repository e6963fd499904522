/* One soft host and its service for the tests of src/appraise. */
#ifndef BOOTSEAL_TESTS_APPRAISE_FIXTURE_H
#define BOOTSEAL_TESTS_APPRAISE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "policy/learn.h"
#include "support/soft_host.h"

struct fixture {
    struct soft_host host;
    struct arena arena; /* of one appraisal */
    struct policy *policy;
    struct appraise_input input;
    struct appraisal appraisal;
    struct error error;
};

/* A host that booted a fixture, under a policy learned from the fixture "secure-boot". */
void fixture_init(struct fixture *fixture, const char *folder, uint16_t key, uint16_t bank);

/* The same, under a policy learned from another fixture. */
void fixture_init_learned(struct fixture *fixture, const char *folder, const char *golden,
                          uint16_t key, uint16_t bank);
void fixture_done(struct fixture *fixture);

/* Appraises evidence as the service would, with the fixture's input. */
enum verdict fixture_appraise(struct fixture *fixture, struct span evidence);

/* Appraises and fails the test unless the verdict is wanted and has the reason, if one is given. */
void expect_verdict(struct fixture *fixture, struct span evidence, enum verdict wanted,
                    enum reason_code code);

/* cmocka's setup and teardown: "secure-boot", P-256, SHA-256. */
int fixture_setup(void **state);
int fixture_teardown(void **state);

#define WITH_FIXTURE(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

#endif
