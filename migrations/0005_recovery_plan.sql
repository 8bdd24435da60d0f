-- What a recovery planned when it began, as a JSON array; null before there was a plan, and for recoveries of before.
ALTER TABLE recoveries ADD COLUMN plan TEXT;
