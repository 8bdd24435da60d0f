-- Lists and charts of one component type, by time.
CREATE INDEX failures_by_type ON failures (component_type, occurred_at);
