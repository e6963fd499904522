/* The act that every attestation is: a host's last state, and its history of changes.
 *
 * Must never take counters that went back, nor write more than a few small rows for a host whose
 * state has not changed. */
#include "store/internal.h"

#include "base/text.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

void verdict_id_print(const uint8_t host_id[STORE_HOST_ID_LEN], int64_t seq,
                      char id[STORE_VERDICT_ID_LEN])
{
    text_hex_into(id, span_of(host_id, STORE_HOST_ID_LEN));
    /* A host would need a change a second for 300 years to fill ten digits. */
    snprintf(id + 2 * STORE_HOST_ID_LEN, STORE_VERDICT_ID_LEN - 2 * STORE_HOST_ID_LEN, "-%u",
             (unsigned)seq);
}

bool verdict_id_parse(const char *id, uint8_t host_id[STORE_HOST_ID_LEN], int64_t *seq)
{
    const size_t hex_len = 2 * (size_t)STORE_HOST_ID_LEN;
    const char *digits;
    size_t len;

    if (strlen(id) < hex_len + 2 || strlen(id) >= STORE_VERDICT_ID_LEN || id[hex_len] != '-' ||
        !text_unhex(span_of(id, hex_len), host_id, STORE_HOST_ID_LEN, &len))
        return false;
    digits = id + hex_len + 1;
    if (digits[strspn(digits, "0123456789")] != '\0' || strlen(digits) > 10)
        return false;
    *seq = strtoll(digits, NULL, 10);
    return true;
}

/* What is known of the host before this attestation. */
struct before {
    enum store_host_state state;
    struct store_counters counters;
    int64_t seq;
};

static enum store_result read_before(struct db *db, struct span id, struct before *before)
{
    sqlite3_stmt *row = db_prepare(
        db,
        "SELECT h.state, s.counters_known, s.reset_count, s.restart_count, s.clock_ms, "
        "s.verdict_seq FROM hosts h JOIN host_states s ON s.host_id = h.id "
        "WHERE h.id = ?",
        "b", id);

    switch (db_step(row)) {
    case DB_ROW:
        break;
    case DB_DONE:
        return STORE_NOT_FOUND;
    default:
        return STORE_FAILED;
    }
    before->state = sqlite3_column_int(row, 0);
    before->counters.known = sqlite3_column_int(row, 1);
    before->counters.reset_count = (uint32_t)sqlite3_column_int64(row, 2);
    before->counters.restart_count = (uint32_t)sqlite3_column_int64(row, 3);
    before->counters.clock_ms = (uint64_t)sqlite3_column_int64(row, 4);
    before->seq = sqlite3_column_int64(row, 5);
    sqlite3_reset(row);
    return before->state == STORE_HOST_REVOKED ? STORE_CONFLICT : STORE_OK;
}

/* TPM 2.0 part 1, 36: resetCount never falls, restartCount and clock not within one reset. Equal
 * values are an earlier state only when the nonce was used before, which is its own act. */
static bool went_back(const struct store_counters *before, const struct store_counters *now)
{
    if (!before->known || !now->known || now->reset_count > before->reset_count)
        return false;
    return now->reset_count < before->reset_count || now->restart_count < before->restart_count ||
           now->clock_ms < before->clock_ms;
}

static enum store_result append_verdict(struct db *db, const struct store_attestation *now,
                                        int64_t seq)
{
    enum db_step step = db_run(
        db,
        "INSERT INTO verdicts (host_id, seq, verdict, reasons, reasons_sha256, boot_sha256, "
        "policy, reset_count, n_seen, n_boots, first_s, last_s) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, 1, 1, ?9, ?9)",
        "biitbbtii", span_of(now->host_id, sizeof now->host_id), seq, (int64_t)now->verdict,
        now->reasons, span_of(now->reasons_sha256, sizeof now->reasons_sha256),
        span_of(now->boot_sha256, sizeof now->boot_sha256), now->policy,
        (int64_t)now->counters.reset_count, now->now_s);

    return step == DB_DONE ? STORE_OK : STORE_FAILED;
}

/* Counts a repetition of the last entry; *repeated is false when it is another verdict. */
static enum store_result count_verdict(struct db *db, const struct store_attestation *now,
                                       int64_t seq, bool *repeated)
{
    enum db_step step = db_run(
        db,
        "UPDATE verdicts SET n_seen = n_seen + 1, last_s = ?1, "
        "n_boots = n_boots + (?2 AND reset_count <> ?3), "
        "reset_count = CASE WHEN ?2 THEN ?3 ELSE reset_count END "
        "WHERE host_id = ?4 AND seq = ?5 AND verdict = ?6 AND reasons_sha256 = ?7 "
        "AND boot_sha256 = ?8 AND policy = ?9",
        "iiibiibbt", now->now_s, (int64_t)now->counters.known, (int64_t)now->counters.reset_count,
        span_of(now->host_id, sizeof now->host_id), seq, (int64_t)now->verdict,
        span_of(now->reasons_sha256, sizeof now->reasons_sha256),
        span_of(now->boot_sha256, sizeof now->boot_sha256), now->policy);

    *repeated = db_changes(db) == 1;
    return step == DB_DONE ? STORE_OK : STORE_FAILED;
}

static enum store_result update_state(struct db *db, const struct store_attestation *now,
                                      int64_t seq)
{
    struct span id = span_of(now->host_id, sizeof now->host_id);

    if (db_run(db,
               "UPDATE host_states SET verdict = ?1, verdict_s = ?2, expires_s = ?3, seen_s = ?2, "
               "verdict_seq = ?4 WHERE host_id = ?5",
               "iiiib", (int64_t)now->verdict, now->now_s, now->expires_s, seq, id) != DB_DONE)
        return STORE_FAILED;
    if (now->counters.known &&
        db_run(db,
               "UPDATE host_states SET counters_known = 1, reset_count = ?, restart_count = ?, "
               "clock_ms = ?, firmware_version = ? WHERE host_id = ?",
               "iiiib", (int64_t)now->counters.reset_count, (int64_t)now->counters.restart_count,
               (int64_t)now->counters.clock_ms, (int64_t)now->counters.firmware_version,
               id) != DB_DONE)
        return STORE_FAILED;
    if ((now->memory.len || now->forget_memory) &&
        db_run(db, "UPDATE host_states SET memory = ? WHERE host_id = ?", "bb", now->memory, id) !=
            DB_DONE)
        return STORE_FAILED;
    if (now->evidence.len && db_run(db,
                                    "INSERT INTO evidence (host_id, evidence) VALUES (?, ?) "
                                    "ON CONFLICT DO UPDATE SET evidence = excluded.evidence",
                                    "bb", id, now->evidence) != DB_DONE)
        return STORE_FAILED;
    if (now->inventory.len && db_run(db, "UPDATE hosts SET inventory = ? WHERE id = ?", "bb",
                                     now->inventory, id) != DB_DONE)
        return STORE_FAILED;
    return STORE_OK;
}

/* The findings that a host has no more; those that it still has keep their time. */
static enum store_result forget_findings(struct db *db, const struct store_attestation *now)
{
    uint8_t gone[LIMIT_REASONS][STORE_DIGEST_LEN];
    struct span id = span_of(now->host_id, sizeof now->host_id);
    sqlite3_stmt *row = db_prepare(db, "SELECT finding FROM findings WHERE host_id = ?", "b", id);
    enum db_step step;
    bool failed = false;
    size_t n = 0;

    while ((step = db_step(row)) == DB_ROW) {
        size_t i = 0;

        assert(n < LIMIT_REASONS); /* no more were ever stored */
        db_column_bytes(row, 0, gone[n], sizeof gone[n], &failed);
        while (i < now->n_findings && memcmp(now->findings[i], gone[n], sizeof gone[n]) != 0)
            i++;
        n += i == now->n_findings;
    }
    if (failed || step != DB_DONE)
        return STORE_FAILED;
    while (n > 0)
        if (db_run(db, "DELETE FROM findings WHERE host_id = ? AND finding = ?", "bb", id,
                   span_of(gone[--n], STORE_DIGEST_LEN)) != DB_DONE)
            return STORE_FAILED;
    return STORE_OK;
}

static enum store_result update_findings(struct db *db, const struct store_attestation *now)
{
    enum store_result result = forget_findings(db, now);

    for (size_t i = 0; i < now->n_findings && result == STORE_OK; i++)
        if (db_run(db,
                   "INSERT INTO findings (host_id, finding, first_s) VALUES (?, ?, ?) "
                   "ON CONFLICT DO NOTHING",
                   "bbi", span_of(now->host_id, sizeof now->host_id),
                   span_of(now->findings[i], STORE_DIGEST_LEN), now->now_s) != DB_DONE)
            result = STORE_FAILED;
    return result;
}

/* The evidence and the logs that stand there now become those of the last good boot. */
static enum store_result keep_good_boot(struct db *db, const struct store_attestation *now)
{
    struct span id = span_of(now->host_id, sizeof now->host_id);

    if (db_run(db,
               "INSERT INTO good_boots (host_id, at_s, evidence) "
               "SELECT host_id, ?2, evidence FROM evidence WHERE host_id = ?1 "
               "ON CONFLICT DO UPDATE SET at_s = excluded.at_s, evidence = excluded.evidence",
               "bi", id, now->now_s) != DB_DONE ||
        logs_let_go(db,
                    "SELECT sha256 FROM good_logs g WHERE host_id = ? AND NOT EXISTS "
                    "(SELECT 1 FROM host_logs h WHERE h.host_id = g.host_id AND "
                    "h.kind = g.kind AND h.sha256 = g.sha256) LIMIT 1",
                    "DELETE FROM good_logs WHERE host_id = ? AND sha256 = ?", id) != STORE_OK ||
        db_run(db,
               "INSERT INTO good_logs (host_id, kind, sha256) "
               "SELECT host_id, kind, sha256 FROM host_logs WHERE host_id = ? "
               "ON CONFLICT DO NOTHING",
               "b", id) != DB_DONE)
        return STORE_FAILED;
    return STORE_OK;
}

/* What only a full appraisal says. */
static enum store_result update_details(struct db *db, const struct store_attestation *now)
{
    struct span id = span_of(now->host_id, sizeof now->host_id);

    if (db_run(db,
               "INSERT INTO host_details (host_id, observed_verdict, observed_reasons, "
               "claims) VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
               "observed_verdict = excluded.observed_verdict, "
               "observed_reasons = excluded.observed_reasons, claims = excluded.claims",
               "bitb", id, (int64_t)now->observed_verdict, now->observed_reasons,
               now->claims) != DB_DONE ||
        db_run(db, "UPDATE hosts SET class_name = ?1 WHERE id = ?2 AND class_name <> ?1", "tb",
               now->class_name, id) != DB_DONE ||
        update_findings(db, now) != STORE_OK)
        return STORE_FAILED;
    return now->good ? keep_good_boot(db, now) : STORE_OK;
}

enum store_result act_attest(struct db *db, const struct act *act, struct store_outcome *outcome)
{
    const struct store_attestation *now = &act->attestation;
    struct before before;
    bool repeated = false;
    enum store_result result = read_before(db, span_of(now->host_id, sizeof now->host_id), &before);

    if (result == STORE_OK && went_back(&before.counters, &now->counters))
        result = STORE_STALE;
    if (result == STORE_OK && before.seq)
        result = count_verdict(db, now, before.seq, &repeated);
    if (result == STORE_OK && !repeated)
        result = append_verdict(db, now, ++before.seq);
    if (result == STORE_OK)
        result = update_state(db, now, before.seq);
    if (result == STORE_OK && !now->keep_details)
        result = update_details(db, now);
    if (result == STORE_OK) {
        outcome->verdict_appended = !repeated;
        verdict_id_print(now->host_id, before.seq, outcome->verdict_id);
    }
    return result;
}
