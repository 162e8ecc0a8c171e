-- The commit of the lake's log up to which this ledger is current: one row, or none in a lake without a log.
CREATE TABLE applied (
    only    INTEGER PRIMARY KEY CHECK (only = 1),
    lake    TEXT NOT NULL,              -- the lake's random id
    version INTEGER NOT NULL,
    sha256  TEXT NOT NULL               -- of the commit's file, in hex
) STRICT;

-- The files of that version that are not derived from others. What the log has lost can be told from a stranger by it.
CREATE TABLE live_files (
    path   TEXT PRIMARY KEY,            -- relative to the lake, with forward slashes
    tbl    TEXT NOT NULL,
    rows   INTEGER NOT NULL,
    bytes  INTEGER NOT NULL,
    sha256 TEXT NOT NULL                -- in hex
) STRICT, WITHOUT ROWID;
