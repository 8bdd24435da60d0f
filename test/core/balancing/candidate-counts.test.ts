import { describe, expect, it } from 'vitest';
import { countCandidates, describeCounts } from '../../../src/core/balancing/candidate-counts.ts';
import { patchPool } from '../../../src/core/balancing/candidate-pool.ts';
import type { Changes } from './candidate-of.ts';
import { NOW, candidateOf, candidatesOf, poolOf } from './candidate-of.ts';

describe('the counts of a refusal', () => {
  it.each<[string, readonly Changes[], string]>([
    ['no component', [], 'no component is registered'],
    ['one', [{ status: 'unhealthy' }], '1 component: 1 unhealthy'],
    [
      'some in service',
      [{ status: 'unhealthy' }, { status: 'unknown' }, { status: 'unhealthy' }, {}],
      '4 components: 1 healthy, 2 unhealthy, 1 unknown',
    ],
    [
      'some out of service, whatever their status',
      [{ lifecycle: 'draining' }, { lifecycle: 'maintenance', status: 'unhealthy' }, { status: 'degraded' }],
      '3 components: 1 degraded, 1 draining, 1 maintenance',
    ],
  ])('name each state: %s', (_, changes, text) => {
    const counts = countCandidates(poolOf(candidatesOf(changes.length, (at) => changes[at]!)));
    expect(describeCounts(counts)).toBe(text);
    const { total, ...states } = counts;
    expect(Object.values(states).reduce((sum, count) => sum + count, 0)).toBe(total);
  });

  it('leave out unused positions', () => {
    const pool = poolOf([candidateOf('a'), candidateOf('b')]);
    patchPool(pool, 0, null, NOW);
    expect(countCandidates(pool)).toMatchObject({ total: 1, healthy: 1 });
  });
});
