import type { SystemHealthResource } from '../../api/schemas/system.ts';
import { formatPercent } from '../format/percent.ts';
import { ProgramName } from '../parts/program-name.tsx';
import type { Status } from '../parts/status-icon.tsx';
import { StatusBadge } from '../parts/status-badge.tsx';
import { StatusIcon } from '../parts/status-icon.tsx';

interface TypeTileProps {
  readonly type: string;
  readonly summary: SystemHealthResource['byType'][string];
}

const STATUSES: readonly Status[] = ['healthy', 'degraded', 'unhealthy', 'unknown'];
const COLOURS: Readonly<Record<Status, string>> = {
  healthy: 'text-success',
  degraded: 'text-warning',
  unhealthy: 'text-error',
  unknown: 'text-base-content/70',
};

/** One component type: status, routable components and counts by status. */
export function TypeTile({ type, summary }: TypeTileProps) {
  const counted = STATUSES.filter((status) => summary[status] > 0);
  return (
    <li
      class="card card-border bg-base-100 min-w-0 gap-2 p-3 sm:p-4"
      data-testid="type-tile"
      data-type={type}
      data-status={summary.status}
    >
      <div class="flex flex-wrap items-start justify-between gap-x-2 gap-y-1">
        <h3 class="font-mono text-sm font-medium">
          <ProgramName name={type} />
        </h3>
        {summary.total > 0 ? <StatusBadge status={summary.status} /> : null}
      </div>
      <p class="mt-auto">
        <span class="text-2xl font-semibold">{summary.routable}</span>
        <span class="text-base-content/70"> / {summary.total} routable</span>
      </p>
      <ul class="flex min-h-5 flex-wrap gap-x-3 text-xs">
        {counted.map((status) => (
          <li key={status} class="flex items-center gap-1">
            <span class={COLOURS[status]}>
              <StatusIcon status={status} />
            </span>
            {summary[status]} {status}
          </li>
        ))}
        {summary.availability.day === null ? null : (
          <li class="text-base-content/70" title="Share of the last day with at least one routable component">
            {formatPercent(summary.availability.day)} last day
          </li>
        )}
        {counted.length === 0 ? <li class="text-base-content/70">none registered</li> : null}
      </ul>
    </li>
  );
}
