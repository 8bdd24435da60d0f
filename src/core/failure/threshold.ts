/** Decides whether a component's recent failures call for a recovery. */

const HEARTBEAT_EXPIRED = 'HEARTBEAT_EXPIRED';

export interface ThresholdPolicy {
  readonly failureThreshold: number;
  /** ms */
  readonly failureWindow: number;
}

/** Start of the time in which failures count: the window, cut off at the end of the last recovery. */
export const countingSince = (occurredAt: number, settledUntil: number, policy: ThresholdPolicy): number =>
  Math.max(occurredAt - policy.failureWindow, settledUntil);

/** One expired heartbeat stands for several missed ones and meets the threshold by itself. */
export const reachesThreshold = (
  failure: { readonly code: string | null },
  recentFailures: number,
  policy: ThresholdPolicy,
): boolean => failure.code === HEARTBEAT_EXPIRED || recentFailures >= policy.failureThreshold;
