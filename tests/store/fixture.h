/* A store of a test's own, and hosts, attestations and logs to put into it. */
#ifndef BOOTSEAL_TESTS_STORE_FIXTURE_H
#define BOOTSEAL_TESTS_STORE_FIXTURE_H

#include "conformance.h"

enum { NOW_S = 1800000000 };

extern conformance_fresh_fn *fresh_location;
extern struct store *store;
extern struct arena arena;
extern struct error error;

#define FIXTURE_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
int set_up(void **state);
int tear_down(void **state);

void reopen(void);
enum store_result commit(struct store_txn *txn);

/* A host whose id, name and AK name come from three values. */
struct store_enrolment host_like(uint8_t id, const char *name, const char *ak_name);
enum store_result enrol(struct store_enrolment host, bool *existed);

/* Of the host whose id is all `id`. */
struct store_attestation attestation_of(uint8_t id, int verdict, uint32_t reset_count,
                                        uint64_t clock_ms);
struct store_outcome attest(struct store_attestation attestation);

/* Puts a log of the host whose id is all `id`; its digest comes back. */
void put_log(uint8_t id, int kind, struct span bytes, uint8_t *sha256);
bool has_log(uint8_t id, const uint8_t *sha256, struct span *bytes);

/* The parts of the suite. */
int conformance_run_catalogs(void);
int conformance_run_documents(void);
int conformance_run_details(void);

#endif
