/** Incidents in D1: opened once by id, resolved by proof, listed. What people do to them is in `move-incident.ts`. */
import type { Page, PageRequest } from './page.ts';
import { readPage } from './page.ts';

export type IncidentStatus = 'open' | 'acknowledged' | 'resolved';

export interface Incident {
  readonly id: string;
  readonly status: IncidentStatus;
  readonly severity: 'warning' | 'critical';
  readonly title: string;
  readonly summary: string;
  readonly componentId: string;
  readonly componentType: string;
  readonly recoveryId: string | null;
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
  title: string;
  summary: string;
  component_id: string;
  component_type: string;
  recovery_id: string | null;
  opened_at: number;
  acknowledged_at: number | null;
  resolved_at: number | null;
}

/** Opens it once; opened again as critical, a warning becomes critical. */
export async function openIncident(db: D1Database, incident: Incident): Promise<void> {
  await db
    .prepare(
      `INSERT INTO incidents
         (id, status, severity, title, summary, component_id, component_type, recovery_id, opened_at)
       VALUES (?, 'open', ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET severity = excluded.severity, summary = excluded.summary
       WHERE severity = 'warning' AND excluded.severity = 'critical'`,
    )
    .bind(
      incident.id,
      incident.severity,
      incident.title,
      incident.summary,
      incident.componentId,
      incident.componentType,
      incident.recoveryId,
      incident.openedAt,
    )
    .run();
}

export async function findIncident(db: D1Database, id: string): Promise<Incident | null> {
  const row = await db.prepare('SELECT * FROM incidents WHERE id = ?').bind(id).first<IncidentRow>();
  return row && toIncident(row);
}

export function listIncidents(db: D1Database, filter: IncidentFilter, request: PageRequest): Promise<Page<Incident>> {
  const filters = { component_id: filter.componentId, status: filter.status };
  const listing = { table: 'incidents', timeColumn: 'opened_at', large: ['title', 'summary'], filters } as const;
  return readPage<IncidentRow, Incident>(db, listing, request, toIncident);
}

/** Resolves every incident of a component that was proven healthy; answers their ids. */
export async function resolveIncidentsOf(db: D1Database, componentId: string, at: number): Promise<string[]> {
  const { results } = await db
    .prepare(
      `UPDATE incidents SET status = 'resolved', resolved_at = ? WHERE component_id = ? AND status <> 'resolved' RETURNING id`,
    )
    .bind(at, componentId)
    .all<{ id: string }>();
  return results.map((row) => row.id);
}

export const toIncident = (row: IncidentRow): Incident => ({
  id: row.id,
  status: row.status as IncidentStatus,
  severity: row.severity as Incident['severity'],
  title: row.title,
  summary: row.summary,
  componentId: row.component_id,
  componentType: row.component_type,
  recoveryId: row.recovery_id,
  openedAt: row.opened_at,
  acknowledgedAt: row.acknowledged_at,
  resolvedAt: row.resolved_at,
});
