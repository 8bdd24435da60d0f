-- Who changed what: one row a change, never changed, and not deleted for a year.
CREATE TABLE audit (
  id TEXT PRIMARY KEY,
  at INTEGER NOT NULL,
  key_id TEXT NOT NULL,
  key_name TEXT NOT NULL,
  address TEXT,
  request_id TEXT NOT NULL,
  action TEXT NOT NULL,
  subject TEXT NOT NULL,
  before TEXT,
  after TEXT
) STRICT;

CREATE INDEX audit_newest ON audit (at DESC, id DESC);
CREATE INDEX audit_by_subject ON audit (subject, at DESC, id DESC);
CREATE INDEX audit_by_key ON audit (key_id, at DESC, id DESC);

CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit
BEGIN
  SELECT RAISE(ABORT, 'the audit is append-only');
END;

CREATE TRIGGER audit_is_kept BEFORE DELETE ON audit
WHEN OLD.at > (unixepoch() - 31536000) * 1000
BEGIN
  SELECT RAISE(ABORT, 'the audit is append-only');
END;

-- INSERT OR REPLACE deletes without asking the trigger above: what is there stays. A row of ours has a positive
-- rowid, and NEW.rowid is -1 when the statement names none.
CREATE TRIGGER audit_is_not_replaced BEFORE INSERT ON audit
WHEN EXISTS (SELECT 1 FROM audit WHERE id = NEW.id)
  OR (NEW.rowid > 0 AND EXISTS (SELECT 1 FROM audit WHERE rowid = NEW.rowid))
BEGIN
  SELECT RAISE(IGNORE);
END;
