-- Failures, recoveries and incidents. Times are epoch milliseconds.
CREATE TABLE failures (
  id TEXT PRIMARY KEY,
  component_id TEXT NOT NULL,
  component_type TEXT NOT NULL,
  failure_type TEXT NOT NULL,
  source TEXT NOT NULL,
  code TEXT,
  message TEXT NOT NULL,
  context TEXT,
  occurred_at INTEGER NOT NULL
) STRICT;

-- The threshold counts one component's failures since a time.
CREATE INDEX failures_by_component ON failures (component_id, occurred_at);
CREATE INDEX failures_by_time ON failures (occurred_at, id);

CREATE TABLE recoveries (
  id TEXT PRIMARY KEY,
  component_id TEXT NOT NULL,
  component_type TEXT NOT NULL,
  failure_type TEXT NOT NULL,
  failure_id TEXT NOT NULL,
  status TEXT NOT NULL,
  reason TEXT NOT NULL,
  started_at INTEGER NOT NULL,
  deadline INTEGER NOT NULL,
  finished_at INTEGER,
  actions TEXT NOT NULL,
  incident_id TEXT
) STRICT;

CREATE INDEX recoveries_by_component ON recoveries (component_id, started_at);
CREATE INDEX recoveries_by_time ON recoveries (started_at, id);
-- Retention looks for what ended long ago.
CREATE INDEX recoveries_by_end ON recoveries (finished_at) WHERE finished_at IS NOT NULL;
CREATE INDEX recoveries_running ON recoveries (status) WHERE status = 'running';

CREATE TABLE incidents (
  id TEXT PRIMARY KEY,
  status TEXT NOT NULL,
  severity TEXT NOT NULL,
  title TEXT NOT NULL,
  summary TEXT NOT NULL,
  component_id TEXT NOT NULL,
  component_type TEXT NOT NULL,
  recovery_id TEXT,
  opened_at INTEGER NOT NULL,
  acknowledged_at INTEGER,
  resolved_at INTEGER
) STRICT;

CREATE INDEX incidents_by_time ON incidents (opened_at, id);
CREATE INDEX incidents_by_component ON incidents (component_id, status);
CREATE INDEX incidents_by_end ON incidents (resolved_at) WHERE resolved_at IS NOT NULL;
