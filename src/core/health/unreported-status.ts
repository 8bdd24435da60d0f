/**
 * Status changes that the event log does not show yet. A component may change its status faster than the log can
 * take it: routing follows each change, the log shows the newest status and how many changes were merged.
 */
import type { HealthStatus } from './health-status.ts';

export interface UnreportedStatus {
  /** The status that the log showed last. */
  readonly from: HealthStatus;
  /** Changes since then. */
  readonly changes: number;
}

/** Adds a change that the log does not show. */
export const withUnreported = (unreported: UnreportedStatus | null, from: HealthStatus): UnreportedStatus => ({
  from: unreported?.from ?? from,
  changes: (unreported?.changes ?? 0) + 1,
});

/** True while the log shows another status than the current one. */
export const isStatusUnreported = ({
  status,
  unreported,
}: {
  readonly status: HealthStatus;
  readonly unreported: UnreportedStatus | null;
}): boolean => unreported !== null && unreported.from !== status;
