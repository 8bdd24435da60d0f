/**
 * Opens, repeats and resolves incidents. The coordinator decides which incident is open and sends alerts; D1 stores
 * incidents and timelines. Every function is idempotent.
 */
import { coordinator } from '../coordinator/contract/coordinator-api.ts';
import type { RecoveryOrder } from '../core/failure/failure-manager-api.ts';
import type { AlertRequest } from '../core/incident/alert-route.ts';
import type { Incident } from '../history/incident-history.ts';
import { openIncident, resolveIncidentsOf } from '../history/incident-history.ts';
import { flushTimeline } from './flush-timeline.ts';

interface IncidentDetails extends AlertRequest {
  readonly severity: Incident['severity'];
  readonly summary: string;
}

/** Opens or repeats the incident as `openAndAlert` does, and writes it to D1. Throws while D1 is unavailable. */
export async function raiseIncident(env: Env, order: RecoveryOrder, details: IncidentDetails): Promise<string> {
  const incident = await openAndAlert(order, details);
  await recordIncident(env, incident);
  return incident.id;
}

/** Writes an incident and the pending timeline entries to D1. */
export async function recordIncident(env: Env, incident: Incident): Promise<void> {
  await openIncident(env.HISTORY, incident);
  await flushTimeline(env);
}

/**
 * Opens the component's incident or repeats the open one, and sends the alert. A repeat can turn a warning critical. A
 * second call with the same recovery, severity, target and priority changes nothing. Returns the incident for D1.
 */
export async function openAndAlert(order: RecoveryOrder, details: IncidentDetails): Promise<Incident> {
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
  const { target, priority } = details;
  const { incidentId, ...raised } = await coordinator().raiseIncident({
    ...description,
    target,
    priority,
    recoveryId,
    at: Date.now(),
  });
  const unresolved = { status: 'open', acknowledgedAt: null, resolvedAt: null } as const;
  return { ...description, ...unresolved, id: incidentId, recoveryId, ...raised };
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
