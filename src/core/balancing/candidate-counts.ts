/** Counts of a pool's components by their state, for the refusal of a request that no component can take. */
import type { LifecycleState } from '../component/lifecycle.ts';
import type { HealthStatus } from '../health/health-status.ts';
import type { CandidatePool } from './candidate-pool.ts';

/** A component in service counts by its status, any other one by its lifecycle. */
type CandidateState = HealthStatus | Exclude<LifecycleState, 'active'>;

/** The states add up to `total`. */
export type CandidateCounts = Readonly<Record<'total' | CandidateState, number>>;

/** In the order in which a text names them. */
const STATES: readonly CandidateState[] = [
  'healthy',
  'degraded',
  'unhealthy',
  'unknown',
  'standby',
  'draining',
  'maintenance',
  'isolated',
];

/** Costs a look at every component. A refusal explains each of them anyway. */
export function countCandidates({ candidates }: CandidatePool): CandidateCounts {
  const counts = {
    total: 0,
    healthy: 0,
    degraded: 0,
    unhealthy: 0,
    unknown: 0,
    standby: 0,
    draining: 0,
    maintenance: 0,
    isolated: 0,
  };
  for (const candidate of candidates) {
    if (!candidate) continue;
    counts.total += 1;
    counts[candidate.lifecycle === 'active' ? candidate.status : candidate.lifecycle] += 1;
  }
  return counts;
}

/** For example `3 components: 1 healthy, 2 unhealthy`. */
export function describeCounts(counts: CandidateCounts): string {
  const { total } = counts;
  if (total === 0) return 'no component is registered';
  const states = STATES.filter((state) => counts[state] > 0).map((state) => `${counts[state]} ${state}`);
  return `${total} ${total === 1 ? 'component' : 'components'}: ${states.join(', ')}`;
}
