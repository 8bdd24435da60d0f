import { useEffect, useRef } from 'preact/hooks';
import type { IncidentResource } from '../../api/schemas/failure.ts';
import type { IncidentDetailResource } from '../../api/schemas/incident.ts';
import { SeverityBadge } from '../parts/severity-badge.tsx';
import { TimeAgo } from '../parts/time-ago.tsx';

interface IncidentItemProps {
  readonly incident: IncidentResource;
  /** Set if the page's address names this incident: the item is highlighted, and shows the timeline. */
  readonly details: IncidentDetailResource | null;
}

/** One incident of the list. */
export function IncidentItem({ incident, details }: IncidentItemProps) {
  const item = useRef<HTMLLIElement>(null);
  const isLinked = details !== null;
  useEffect(() => {
    if (!isLinked) return;
    item.current?.scrollIntoView({ block: 'center' });
    item.current?.focus({ preventScroll: true });
  }, [isLinked]);
  return (
    <li
      ref={item}
      id={`incident-${incident.id}`}
      class={`grid gap-1 py-2 text-sm ${isLinked ? 'bg-info/10 outline-info -mx-2 rounded px-2 outline-2' : ''}`}
      tabIndex={isLinked ? -1 : undefined}
      aria-current={isLinked ? 'true' : undefined}
      data-testid="incident"
      data-id={incident.id}
    >
      <p class="flex flex-wrap items-baseline gap-x-2">
        <SeverityBadge severity={incident.severity} />
        <span class="font-medium">{incident.title}</span>
        {incident.priority ? <span class="badge badge-sm badge-ghost">priority {incident.priority}</span> : null}
        {incident.status === 'open' ? null : <span class="badge badge-sm badge-ghost">{incident.status}</span>}
        {incident.silencedUntil ? <span class="badge badge-sm badge-ghost">silenced</span> : null}
        {incident.repeats > 0 ? <span class="badge badge-sm badge-ghost">repeated {incident.repeats}×</span> : null}
        <span class="text-base-content/70 ml-auto">
          <TimeAgo at={incident.openedAt} />
        </span>
      </p>
      <p>{incident.summary}</p>
      {details ? <Timeline entries={details.timeline} /> : null}
    </li>
  );
}

function Timeline({ entries }: { readonly entries: IncidentDetailResource['timeline'] }) {
  return (
    <ol class="border-base-300 grid gap-1 border-l-2 pl-3" data-testid="timeline">
      {entries.map(({ at, kind, by, detail }) => (
        <li key={`${at} ${kind} ${detail}`} class="flex flex-wrap gap-x-2">
          <TimeAgo at={at} />
          <span class="font-medium">
            {kind}
            {by === null ? '' : ` by ${by}`}
          </span>
          <span class="text-base-content/70">{detail}</span>
        </li>
      ))}
    </ol>
  );
}
