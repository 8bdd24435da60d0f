/** Decides whether the recent failures of a component require a recovery. */

const HEARTBEAT_EXPIRED = 'HEARTBEAT_EXPIRED';

export interface FailureCount {
  /** Failures within the window, weighed. */
  readonly recentFailures: number;
  /** Reports within the window that nothing confirms. */
  readonly unconfirmedReports: number;
}

export interface ThresholdPolicy {
  readonly failureThreshold: number;
  /** ms */
  readonly failureWindow: number;
}

/** Start of the failure window, epoch ms: never before the end of the last recovery. */
export const countingSince = (occurredAt: number, settledUntil: number, policy: ThresholdPolicy): number =>
  Math.max(occurredAt - policy.failureWindow, settledUntil);

/** An expired heartbeat means several missed heartbeats, so a single one reaches the threshold. */
export const reachesThreshold = (
  failure: { readonly code: string | null },
  recentFailures: number,
  failureThreshold: number,
): boolean => failure.code === HEARTBEAT_EXPIRED || recentFailures >= failureThreshold;
