/** All SQL of alert groups and their incidents that are not resolved. */
import type { GroupedComponent } from '../../core/alert/grouped-alert.ts';
import type { AlertGroup, GroupNews, OpenMembers } from '../../core/incident/alert-group.ts';
import type { Severity } from '../../core/incident/silence.ts';
import type { RouteColumns } from './route-columns.ts';
import { addRouteColumns, storedTargets, toRoute } from './route-columns.ts';

const SCHEMA = [
  `CREATE TABLE IF NOT EXISTS alert_groups (
     id TEXT PRIMARY KEY,
     subject TEXT NOT NULL,
     component_type TEXT,
     failure_type TEXT,
     opened_at INTEGER NOT NULL,
     total INTEGER NOT NULL,
     reported TEXT,
     messages INTEGER NOT NULL,
     sent_at INTEGER NOT NULL,
     news TEXT,
     due_at INTEGER,
     event TEXT NOT NULL
   ) STRICT`,
  `CREATE INDEX IF NOT EXISTS alert_groups_due ON alert_groups (due_at) WHERE due_at IS NOT NULL`,
  `CREATE INDEX IF NOT EXISTS alert_groups_cause ON alert_groups (component_type, failure_type, opened_at)`,
  `CREATE TABLE IF NOT EXISTS alert_group_members (
     incident_id TEXT PRIMARY KEY,
     group_id TEXT NOT NULL,
     component_id TEXT NOT NULL,
     severity TEXT NOT NULL,
     repeats INTEGER NOT NULL,
     acknowledged INTEGER NOT NULL,
     priority TEXT,
     targets TEXT
   ) STRICT`,
  `CREATE INDEX IF NOT EXISTS alert_group_members_of ON alert_group_members (group_id, component_id)`,
];

/** An incident of a group that is not resolved. */
export interface GroupMember extends GroupedComponent {
  readonly incidentId: string;
  readonly repeats: number;
}

interface Row extends Record<string, SqlStorageValue> {
  id: string;
  subject: string;
  component_type: string | null;
  failure_type: string | null;
  opened_at: number;
  total: number;
  reported: string | null;
  messages: number;
  sent_at: number;
  news: string | null;
  due_at: number | null;
}

const COLUMNS =
  'id, subject, component_type, failure_type, opened_at, total, reported, messages, sent_at, news, due_at';

export class AlertGroupStore {
  private readonly sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.sql = sql;
    for (const statement of SCHEMA) sql.exec(statement);
    addRouteColumns(sql, 'alert_group_members');
  }

  /** The group that an incident has joined. */
  ofIncident(incidentId: string): AlertGroup | undefined {
    return this.read('WHERE id = (SELECT group_id FROM alert_group_members WHERE incident_id = ?)', incidentId)[0];
  }

  /** The newest group of this type and class of failure. */
  newest(componentType: string | null, failureType: string | null): AlertGroup | undefined {
    const clause = 'WHERE component_type IS ? AND failure_type IS ? ORDER BY opened_at DESC LIMIT 1';
    return this.read(clause, componentType, failureType)[0];
  }

  /** Groups whose message is due at `now` (epoch ms), the longest due first. */
  due(now: number, limit: number): AlertGroup[] {
    return this.read('WHERE due_at IS NOT NULL AND due_at <= ? ORDER BY due_at, id LIMIT ?', now, limit);
  }

  /** When the next message is due, epoch ms; null if nothing is new. */
  nextDue(): number | null {
    const sql = 'SELECT due_at FROM alert_groups WHERE due_at IS NOT NULL ORDER BY due_at LIMIT 1';
    return this.sql.exec<{ due_at: number }>(sql).toArray()[0]?.due_at ?? null;
  }

  /** The JSON text of the newest event of the group. */
  eventOf(id: string): string {
    return this.sql.exec<{ event: string }>('SELECT event FROM alert_groups WHERE id = ?', id).one().event;
  }

  /** Stores the group. `event` is the JSON text of its newest event. */
  save(group: AlertGroup, event: string): void {
    this.sql.exec(
      `INSERT OR REPLACE INTO alert_groups (${COLUMNS}, event) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      group.id,
      group.subject,
      group.componentType,
      group.failureType,
      group.openedAt,
      group.total,
      group.reported,
      group.messages,
      group.sentAt,
      group.news?.kind ?? null,
      group.news?.dueAt ?? null,
      event,
    );
  }

  postpone(id: string, dueAt: number): void {
    this.sql.exec('UPDATE alert_groups SET due_at = ? WHERE id = ?', dueAt, id);
  }

  remove(id: string): void {
    this.sql.exec('DELETE FROM alert_groups WHERE id = ?', id);
    this.sql.exec('DELETE FROM alert_group_members WHERE group_id = ?', id);
  }

  saveMember(groupId: string, { incidentId, componentId, severity, repeats, ...route }: GroupMember): void {
    this.sql.exec(
      `INSERT INTO alert_group_members (incident_id, group_id, component_id, severity, repeats, acknowledged, priority, targets)
       VALUES (?, ?, ?, ?, ?, 0, ?, ?)
       ON CONFLICT (incident_id) DO UPDATE SET severity = excluded.severity, repeats = excluded.repeats,
         priority = excluded.priority, targets = excluded.targets`,
      incidentId,
      groupId,
      componentId,
      severity,
      repeats,
      route.priority,
      storedTargets(route),
    );
  }

  acknowledge(incidentId: string): void {
    this.sql.exec('UPDATE alert_group_members SET acknowledged = 1 WHERE incident_id = ?', incidentId);
  }

  removeMember(incidentId: string): void {
    this.sql.exec('DELETE FROM alert_group_members WHERE incident_id = ?', incidentId);
  }

  openMembers(id: string): OpenMembers {
    const sql = `SELECT COUNT(*) AS open, COALESCE(SUM(acknowledged), 0) AS acknowledged,
        COALESCE(SUM(severity = 'critical'), 0) AS critical
      FROM alert_group_members WHERE group_id = ?`;
    const { open, acknowledged, critical } = this.sql
      .exec<{ open: number; acknowledged: number; critical: number }>(sql, id)
      .one();
    return { open, acknowledged, severity: critical > 0 ? 'critical' : 'warning' };
  }

  /** Components of the group's open incidents, by id. */
  componentsOf(id: string): GroupedComponent[] {
    const sql = `SELECT component_id, severity, priority, targets FROM alert_group_members
      WHERE group_id = ? ORDER BY component_id`;
    return this.sql
      .exec<RouteColumns & { component_id: string; severity: string }>(sql, id)
      .toArray()
      .map((row) => ({ componentId: row.component_id, severity: row.severity as Severity, ...toRoute(row) }));
  }

  private read(clause: string, ...values: (string | number | null)[]): AlertGroup[] {
    return this.sql
      .exec<Row>(`SELECT ${COLUMNS} FROM alert_groups ${clause}`, ...values)
      .toArray()
      .map(toGroup);
  }
}

const toGroup = (row: Row): AlertGroup => ({
  id: row.id,
  subject: row.subject,
  componentType: row.component_type,
  failureType: row.failure_type,
  openedAt: row.opened_at,
  total: row.total,
  reported: row.reported as Severity | null,
  messages: row.messages,
  sentAt: row.sent_at,
  news: row.news === null || row.due_at === null ? null : { kind: row.news as GroupNews, dueAt: row.due_at },
});
