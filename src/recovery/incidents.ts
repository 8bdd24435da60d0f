/** Opens and resolves incidents: written to D1, told to the event log. Both know an incident by its id. */
import { coordinator } from '../coordinator/coordinator-api.ts';
import type { RecoveryOrder } from '../core/failure/failure-intake.ts';
import type { Incident } from '../history/incident-history.ts';
import { openIncident, resolveIncidentsOf } from '../history/incident-history.ts';

/** One incident per recovery: raised again it is the same one, and a warning may become critical. */
export async function raiseIncident(
  env: Env,
  order: RecoveryOrder,
  what: { severity: Incident['severity']; summary: string },
): Promise<Incident> {
  const incident: Incident = {
    id: `i-${order.recoveryId.slice(2)}`,
    status: 'open',
    severity: what.severity,
    title: `${order.componentId} needs a person`,
    summary: `${what.summary} (${order.failureType}: ${order.reason})`,
    componentId: order.componentId,
    componentType: order.componentType,
    recoveryId: order.recoveryId,
    openedAt: Date.now(),
    acknowledgedAt: null,
    resolvedAt: null,
  };
  const { id, severity, title, summary, recoveryId } = incident;
  const data = { incidentId: id, severity, title, summary, recoveryId };
  await coordinator().publish(
    [
      {
        key: `${id}:opened:${severity}`,
        type: 'incident.opened',
        subject: order.componentId,
        time: incident.openedAt,
        data,
      },
    ],
    null,
  );
  await openIncident(env.HISTORY, incident);
  return incident;
}

/** The component is proven healthy: whatever was open about it is over. */
export async function resolveIncidents(env: Env, componentId: string, at: number): Promise<void> {
  const resolved = await resolveIncidentsOf(env.HISTORY, componentId, at);
  const drafts = resolved.map((id) => ({
    key: `${id}:resolved`,
    type: 'incident.resolved' as const,
    subject: componentId,
    time: at,
    data: { incidentId: id },
  }));
  if (drafts.length > 0) await coordinator().publish(drafts, null);
}
