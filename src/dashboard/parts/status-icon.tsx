import type { SystemHealthResource } from '../../api/schemas/system.ts';

export type Status = SystemHealthResource['status'];

/** One shape per status, so that no status depends on colour alone. */
const PATHS: Readonly<Record<Status, string>> = {
  healthy: 'M3 8.5 6.5 12 13 4.5',
  degraded: 'M8 2.5 14.5 13.5h-13ZM8 6.5v3.2M8 11.6v.2',
  unhealthy: 'M3.5 3.5l9 9M12.5 3.5l-9 9',
  unknown: 'M5.2 5.6a2.8 2.8 0 1 1 4.2 2.5C8.3 8.8 8 9.3 8 10.2M8 12.9v.2',
};

export function StatusIcon({ status }: { readonly status: Status }) {
  return (
    <svg class="size-[1em] shrink-0" viewBox="0 0 16 16" aria-hidden="true">
      <path
        d={PATHS[status]}
        fill="none"
        stroke="currentColor"
        stroke-width="2"
        stroke-linecap="round"
        stroke-linejoin="round"
      />
    </svg>
  );
}
