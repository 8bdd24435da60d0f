/** The effect of failed dependencies on a component, as last reported by the coordinator to the registry. */
import type { RootCauseUpdate } from '../health/root-cause-update.ts';

export interface RootCause {
  /** Ids of the failed dependencies that keep the component from working, ascending; empty when there are none. */
  readonly rootCause: readonly string[];
  /** Orders the coordinator's updates for one component. */
  readonly sequence: number;
  /** Epoch ms of the last change of `rootCause`. */
  readonly since: number;
}

export const NO_ROOT_CAUSE: RootCause = { rootCause: [], sequence: 0, since: 0 };

export const hasFailedDependency = (state: RootCause): boolean => state.rootCause.length > 0;

/** Applies an update; returns null when the known sequence is the same or newer. */
export function applyRootCauseUpdate(
  known: RootCause,
  { rootCause, sequence }: RootCauseUpdate,
  now: number,
): RootCause | null {
  if (sequence <= known.sequence) return null;
  const since = rootCause.join(' ') === known.rootCause.join(' ') ? known.since : now;
  return { rootCause, sequence, since };
}
