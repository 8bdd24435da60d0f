import { useContext } from 'preact/hooks';
import type { Component } from '../../api/schemas/component.ts';
import { formatDuration } from '../format/duration.ts';
import { NowContext } from '../parts/now-context.ts';
import { StatusBadge } from '../parts/status-badge.tsx';

const MAX_SHOWN = 3;

function RootCauseIds({ ids }: { readonly ids: readonly string[] }) {
  const more = ids.length - MAX_SHOWN;
  return (
    <>
      <span class="font-mono break-all">{ids.slice(0, MAX_SHOWN).join(', ')}</span>
      {more > 0 ? ` and ${more} more` : null}
    </>
  );
}

/** Status and exceptional conditions of a component, with their reasons. */
export function ComponentStatus({ component }: { readonly component: Component }) {
  const now = useContext(NowContext);
  const { health, lifecycle } = component;
  return (
    <>
      <span class="flex flex-wrap gap-1">
        <StatusBadge status={health.status} />
        {health.suspect ? <span class="badge badge-sm badge-warning badge-outline">suspect</span> : null}
        {health.ejectedUntil ? <span class="badge badge-sm badge-warning badge-outline">ejected</span> : null}
        {health.heldUntil ? <span class="badge badge-sm badge-warning badge-outline">flapping</span> : null}
        {lifecycle === 'active' ? null : (
          <span
            class="badge badge-sm badge-info badge-outline"
            data-testid="lifecycle"
            title={component.lifecycleReason ?? undefined}
          >
            {lifecycle}
          </span>
        )}
        {component.recoveryId ? <span class="badge badge-sm badge-info badge-outline">recovering</span> : null}
      </span>
      {health.rootCause.length > 0 ? (
        <p class="mt-1 text-xs" data-testid="root-cause">
          effectively {health.effectiveStatus} because of <RootCauseIds ids={health.rootCause} />
        </p>
      ) : null}
      {component.lifecycleUntil ? (
        <p class="text-base-content/70 mt-1 text-xs">
          ends in {formatDuration(Date.parse(component.lifecycleUntil) - now)}
        </p>
      ) : null}
      {health.reason ? <p class="text-base-content/70 mt-1 text-xs">{health.reason}</p> : null}
    </>
  );
}
