/** Incidents as callers see them: with what mutes their alerts, and one by one with all that happened. */
import { toIso, toIsoOrNull } from '../../core/component/resource.ts';
import type { Silence } from '../../core/incident/silence.ts';
import { silenceOver } from '../../core/incident/silence.ts';
import type { IncidentDetail } from '../../history/incident-detail.ts';
import type { Incident } from '../../history/incident-history.ts';
import type { RecordedRecovery } from '../../history/recovery-history.ts';
import { toRecoveryResource } from './recovery-resource.ts';
import type { IncidentResource } from '../schemas/failure.ts';
import type { IncidentDetailResource } from '../schemas/incident.ts';

type Entry = Omit<IncidentDetailResource['timeline'][number], 'at'> & { readonly at: number };

export function toIncidentResource(incident: Incident, silences: readonly Silence[], now: number): IncidentResource {
  const silence = incident.status === 'resolved' ? null : silenceOver(silences, incident, now);
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
  const told = entries.map(({ at, kind, by, detail, recoveryId }): Entry => ({ at, kind, by, detail, recoveryId }));
  // Those of one moment stay as they came.
  const timeline = [...recoveries.toReversed().flatMap(stepsOf), ...told.toReversed()].toSorted((a, b) => a.at - b.at);
  return {
    ...shown,
    failures: failures.map((failure) => ({ ...failure, occurredAt: toIso(failure.occurredAt) })),
    recovery: last ? toRecoveryResource(last) : null,
    timeline: timeline.map((entry) => ({ ...entry, at: toIso(entry.at) })),
  };
}

function stepsOf({ recoveryId, startedAt, finishedAt, status, reason, actions }: RecordedRecovery): Entry[] {
  const own = { by: null, recoveryId };
  const acted = actions.map(({ action, status: became, detail, startedAt: at, finishedAt: done }): Entry => {
    const said = detail === null ? '' : `: ${detail}`;
    return { ...own, at: done ?? at, kind: 'recovery-action', detail: `${action} ${became}${said}` };
  });
  const began: Entry = { ...own, at: startedAt, kind: 'recovery-started', detail: reason };
  if (finishedAt === null) return [began, ...acted];
  return [began, ...acted, { ...own, at: finishedAt, kind: 'recovery-ended', detail: status }];
}
