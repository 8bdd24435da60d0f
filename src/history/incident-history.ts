/**
 * Incidents in D1: opened once by id, updated by repeats, resolved when their component has recovered, and listed.
 * Operator actions are in `transition-incident.ts`. The coordinator also stores which incidents are open.
 */
import type { AlertPriority } from '../core/incident/alert-route.ts';
import type { Page, PageRequest } from './page.ts';
import { readPage } from './page.ts';

export type IncidentStatus = 'open' | 'acknowledged' | 'resolved';

export interface Incident {
  readonly id: string;
  readonly status: IncidentStatus;
  readonly severity: 'warning' | 'critical';
  /** Null if no alert action gave one. */
  readonly priority: AlertPriority | null;
  readonly title: string;
  readonly summary: string;
  readonly componentId: string;
  readonly componentType: string;
  readonly failureType: string | null;
  /** The last recovery that raised the incident. */
  readonly recoveryId: string | null;
  /** Recoveries that failed after the one that opened the incident. */
  readonly repeats: number;
  readonly openedAt: number;
  readonly acknowledgedAt: number | null;
  readonly resolvedAt: number | null;
}

export interface IncidentFilter {
  readonly componentId?: string | undefined;
  readonly status?: string | undefined;
}

export interface IncidentRow {
  id: string;
  status: string;
  severity: string;
  priority: string | null;
  title: string;
  summary: string;
  component_id: string;
  component_type: string;
  failure_type: string | null;
  recovery_id: string | null;
  repeats: number;
  opened_at: number;
  acknowledged_at: number | null;
  resolved_at: number | null;
}

/**
 * Opens or updates an incident. A critical report turns a warning critical, and a report may change the priority. A
 * higher repeat count reopens an incident that was resolved without the coordinator knowing. With an equal repeat
 * count, nothing else changes.
 */
export async function openIncident(db: D1Database, incident: Incident): Promise<void> {
  await db
    .prepare(
      `INSERT INTO incidents
         (id, status, severity, priority, title, summary, component_id, component_type, failure_type, recovery_id, repeats,
          opened_at)
       VALUES (?, 'open', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET
         severity = CASE WHEN excluded.severity = 'critical' THEN 'critical' ELSE severity END,
         priority = excluded.priority, summary = excluded.summary, failure_type = excluded.failure_type, recovery_id = excluded.recovery_id,
         repeats = excluded.repeats,
         status = CASE WHEN status = 'resolved' AND excluded.repeats > repeats THEN 'open' ELSE status END,
         resolved_at = CASE WHEN excluded.repeats > repeats THEN NULL ELSE resolved_at END
       WHERE excluded.repeats > repeats
         OR (excluded.repeats = repeats AND severity = 'warning' AND excluded.severity = 'critical')
         OR (excluded.repeats = repeats AND severity = excluded.severity AND priority IS NOT excluded.priority)`,
    )
    .bind(
      incident.id,
      incident.severity,
      incident.priority,
      incident.title,
      incident.summary,
      incident.componentId,
      incident.componentType,
      incident.failureType,
      incident.recoveryId,
      incident.repeats,
      incident.openedAt,
    )
    .run();
}

/** Resolution time, epoch ms, by id, for those of the incidents that are resolved. */
export async function resolutionTimes(db: D1Database, ids: readonly string[]): Promise<Map<string, number>> {
  const { results } = await db
    .prepare(
      'SELECT id, resolved_at FROM incidents WHERE id IN (SELECT value FROM json_each(?)) AND resolved_at IS NOT NULL',
    )
    .bind(JSON.stringify(ids))
    .all<{ id: string; resolved_at: number }>();
  return new Map(results.map((row) => [row.id, row.resolved_at]));
}

export function listIncidents(db: D1Database, filter: IncidentFilter, request: PageRequest): Promise<Page<Incident>> {
  const filters = { component_id: filter.componentId, status: filter.status };
  const listing = { table: 'incidents', timeColumn: 'opened_at', large: ['title', 'summary'], filters } as const;
  return readPage<IncidentRow, Incident>(db, listing, request, toIncident);
}

/** Resolves every incident of a component and returns their ids. The timelines record `why`. */
export async function resolveIncidentsOf(
  db: D1Database,
  componentId: string,
  { at, why }: { readonly at: number; readonly why: string },
): Promise<string[]> {
  const entry = db
    .prepare(
      `INSERT OR IGNORE INTO incident_timeline (incident_id, key, at, kind, actor, detail, recovery_id)
       SELECT id, 'resolved:' || repeats, ?2, 'resolved', NULL, ?3, NULL FROM incidents
       WHERE component_id = ?1 AND status <> 'resolved'`,
    )
    .bind(componentId, at, why);
  const resolve = db
    .prepare(
      `UPDATE incidents SET status = 'resolved', resolved_at = ? WHERE component_id = ? AND status <> 'resolved' RETURNING id`,
    )
    .bind(at, componentId);
  const results = await db.batch<{ id: string }>([entry, resolve]);
  return (results[1]?.results ?? []).map(({ id }) => id);
}

/** Unresolved incidents in the order of component ids, those after the id `after`. */
export async function unresolvedIncidents(
  db: D1Database,
  after: string,
  limit: number,
): Promise<Pick<Incident, 'id' | 'componentId' | 'componentType'>[]> {
  const { results } = await db
    .prepare(
      `SELECT id, component_id, component_type FROM incidents WHERE status <> 'resolved' AND component_id > ?
       ORDER BY component_id LIMIT ?`,
    )
    .bind(after, limit)
    .all<Pick<IncidentRow, 'id' | 'component_id' | 'component_type'>>();
  return results.map((row) => ({ id: row.id, componentId: row.component_id, componentType: row.component_type }));
}

export const toIncident = (row: IncidentRow): Incident => ({
  id: row.id,
  status: row.status as IncidentStatus,
  severity: row.severity as Incident['severity'],
  priority: row.priority as AlertPriority | null,
  title: row.title,
  summary: row.summary,
  componentId: row.component_id,
  componentType: row.component_type,
  failureType: row.failure_type,
  recoveryId: row.recovery_id,
  repeats: row.repeats,
  openedAt: row.opened_at,
  acknowledgedAt: row.acknowledged_at,
  resolvedAt: row.resolved_at,
});
