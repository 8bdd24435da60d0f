-- The highest priority that an alert action gave the incident. NULL: none gave one.
ALTER TABLE incidents ADD COLUMN priority TEXT;
