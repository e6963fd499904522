-- Documents of operators and which of them hold for which hosts; what is common among hosts; the last
-- good boot of each.

-- Policies, reference values and updates. Newer ones of a name have a higher number.
CREATE TABLE documents (
    sha256     BLOB NOT NULL PRIMARY KEY CHECK (length(sha256) = 32),
    kind       INTEGER NOT NULL CHECK (kind IN (1, 2, 3)),
    name       TEXT NOT NULL CHECK (name <> ''),
    version    TEXT NOT NULL,
    seq        INTEGER NOT NULL,
    text       BLOB NOT NULL,
    created_by TEXT NOT NULL,
    created_s  INTEGER NOT NULL,
    UNIQUE (kind, name, version),
    UNIQUE (kind, name, seq)
) STRICT;
CREATE TRIGGER documents_are_not_changed BEFORE UPDATE ON documents
BEGIN SELECT RAISE(ABORT, 'a document is never edited'); END;
CREATE TRIGGER documents_are_not_removed BEFORE DELETE ON documents
BEGIN SELECT RAISE(ABORT, 'a document is never removed'); END;

-- Append only: the highest revision of a name counts. reference_values are digests of documents, one
-- after the other.
CREATE TABLE bindings (
    name             TEXT NOT NULL CHECK (name <> ''),
    revision         INTEGER NOT NULL CHECK (revision > 0),
    mode             INTEGER NOT NULL CHECK (mode IN (1, 2, 3, 4, 5)),
    hosts            TEXT NOT NULL,
    document         BLOB NOT NULL REFERENCES documents (sha256),
    reference_values BLOB NOT NULL CHECK (length(reference_values) % 32 = 0),
    from_s           INTEGER NOT NULL,
    until_s          INTEGER NOT NULL,
    created_by       TEXT NOT NULL,
    created_s        INTEGER NOT NULL,
    reason           TEXT NOT NULL,
    PRIMARY KEY (name, revision)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER bindings_are_not_changed BEFORE UPDATE ON bindings
BEGIN SELECT RAISE(ABORT, 'a revision of a binding is never edited'); END;
CREATE TRIGGER bindings_are_not_removed BEFORE DELETE ON bindings
BEGIN SELECT RAISE(ABORT, 'a revision of a binding is never removed'); END;

-- The policies there are, and the active one as what it was: in force for every host.
INSERT INTO documents (sha256, kind, name, version, seq, text, created_by, created_s)
SELECT sha256, 1, name, version,
       row_number() OVER (PARTITION BY name ORDER BY created_s, version),
       text, created_by, created_s
FROM policies;
INSERT INTO bindings (name, revision, mode, hosts, document, reference_values, from_s, until_s,
                      created_by, created_s, reason)
SELECT 'default', 1, 2, '*', p.sha256, x'', 0, 0, p.created_by, p.activated_s, ''
FROM active_policy a JOIN policies p ON p.name = a.name AND p.version = a.version;
DROP TABLE active_policy;
DROP TABLE policies;

-- Hosts of one maker and model.
ALTER TABLE hosts ADD COLUMN class_name TEXT NOT NULL DEFAULT '';
CREATE INDEX hosts_by_class ON hosts (class_name, state);

-- What the last full appraisal of a host said besides its verdict.
CREATE TABLE host_details (
    host_id          BLOB NOT NULL PRIMARY KEY REFERENCES hosts (id),
    observed_verdict INTEGER NOT NULL,
    observed_reasons TEXT NOT NULL,
    claims           BLOB NOT NULL
) STRICT;

-- What weighs against a host now, and since when without a break.
CREATE TABLE findings (
    host_id BLOB NOT NULL REFERENCES hosts (id),
    finding BLOB NOT NULL CHECK (length(finding) = 32),
    first_s INTEGER NOT NULL,
    PRIMARY KEY (host_id, finding)
) STRICT, WITHOUT ROWID;
CREATE INDEX findings_by_finding ON findings (finding, first_s);

-- The last boot of a host that was good, with its logs.
CREATE TABLE good_boots (
    host_id  BLOB NOT NULL PRIMARY KEY REFERENCES hosts (id),
    at_s     INTEGER NOT NULL,
    evidence BLOB NOT NULL
) STRICT;
CREATE TABLE good_logs (
    host_id BLOB NOT NULL REFERENCES hosts (id),
    kind    INTEGER NOT NULL,
    sha256  BLOB NOT NULL REFERENCES logs (sha256),
    PRIMARY KEY (host_id, kind)
) STRICT, WITHOUT ROWID;
CREATE INDEX good_logs_by_log ON good_logs (sha256);
