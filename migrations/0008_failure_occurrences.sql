-- A row of several failures: reports beyond the budget of rows, of one component, key and failure type. Its first
-- failure is `occurred_at`; `last_occurred_at` is null in a row of one failure.
ALTER TABLE failures ADD COLUMN occurrences INTEGER NOT NULL DEFAULT 1;
ALTER TABLE failures ADD COLUMN last_occurred_at INTEGER;
