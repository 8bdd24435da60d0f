import { describe, expect, it } from 'vitest';
import type { Changes } from './candidate-of.ts';
import { candidateOf, fleetOf } from './candidate-of.ts';
import type { LiveStats } from '../../../src/core/balancing/candidate.ts';
import { score } from '../../../src/core/balancing/policies/score.ts';
import { scoreOf } from '../../../src/core/balancing/policies/policy.ts';

const HERE = Uint8Array.of(1);

/** The score of a component alone in its fleet, with so much work in flight. */
function scored(
  changes: Changes,
  vitals: Partial<LiveStats>,
  open: number,
  fits: { type?: boolean; place?: boolean } = {},
) {
  const fleet = fleetOf([candidateOf('a', changes, vitals)], { policy: 'score' });
  const task = { supporters: fits.type ? HERE : null, near: fits.place ? HERE : null, meanRate: 1, typicalMs: 1 };
  const parts = score.parts(fleet, 0, open, task);
  expect(score.cost(fleet, 0, open, task)).toBeCloseTo(-scoreOf(parts), 2);
  return scoreOf(parts);
}

describe("the plan's formula", () => {
  const room = { maxConcurrentTasks: 10 };
  const quick = { usualMs: 0 };

  it.each([
    ['idle', 100, () => scored(room, quick, 0)],
    ['half busy', 50, () => scored(room, quick, 5)],
    ['full', 0, () => scored(room, quick, 10)],
    ['beyond its room: never below 0', 0, () => scored(room, quick, 30)],
    ['degraded', 80, () => scored({ ...room, status: 'degraded' }, quick, 0)],
    ['350 ms', 96.5, () => scored(room, { usualMs: 350 }, 0)],
    ['a second and more: 10 at most', 90, () => scored(room, { usualMs: 5_000 }, 0)],
    ['its task type', 115, () => scored(room, quick, 0, { type: true })],
    ['its location', 110, () => scored(room, quick, 0, { place: true })],
    [
      'all at once',
      64,
      () => scored({ ...room, status: 'degraded' }, { usualMs: 100 }, 4, { type: true, place: true }),
    ],
    ['twice the weight, half the load', 75, () => scored({ ...room, weight: 2 }, quick, 5)],
    ['no room said by anybody: as it reports', 70, () => scored({}, { ...quick, loadPercentage: 30 }, 7)],
  ])('%s', (_, expected, actual) => {
    expect(actual()).toBe(expected);
  });
});
