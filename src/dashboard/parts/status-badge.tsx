import type { Status } from './status-icon.tsx';
import { StatusIcon } from './status-icon.tsx';

const COLOURS: Readonly<Record<Status, string>> = {
  healthy: 'badge-success badge-soft',
  degraded: 'badge-warning badge-soft',
  unhealthy: 'badge-error',
  unknown: 'badge-ghost',
};

interface StatusBadgeProps {
  readonly status: Status;
  readonly large?: boolean;
}

/** A status by word, shape and colour. */
export function StatusBadge({ status, large = false }: StatusBadgeProps) {
  return (
    <span class={`badge ${COLOURS[status]} ${large ? 'badge-lg' : 'badge-sm'} gap-1 font-medium whitespace-nowrap`}>
      <StatusIcon status={status} />
      {status}
    </span>
  );
}
