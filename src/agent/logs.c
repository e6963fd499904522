/* See logs.h. */
#include "agent/logs.h"

#include "os/file.h"

enum { SMBIOS_ENTRY_POINT_LEN = 32 }; /* at most: SMBIOS 3.7 5.2 */

static bool digest(struct crypto *crypto, struct span bytes, struct arena *arena,
                   struct span *sha256, struct error *error)
{
    struct crypto_digest hash;
    uint8_t *copy = arena_alloc(arena, tpm_digest_len(TPM_ALG_SHA256));

    if (!copy)
        return arena_error(arena, error);
    crypto_hash_span(crypto, TPM_ALG_SHA256, bytes, &hash);
    memcpy(copy, hash.bytes, hash.len);
    *sha256 = span_of(copy, hash.len);
    return true;
}

/* An empty log is none: it says nothing. */
static bool add_log(enum evidence_log_kind kind, const char *path, struct span bytes,
                    struct crypto *crypto, struct arena *arena, struct logs *logs,
                    struct error *error)
{
    struct evidence_log *log = &logs->logs[logs->n_logs];

    if (bytes.len == 0)
        return true;
    *log = (struct evidence_log){
        .kind = kind, .covered_len = bytes.len, .bytes = bytes, .has_bytes = true};
    if (!digest(crypto, bytes, arena, &log->sha256, error))
        return false;
    logs->paths[logs->n_logs++] = path;
    return true;
}

/* True with nothing added when there is no such log. */
static bool read_log(enum evidence_log_kind kind, const char *path, struct crypto *crypto,
                     struct arena *arena, struct logs *logs, struct error *error)
{
    struct span bytes = {0};

    if (!os_file_read(path, evidence_log_cap(kind), arena, &bytes, error))
        return error->code == ERROR_NOT_FOUND;
    return add_log(kind, path, bytes, crypto, arena, logs, error);
}

/* The tables only add to what is proven: who may not read them attests without. */
static bool read_smbios(struct crypto *crypto, struct arena *arena, struct logs *logs,
                        struct error *error)
{
    struct span bytes = {0};

    if (!logs_read_smbios("", arena, &bytes, error))
        return error->code != ERROR_MEMORY;
    return add_log(EVIDENCE_LOG_SMBIOS, LOGS_SMBIOS_TABLES_PATH, bytes, crypto, arena, logs, error);
}

bool logs_read_mok(const char *root, struct arena *arena, struct span *bytes, struct error *error)
{
    enum { ATTRIBUTES_LEN = 4 };
    const char *table_path = arena_printf(arena, "%s%s", root, LOGS_MOK_PATH);
    const char *variable_path = arena_printf(arena, "%s%s", root, LOGS_MOK_VARIABLE_PATH);
    struct span variable;

    if (!table_path || !variable_path)
        return arena_error(arena, error);
    if (os_file_read(table_path, LIMIT_EVENT_DATA_LEN, arena, bytes, error))
        return true;
    if (error->code != ERROR_NOT_FOUND ||
        !os_file_read(variable_path, LIMIT_EVENT_DATA_LEN, arena, &variable, error))
        return false;
    if (variable.len < ATTRIBUTES_LEN)
        return error_plain(error, ERROR_MALFORMED, "%.120s has %zu bytes, less than its attributes",
                           variable_path, variable.len);
    *bytes = span_of(variable.data + ATTRIBUTES_LEN, variable.len - ATTRIBUTES_LEN);
    return true;
}

static bool read_mok(struct crypto *crypto, struct arena *arena, struct logs *logs,
                     struct error *error)
{
    struct span bytes = {0};

    if (!logs_read_mok("", arena, &bytes, error))
        return error->code == ERROR_NOT_FOUND;
    return add_log(EVIDENCE_LOG_MOK, LOGS_MOK_PATH, bytes, crypto, arena, logs, error);
}

bool logs_read(const char *eventlog_path, const char *ima_path, struct crypto *crypto,
               struct arena *arena, struct logs *logs, struct error *error)
{
    *logs = (struct logs){0};
    if (!read_log(EVIDENCE_LOG_TCG, eventlog_path ? eventlog_path : LOGS_EVENTLOG_PATH, crypto,
                  arena, logs, error))
        return false;
    logs->event_log_missing = logs->n_logs == 0;
    return read_log(EVIDENCE_LOG_IMA, ima_path ? ima_path : LOGS_IMA_PATH, crypto, arena, logs,
                    error) &&
           read_log(EVIDENCE_LOG_DRTM, LOGS_DRTM_PATH, crypto, arena, logs, error) &&
           (eventlog_path ||
            (read_smbios(crypto, arena, logs, error) && read_mok(crypto, arena, logs, error) &&
             read_log(EVIDENCE_LOG_SYSTEMD, LOGS_SYSTEMD_PATH, crypto, arena, logs, error)));
}

bool logs_read_smbios(const char *root, struct arena *arena, struct span *bytes,
                      struct error *error)
{
    const char *entry_point_path = arena_printf(arena, "%s%s", root, LOGS_SMBIOS_ENTRY_POINT_PATH);
    const char *tables_path = arena_printf(arena, "%s%s", root, LOGS_SMBIOS_TABLES_PATH);
    struct span entry_point, tables;
    uint8_t *both;

    if (!entry_point_path || !tables_path)
        return arena_error(arena, error);
    if (!os_file_read(entry_point_path, SMBIOS_ENTRY_POINT_LEN, arena, &entry_point, error) ||
        !os_file_read(tables_path, LIMIT_SMBIOS_LEN - SMBIOS_ENTRY_POINT_LEN, arena, &tables,
                      error))
        return false;
    both = arena_alloc(arena, entry_point.len + tables.len);
    if (!both)
        return arena_error(arena, error);
    memcpy(both, entry_point.data, entry_point.len);
    memcpy(both + entry_point.len, tables.data, tables.len);
    *bytes = span_of(both, entry_point.len + tables.len);
    return true;
}

static bool is_among(struct span digest_bytes, const struct span *digests, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (span_equal(digest_bytes, digests[i]))
            return true;
    return false;
}

/* The list only grows; anything else would be another boot, and the covered part has to stay. */
static bool read_growth(const char *path, struct evidence_log *log, struct arena *arena,
                        struct error *error)
{
    struct span bytes = {0};

    if (!os_file_read(path, LIMIT_IMA_LEN, arena, &bytes, error))
        return false;
    if (bytes.len >= log->covered_len &&
        span_equal(span_of(bytes.data, (size_t)log->covered_len), log->bytes))
        log->bytes = bytes;
    return true;
}

/* systemd extends the PCR first and writes the record then (systemd-pcrextend(8)). */
static bool is_still_so(const char *path, const struct evidence_log *log, struct arena *arena,
                        struct error *error)
{
    struct span bytes;

    if (!os_file_read(path, evidence_log_cap(log->kind), arena, &bytes, error))
        return false;
    return span_equal(bytes, log->bytes) ||
           error_plain(error, ERROR_CONFLICT, "%s changed while the TPM signed; try again", path);
}

bool logs_finish(struct logs *logs, const struct span *sent, size_t n_sent, struct crypto *crypto,
                 struct arena *arena, struct error *error)
{
    for (size_t i = 0; i < logs->n_logs; i++) {
        struct evidence_log *log = &logs->logs[i];

        if (log->kind == EVIDENCE_LOG_IMA && !read_growth(logs->paths[i], log, arena, error))
            return false;
        if (log->kind == EVIDENCE_LOG_SYSTEMD && !is_still_so(logs->paths[i], log, arena, error))
            return false;
        if (!digest(crypto, log->bytes, arena, &logs->whole_sha256[i], error))
            return false;
        if (log->bytes.len == log->covered_len && is_among(log->sha256, sent, n_sent)) {
            log->bytes = span_of(NULL, 0);
            log->has_bytes = false;
        }
    }
    return true;
}
