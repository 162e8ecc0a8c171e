-- Signed links to recordings, as they were fetched: deleted once archived, or when they are a day old.
CREATE TABLE links (
    -- Never used again, so that who reads in its order misses none.
    number       INTEGER PRIMARY KEY AUTOINCREMENT,
    interview_id TEXT NOT NULL,
    position     INTEGER NOT NULL,      -- 0-based place of the answer in responses[]
    object       TEXT NOT NULL,         -- what the recording is called below an archive
    link         TEXT NOT NULL,
    settled_at   INTEGER,               -- of its interview; microseconds since 1970, UTC
    fetched_at   INTEGER NOT NULL,      -- likewise
    UNIQUE (interview_id, position)
) STRICT;

CREATE INDEX links_by_age ON links (fetched_at);

-- Recordings that are archived and not in the table audio yet, and those that could not be archived.
CREATE TABLE recordings (
    interview_id TEXT NOT NULL,
    position     INTEGER NOT NULL,
    -- archived: in its place, not yet in the table; failed: tried again by the next run; given-up: left alone.
    state        TEXT NOT NULL CHECK (state IN ('archived', 'failed', 'given-up')),
    object       TEXT NOT NULL,
    bytes        INTEGER,
    sha256       TEXT,
    content_type TEXT,
    -- Why it could not be archived, in words and as a kind; nights in a row that tried and found that kind, the last of
    -- them, and bytes that had come by then.
    reason       TEXT,
    kind         TEXT,
    tries        INTEGER NOT NULL DEFAULT 0,
    counted_at   INTEGER,               -- microseconds since 1970, UTC
    part_bytes   INTEGER NOT NULL DEFAULT 0,
    changed_at   INTEGER NOT NULL,      -- microseconds since 1970, UTC
    PRIMARY KEY (interview_id, position)
) STRICT, WITHOUT ROWID;
