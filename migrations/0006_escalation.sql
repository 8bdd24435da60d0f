-- One open incident a component: what fails again adds to it. Its timeline, of which recoveries tell their own part.
ALTER TABLE incidents ADD COLUMN failure_type TEXT;
ALTER TABLE incidents ADD COLUMN repeats INTEGER NOT NULL DEFAULT 0;

CREATE TABLE incident_timeline (
  incident_id TEXT NOT NULL,
  key TEXT NOT NULL,
  at INTEGER NOT NULL,
  kind TEXT NOT NULL,
  actor TEXT,
  detail TEXT NOT NULL,
  recovery_id TEXT,
  PRIMARY KEY (incident_id, key)
) STRICT;

CREATE INDEX incidents_unresolved ON incidents (component_id) WHERE status <> 'resolved';
CREATE INDEX recoveries_by_incident ON recoveries (incident_id) WHERE incident_id IS NOT NULL;
