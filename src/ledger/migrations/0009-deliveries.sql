-- Whether the table `deliveries` of the lake has how this one ended.
ALTER TABLE outbox ADD COLUMN in_lake INTEGER NOT NULL DEFAULT 0;
