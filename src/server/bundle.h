/* Stored evidence put together again: what was kept without its logs, with the logs' bytes. */
#ifndef BOOTSEAL_SERVER_BUNDLE_H
#define BOOTSEAL_SERVER_BUNDLE_H

#include "store/store.h"

/* The host's last evidence as a saved bundle, in the arena; empty when there is none. */
bool bundle_load(struct store *store, const uint8_t host_id[STORE_HOST_ID_LEN], struct arena *arena,
                 struct span *bundle, struct error *error) MUST_CHECK;

struct bundle_request {
    bool good;        /* of the last good boot, else of the last attestation */
    bool without_ima; /* an IMA list by its digest only */
};

struct bundle {
    struct span bytes; /* empty when there is none */
    int64_t at_s;      /* when the good boot was last seen; 0 for the last attestation */
};

/* The same of either boot. An IMA list that went on growing behind the quote of a good boot stands there by
 * its digest only. */
bool bundle_load_boot(struct store *store, const uint8_t host_id[STORE_HOST_ID_LEN],
                      const struct bundle_request *request, struct arena *arena,
                      struct bundle *bundle, struct error *error) MUST_CHECK;

#endif
