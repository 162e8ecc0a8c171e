-- When an interview is asked for again, and how often that failed. The states stale and excluded are new, so the table
-- is made anew: SQLite cannot change a check.
CREATE TABLE interviews_new (
    id                TEXT PRIMARY KEY,
    source            TEXT NOT NULL,
    -- open: asked for when due; settled: in the lake; gone: the API answered 404; stale: still open long after its
    -- expiry; quarantined: its body could not be read; failed: given up after the last try of a run; excluded: the
    -- pipeline keeps it out.
    state             TEXT NOT NULL CHECK (state IN
                          ('open', 'settled', 'gone', 'stale', 'quarantined', 'failed', 'excluded')),
    status            TEXT,
    reason            TEXT,
    job_id            TEXT,
    settled_at        INTEGER,          -- microseconds since 1970, UTC
    month             TEXT,             -- its partition, for settled ones
    first_seen_at     INTEGER,          -- microseconds since 1970, UTC; null until a body has been read
    first_seen_via    TEXT,
    first_seen_status TEXT,
    -- not-wanted, wanted (asked for by the next ingest), published, gone
    questions         TEXT NOT NULL DEFAULT 'not-wanted',
    -- Microseconds since 1970, UTC. Of an open one null is now; of a settled one null is never, and otherwise a
    -- transcript may still come.
    next_due          INTEGER,
    asks_after_expiry INTEGER NOT NULL DEFAULT 0,
    -- Runs in a row that gave it up.
    tries             INTEGER NOT NULL DEFAULT 0,
    -- When the state last changed or was confirmed, microseconds since 1970, UTC.
    changed_at        INTEGER
) STRICT, WITHOUT ROWID;

INSERT INTO interviews_new (id, source, state, status, reason, job_id, settled_at, month,
                            first_seen_at, first_seen_via, first_seen_status, questions)
SELECT id, source, state, status, reason, job_id, settled_at, month,
       first_seen_at, first_seen_via, first_seen_status, questions FROM interviews;
DROP TABLE interviews;
ALTER TABLE interviews_new RENAME TO interviews;

CREATE INDEX interviews_by_state ON interviews (state);
CREATE INDEX interviews_due ON interviews (source, next_due) WHERE state IN ('open', 'failed') OR next_due IS NOT NULL;
CREATE INDEX interviews_wanting_questions ON interviews (id) WHERE questions = 'wanted';
