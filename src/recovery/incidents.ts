/**
 * Opens, adds to and resolves incidents: the coordinator says which is open and alerts, D1 keeps them and their timelines.
 * Everything may run twice.
 */
import { coordinator } from '../coordinator/contract/coordinator-api.ts';
import type { RecoveryOrder } from '../core/failure/failure-intake.ts';
import type { Incident } from '../history/incident-history.ts';
import { openIncident, resolveIncidentsOf } from '../history/incident-history.ts';
import { flushTimeline } from './flush-timeline.ts';

/** One incident per component: raised again it is the same one, and a warning may become critical. Answers its id. */
export async function raiseIncident(
  env: Env,
  order: RecoveryOrder,
  what: { severity: Incident['severity']; summary: string },
): Promise<string> {
  const { componentId, componentType, failureType, recoveryId } = order;
  const isDrill = Boolean(order.drillId);
  const about = {
    componentId,
    componentType,
    failureType,
    severity: what.severity,
    title: `${isDrill ? 'Drill: ' : ''}${componentId} needs a person`,
    summary: `${isDrill ? 'drill: ' : ''}${what.summary} (${failureType}: ${order.reason})`,
  };
  // First of all the alert: it must not wait for a history that is away.
  const raised = await coordinator().raiseIncident({ ...about, recoveryId, at: Date.now() });
  const { incidentId, openedAt, repeats } = raised;
  const unmoved = { status: 'open', acknowledgedAt: null, resolvedAt: null } as const;
  await openIncident(env.HISTORY, { ...about, ...unmoved, id: incidentId, recoveryId, openedAt, repeats });
  await flushTimeline(env);
  return incidentId;
}

/** The component is well, or gone: whatever was open about it is over. Answers what was. */
export async function resolveIncidents(
  env: Env,
  componentId: string,
  because: { readonly at: number; readonly why: string },
): Promise<string[]> {
  await flushTimeline(env);
  const resolved = await resolveIncidentsOf(env.HISTORY, componentId, because);
  await reportResolved(componentId, resolved, because.at);
  return resolved;
}

/** The log knows the event by its key; the coordinator hears by it that the incident is over. */
export async function reportResolved(componentId: string, ids: readonly string[], at: number): Promise<void> {
  const drafts = ids.map((id) => ({
    key: `${id}:resolved`,
    type: 'incident.resolved' as const,
    subject: componentId,
    time: at,
    data: { incidentId: id },
  }));
  if (drafts.length > 0) await coordinator().publish(drafts, null);
}
