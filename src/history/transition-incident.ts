/**
 * Acknowledges or resolves an incident for an operator. The audit row is in the same D1 batch, so both are written or
 * neither is. The statements read the state before the change, so a repeated call writes no second row.
 */
import type { Actor } from '../core/access/actor.ts';
import type { AuditAction } from '../core/access/audit-entry.ts';
import type { Incident, IncidentRow } from './incident-history.ts';
import { toIncident } from './incident-history.ts';

export type IncidentTransition = 'acknowledged' | 'resolved';

interface Transition {
  readonly action: AuditAction;
  readonly column: string;
  /** SQL condition of the incidents that the transition applies to. */
  readonly condition: string;
}

const TRANSITIONS: Readonly<Record<IncidentTransition, Transition>> = {
  acknowledged: { action: 'incident.acknowledge', column: 'acknowledged_at', condition: `status = 'open'` },
  resolved: { action: 'incident.resolve', column: 'resolved_at', condition: `status <> 'resolved'` },
};

/** Returns the incident after the change; null if it does not exist. */
export async function transitionIncident(
  db: D1Database,
  id: string,
  { to, actor, at }: { readonly to: IncidentTransition; readonly actor: Actor; readonly at: number },
): Promise<Incident | null> {
  const { action, column, condition } = TRANSITIONS[to];
  const audit = db
    .prepare(
      `INSERT OR IGNORE INTO audit (id, at, key_id, key_name, address, request_id, action, subject, before, after)
       SELECT ?2, ?3, ?4, ?5, ?6, ?7, ?8, component_id,
         json_object('incidentId', id, 'status', status), json_object('incidentId', id, 'status', ?9)
       FROM incidents WHERE id = ?1 AND ${condition}`,
    )
    .bind(id, `${id}.${to}`, at, actor.keyId, actor.keyName, actor.address, actor.requestId, action, to);
  const entry = db
    .prepare(
      `INSERT OR IGNORE INTO incident_timeline (incident_id, key, at, kind, actor, detail, recovery_id)
       SELECT id, ?2 || ':' || repeats, ?3, ?2, ?4, '', NULL FROM incidents WHERE id = ?1 AND ${condition}`,
    )
    .bind(id, to, at, actor.keyName);
  const move = db
    .prepare(`UPDATE incidents SET status = ?2, ${column} = ?3 WHERE id = ?1 AND ${condition}`)
    .bind(id, to, at);
  const read = db.prepare('SELECT * FROM incidents WHERE id = ?').bind(id);
  const results = await db.batch<IncidentRow>([audit, entry, move, read]);
  const row = results.at(-1)?.results[0];
  return row ? toIncident(row) : null;
}
