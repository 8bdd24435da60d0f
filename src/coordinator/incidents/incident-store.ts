/**
 * All SQL of open incidents, at most one per component. Owns the alert that a silence holds back, and the timeline
 * entries that D1 has not stored yet.
 */
import { parseObject } from '../../core/stored-json.ts';
import { readRows, readStored } from '../../logging/read-stored.ts';
import type {
  IncidentReport,
  OpenIncident,
  RaisedIncident,
  TimelineEntry,
} from '../../core/incident/incident-report.ts';
import type { Severity } from '../../core/incident/silence.ts';
import type { RouteColumns } from './route-columns.ts';
import { addRouteColumns, storedTargets, toRoute } from './route-columns.ts';

export interface IncidentState extends OpenIncident {
  /** Number of alerts sent. */
  readonly alerts: number;
  /** Epoch ms of the last alert; 0 if none was sent. */
  readonly alertedAt: number;
  /** Alert held back by a silence; sent once no silence matches. Null if none is held back. */
  readonly muted: { readonly deliveryId: string; readonly payload: string } | null;
}

const SCHEMA = [
  `CREATE TABLE IF NOT EXISTS open_incidents (
     component_id TEXT PRIMARY KEY,
     incident_id TEXT NOT NULL,
     component_type TEXT,
     failure_type TEXT,
     severity TEXT NOT NULL,
     opened_at INTEGER NOT NULL,
     repeats INTEGER NOT NULL,
     alerts INTEGER NOT NULL,
     alerted_at INTEGER NOT NULL,
     muted TEXT,
     priority TEXT,
     targets TEXT
   ) STRICT`,
  `CREATE INDEX IF NOT EXISTS open_incidents_muted ON open_incidents (component_id) WHERE muted IS NOT NULL`,
  // Raises already handled. A workflow step that runs again must not reopen an incident that was resolved meanwhile.
  `CREATE TABLE IF NOT EXISTS incident_raises (
     key TEXT PRIMARY KEY,
     incident_id TEXT NOT NULL,
     opened_at INTEGER NOT NULL,
     repeats INTEGER NOT NULL,
     at INTEGER NOT NULL,
     priority TEXT
   ) STRICT`,
  `CREATE TABLE IF NOT EXISTS timeline_owed (
     incident_id TEXT NOT NULL,
     key TEXT NOT NULL,
     entry TEXT NOT NULL,
     PRIMARY KEY (incident_id, key)
   ) STRICT`,
];

/** Longer than any workflow step is retried. */
const KEEP_RAISES_MS = 30 * 86_400_000;

interface Row extends Record<string, SqlStorageValue>, RouteColumns {
  component_id: string;
  incident_id: string;
  component_type: string | null;
  failure_type: string | null;
  severity: string;
  opened_at: number;
  repeats: number;
  alerts: number;
  alerted_at: number;
  muted: string | null;
}

export class IncidentStore {
  private readonly sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.sql = sql;
    for (const statement of SCHEMA) sql.exec(statement);
    addRouteColumns(sql, 'open_incidents');
    addRouteColumns(sql, 'incident_raises', ['priority']);
  }

  openOf(componentId: string): IncidentState | undefined {
    return this.sql
      .exec<Row>('SELECT * FROM open_incidents WHERE component_id = ?', componentId)
      .toArray()
      .map(toState)[0];
  }

  /** Incidents by component id, ascending, after the id `after`. */
  list(after: string, limit: number): IncidentState[] {
    return this.sql
      .exec<Row>('SELECT * FROM open_incidents WHERE component_id > ? ORDER BY component_id LIMIT ?', after, limit)
      .toArray()
      .map(toState);
  }

  muted(): IncidentState[] {
    return this.sql.exec<Row>('SELECT * FROM open_incidents WHERE muted IS NOT NULL').toArray().map(toState);
  }

  save(state: IncidentState): void {
    this.sql.exec(
      `INSERT OR REPLACE INTO open_incidents
         (component_id, incident_id, component_type, failure_type, severity, opened_at, repeats, alerts, alerted_at, muted,
          priority, targets)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      state.componentId,
      state.incidentId,
      state.componentType,
      state.failureType,
      state.severity,
      state.openedAt,
      state.repeats,
      state.alerts,
      state.alertedAt,
      state.muted && JSON.stringify(state.muted),
      state.priority,
      storedTargets(state),
    );
  }

  close(incidentId: string): void {
    this.sql.exec('DELETE FROM open_incidents WHERE incident_id = ?', incidentId);
  }

  findRaise(report: IncidentReport): RaisedIncident | undefined {
    return this.sql
      .exec<{ incident_id: string; opened_at: number; repeats: number; priority: string | null }>(
        'SELECT incident_id, opened_at, repeats, priority FROM incident_raises WHERE key = ?',
        raiseKeyOf(report),
      )
      .toArray()
      .map((row) => ({
        incidentId: row.incident_id,
        openedAt: row.opened_at,
        repeats: row.repeats,
        priority: row.priority as RaisedIncident['priority'],
      }))[0];
  }

  /** Whether the recovery already raised this incident, at any severity. */
  hasRaised(recoveryId: string, incidentId: string): boolean {
    // ";" follows ":".
    const sql = 'SELECT 1 FROM incident_raises WHERE key > ? AND key < ? AND incident_id = ? LIMIT 1';
    return this.sql.exec(sql, `${recoveryId}:`, `${recoveryId};`, incidentId).toArray().length > 0;
  }

  saveRaise(report: IncidentReport, { incidentId, openedAt, repeats, priority }: RaisedIncident): void {
    this.sql.exec(
      `INSERT OR IGNORE INTO incident_raises (key, incident_id, opened_at, repeats, at, priority)
       VALUES (?, ?, ?, ?, ?, ?)`,
      raiseKeyOf(report),
      incidentId,
      openedAt,
      repeats,
      report.at,
      priority,
    );
  }

  enqueueEntry(entry: TimelineEntry): void {
    const sql = 'INSERT OR IGNORE INTO timeline_owed (incident_id, key, entry) VALUES (?, ?, ?)';
    this.sql.exec(sql, entry.incidentId, entry.key, JSON.stringify(entry));
  }

  pendingEntries(limit: number): TimelineEntry[] {
    // Rows that are no JSON must never fill a page.
    const sql = 'SELECT key, entry FROM timeline_owed WHERE json_valid(entry) ORDER BY rowid LIMIT ?';
    const rows = this.sql.exec<{ key: string; entry: string }>(sql, limit).toArray();
    return readRows('timeline_owed', rows, ({ entry }) => parseObject<TimelineEntry>(entry));
  }

  settleEntries(entries: readonly Pick<TimelineEntry, 'incidentId' | 'key'>[]): void {
    for (const { incidentId, key } of entries)
      this.sql.exec('DELETE FROM timeline_owed WHERE incident_id = ? AND key = ?', incidentId, key);
  }

  trim(now: number): void {
    this.sql.exec('DELETE FROM incident_raises WHERE at < ?', now - KEEP_RAISES_MS);
  }
}

/** Reports without a target and a priority keep the key that they had before these existed. */
function raiseKeyOf({ recoveryId, severity, target, priority }: IncidentReport): string {
  const key = `${recoveryId}:${severity}`;
  return target === undefined && priority === undefined ? key : `${key}:${target ?? ''}:${priority ?? ''}`;
}

const toState = (row: Row): IncidentState => ({
  componentId: row.component_id,
  incidentId: row.incident_id,
  componentType: row.component_type,
  failureType: row.failure_type,
  severity: row.severity as Severity,
  openedAt: row.opened_at,
  repeats: row.repeats,
  alerts: row.alerts,
  alertedAt: row.alerted_at,
  muted: row.muted === null ? null : readMuted(row.muted),
  ...toRoute(row),
});

/** An alert that cannot be read is sent no more; the incident stays open. */
const readMuted = (muted: string): IncidentState['muted'] =>
  readStored<{ muted: string }, IncidentState['muted']>(
    'open_incidents',
    { muted },
    (row) => parseObject<NonNullable<IncidentState['muted']>>(row.muted),
    () => null,
  );
