/** Wire resources of incidents: in lists with the silence that mutes their alerts, singly with the whole timeline. */
import { failureResource } from './failure-resource.ts';
import { toIso, toIsoOrNull } from '../../core/component/resource.ts';
import type { Silence } from '../../core/incident/silence.ts';
import { activeSilence } from '../../core/incident/silence.ts';
import type { IncidentDetail } from '../../history/incident-detail.ts';
import type { Incident } from '../../history/incident-history.ts';
import type { RecordedRecovery } from '../../history/recovery-history.ts';
import { toRecoveryResource } from './recovery-resource.ts';
import type { IncidentResource } from '../schemas/failure.ts';
import type { IncidentDetailResource } from '../schemas/incident.ts';

type Entry = Omit<IncidentDetailResource['timeline'][number], 'at'> & { readonly at: number };

export function toIncidentResource(incident: Incident, silences: readonly Silence[], now: number): IncidentResource {
  const silence = incident.status === 'resolved' ? null : activeSilence(silences, incident, now);
  return {
    ...incident,
    silencedUntil: toIsoOrNull(silence?.until ?? null),
    openedAt: toIso(incident.openedAt),
    acknowledgedAt: toIsoOrNull(incident.acknowledgedAt),
    resolvedAt: toIsoOrNull(incident.resolvedAt),
  };
}

export function toIncidentDetail(
  shown: IncidentResource,
  { entries, recoveries, failures }: IncidentDetail,
): IncidentDetailResource {
  const [last] = recoveries;
  const recorded = entries.map(({ at, kind, by, detail, recoveryId }): Entry => ({ at, kind, by, detail, recoveryId }));
  // The sort is stable: entries with equal times keep their order.
  const timeline = [...recoveries.toReversed().flatMap(recoveryEntries), ...recorded.toReversed()].toSorted(
    (a, b) => a.at - b.at,
  );
  return {
    ...shown,
    failures: failures.map(failureResource),
    recovery: last ? toRecoveryResource(last) : null,
    timeline: timeline.map((entry) => ({ ...entry, at: toIso(entry.at) })),
  };
}

function recoveryEntries({ recoveryId, startedAt, finishedAt, status, reason, actions }: RecordedRecovery): Entry[] {
  const shared = { by: null, recoveryId };
  const actionEntries = actions.map(({ action, status: outcome, detail, startedAt: at, finishedAt: done }): Entry => {
    const suffix = detail === null ? '' : `: ${detail}`;
    return { ...shared, at: done ?? at, kind: 'recovery-action', detail: `${action} ${outcome}${suffix}` };
  });
  const start: Entry = { ...shared, at: startedAt, kind: 'recovery-started', detail: reason };
  if (finishedAt === null) return [start, ...actionEntries];
  return [start, ...actionEntries, { ...shared, at: finishedAt, kind: 'recovery-ended', detail: status }];
}
