import { expect, it } from 'vitest';
import type { WorkResult } from '../../../src/core/component/work-outcome.ts';
import { sumOutcomes } from '../../../src/core/component/work-outcome.ts';

const ok = (latencyMs: number | null): WorkResult => ({ outcome: 'success', latencyMs });

it.each<[string, WorkResult[], object]>([
  ['none', [], { ended: 0, failed: 0, latencyMs: 0, timed: 0 }],
  ['successes', [ok(20), ok(40), ok(null)], { ended: 3, failed: 0, latencyMs: 60, timed: 2 }],
  [
    'a failure, without its time',
    [ok(20), { outcome: 'failure', latencyMs: 1 }],
    { ended: 2, failed: 1, latencyMs: 20, timed: 1 },
  ],
  [
    'a timeout, with its time',
    [{ outcome: 'timeout', latencyMs: 5_000 }],
    { ended: 1, failed: 1, latencyMs: 5_000, timed: 1 },
  ],
])('sums up %s', (_, results, sum) => {
  expect(sumOutcomes(results)).toEqual(sum);
});
