#include "server/bundle.h"

#include "wire/evidence.h"

/* Which evidence, and which of its logs. */
struct wanted {
    struct store *store;
    const uint8_t *host_id;
    bool good, without_ima;
    const struct store_log *last_logs; /* with their full lengths; of the last evidence only */
    size_t n_last_logs;
};

/* The digest under which the store has the log; false where it cannot. The evidence of a good boot names
 * it, save for a list that went on growing. */
static bool stored_digest(const struct wanted *wanted, const struct evidence_log *log,
                          const uint8_t **sha256)
{
    *sha256 = log->sha256.data;
    if (wanted->good)
        return log->sha256.len == STORE_DIGEST_LEN;
    for (size_t i = 0; i < wanted->n_last_logs; i++)
        if (wanted->last_logs[i].kind == (int)log->kind) {
            *sha256 = wanted->last_logs[i].sha256;
            return true;
        }
    return false;
}

/* Puts the stored logs' bytes back into the evidence. */
static bool fill_logs(const struct wanted *wanted, struct evidence *evidence, struct arena *arena,
                      struct error *error)
{
    for (size_t i = 0; i < evidence->n_logs; i++) {
        struct evidence_log *log = &evidence->logs[i];
        const uint8_t *sha256;
        bool found = false;

        if ((log->kind == EVIDENCE_LOG_IMA && wanted->without_ima) ||
            !stored_digest(wanted, log, &sha256))
            continue;
        if (!store_log_get(wanted->store, wanted->host_id, sha256, arena, &log->bytes, &found,
                           error))
            return false;
        log->has_bytes = found;
    }
    return true;
}

/* The evidence as it was kept, and where its logs are. */
static bool load_kept(struct wanted *wanted, struct arena *arena, struct span *kept, int64_t *at_s,
                      struct error *error)
{
    struct store_log *logs = NULL;

    if (wanted->good)
        return store_good_evidence_get(wanted->store, wanted->host_id, arena, kept, at_s, error);
    if (!store_evidence_get(wanted->store, wanted->host_id, arena, kept, error) ||
        !store_log_list(wanted->store, wanted->host_id, arena, &logs, &wanted->n_last_logs, error))
        return false;
    wanted->last_logs = logs;
    return true;
}

static bool load(struct wanted *wanted, struct arena *arena, struct bundle *bundle,
                 struct error *error)
{
    struct bundle loaded = {0};
    struct evidence evidence;

    if (!load_kept(wanted, arena, &loaded.bytes, &loaded.at_s, error))
        return false;
    if (loaded.bytes.len && !(evidence_decode(loaded.bytes, arena, &evidence, error) &&
                              fill_logs(wanted, &evidence, arena, error) &&
                              evidence_encode(&evidence, arena, &loaded.bytes, error)))
        return false;
    *bundle = loaded;
    return true;
}

bool bundle_load(struct store *store, const uint8_t host_id[STORE_HOST_ID_LEN], struct arena *arena,
                 struct span *bundle, struct error *error)
{
    struct wanted wanted = {.store = store, .host_id = host_id};
    struct bundle loaded;

    if (!load(&wanted, arena, &loaded, error))
        return false;
    *bundle = loaded.bytes;
    return true;
}

bool bundle_load_boot(struct store *store, const uint8_t host_id[STORE_HOST_ID_LEN],
                      const struct bundle_request *request, struct arena *arena,
                      struct bundle *bundle, struct error *error)
{
    struct wanted wanted = {.store = store,
                            .host_id = host_id,
                            .good = request->good,
                            .without_ima = request->without_ima};

    return load(&wanted, arena, bundle, error);
}
