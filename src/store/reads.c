/* Reading hosts, verdicts and logs. Owns nothing; trusts the tables' constraints and checks lengths
 * all the same. Every call takes the reading connection for itself. */
#include "store/internal.h"

#include <assert.h>
#include <zstd.h>

#define HOST_COLUMNS                                                                               \
    "h.id, h.name, h.ak_name, h.ek_public, h.ak_public, h.state, h.endorsement, h.issuer, "        \
    "h.manufacturer, h.model, h.version, h.created_s, h.approved_s, h.approved_by, h.revoked_s, "  \
    "h.revoked_by, h.revoked_reason, s.counters_known, s.reset_count, s.restart_count, "           \
    "s.clock_ms, s.firmware_version, s.verdict, s.verdict_s, s.expires_s, s.seen_s, "              \
    "s.verdict_seq, coalesce(v.reasons, ''), h.ek_certificate, h.inventory, s.memory, "            \
    "h.class_name, d.observed_verdict, d.observed_reasons, p.issuer, p.manufacturer, p.model, "    \
    "p.version, p.serial, p.refusal "                                                              \
    "FROM hosts h JOIN host_states s ON s.host_id = h.id "                                         \
    "LEFT JOIN host_details d ON d.host_id = h.id "                                                \
    "LEFT JOIN platforms p ON p.host_id = h.id "                                                   \
    "LEFT JOIN verdicts v ON v.host_id = h.id AND v.seq = s.verdict_seq "

static void take_enrolment(sqlite3_stmt *row, struct arena *arena, struct store_enrolment *host,
                           bool *failed)
{
    db_column_bytes(row, 0, host->id, sizeof host->id, failed);
    host->name = db_column_text(row, 1, arena, failed);
    host->ak_name = db_column_span(row, 2, arena, failed);
    host->ek_public = db_column_span(row, 3, arena, failed);
    host->ak_public = db_column_span(row, 4, arena, failed);
    host->state = sqlite3_column_int(row, 5);
    host->endorsement = sqlite3_column_int(row, 6);
    host->issuer = db_column_text(row, 7, arena, failed);
    host->manufacturer = db_column_text(row, 8, arena, failed);
    host->model = db_column_text(row, 9, arena, failed);
    host->version = db_column_text(row, 10, arena, failed);
    host->platform.issuer = db_column_text(row, 34, arena, failed);
    host->platform.manufacturer = db_column_text(row, 35, arena, failed);
    host->platform.model = db_column_text(row, 36, arena, failed);
    host->platform.version = db_column_text(row, 37, arena, failed);
    host->platform.serial = db_column_text(row, 38, arena, failed);
    host->platform.refusal = db_column_text(row, 39, arena, failed);
}

static void take_host(sqlite3_stmt *row, bool whole, struct arena *arena, struct store_host *host,
                      bool *failed)
{
    int64_t seq = sqlite3_column_int64(row, 26);
    char id[STORE_VERDICT_ID_LEN] = "";

    *host = (struct store_host){0};
    take_enrolment(row, arena, &host->enrolled, failed);
    host->created_s = sqlite3_column_int64(row, 11);
    host->approved_s = sqlite3_column_int64(row, 12);
    host->approved_by = db_column_text(row, 13, arena, failed);
    host->revoked_s = sqlite3_column_int64(row, 14);
    host->revoked_by = db_column_text(row, 15, arena, failed);
    host->revoked_reason = db_column_text(row, 16, arena, failed);
    host->counters.known = sqlite3_column_int(row, 17);
    host->counters.reset_count = (uint32_t)sqlite3_column_int64(row, 18);
    host->counters.restart_count = (uint32_t)sqlite3_column_int64(row, 19);
    host->counters.clock_ms = (uint64_t)sqlite3_column_int64(row, 20);
    host->counters.firmware_version = (uint64_t)sqlite3_column_int64(row, 21);
    host->verdict = sqlite3_column_int(row, 22);
    host->verdict_s = sqlite3_column_int64(row, 23);
    host->expires_s = sqlite3_column_int64(row, 24);
    host->seen_s = sqlite3_column_int64(row, 25);
    if (seq)
        verdict_id_print(host->enrolled.id, seq, id);
    host->verdict_id = arena_text(arena, span_text(id));
    host->reasons = db_column_text(row, 27, arena, failed);
    host->class_name = db_column_text(row, 31, arena, failed);
    host->observed_verdict = sqlite3_column_int(row, 32);
    host->observed_reasons = db_column_text(row, 33, arena, failed);
    if (whole) {
        host->enrolled.ek_certificate = db_column_span(row, 28, arena, failed);
        host->enrolled.inventory = db_column_span(row, 29, arena, failed);
        host->memory = db_column_span(row, 30, arena, failed);
    }
    *failed = *failed || !host->verdict_id;
}

static bool take_one_host(struct store *store, sqlite3_stmt *statement, struct arena *arena,
                          struct store_host *host, bool *found, struct error *error)
{
    enum db_step step = db_step(statement);
    struct store_host taken;
    bool failed = false;

    if (step == DB_ROW) {
        take_host(statement, true, arena, &taken, &failed);
        sqlite3_reset(statement);
    }
    if (!read_finish(store, step, failed, error))
        return false;
    *found = step == DB_ROW;
    if (*found)
        *host = taken;
    return true;
}

bool store_host_get(struct store *store, const uint8_t id[STORE_HOST_ID_LEN], struct arena *arena,
                    struct store_host *host, bool *found, struct error *error)
{
    pthread_mutex_lock(&store->read_lock);
    return take_one_host(store,
                         db_prepare(&store->reader, "SELECT " HOST_COLUMNS "WHERE h.id = ?", "b",
                                    span_of(id, STORE_HOST_ID_LEN)),
                         arena, host, found, error);
}

bool store_host_get_by_name(struct store *store, const char *name, struct arena *arena,
                            struct store_host *host, bool *found, struct error *error)
{
    pthread_mutex_lock(&store->read_lock);
    return take_one_host(
        store, db_prepare(&store->reader, "SELECT " HOST_COLUMNS "WHERE h.name = ?", "t", name),
        arena, host, found, error);
}

bool store_host_list(struct store *store, const struct store_host_filter *filter,
                     struct arena *arena, struct store_host **hosts, size_t *n_hosts,
                     struct error *error)
{
    const char *contains = filter->name_contains ? filter->name_contains : "";
    struct store_host *list = arena_array(arena, filter->limit, sizeof *list);
    sqlite3_stmt *row;
    enum db_step step;
    bool failed = !list;
    size_t n = 0;

    assert(filter->limit >= 1 && filter->limit <= LIMIT_LIST_ITEMS);
    pthread_mutex_lock(&store->read_lock);
    row = db_prepare(&store->reader,
                     "SELECT " HOST_COLUMNS "WHERE h.name > ?1 AND (?2 = 0 OR h.state = ?2) "
                     "AND (?3 = 0 OR s.verdict = ?3) AND (?4 = 0 OR s.expires_s < ?4) "
                     "AND (?5 = '' OR instr(h.name, ?5) > 0) ORDER BY h.name LIMIT ?6",
                     "tiiiti", filter->after ? filter->after : "", (int64_t)filter->state,
                     (int64_t)filter->verdict, filter->expires_before_s, contains,
                     (int64_t)filter->limit);
    while ((step = db_step(row)) == DB_ROW && !failed)
        take_host(row, false, arena, &list[n++], &failed);
    if (step == DB_ROW)
        sqlite3_reset(row);
    if (!read_finish(store, step, failed, error))
        return false;
    *hosts = list;
    *n_hosts = n;
    return true;
}

bool store_host_count(struct store *store, int64_t now_s, struct store_host_counts *counts,
                      struct error *error)
{
    struct store_host_counts counted = {0};
    sqlite3_stmt *row;
    enum db_step step;

    pthread_mutex_lock(&store->read_lock);
    row = db_prepare(&store->reader,
                     "SELECT h.state, CASE WHEN s.expires_s > ? THEN s.verdict ELSE 0 END, "
                     "count(*) FROM hosts h JOIN host_states s ON s.host_id = h.id GROUP BY 1, 2",
                     "i", now_s);
    while ((step = db_step(row)) == DB_ROW) {
        int state = sqlite3_column_int(row, 0), verdict = sqlite3_column_int(row, 1);
        size_t n = (size_t)sqlite3_column_int64(row, 2);

        counted.by_state[state] += n;
        if (state == STORE_HOST_ENROLLED && verdict > 0 && verdict < 8)
            counted.by_verdict[verdict] += n;
        else if (state == STORE_HOST_ENROLLED)
            counted.expired += n;
    }
    if (!read_finish(store, step, false, error))
        return false;
    *counts = counted;
    return true;
}

#define VERDICT_COLUMNS                                                                            \
    "seq, verdict, reasons, policy, boot_sha256, reset_count, n_seen, n_boots, first_s, last_s "   \
    "FROM verdicts "

static void take_verdict(sqlite3_stmt *row, const uint8_t *host_id, struct arena *arena,
                         struct store_verdict *verdict, bool *failed)
{
    char id[STORE_VERDICT_ID_LEN];

    verdict_id_print(host_id, sqlite3_column_int64(row, 0), id);
    verdict->id = arena_text(arena, span_text(id));
    verdict->verdict = sqlite3_column_int(row, 1);
    verdict->reasons = db_column_text(row, 2, arena, failed);
    verdict->policy = db_column_text(row, 3, arena, failed);
    db_column_bytes(row, 4, verdict->boot_sha256, sizeof verdict->boot_sha256, failed);
    verdict->reset_count = (uint32_t)sqlite3_column_int64(row, 5);
    verdict->n_seen = (uint32_t)sqlite3_column_int64(row, 6);
    verdict->n_boots = (uint32_t)sqlite3_column_int64(row, 7);
    verdict->first_s = sqlite3_column_int64(row, 8);
    verdict->last_s = sqlite3_column_int64(row, 9);
    *failed = *failed || !verdict->id;
}

bool store_verdict_list(struct store *store, const uint8_t host_id[STORE_HOST_ID_LEN],
                        const char *before, size_t limit, struct arena *arena,
                        struct store_verdict **verdicts, size_t *n_verdicts, struct error *error)
{
    struct store_verdict *list = arena_array(arena, limit, sizeof *list);
    uint8_t before_host[STORE_HOST_ID_LEN];
    int64_t before_seq = INT64_MAX;
    sqlite3_stmt *row;
    enum db_step step;
    bool failed = !list;
    size_t n = 0;

    assert(limit >= 1 && limit <= LIMIT_LIST_ITEMS);
    if (before && (!verdict_id_parse(before, before_host, &before_seq) ||
                   memcmp(before_host, host_id, sizeof before_host) != 0))
        return error_plain(error, ERROR_USAGE, "the cursor is no verdict of this host");
    pthread_mutex_lock(&store->read_lock);
    row = db_prepare(&store->reader,
                     "SELECT " VERDICT_COLUMNS
                     "WHERE host_id = ? AND seq < ? ORDER BY seq DESC LIMIT ?",
                     "bii", span_of(host_id, STORE_HOST_ID_LEN), before_seq, (int64_t)limit);
    while ((step = db_step(row)) == DB_ROW && !failed)
        take_verdict(row, host_id, arena, &list[n++], &failed);
    if (step == DB_ROW)
        sqlite3_reset(row);
    if (!read_finish(store, step, failed, error))
        return false;
    *verdicts = list;
    *n_verdicts = n;
    return true;
}

bool store_evidence_get(struct store *store, const uint8_t host_id[STORE_HOST_ID_LEN],
                        struct arena *arena, struct span *evidence, struct error *error)
{
    struct span taken = span_of(NULL, 0);
    sqlite3_stmt *row;
    enum db_step step;
    bool failed = false;

    pthread_mutex_lock(&store->read_lock);
    row = db_prepare(&store->reader, "SELECT evidence FROM evidence WHERE host_id = ?", "b",
                     span_of(host_id, STORE_HOST_ID_LEN));
    step = db_step(row);
    if (step == DB_ROW) {
        taken = db_column_span(row, 0, arena, &failed);
        sqlite3_reset(row);
    }
    if (!read_finish(store, step, failed, error))
        return false;
    *evidence = taken;
    return true;
}

struct good_evidence {
    struct span bytes;
    int64_t at_s;
};

static void take_good_evidence(sqlite3_stmt *row, struct arena *arena, void *item, bool *failed)
{
    struct good_evidence *evidence = item;

    evidence->bytes = db_column_span(row, 0, arena, failed);
    evidence->at_s = sqlite3_column_int64(row, 1);
}

bool store_good_evidence_get(struct store *store, const uint8_t host_id[STORE_HOST_ID_LEN],
                             struct arena *arena, struct span *evidence, int64_t *at_s,
                             struct error *error)
{
    struct good_evidence taken = {0};
    bool found;

    pthread_mutex_lock(&store->read_lock);
    if (!read_one(store,
                  db_prepare(&store->reader,
                             "SELECT evidence, at_s FROM good_boots WHERE host_id = ?", "b",
                             span_of(host_id, STORE_HOST_ID_LEN)),
                  take_good_evidence, arena, &taken, &found, error))
        return false;
    *evidence = taken.bytes;
    *at_s = taken.at_s;
    return true;
}

static void take_finding_counts(sqlite3_stmt *row, struct arena *arena, void *item, bool *failed)
{
    struct store_finding_counts *counts = item;

    (void)arena;
    (void)failed;
    counts->first_s = sqlite3_column_int64(row, 0);
    counts->fleet_first_s = sqlite3_column_int64(row, 1);
    counts->n_hosts = (size_t)sqlite3_column_int64(row, 2);
    counts->n_hosts_of_class = (size_t)sqlite3_column_int64(row, 3);
    counts->n_class = (size_t)sqlite3_column_int64(row, 4);
}

bool store_finding_count(struct store *store, const uint8_t host_id[STORE_HOST_ID_LEN],
                         const uint8_t finding[STORE_DIGEST_LEN],
                         struct store_finding_counts *counts, struct error *error)
{
    struct store_finding_counts taken = {0};
    bool found;

    pthread_mutex_lock(&store->read_lock);
    /* A host without a class is of none: nothing is known of what it has in common. */
    if (!read_one(store,
                  db_prepare(&store->reader,
                             "WITH me AS (SELECT max(class_name) AS class_name FROM hosts "
                             "WHERE id = ?1), have AS (SELECT f.first_s, h.class_name FROM "
                             "findings f JOIN hosts h ON h.id = f.host_id AND h.state = 2 "
                             "WHERE f.finding = ?2) "
                             "SELECT (SELECT first_s FROM findings WHERE host_id = ?1 AND "
                             "finding = ?2), min(have.first_s), count(have.first_s), "
                             "count(*) FILTER (WHERE have.class_name <> '' AND "
                             "have.class_name = me.class_name), "
                             "(SELECT count(*) FROM hosts WHERE class_name = me.class_name AND "
                             "class_name <> '' AND state = 2) FROM me LEFT JOIN have",
                             "bb", span_of(host_id, STORE_HOST_ID_LEN),
                             span_of(finding, STORE_DIGEST_LEN)),
                  take_finding_counts, NULL, &taken, &found, error))
        return false;
    *counts = taken;
    return true;
}

static void take_host_state(sqlite3_stmt *row, struct arena *arena, void *item, bool *failed)
{
    struct store_host_state_row *host = item;

    db_column_bytes(row, 0, host->id, sizeof host->id, failed);
    host->name = db_column_text(row, 1, arena, failed);
    host->claims = db_column_span(row, 2, arena, failed);
    host->verdict = sqlite3_column_int(row, 3);
}

bool store_host_states(struct store *store, const char *after, size_t limit, struct arena *arena,
                       struct store_host_state_row **rows, size_t *n_rows, struct error *error)
{
    assert(limit >= 1);
    pthread_mutex_lock(&store->read_lock);
    return read_list(store,
                     db_prepare(&store->reader,
                                "SELECT h.id, h.name, coalesce(d.claims, x''), s.verdict "
                                "FROM hosts h JOIN host_states s ON s.host_id = h.id "
                                "JOIN evidence e ON e.host_id = h.id "
                                "LEFT JOIN host_details d ON d.host_id = h.id "
                                "WHERE h.state = 2 AND h.name > ? ORDER BY h.name LIMIT ?",
                                "ti", after ? after : "", (int64_t)limit),
                     take_host_state, sizeof **rows, arena, (void **)rows, n_rows, error);
}

/* Length and content have to be what they were when they were stored. */
static bool expand(struct store *store, struct span compressed, size_t len, const uint8_t *sha256,
                   struct arena *arena, struct span *bytes)
{
    uint8_t *expanded = len <= LIMIT_EVIDENCE_LEN ? arena_alloc(arena, len + 1) : NULL;
    struct crypto_digest digest;

    if (!expanded || ZSTD_decompress(expanded, len, compressed.data, compressed.len) != len)
        return false;
    crypto_hash_span(store->crypto, TPM_ALG_SHA256, span_of(expanded, len), &digest);
    *bytes = span_of(expanded, len);
    return memcmp(digest.bytes, sha256, STORE_DIGEST_LEN) == 0;
}

bool store_log_get(struct store *store, const uint8_t host_id[STORE_HOST_ID_LEN],
                   const uint8_t sha256[STORE_DIGEST_LEN], struct arena *arena, struct span *bytes,
                   bool *found, struct error *error)
{
    struct span expanded = span_of(NULL, 0);
    sqlite3_stmt *row;
    enum db_step step;
    bool good = true;

    pthread_mutex_lock(&store->read_lock);
    row = db_prepare(&store->reader,
                     "SELECT zstd, len FROM logs WHERE sha256 = ?2 AND (EXISTS "
                     "(SELECT 1 FROM host_logs WHERE host_id = ?1 AND sha256 = ?2) OR EXISTS "
                     "(SELECT 1 FROM good_logs WHERE host_id = ?1 AND sha256 = ?2))",
                     "bb", span_of(host_id, STORE_HOST_ID_LEN), span_of(sha256, STORE_DIGEST_LEN));
    step = db_step(row);
    if (step == DB_ROW) {
        struct span compressed = span_of(sqlite3_column_blob(row, 0),
                                         (size_t)sqlite3_column_bytes(row, 0));

        good = expand(store, compressed, (size_t)sqlite3_column_int64(row, 1), sha256, arena,
                      &expanded);
        sqlite3_reset(row);
    }
    if (!read_finish(store, step, false, error))
        return false;
    if (!good)
        return error_plain(error, ERROR_MALFORMED,
                           "a stored log is damaged or larger than memory allows");
    *found = step == DB_ROW;
    if (*found)
        *bytes = expanded;
    return true;
}

static void take_log(sqlite3_stmt *row, struct arena *arena, void *item, bool *failed)
{
    struct store_log *log = item;

    (void)arena;
    log->kind = sqlite3_column_int(row, 0);
    db_column_bytes(row, 1, log->sha256, sizeof log->sha256, failed);
    log->len = (size_t)sqlite3_column_int64(row, 2);
}

bool store_log_list(struct store *store, const uint8_t host_id[STORE_HOST_ID_LEN],
                    struct arena *arena, struct store_log **logs, size_t *n_logs,
                    struct error *error)
{
    pthread_mutex_lock(&store->read_lock);
    return read_list(store,
                     db_prepare(&store->reader,
                                "SELECT r.kind, r.sha256, l.len FROM host_logs r JOIN logs l "
                                "ON l.sha256 = r.sha256 WHERE r.host_id = ? ORDER BY r.kind",
                                "b", span_of(host_id, STORE_HOST_ID_LEN)),
                     take_log, sizeof **logs, arena, (void **)logs, n_logs, error);
}
