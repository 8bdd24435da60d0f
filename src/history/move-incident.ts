/**
 * Moves an incident on for somebody, with the row of the audit that tells of it in the same batch: D1 takes both
 * or neither. The row is written by what the incident is before the move, so a repeated move writes none.
 */
import type { Actor } from '../core/access/actor.ts';
import type { AuditAction } from '../core/access/audit-entry.ts';
import type { Incident, IncidentRow } from './incident-history.ts';
import { toIncident } from './incident-history.ts';

export type IncidentMove = 'acknowledged' | 'resolved';

interface Move {
  readonly action: AuditAction;
  readonly column: string;
  /** Which incidents it moves. */
  readonly moves: string;
}

const MOVES: Readonly<Record<IncidentMove, Move>> = {
  acknowledged: { action: 'incident.acknowledge', column: 'acknowledged_at', moves: `status = 'open'` },
  resolved: { action: 'incident.resolve', column: 'resolved_at', moves: `status <> 'resolved'` },
};

/** Answers the incident as it is then; null when there is none. */
export async function moveIncident(
  db: D1Database,
  id: string,
  { to, actor, at }: { readonly to: IncidentMove; readonly actor: Actor; readonly at: number },
): Promise<Incident | null> {
  const { action, column, moves } = MOVES[to];
  const audit = db
    .prepare(
      `INSERT OR IGNORE INTO audit (id, at, key_id, key_name, address, request_id, action, subject, before, after)
       SELECT ?2, ?3, ?4, ?5, ?6, ?7, ?8, component_id,
         json_object('incidentId', id, 'status', status), json_object('incidentId', id, 'status', ?9)
       FROM incidents WHERE id = ?1 AND ${moves}`,
    )
    .bind(id, `${id}.${to}`, at, actor.keyId, actor.keyName, actor.address, actor.requestId, action, to);
  const entry = db
    .prepare(
      `INSERT OR IGNORE INTO incident_timeline (incident_id, key, at, kind, actor, detail, recovery_id)
       SELECT id, ?2 || ':' || repeats, ?3, ?2, ?4, '', NULL FROM incidents WHERE id = ?1 AND ${moves}`,
    )
    .bind(id, to, at, actor.keyName);
  const move = db
    .prepare(`UPDATE incidents SET status = ?2, ${column} = ?3 WHERE id = ?1 AND ${moves}`)
    .bind(id, to, at);
  const read = db.prepare('SELECT * FROM incidents WHERE id = ?').bind(id);
  const results = await db.batch<IncidentRow>([audit, entry, move, read]);
  const row = results.at(-1)?.results[0];
  return row ? toIncident(row) : null;
}
