-- Calls that failed, until they succeed: of an interview (whose state is then failed, unless it is settled) or of its
-- questions. An interview in state failed without a row here is asked for by the next ingest.
CREATE TABLE failed_calls (
    interview_id TEXT NOT NULL,
    call         TEXT NOT NULL CHECK (call IN ('interview', 'questions')),
    source       TEXT NOT NULL,
    reason       TEXT NOT NULL,
    -- Nights in a row on which it failed though the API answered other calls, and when the last of them was counted.
    nights       INTEGER NOT NULL,
    counted_at   INTEGER,               -- microseconds since 1970, UTC
    failed_at    INTEGER NOT NULL,      -- likewise
    -- When it is made again, likewise; null when it is given up.
    next_due     INTEGER,
    PRIMARY KEY (interview_id, call)
) STRICT, WITHOUT ROWID;

-- The id that an event names and that cannot be an interview's.
ALTER TABLE events ADD COLUMN refused_id TEXT;
