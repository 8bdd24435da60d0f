import { describe, expect, it } from 'vitest';
import type { Changes } from './candidate-of.ts';
import { candidateOf, poolOf } from './candidate-of.ts';
import type { LiveStats } from '../../../src/core/balancing/candidate.ts';
import { score } from '../../../src/core/balancing/policies/score.ts';
import { scoreOf } from '../../../src/core/balancing/policies/policy.ts';

const HERE = Uint8Array.of(1);

/** The score of the only component of a pool with `open` tasks in flight. */
function scored(
  changes: Changes,
  liveStats: Partial<LiveStats>,
  open: number,
  fits: { type?: boolean; place?: boolean } = {},
) {
  const pool = poolOf([candidateOf('a', changes, liveStats)], { policy: 'score' });
  const task = { supporters: fits.type ? HERE : null, atLocation: fits.place ? HERE : null, meanRate: 1, typicalMs: 1 };
  const parts = score.parts(pool, 0, open, task);
  // The order goes on below 0, where the score ends.
  expect(Math.max(0, -score.cost(pool, 0, open, task))).toBeCloseTo(scoreOf(parts), 2);
  return scoreOf(parts);
}

describe('policy score', () => {
  const limited = { maxConcurrentTasks: 10 };
  const quick = { ewmaMs: 0 };

  it.each([
    ['idle', 100, () => scored(limited, quick, 0)],
    ['half busy', 50, () => scored(limited, quick, 5)],
    ['full', 0, () => scored(limited, quick, 10)],
    ['beyond its task limit: never below 0', 0, () => scored(limited, quick, 30)],
    ['degraded', 80, () => scored({ ...limited, status: 'degraded' }, quick, 0)],
    ['350 ms', 96.5, () => scored(limited, { ewmaMs: 350 }, 0)],
    ['a second and more: 10 at most', 90, () => scored(limited, { ewmaMs: 5_000 }, 0)],
    ['its task type', 115, () => scored(limited, quick, 0, { type: true })],
    ['its location', 110, () => scored(limited, quick, 0, { place: true })],
    [
      'all at once',
      64,
      () => scored({ ...limited, status: 'degraded' }, { ewmaMs: 100 }, 4, { type: true, place: true }),
    ],
    ['twice the weight, half the load', 75, () => scored({ ...limited, weight: 2 }, quick, 5)],
    ['no task limit declared: two points per task', 86, () => scored({}, quick, 7)],
    ['no task limit declared, twice the weight', 93, () => scored({ weight: 2 }, quick, 7)],
    ['no task limit declared: the reported load, if more', 70, () => scored({}, { ...quick, loadPercentage: 30 }, 7)],
  ])('%s', (_, expected, actual) => {
    expect(actual()).toBe(expected);
  });
});
