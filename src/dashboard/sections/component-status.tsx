import type { Component } from '../../api/schemas/component.ts';
import { StatusBadge } from '../parts/status-badge.tsx';

/** How a component is: observed status, what departs from the normal, and why. */
export function ComponentStatus({ component }: { readonly component: Component }) {
  const { health, lifecycle } = component;
  const suffers = health.effectiveStatus !== health.status;
  return (
    <>
      <span class="flex flex-wrap gap-1">
        <StatusBadge status={health.status} />
        {health.suspect ? <span class="badge badge-sm badge-warning badge-outline">suspect</span> : null}
        {lifecycle === 'active' ? null : <span class="badge badge-sm badge-info badge-outline">{lifecycle}</span>}
        {component.recoveryId ? <span class="badge badge-sm badge-info badge-outline">recovering</span> : null}
      </span>
      {suffers ? <p class="mt-1 text-xs">in effect {health.effectiveStatus}, because of a dependency</p> : null}
      {health.reason ? <p class="text-base-content/70 mt-1 text-xs">{health.reason}</p> : null}
    </>
  );
}
