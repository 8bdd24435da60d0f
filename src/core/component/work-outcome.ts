/** Outcomes of work at a component, as reported by the caller that sent the work. */
import type { Outcomes } from './load.ts';

export const WORK_OUTCOMES = ['success', 'failure', 'timeout'] as const;
export type WorkOutcome = (typeof WORK_OUTCOMES)[number];

export interface WorkResult {
  readonly outcome: WorkOutcome;
  /** Duration, ms; null when the caller did not report it. */
  readonly latencyMs: number | null;
}

/** Sums results. Failures are excluded from the latency: a component that fails at once must not look fast. */
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
