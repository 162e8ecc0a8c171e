-- When a receiver took an event, which tells how often events come; taken_at only tells how often a run reads them.
-- Microseconds since 1970, UTC; null for events taken before this was recorded.
ALTER TABLE events ADD COLUMN received_at INTEGER;
