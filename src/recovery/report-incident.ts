/**
 * Opens, repeats and resolves incidents. The coordinator decides which incident is open and sends alerts; D1 stores
 * incidents and timelines. Every function is idempotent.
 */
import { coordinator } from '../coordinator/contract/coordinator-api.ts';
import type { RecoveryOrder } from '../core/failure/failure-manager-api.ts';
import type { Incident } from '../history/incident-history.ts';
import { openIncident, resolveIncidentsOf } from '../history/incident-history.ts';
import { flushTimeline } from './flush-timeline.ts';

/** Opens the component's incident or repeats the open one, and returns its id. A repeat can turn a warning critical. */
export async function raiseIncident(
  env: Env,
  order: RecoveryOrder,
  details: { severity: Incident['severity']; summary: string },
): Promise<string> {
  const { componentId, componentType, failureType, recoveryId } = order;
  const isDrill = Boolean(order.drillId);
  const description = {
    componentId,
    componentType,
    failureType,
    severity: details.severity,
    title: `${isDrill ? 'Drill: ' : ''}${componentId}: manual action needed`,
    summary: `${isDrill ? 'drill: ' : ''}${details.summary} (${failureType}: ${order.reason})`,
  };
  // The alert comes first: it must not wait while D1 is unavailable.
  const raised = await coordinator().raiseIncident({ ...description, recoveryId, at: Date.now() });
  const { incidentId, openedAt, repeats } = raised;
  const unresolved = { status: 'open', acknowledgedAt: null, resolvedAt: null } as const;
  await openIncident(env.HISTORY, { ...description, ...unresolved, id: incidentId, recoveryId, openedAt, repeats });
  await flushTimeline(env);
  return incidentId;
}

/** Resolves all incidents of a component that has recovered or is gone. Returns the ids of those that were open. */
export async function resolveIncidents(
  env: Env,
  componentId: string,
  resolution: { readonly at: number; readonly why: string },
): Promise<string[]> {
  await flushTimeline(env);
  const resolved = await resolveIncidentsOf(env.HISTORY, componentId, resolution);
  await reportResolved(componentId, resolved, resolution.at);
  return resolved;
}

/** Publishes `incident.resolved` events, which also close the incidents in the coordinator. Idempotent by event key. */
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
