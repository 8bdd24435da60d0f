import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { WorkEstimate } from '../../../src/core/component/work-estimate.ts';
import {
  NO_ESTIMATE,
  decayed,
  remainingPart,
  typicalTaskMs,
  withAssigned,
  withEnded,
} from '../../../src/core/component/work-estimate.ts';

const NOW = 1_000_000;
const TASK_MS = 1_000;
const assignedAt = (count: number, now: number, before = NO_ESTIMATE): WorkEstimate =>
  withAssigned(before, { count, overMs: 0 }, TASK_MS, now);
const countAt = (estimate: WorkEstimate, now: number): number => decayed(estimate, TASK_MS, now).count;

describe('typicalTaskMs', () => {
  it.each([
    [null, 30_000, 30_000],
    [200, 30_000, 200],
    [90_000, 30_000, 90_000],
    [0, 30_000, 10],
  ])('of %s measured and %i assumed is %i', (measured, assumed, expected) => {
    expect(typicalTaskMs(measured, assumed)).toBe(expected);
  });
});

describe('an estimate', () => {
  it.each([
    [0, 90],
    [100, 81.4],
    [1_000, 33.1],
    [5_000, 0.6],
    [-500, 90],
  ])('of 90 tasks is after %i ms of a typical 1 000 ms about %d', (sinceMs, expected) => {
    expect(countAt(assignedAt(90, NOW), NOW + sinceMs)).toBeCloseTo(expected, 0);
  });

  it('amounts to rate × task time at a steady rate, whatever part of the ends is reported', () => {
    for (const reportedPart of [0, 0.3, 0.7, 1]) {
      let [estimate, pending] = [NO_ESTIMATE, 0];
      // 50 tasks a second of exactly one typical time.
      for (let at = 0; at < 20_000; at += 20) {
        estimate = assignedAt(1, NOW + at, estimate);
        pending += at >= TASK_MS ? reportedPart : 0;
        if (pending < 1) continue;
        estimate = withEnded(estimate, 1, TASK_MS, NOW + at);
        pending -= 1;
      }
      expect(countAt(estimate, NOW + 20_000) / 50).toBeGreaterThan(0.8);
      expect(countAt(estimate, NOW + 20_000) / 50).toBeLessThan(1.2);
    }
  });

  it('counts exactly while all ends are reported within the typical time', () => {
    const estimate = withEnded(assignedAt(5, NOW), 3, TASK_MS, NOW);
    expect(countAt(estimate, NOW)).toBe(2);
    // Work that the decay has removed is not removed again by its outcome.
    const late = withEnded(assignedAt(10, NOW), 6, TASK_MS, NOW + TASK_MS);
    expect(late.count).toBeCloseTo(10 * remainingPart(TASK_MS, TASK_MS), 0);
  });

  it('counts assignments made over some time like single ones', () => {
    let single = NO_ESTIMATE;
    for (let at = 10; at <= 1_000; at += 10) single = assignedAt(1, NOW + at, single);
    const batch = withAssigned(NO_ESTIMATE, { count: 100, overMs: 1_000 }, TASK_MS, NOW + 1_000);
    expect(batch.count / single.count).toBeCloseTo(1, 1);
  });

  it('never is negative, nor above what was assigned and not reported as ended', () => {
    const step = fc.tuple(fc.nat(20), fc.nat(20), fc.nat(3_000), fc.nat(2_000));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        let [estimate, now, assigned] = [NO_ESTIMATE, NOW, 0];
        for (const [count, ended, pauseMs, overMs] of steps) {
          now += pauseMs;
          estimate = withAssigned(estimate, { count, overMs }, TASK_MS, now);
          assigned += count;
          const before = estimate.count;
          estimate = withEnded(estimate, ended, TASK_MS, now);
          expect(estimate.count).toBeGreaterThanOrEqual(0);
          expect(estimate.count).toBeLessThanOrEqual(before + 1e-9);
          expect(estimate.count + estimate.presumedEnded).toBeLessThanOrEqual(assigned + 1e-6);
        }
      }),
    );
  });
});
