/* Stored evidence put together again: what was kept without its logs, with the logs' bytes. */
#ifndef BOOTSEAL_SERVER_BUNDLE_H
#define BOOTSEAL_SERVER_BUNDLE_H

#include "store/store.h"

/* The host's last evidence as a saved bundle, in the arena; empty when there is none. */
bool bundle_load(struct store *store, const uint8_t host_id[STORE_HOST_ID_LEN], struct arena *arena,
                 struct span *bundle, struct error *error) MUST_CHECK;

#endif
