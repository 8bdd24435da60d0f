import { describe, expect, it } from 'vitest';
import type { EjectionState, WorkCounts } from '../../../src/core/health/ejection.ts';
import {
  NEVER_EJECTED,
  eject,
  hasEjectionExpired,
  mayEject,
  recordWork,
  endEjection,
  ejectionReason,
} from '../../../src/core/health/ejection.ts';

const T0 = 1_800_000_000_000;
const POLICY = { ejectionFailures: 5, ejectionMs: 30_000 };
const work = (ended: number, failed: number): WorkCounts => ({ ended, failed });

/** What is told at these times, ms from the beginning. */
const after = (told: readonly (readonly [at: number, WorkCounts])[]): EjectionState =>
  told.reduce((state, [at, done]) => recordWork(state, done, T0 + at), NEVER_EJECTED);

const ejectedFor = ({ until }: EjectionState, now: number): number => until! - now;

describe('who is ejected', () => {
  it.each<[string, readonly (readonly [number, WorkCounts])[], string | null]>([
    ['nobody who was given nothing', [], null],
    ['four failures', [[0, work(4, 4)]], null],
    ['five failures in one report', [[0, work(5, 5)]], '5 failures of work in a row'],
    [
      'five failures one by one',
      Array.from({ length: 5 }, (_, at) => [at, work(1, 1)] as const),
      '5 failures of work in a row',
    ],
    [
      'a success between',
      [
        [0, work(4, 4)],
        [1, work(1, 0)],
        [2, work(4, 4)],
      ],
      null,
    ],
    [
      'a success among them',
      [
        [0, work(4, 4)],
        [1, work(5, 4)],
      ],
      null,
    ],
    [
      'half of twenty',
      [
        [0, work(10, 4)],
        [1, work(10, 6)],
      ],
      '10 of 20 pieces of work failed',
    ],
    [
      'less than half',
      [
        [0, work(10, 4)],
        [1, work(10, 5)],
      ],
      null,
    ],
    ['half of fewer', [[0, work(19, 12)]], null],
    [
      'half over two slices',
      [
        [0, work(10, 9)],
        [15_000, work(10, 1)],
      ],
      '10 of 20 pieces of work failed',
    ],
    [
      'failures of long ago',
      [
        [0, work(10, 9)],
        [30_000, work(10, 1)],
      ],
      null,
    ],
    ['nothing that ended', [[0, work(0, 0)]], null],
  ])('%s', (_, told, why) => {
    const now = T0 + (told.at(-1)?.[0] ?? 0);
    expect(ejectionReason(after(told), POLICY, now)).toBe(why);
  });

  it('is nobody where the setting says so', () => {
    expect(ejectionReason(after([[0, work(50, 50)]]), { ...POLICY, ejectionMs: 0 }, T0)).toBeNull();
  });

  // Who can be given work, and how many of them may be out.
  it.each([
    [0, 0],
    [1, 0],
    [2, 1],
    [3, 1],
    [4, 2],
    [5, 2],
    [100, 50],
  ])('of %d at most %d', (routable, most) => {
    let ejected = 0;
    while (mayEject(ejected, routable)) ejected++;
    expect(ejected).toBe(most);
  });
});

describe('an ejection', () => {
  const once = eject(NEVER_EJECTED, 'it failed', POLICY, T0);

  it('says until when and why', () => {
    expect(once).toMatchObject({ until: T0 + 30_000, times: 1, inRow: 0 });
    expect(once.reason).toBe(`ejected until ${new Date(T0 + 30_000).toISOString()}: it failed`);
  });

  it('ends by its time, and by nothing that is told of work meanwhile', () => {
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
  ])('is shorter again: %d ms after the second it lasts %d ms', (pause, ms) => {
    const first = endEjection(once, T0 + 30_000);
    const second = endEjection(eject(first, 'again', POLICY, T0 + 30_000), T0 + 90_000);
    const now = T0 + 90_000 + pause;
    expect(ejectedFor(eject(second, 'again', POLICY, now), now)).toBe(ms);
  });

  it.each([-86_400_000, 86_400_000])('is over when the clock steps by %d ms', (step) => {
    expect(hasEjectionExpired(once, T0 + step)).toBe(true);
  });
});
