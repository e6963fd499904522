-- The first schema. Never edited afterwards: a change is a new file with the next number.
--
-- No serial keys: keys are digests, random, or a host's id with a number of its own, so that no row
-- and no end of an index is where everybody writes. Times are Unix seconds unless the name says
-- otherwise; 0 is "not".

CREATE TABLE settings (
    name  TEXT NOT NULL PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- What enrolment fixes. TPM (id), AK and name are each unique.
CREATE TABLE hosts (
    id             BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 32),
    name           TEXT NOT NULL UNIQUE CHECK (name <> ''),
    ak_name        BLOB NOT NULL UNIQUE CHECK (length(ak_name) > 0),
    ek_public      BLOB NOT NULL,
    ek_certificate BLOB NOT NULL,
    ak_public      BLOB NOT NULL,
    state          INTEGER NOT NULL CHECK (state IN (1, 2, 3)),
    endorsement    INTEGER NOT NULL,
    issuer         TEXT NOT NULL,
    manufacturer   TEXT NOT NULL,
    model          TEXT NOT NULL,
    version        TEXT NOT NULL,
    inventory      BLOB NOT NULL,
    created_s      INTEGER NOT NULL,
    approved_s     INTEGER NOT NULL DEFAULT 0,
    approved_by    TEXT NOT NULL DEFAULT '',
    revoked_s      INTEGER NOT NULL DEFAULT 0,
    revoked_by     TEXT NOT NULL DEFAULT '',
    revoked_reason TEXT NOT NULL DEFAULT ''
) STRICT;

-- What every attestation changes: small rows, apart from the large ones.
CREATE TABLE host_states (
    host_id          BLOB NOT NULL PRIMARY KEY REFERENCES hosts (id),
    counters_known   INTEGER NOT NULL DEFAULT 0,
    reset_count      INTEGER NOT NULL DEFAULT 0,
    restart_count    INTEGER NOT NULL DEFAULT 0,
    clock_ms         INTEGER NOT NULL DEFAULT 0,
    firmware_version INTEGER NOT NULL DEFAULT 0,
    verdict          INTEGER NOT NULL DEFAULT 0,
    verdict_s        INTEGER NOT NULL DEFAULT 0,
    expires_s        INTEGER NOT NULL DEFAULT 0,
    seen_s           INTEGER NOT NULL DEFAULT 0,
    verdict_seq      INTEGER NOT NULL DEFAULT 0,
    memory           BLOB NOT NULL DEFAULT x''
) STRICT, WITHOUT ROWID;

CREATE TABLE evidence (
    host_id  BLOB NOT NULL PRIMARY KEY REFERENCES hosts (id),
    evidence BLOB NOT NULL
) STRICT;

-- Changes, not repetitions: a row stands for a run of equal verdicts.
CREATE TABLE verdicts (
    host_id        BLOB NOT NULL REFERENCES hosts (id),
    seq            INTEGER NOT NULL,
    verdict        INTEGER NOT NULL,
    reasons        TEXT NOT NULL,
    reasons_sha256 BLOB NOT NULL CHECK (length(reasons_sha256) = 32),
    boot_sha256    BLOB NOT NULL CHECK (length(boot_sha256) = 32),
    policy         TEXT NOT NULL,
    reset_count    INTEGER NOT NULL,
    n_seen         INTEGER NOT NULL,
    n_boots        INTEGER NOT NULL,
    first_s        INTEGER NOT NULL,
    last_s         INTEGER NOT NULL,
    PRIMARY KEY (host_id, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE logs (
    sha256 BLOB NOT NULL PRIMARY KEY CHECK (length(sha256) = 32),
    len    INTEGER NOT NULL,
    zstd   BLOB NOT NULL
) STRICT;

CREATE TABLE host_logs (
    host_id BLOB NOT NULL REFERENCES hosts (id),
    kind    INTEGER NOT NULL,
    sha256  BLOB NOT NULL REFERENCES logs (sha256),
    PRIMARY KEY (host_id, kind)
) STRICT, WITHOUT ROWID;
CREATE INDEX host_logs_by_log ON host_logs (sha256);

-- Nonces that were used and have not expired; ordered by time, so that pruning is one range.
CREATE TABLE used_nonces (
    expires_s INTEGER NOT NULL,
    random    BLOB NOT NULL CHECK (length(random) = 12),
    PRIMARY KEY (expires_s, random)
) STRICT, WITHOUT ROWID;

-- The latest expiry that was ever pruned: no nonce up to it is taken again, whatever the clock says.
CREATE TABLE nonce_floor (
    one       INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    expires_s INTEGER NOT NULL
) STRICT;
INSERT INTO nonce_floor (one, expires_s) VALUES (1, 0);

CREATE TABLE attempts (
    id                BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    credential_sha256 BLOB NOT NULL CHECK (length(credential_sha256) = 32),
    expires_s         INTEGER NOT NULL,
    request           BLOB NOT NULL
) STRICT;
CREATE INDEX attempts_by_expiry ON attempts (expires_s);

CREATE TABLE policies (
    name        TEXT NOT NULL,
    version     TEXT NOT NULL,
    sha256      BLOB NOT NULL CHECK (length(sha256) = 32),
    text        BLOB NOT NULL,
    created_by  TEXT NOT NULL,
    created_s   INTEGER NOT NULL,
    activated_s INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (name, version)
) STRICT;
CREATE TRIGGER policies_are_never_edited
BEFORE UPDATE OF name, version, sha256, text, created_by, created_s ON policies
BEGIN SELECT RAISE(ABORT, 'a policy is never edited'); END;

-- One row at most: the active policy.
CREATE TABLE active_policy (
    one     INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    name    TEXT NOT NULL,
    version TEXT NOT NULL,
    FOREIGN KEY (name, version) REFERENCES policies (name, version)
) STRICT;

CREATE TABLE tokens (
    sha256     BLOB NOT NULL PRIMARY KEY CHECK (length(sha256) = 32),
    name       TEXT NOT NULL CHECK (name <> ''),
    role       INTEGER NOT NULL CHECK (role IN (1, 2, 3)),
    created_by TEXT NOT NULL,
    created_s  INTEGER NOT NULL,
    expires_s  INTEGER NOT NULL,
    revoked_s  INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX tokens_by_name ON tokens (name) WHERE revoked_s = 0;

CREATE TABLE certificates (
    serial    BLOB NOT NULL PRIMARY KEY CHECK (length(serial) = 20),
    host_id   BLOB NOT NULL,
    sha256    BLOB NOT NULL CHECK (length(sha256) = 32),
    issued_s  INTEGER NOT NULL,
    expires_s INTEGER NOT NULL,
    revoked_s INTEGER NOT NULL DEFAULT 0,
    reason    INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE INDEX certificates_by_host ON certificates (host_id, issued_s);
CREATE INDEX certificates_revoked ON certificates (expires_s) WHERE revoked_s <> 0;
CREATE INDEX certificates_by_expiry ON certificates (expires_s);

-- Append only.
CREATE TABLE audit (
    id      BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    at_us   INTEGER NOT NULL,
    who     TEXT NOT NULL,
    what    TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail  TEXT NOT NULL,
    address TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit is append only'); END;
CREATE TRIGGER audit_is_not_removed BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit is append only'); END;
