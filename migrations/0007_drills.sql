-- A drill's failures and recoveries are marked by its id, and count as nobody's.
ALTER TABLE failures ADD COLUMN drill_id TEXT;
ALTER TABLE recoveries ADD COLUMN drill_id TEXT;
