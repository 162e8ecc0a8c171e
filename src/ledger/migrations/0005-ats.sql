-- What is sent to applicant tracking systems: states and reasons, and nothing that a candidate said or is called.
CREATE TABLE connectors (
    name  TEXT PRIMARY KEY,
    -- What was completed before is not sent unless it is asked for: the day that the first run was given, or its time;
    -- microseconds since 1970, UTC.
    since INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE outbox (
    connector    TEXT NOT NULL,
    interview_id TEXT NOT NULL,
    -- Hash of the answers that are sent: other answers are sent again.
    version      TEXT NOT NULL,
    -- interviews.changed_at when they were read.
    read_at      INTEGER,
    -- pending: to be sent when it is due; open: all steps are done but for recordings that are not archived yet;
    -- delivered: every step is done; dead: given up until somebody puts it back.
    state        TEXT NOT NULL CHECK (state IN ('pending', 'open', 'delivered', 'dead')),
    -- How often it was tried without success.
    tries        INTEGER NOT NULL DEFAULT 0,
    -- Microseconds since 1970, UTC; null is now.
    next_due     INTEGER,
    -- What kept it from being delivered: a status or a place in the answer, never its text.
    reason       TEXT,
    -- Versions that were delivered, or were begun when other answers came.
    deliveries   INTEGER NOT NULL DEFAULT 0,
    -- How often it was put back after it was dead. Keys of requests follow from it.
    generation   INTEGER NOT NULL DEFAULT 0,
    -- When the outbox met it: from then on its recordings are waited for.
    met_at       INTEGER NOT NULL,
    changed_at   INTEGER NOT NULL,
    PRIMARY KEY (connector, interview_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX outbox_open ON outbox (connector, state, next_due) WHERE state <> 'delivered';

-- Steps that are done of what is not delivered yet, so that a note is not written twice because of the file after it.
CREATE TABLE outbox_steps (
    connector    TEXT NOT NULL,
    interview_id TEXT NOT NULL,
    step         TEXT NOT NULL,
    PRIMARY KEY (connector, interview_id, step)
) STRICT, WITHOUT ROWID;
