import type { IncidentResource } from '../../api/schemas/failure.ts';
import { Panel } from '../parts/panel.tsx';
import { SeverityBadge } from '../parts/severity-badge.tsx';
import { TimeAgo } from '../parts/time-ago.tsx';

interface IncidentListProps {
  readonly incidents: readonly IncidentResource[];
  readonly missing: boolean;
}

/** Unresolved incidents: failures that automatic recovery could not fix. */
export function IncidentList({ incidents, missing }: IncidentListProps) {
  return (
    <Panel title="Open incidents" count={incidents.length} empty="No open incidents." missing={missing}>
      <ul class="divide-base-300 divide-y px-4 pb-2">
        {incidents.map((incident) => (
          <li
            key={incident.id}
            id={`incident-${incident.id}`}
            class="grid gap-1 py-2 text-sm"
            data-testid="incident"
            data-id={incident.id}
          >
            <p class="flex flex-wrap items-baseline gap-x-2">
              <SeverityBadge severity={incident.severity} />
              <span class="font-medium">{incident.title}</span>
              {incident.status === 'acknowledged' ? <span class="badge badge-sm badge-ghost">acknowledged</span> : null}
              {incident.silencedUntil ? <span class="badge badge-sm badge-ghost">silenced</span> : null}
              {incident.repeats > 0 ? (
                <span class="badge badge-sm badge-ghost">repeated {incident.repeats}×</span>
              ) : null}
              <span class="text-base-content/70 ml-auto">
                <TimeAgo at={incident.openedAt} />
              </span>
            </p>
            <p>{incident.summary}</p>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
