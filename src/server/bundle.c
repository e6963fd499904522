#include "server/bundle.h"

#include "wire/evidence.h"

/* Puts the stored logs' bytes back into the evidence: the host's last log of each kind. */
static bool fill_logs(struct store *store, const uint8_t host_id[STORE_HOST_ID_LEN],
                      struct evidence *evidence, struct arena *arena, struct error *error)
{
    struct store_log *logs;
    size_t n_logs;

    if (!store_log_list(store, host_id, arena, &logs, &n_logs, error))
        return false;
    for (size_t i = 0; i < evidence->n_logs; i++)
        for (size_t k = 0; k < n_logs; k++) {
            struct evidence_log *log = &evidence->logs[i];
            bool found = false;

            if (logs[k].kind != (int)log->kind || log->has_bytes)
                continue;
            if (!store_log_get(store, host_id, logs[k].sha256, arena, &log->bytes, &found, error))
                return false;
            log->has_bytes = found;
        }
    return true;
}

bool bundle_load(struct store *store, const uint8_t host_id[STORE_HOST_ID_LEN], struct arena *arena,
                 struct span *bundle, struct error *error)
{
    struct evidence evidence;

    if (!store_evidence_get(store, host_id, arena, bundle, error))
        return false;
    return bundle->len == 0 || (evidence_decode(*bundle, arena, &evidence, error) &&
                                fill_logs(store, host_id, &evidence, arena, error) &&
                                evidence_encode(&evidence, arena, bundle, error));
}
