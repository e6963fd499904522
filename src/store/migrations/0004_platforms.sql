-- Which machine a host is, by the platform certificate of its last enrolment; or why none counted.

CREATE TABLE platforms (
    host_id      BLOB NOT NULL PRIMARY KEY REFERENCES hosts (id),
    issuer       TEXT NOT NULL,
    manufacturer TEXT NOT NULL,
    model        TEXT NOT NULL,
    version      TEXT NOT NULL,
    serial       TEXT NOT NULL,
    refusal      TEXT NOT NULL
) STRICT, WITHOUT ROWID;
