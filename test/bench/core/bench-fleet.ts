/** Candidate pools of the benches: healthy components of several sizes, speeds and locations, some busy. */
import { DEFAULT_BALANCING } from '../../../src/core/balancing/balancing-settings.ts';
import type { Candidate } from '../../../src/core/balancing/candidate.ts';
import type { CandidatePool } from '../../../src/core/balancing/candidate-pool.ts';
import { compilePool } from '../../../src/core/balancing/candidate-pool.ts';
import type { OpenWork } from '../../../src/core/balancing/open-work.ts';
import { noWork, setEstimate, setKnown } from '../../../src/core/balancing/open-work.ts';
import type { RouteRequest } from '../../../src/core/balancing/pick.ts';

const PLACES = ['weur', 'enam', 'apac'];

export const benchCandidates = (count: number): Candidate[] =>
  Array.from({ length: count }, (_, at): Candidate => ({
    id: `component-${at}`,
    metadata: { version: at % 10 === 0 ? '2.0.0' : '1.0.0' },
    location: PLACES[at % PLACES.length]!,
    taskTypes: at % 2 === 0 ? ['code-review', 'translation'] : ['translation'],
    flags: ['healthMonitoring'],
    maxConcurrentTasks: 40 + (at % 5) * 15,
    weight: 1,
    lifecycle: 'active',
    status: 'healthy',
    reason: null,
    order: at,
    backSince: null,
    liveStats: {
      suspect: false,
      inFlight: at % 7,
      // Each component has estimated work, so that a decision decays all that it looks at.
      estimated: at % 3,
      estimatedAt: 0,
      loadPercentage: at % 50,
      ewmaMs: 20 + (at % 11),
      isWorkTime: true,
    },
  }));

export const benchRequest: RouteRequest = {
  taskType: 'code-review',
  location: 'weur',
  preferences: {},
  slots: 1,
  affinityKey: null,
  assumedDown: [],
};

export function benchPool(count: number): { readonly pool: CandidatePool; readonly work: OpenWork } {
  const pool = compilePool(benchCandidates(count), DEFAULT_BALANCING, 0);
  const work = noWork(count);
  pool.candidates.forEach((candidate, position) => {
    if (!candidate) return;
    const { inFlight, estimated, estimatedAt } = candidate.liveStats;
    setKnown(work, position, inFlight);
    setEstimate(work, position, { count: estimated, presumedEnded: 0, at: estimatedAt });
  });
  return { pool, work };
}
