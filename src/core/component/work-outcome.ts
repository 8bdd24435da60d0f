/** How work at a component went, as whoever gave it says. */
import type { Outcomes } from './load.ts';

export const WORK_OUTCOMES = ['success', 'failure', 'timeout'] as const;
export type WorkOutcome = (typeof WORK_OUTCOMES)[number];

export interface WorkResult {
  readonly outcome: WorkOutcome;
  /** How long it took, ms; null when nobody says. */
  readonly latencyMs: number | null;
}

/** Results added up. What failed tells nothing of time: a component that fails at once must not look quick. */
export function sumOutcomes(results: readonly WorkResult[]): Outcomes {
  const times = results.flatMap(({ outcome, latencyMs }) =>
    latencyMs === null || outcome === 'failure' ? [] : [latencyMs],
  );
  return {
    ended: results.length,
    failed: results.filter(({ outcome }) => outcome !== 'success').length,
    latencyMs: times.reduce((sum, time) => sum + time, 0),
    timed: times.length,
  };
}
