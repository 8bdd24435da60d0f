/** What a component's dependencies make of it, as the coordinator told its registry last. */
import type { RootCauseUpdate } from '../health/root-cause-update.ts';

export interface RootCause {
  /** The dependencies that are down and keep it from working, ids ascending; empty when none does. */
  readonly rootCause: readonly string[];
  /** Orders what was told. */
  readonly sequence: number;
  /** Epoch ms of the last change of the root cause: while it has none, since when. */
  readonly since: number;
}

export const NO_ROOT_CAUSE: RootCause = { rootCause: [], sequence: 0, since: 0 };

export const hasFailedDependency = (shadow: RootCause): boolean => shadow.rootCause.length > 0;

/** Takes over what was told; null when something newer is known. */
export function applyRootCauseUpdate(
  known: RootCause,
  { rootCause, sequence }: RootCauseUpdate,
  now: number,
): RootCause | null {
  if (sequence <= known.sequence) return null;
  const since = rootCause.join(' ') === known.rootCause.join(' ') ? known.since : now;
  return { rootCause, sequence, since };
}
