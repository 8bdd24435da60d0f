/** What a component's dependencies make of it, as the coordinator told its registry last. */
import type { DependencyTurn } from '../health/root-cause-update.ts';

export interface Shadow {
  /** The dependencies that are down and keep it from working, ids ascending; empty when none does. */
  readonly rootCause: readonly string[];
  /** Orders what was told. */
  readonly sequence: number;
  /** Epoch ms of the last change of the root cause: while it has none, since when. */
  readonly since: number;
}

export const NO_SHADOW: Shadow = { rootCause: [], sequence: 0, since: 0 };

export const isShadowed = (shadow: Shadow): boolean => shadow.rootCause.length > 0;

/** Takes over what was told; null when something newer is known. */
export function takeTurn(known: Shadow, { rootCause, sequence }: DependencyTurn, now: number): Shadow | null {
  if (sequence <= known.sequence) return null;
  const since = rootCause.join(' ') === known.rootCause.join(' ') ? known.since : now;
  return { rootCause, sequence, since };
}
