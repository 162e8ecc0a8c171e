-- Events of webhooks that an ingest took from the inbox, so that each counts once, however often it is sent.
CREATE TABLE events (
    id           TEXT PRIMARY KEY,
    source       TEXT NOT NULL,
    -- As the event names it; null where it names none that can be asked for.
    interview_id TEXT,
    taken_at     INTEGER NOT NULL,      -- microseconds since 1970, UTC
    -- 1 until its interview has been asked for since.
    is_open      INTEGER NOT NULL CHECK (is_open IN (0, 1))
) STRICT, WITHOUT ROWID;

CREATE INDEX events_open ON events (interview_id, source) WHERE is_open = 1;
CREATE INDEX events_by_age ON events (taken_at) WHERE is_open = 0;
