/* What each act does to the tables, inside the writer's transaction. Owns nothing; trusts the acts'
 * lengths, which txn.c has checked. Must never leave a half-done act for another to build on: any
 * result but STORE_OK rolls the whole transaction back. */
#include "store/internal.h"

#include <assert.h>

/* A statement that must not hit a constraint. */
static enum store_result plain(enum db_step step)
{
    return step == DB_DONE || step == DB_ROW ? STORE_OK : STORE_FAILED;
}

/* An insert for which a constraint means that the key is taken. */
static enum store_result insert(enum db_step step, enum store_result taken)
{
    return step == DB_CONSTRAINT ? taken : plain(step);
}

/* A change of one row that has to be there. */
static enum store_result change(struct db *db, enum db_step step, enum store_result missing)
{
    if (step != DB_DONE)
        return STORE_FAILED;
    return db_changes(db) == 1 ? STORE_OK : missing;
}

static struct span id_of(const struct act *act)
{
    return span_of(act->host_id, sizeof act->host_id);
}

static enum store_result use_nonce(struct db *db, const struct act *act)
{
    switch (db_run(db, "SELECT 1 FROM nonce_floor WHERE expires_s >= ?", "i",
                   (int64_t)act->nonce_expires_s)) {
    case DB_ROW:
        return STORE_EXPIRED;
    case DB_DONE:
        break;
    default:
        return STORE_FAILED;
    }
    return insert(db_run(db, "INSERT INTO used_nonces (expires_s, random) VALUES (?, ?)", "ib",
                         (int64_t)act->nonce_expires_s,
                         span_of(act->nonce_random, sizeof act->nonce_random)),
                  STORE_USED);
}

static enum store_result put_attempt(struct db *db, const struct act *act)
{
    const struct store_attempt *attempt = &act->attempt;
    sqlite3_stmt *count = db_prepare(db, "SELECT count(*) FROM attempts WHERE expires_s > ?", "i",
                                     act->now_s);
    int64_t n;

    if (db_step(count) != DB_ROW)
        return STORE_FAILED;
    n = sqlite3_column_int64(count, 0);
    sqlite3_reset(count);
    if (n >= LIMIT_ENROL_ATTEMPTS)
        return STORE_FULL;
    return insert(db_run(db,
                         "INSERT INTO attempts (id, credential_sha256, expires_s, request) "
                         "VALUES (?, ?, ?, ?)",
                         "bbib", span_of(attempt->id, sizeof attempt->id),
                         span_of(attempt->credential_sha256, sizeof attempt->credential_sha256),
                         attempt->expires_s, attempt->request),
                  STORE_CONFLICT);
}

static enum store_result take_attempt(struct db *db, const struct act *act)
{
    sqlite3_stmt *taken = db_prepare(db, "DELETE FROM attempts WHERE id = ? RETURNING expires_s",
                                     "b", span_of(act->attempt.id, sizeof act->attempt.id));
    int64_t expires_s;

    switch (db_step(taken)) {
    case DB_ROW:
        break;
    case DB_DONE:
        return STORE_USED;
    default:
        return STORE_FAILED;
    }
    expires_s = sqlite3_column_int64(taken, 0);
    /* A late one is refused, which rolls the delete back; store_act_prune removes it. */
    if (db_step(taken) != DB_DONE)
        return STORE_FAILED;
    return expires_s > act->now_s ? STORE_OK : STORE_EXPIRED;
}

/* Whether TPM, AK or name are bound already, and how. STORE_NONE: all are free. */
static enum store_result look_for_binding(struct db *db, const struct store_enrolment *enrolment,
                                          bool *same)
{
    sqlite3_stmt *found = db_prepare(
        db,
        "SELECT id = ?1, ak_name = ?2, name = ?3 FROM hosts "
        "WHERE id = ?1 OR ak_name = ?2 OR name = ?3 ORDER BY 1 DESC, 2 DESC",
        "bbt", span_of(enrolment->id, sizeof enrolment->id), enrolment->ak_name, enrolment->name);
    bool id, ak, name;

    switch (db_step(found)) {
    case DB_ROW:
        break;
    case DB_DONE:
        return STORE_NONE;
    default:
        return STORE_FAILED;
    }
    id = sqlite3_column_int(found, 0);
    ak = sqlite3_column_int(found, 1);
    name = sqlite3_column_int(found, 2);
    sqlite3_reset(found);
    *same = id && ak && name;
    if (*same)
        return STORE_OK;
    return id ? STORE_CONFLICT_TPM : ak ? STORE_CONFLICT_AK : STORE_CONFLICT_NAME;
}

/* What the enrolment proves of the platform takes the place of what an earlier one did. */
static enum store_result put_platform(struct db *db, const struct act *act)
{
    const struct store_platform *platform = &act->enrolment.platform;
    enum store_result result = plain(
        db_run(db, "DELETE FROM platforms WHERE host_id = ?", "b", id_of(act)));

    if (result != STORE_OK || (!*platform->manufacturer && !*platform->refusal))
        return result;
    return plain(db_run(db,
                        "INSERT INTO platforms (host_id, issuer, manufacturer, model, version, "
                        "serial, refusal) VALUES (?, ?, ?, ?, ?, ?, ?)",
                        "btttttt", id_of(act), platform->issuer, platform->manufacturer,
                        platform->model, platform->version, platform->serial, platform->refusal));
}

static enum store_result enrol_host(struct db *db, const struct act *act,
                                    struct store_outcome *outcome)
{
    const struct store_enrolment *host = &act->enrolment;
    enum store_result result = look_for_binding(db, host, &outcome->host_existed);

    if (result == STORE_OK)
        return put_platform(db, act);
    if (result != STORE_NONE)
        return result;
    result = insert(
        db_run(db,
               "INSERT INTO hosts (id, name, ak_name, ek_public, ek_certificate, ak_public, state, "
               "endorsement, issuer, manufacturer, model, version, inventory, created_s) "
               "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
               "btbbbbiittttbi", id_of(act), host->name, host->ak_name, host->ek_public,
               host->ek_certificate, host->ak_public, (int64_t)host->state,
               (int64_t)host->endorsement, host->issuer, host->manufacturer, host->model,
               host->version, host->inventory, act->now_s),
        STORE_CONFLICT);
    if (result == STORE_OK)
        result = put_platform(db, act);
    if (result != STORE_OK)
        return result;
    return plain(db_run(db, "INSERT INTO host_states (host_id) VALUES (?)", "b", id_of(act)));
}

static enum store_result host_exists(struct db *db, const struct act *act)
{
    switch (db_run(db, "SELECT 1 FROM hosts WHERE id = ?", "b", id_of(act))) {
    case DB_ROW:
        return STORE_OK;
    case DB_DONE:
        return STORE_NOT_FOUND;
    default:
        return STORE_FAILED;
    }
}

static enum store_result approve_host(struct db *db, const struct act *act)
{
    enum store_result result = host_exists(db, act);

    if (result != STORE_OK)
        return result;
    return change(db,
                  db_run(db,
                         "UPDATE hosts SET state = 2, approved_s = ?, approved_by = ? "
                         "WHERE id = ? AND state = 1",
                         "itb", act->now_s, act->by, id_of(act)),
                  STORE_CONFLICT);
}

static enum store_result revoke_certificates(struct db *db, const struct act *act, int reason,
                                             struct store_outcome *outcome)
{
    enum db_step step = db_run(db,
                               "UPDATE certificates SET revoked_s = ?1, reason = ?2 "
                               "WHERE host_id = ?3 AND revoked_s = 0 AND expires_s > ?1",
                               "iib", act->now_s, (int64_t)reason, id_of(act));

    outcome->n_changed = db_changes(db);
    return plain(step);
}

static enum store_result revoke_host(struct db *db, const struct act *act,
                                     struct store_outcome *outcome)
{
    enum store_result result = host_exists(db, act);

    if (result == STORE_OK)
        result = change(db,
                        db_run(db,
                               "UPDATE hosts SET state = 3, revoked_s = ?, revoked_by = ?, "
                               "revoked_reason = ? WHERE id = ? AND state <> 3",
                               "ittb", act->now_s, act->by, act->reason, id_of(act)),
                        STORE_CONFLICT);
    if (result == STORE_OK)
        result = revoke_certificates(db, act, STORE_PRIVILEGE_WITHDRAWN, outcome);
    return result;
}

/* Logs that no host refers to any more. */
static enum store_result drop_log(struct db *db, struct span sha256)
{
    return plain(db_run(db,
                        "DELETE FROM logs WHERE sha256 = ?1 AND NOT EXISTS "
                        "(SELECT 1 FROM host_logs WHERE sha256 = ?1) AND NOT EXISTS "
                        "(SELECT 1 FROM good_logs WHERE sha256 = ?1)",
                        "b", sha256));
}

enum store_result logs_let_go(struct db *db, const char *pick, const char *remove,
                              struct span host_id)
{
    for (;;) {
        uint8_t sha256[STORE_DIGEST_LEN];
        bool failed = false;
        sqlite3_stmt *log = db_prepare(db, pick, "b", host_id);
        enum db_step step = db_step(log);

        if (step == DB_DONE)
            return STORE_OK;
        if (step != DB_ROW)
            return STORE_FAILED;
        db_column_bytes(log, 0, sha256, sizeof sha256, &failed);
        sqlite3_reset(log);
        if (failed ||
            db_run(db, remove, "bb", host_id, span_of(sha256, sizeof sha256)) != DB_DONE ||
            drop_log(db, span_of(sha256, sizeof sha256)) != STORE_OK)
            return STORE_FAILED;
    }
}

static enum store_result forget_host(struct db *db, const struct act *act,
                                     struct store_outcome *outcome)
{
    static const char *const REMOVE[] = {
        "DELETE FROM evidence WHERE host_id = ?",  "DELETE FROM good_boots WHERE host_id = ?",
        "DELETE FROM findings WHERE host_id = ?",  "DELETE FROM host_details WHERE host_id = ?",
        "DELETE FROM verdicts WHERE host_id = ?",  "DELETE FROM host_states WHERE host_id = ?",
        "DELETE FROM platforms WHERE host_id = ?", "DELETE FROM hosts WHERE id = ?",
    };
    enum store_result result = host_exists(db, act);

    if (result == STORE_OK)
        result = revoke_certificates(db, act, STORE_CESSATION_OF_OPERATION, outcome);
    if (result == STORE_OK)
        result = logs_let_go(db, "SELECT sha256 FROM host_logs WHERE host_id = ? LIMIT 1",
                             "DELETE FROM host_logs WHERE host_id = ? AND sha256 = ?", id_of(act));
    if (result == STORE_OK)
        result = logs_let_go(db, "SELECT sha256 FROM good_logs WHERE host_id = ? LIMIT 1",
                             "DELETE FROM good_logs WHERE host_id = ? AND sha256 = ?", id_of(act));
    for (size_t i = 0; i < sizeof REMOVE / sizeof *REMOVE && result == STORE_OK; i++)
        result = plain(db_run(db, REMOVE[i], "b", id_of(act)));
    return result;
}

/* The host's last log of that kind before this one; *replaces is false when there was none. */
static enum store_result last_log(struct db *db, const struct act *act,
                                  uint8_t sha256[STORE_DIGEST_LEN], bool *replaces)
{
    bool failed = false;
    sqlite3_stmt *row = db_prepare(db,
                                   "SELECT sha256 FROM host_logs WHERE host_id = ? AND kind = ?",
                                   "bi", id_of(act), (int64_t)act->number);
    enum db_step step = db_step(row);

    *replaces = step == DB_ROW;
    if (*replaces) {
        db_column_bytes(row, 0, sha256, STORE_DIGEST_LEN, &failed);
        sqlite3_reset(row);
    }
    return failed || step == DB_FAILED ? STORE_FAILED : STORE_OK;
}

/* Makes a log that is there the host's last of its kind. */
static enum store_result set_log(struct db *db, const struct act *act)
{
    struct span sha256 = span_of(act->digest, sizeof act->digest);
    uint8_t before[STORE_DIGEST_LEN];
    bool replaces;
    enum store_result result = last_log(db, act, before, &replaces);
    enum db_step step;

    if (result != STORE_OK || (replaces && memcmp(before, act->digest, sizeof before) == 0))
        return result;
    step = db_run(db,
                  "INSERT INTO host_logs (host_id, kind, sha256) VALUES (?, ?, ?) "
                  "ON CONFLICT DO UPDATE SET sha256 = excluded.sha256",
                  "bib", id_of(act), (int64_t)act->number, sha256);
    if (step == DB_CONSTRAINT)
        return STORE_NOT_FOUND; /* the host */
    if (step != DB_DONE)
        return STORE_FAILED;
    return replaces ? drop_log(db, span_of(before, sizeof before)) : STORE_OK;
}

static enum store_result put_log(struct db *db, const struct act *act)
{
    if (db_run(db, "INSERT INTO logs (sha256, len, zstd) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
               "bib", span_of(act->digest, sizeof act->digest), (int64_t)act->len,
               act->bytes) != DB_DONE)
        return STORE_FAILED;
    return set_log(db, act);
}

/* Not another host's: a digest that a host names gives it nothing that it has not sent. */
static enum store_result refer_log(struct db *db, const struct act *act)
{
    switch (db_run(db,
                   "SELECT 1 FROM host_logs WHERE host_id = ?1 AND sha256 = ?2 "
                   "UNION ALL SELECT 1 FROM good_logs WHERE host_id = ?1 AND sha256 = ?2",
                   "bb", id_of(act), span_of(act->digest, sizeof act->digest))) {
    case DB_ROW:
        return set_log(db, act);
    case DB_DONE:
        return STORE_OK;
    default:
        return STORE_FAILED;
    }
}

static enum store_result put_token(struct db *db, const struct act *act)
{
    const struct store_token *token = &act->token;

    return insert(db_run(db,
                         "INSERT INTO tokens (sha256, name, role, created_by, created_s, "
                         "expires_s) VALUES (?, ?, ?, ?, ?, ?)",
                         "btitii", span_of(token->sha256, sizeof token->sha256), token->name,
                         (int64_t)token->role, token->created_by, token->created_s,
                         token->expires_s),
                  STORE_CONFLICT);
}

static enum store_result revoke_token(struct db *db, const struct act *act)
{
    return change(db,
                  db_run(db, "UPDATE tokens SET revoked_s = ? WHERE name = ? AND revoked_s = 0",
                         "it", act->now_s, act->token.name),
                  STORE_NOT_FOUND);
}

static enum store_result put_certificate(struct db *db, const struct act *act)
{
    const struct store_certificate *certificate = &act->certificate;

    return insert(db_run(db,
                         "INSERT INTO certificates (serial, host_id, sha256, issued_s, expires_s) "
                         "VALUES (?, ?, ?, ?, ?)",
                         "bbbii", span_of(certificate->serial, sizeof certificate->serial),
                         span_of(certificate->host_id, sizeof certificate->host_id),
                         span_of(certificate->sha256, sizeof certificate->sha256),
                         certificate->issued_s, certificate->expires_s),
                  STORE_CONFLICT);
}

static enum store_result demand_certificate(struct db *db, const struct act *act)
{
    const struct store_certificate *certificate = &act->certificate;

    switch (db_run(db,
                   "SELECT 1 FROM certificates WHERE serial = ? AND host_id = ? AND revoked_s = 0 "
                   "AND expires_s > ?",
                   "bbi", span_of(certificate->serial, sizeof certificate->serial), id_of(act),
                   act->now_s)) {
    case DB_ROW:
        return STORE_OK;
    case DB_DONE:
        return STORE_REVOKED;
    default:
        return STORE_FAILED;
    }
}

static enum store_result put_audit(struct db *db, const struct act *act)
{
    const struct store_audit *audit = &act->audit;

    return plain(db_run(db,
                        "INSERT INTO audit (id, at_us, who, what, subject, detail, address) "
                        "VALUES (?, ?, ?, ?, ?, ?, ?)",
                        "bittttt", span_of(act->digest, AUDIT_ID_LEN), audit->at_us, audit->who,
                        audit->what, audit->subject, audit->detail, audit->address));
}

/* Certificates stay a day beyond their end, so that a clock that is behind still sees them. */
enum { CERTIFICATE_GRACE_S = 24 * 3600 };

static enum store_result prune(struct db *db, const struct act *act, struct store_outcome *outcome)
{
    /* The floor first: what goes must not come back. */
    if (db_run(db,
               "UPDATE nonce_floor SET expires_s = max(expires_s, coalesce("
               "(SELECT max(expires_s) FROM used_nonces WHERE expires_s <= ?), 0))",
               "i", act->now_s) != DB_DONE ||
        db_run(db, "DELETE FROM used_nonces WHERE expires_s <= ?", "i", act->now_s) != DB_DONE)
        return STORE_FAILED;
    outcome->n_changed = db_changes(db);
    if (db_run(db, "DELETE FROM attempts WHERE expires_s <= ?", "i", act->now_s) != DB_DONE)
        return STORE_FAILED;
    outcome->n_changed += db_changes(db);
    if (db_run(db, "DELETE FROM certificates WHERE expires_s <= ?", "i",
               act->now_s - CERTIFICATE_GRACE_S) != DB_DONE)
        return STORE_FAILED;
    outcome->n_changed += db_changes(db);
    return STORE_OK;
}

enum store_result act_apply(struct db *db, const struct act *act, struct store_outcome *outcome)
{
    switch (act->kind) {
    case ACT_NONCE_USE:
        return use_nonce(db, act);
    case ACT_ATTEMPT_PUT:
        return put_attempt(db, act);
    case ACT_ATTEMPT_TAKE:
        return take_attempt(db, act);
    case ACT_HOST_ENROL:
        return enrol_host(db, act, outcome);
    case ACT_HOST_APPROVE:
        return approve_host(db, act);
    case ACT_HOST_REVOKE:
        return revoke_host(db, act, outcome);
    case ACT_HOST_FORGET:
        return forget_host(db, act, outcome);
    case ACT_ATTEST:
        return act_attest(db, act, outcome);
    case ACT_LOG_PUT:
        return put_log(db, act);
    case ACT_LOG_REFER:
        return refer_log(db, act);
    case ACT_DOCUMENT_PUT:
        return act_document_put(db, act);
    case ACT_CATALOG_PUT:
        return act_catalog_put(db, act, outcome);
    case ACT_BINDING_PUT:
        return act_binding_put(db, act, outcome);
    case ACT_TOKEN_PUT:
        return put_token(db, act);
    case ACT_TOKEN_REVOKE:
        return revoke_token(db, act);
    case ACT_CERTIFICATE_PUT:
        return put_certificate(db, act);
    case ACT_CERTIFICATE_DEMAND:
        return demand_certificate(db, act);
    case ACT_CERTIFICATES_REVOKE:
        return revoke_certificates(db, act, act->number, outcome);
    case ACT_AUDIT:
        return put_audit(db, act);
    case ACT_PRUNE:
        return prune(db, act, outcome);
    }
    assert(!"every act is done");
    return STORE_FAILED;
}
