import { describe, expect, it } from 'vitest';
import type { EjectionState, WorkCounts } from '../../../src/core/health/outlier-ejection.ts';
import {
  NEVER_EJECTED,
  eject,
  hasEjectionExpired,
  mayEject,
  recordWork,
  endEjection,
  ejectionReason,
} from '../../../src/core/health/outlier-ejection.ts';

const T0 = 1_800_000_000_000;
const POLICY = { ejectionFailures: 5, ejectionMs: 30_000 };
const work = (ended: number, failed: number): WorkCounts => ({ ended, failed });

/** State after work reported at these times, ms from the beginning. */
const after = (reports: readonly (readonly [at: number, WorkCounts])[]): EjectionState =>
  reports.reduce((state, [at, done]) => recordWork(state, done, T0 + at), NEVER_EJECTED);

const ejectedFor = ({ until }: EjectionState, now: number): number => until! - now;

describe('ejectionReason', () => {
  it.each<[string, readonly (readonly [number, WorkCounts])[], string | null]>([
    ['no work', [], null],
    ['four failures', [[0, work(4, 4)]], null],
    ['five failures in one report', [[0, work(5, 5)]], '5 failures of work in a row'],
    [
      'five failures one by one',
      Array.from({ length: 5 }, (_, at) => [at, work(1, 1)] as const),
      '5 failures of work in a row',
    ],
    [
      'a success between failures',
      [
        [0, work(4, 4)],
        [1, work(1, 0)],
        [2, work(4, 4)],
      ],
      null,
    ],
    [
      'a success in the same report as failures',
      [
        [0, work(4, 4)],
        [1, work(5, 4)],
      ],
      null,
    ],
    [
      'half of twenty failed',
      [
        [0, work(10, 4)],
        [1, work(10, 6)],
      ],
      '10 of 20 pieces of work failed',
    ],
    [
      'less than half failed',
      [
        [0, work(10, 4)],
        [1, work(10, 5)],
      ],
      null,
    ],
    ['half of fewer failed', [[0, work(19, 12)]], null],
    [
      'half failed over two slices',
      [
        [0, work(10, 9)],
        [15_000, work(10, 1)],
      ],
      '10 of 20 pieces of work failed',
    ],
    [
      'old failures',
      [
        [0, work(10, 9)],
        [30_000, work(10, 1)],
      ],
      null,
    ],
    ['no finished work', [[0, work(0, 0)]], null],
  ])('%s', (_, reports, why) => {
    const now = T0 + (reports.at(-1)?.[0] ?? 0);
    expect(ejectionReason(after(reports), POLICY, now)).toBe(why);
  });

  it('is null if ejection is disabled', () => {
    expect(ejectionReason(after([[0, work(50, 50)]]), { ...POLICY, ejectionMs: 0 }, T0)).toBeNull();
  });

  // Routable components, and how many of them may be ejected.
  it.each([
    [0, 0],
    [1, 0],
    [2, 1],
    [3, 1],
    [4, 2],
    [5, 2],
    [100, 50],
  ])('mayEject allows, of %d routable components, at most %d', (routable, most) => {
    let ejected = 0;
    while (mayEject(ejected, routable)) ejected++;
    expect(ejected).toBe(most);
  });
});

describe('an ejection', () => {
  const once = eject(NEVER_EJECTED, 'it failed', POLICY, T0);

  it('states its end and reason', () => {
    expect(once).toMatchObject({ until: T0 + 30_000, times: 1, inRow: 0 });
    expect(once.reason).toBe(`ejected until ${new Date(T0 + 30_000).toISOString()}: it failed`);
  });

  it('ends by time, and not by reports of work in the meantime', () => {
    expect(recordWork(once, work(10, 0), T0 + 1_000)).toBe(once);
    expect(recordWork(once, work(10, 10), T0 + 1_000)).toBe(once);
    expect([29_999, 30_000].map((ms) => hasEjectionExpired(once, T0 + ms))).toEqual([false, true]);
    expect(hasEjectionExpired(NEVER_EJECTED, T0)).toBe(false);
  });

  it('lasts longer each time, five minutes at most', () => {
    let now = T0;
    let state = NEVER_EJECTED;
    const lasted: number[] = [];
    for (let time = 0; time < 12; time++) {
      state = eject(state, 'it failed', POLICY, now);
      lasted.push(ejectedFor(state, now));
      now = state.until!;
      state = endEjection(state, now);
    }
    expect(lasted.slice(0, 3)).toEqual([30_000, 60_000, 90_000]);
    expect(lasted.at(-1)).toBe(300_000);
  });

  it.each([
    [29_999, 90_000],
    [30_000, 60_000],
    [60_000, 30_000],
    [3_600_000, 30_000],
  ])('becomes shorter again: %d ms after the second it lasts %d ms', (pause, ms) => {
    const first = endEjection(once, T0 + 30_000);
    const second = endEjection(eject(first, 'again', POLICY, T0 + 30_000), T0 + 90_000);
    const now = T0 + 90_000 + pause;
    expect(ejectedFor(eject(second, 'again', POLICY, now), now)).toBe(ms);
  });

  it.each([-86_400_000, 86_400_000])('expires when the clock steps by %d ms', (step) => {
    expect(hasEjectionExpired(once, T0 + step)).toBe(true);
  });
});
