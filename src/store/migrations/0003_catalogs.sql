-- Catalogues of certified hardware. Append only: the highest revision counts, and the versions of a name
-- only grow. A revision that takes the catalogue before it out of force has its name and version, and no text.
CREATE TABLE catalogs (
    revision      INTEGER NOT NULL PRIMARY KEY CHECK (revision > 0),
    removed       INTEGER NOT NULL CHECK (removed IN (0, 1)),
    name          TEXT NOT NULL CHECK (name <> ''),
    version       INTEGER NOT NULL CHECK (version > 0),
    issued_s      INTEGER NOT NULL,
    valid_until_s INTEGER NOT NULL,
    sha256        BLOB NOT NULL CHECK (length(sha256) = 32),
    text          BLOB NOT NULL CHECK (removed = (length(text) = 0)),
    signature     BLOB NOT NULL,
    signer        TEXT NOT NULL,
    created_by    TEXT NOT NULL,
    created_s     INTEGER NOT NULL,
    reason        TEXT NOT NULL
) STRICT;
CREATE INDEX catalogs_by_name ON catalogs (name, version);
CREATE TRIGGER catalogs_are_not_changed BEFORE UPDATE ON catalogs
BEGIN SELECT RAISE(ABORT, 'a catalogue is never edited'); END;
CREATE TRIGGER catalogs_are_not_removed BEFORE DELETE ON catalogs
BEGIN SELECT RAISE(ABORT, 'a catalogue is never removed'); END;
