-- Every interview this lake has heard of.
CREATE TABLE interviews (
    id                TEXT PRIMARY KEY,
    source            TEXT NOT NULL,
    -- open: asked for again; settled: in the lake, never asked for again; gone: the API answered 404;
    -- quarantined: its body could not be read; failed: given up after the last try of a run.
    state             TEXT NOT NULL CHECK (state IN ('open', 'settled', 'gone', 'quarantined', 'failed')),
    status            TEXT,
    reason            TEXT,
    job_id            TEXT,
    settled_at        INTEGER,          -- microseconds since 1970, UTC
    month             TEXT,             -- its partition, for settled ones
    first_seen_at     INTEGER,          -- microseconds since 1970, UTC; null until a body has been read
    first_seen_via    TEXT,
    first_seen_status TEXT,
    -- not-wanted, wanted (asked for by the next ingest), published, gone
    questions         TEXT NOT NULL DEFAULT 'not-wanted'
) STRICT, WITHOUT ROWID;

CREATE INDEX interviews_by_state ON interviews (state);
CREATE INDEX interviews_wanting_questions ON interviews (id) WHERE questions = 'wanted';

-- Questions and jobs met so far, so that only new ones cost a request.
CREATE TABLE known_questions (
    job_id      TEXT NOT NULL,
    question_id TEXT NOT NULL,
    PRIMARY KEY (job_id, question_id)
) STRICT, WITHOUT ROWID;

-- One publish. A row in state publishing is the point of no return: it is finished, never undone.
CREATE TABLE batches (
    id    TEXT PRIMARY KEY,
    state TEXT NOT NULL CHECK (state IN ('publishing', 'committed'))
) STRICT, WITHOUT ROWID;

-- The files of the lake that were not derived from others, as they were published.
CREATE TABLE files (
    path     TEXT PRIMARY KEY,          -- relative to the lake, with forward slashes
    batch    TEXT NOT NULL REFERENCES batches (id),
    size     INTEGER NOT NULL,
    sha256   TEXT NOT NULL,
    replaces INTEGER NOT NULL           -- 1: may be renamed over an older file of that name
) STRICT, WITHOUT ROWID;
