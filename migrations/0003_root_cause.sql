-- The dependencies that were down when a component failed, as a JSON array; null when there were none.
ALTER TABLE failures ADD COLUMN root_cause TEXT;
