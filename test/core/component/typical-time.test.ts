import { describe, expect, it } from 'vitest';
import {
  fadeTimes,
  needsRecompile,
  recordTime,
  relativeRateOf,
  patchPool,
  typicalMs,
  workMsAt,
} from '../../../src/core/balancing/candidate-pool.ts';
import { ewmaAfter, fadedTowardsTypical } from '../../../src/core/component/typical-time.ts';
import { NOW, candidateOf, poolOf } from '../balancing/candidate-of.ts';

describe('ewmaAfter', () => {
  it.each([
    ['not for a report at the same time', 0, 1, 100],
    ['further the older the last report is', 200, 1, 110],
    ['halfway at most for one report', 3_600_000, 1, 150],
    ['further for many reports', 3_600_000, 3, 188],
    ['not if the clock went back', -5_000, 1, 100],
  ])('moves %s', (_, sinceMs, reports, expected) => {
    expect(Math.round(ewmaAfter(100, 200, sinceMs, reports))).toBe(expected);
  });

  it('converges within seconds for a busy component as for a quiet one', () => {
    for (const everyMs of [10, 100, 1_000]) {
      let ewma = 100;
      for (let now = 0; now < 6_000; now += everyMs) ewma = ewmaAfter(ewma, 500, everyMs);
      expect(ewma).toBeGreaterThan(470);
    }
  });
});

describe('fadedTowardsTypical', () => {
  it.each([
    ['keeps the time for two seconds', 500, 2_000, 500],
    ['fades it from then on', 500, 4_000, 184],
    ['fades it down to the typical time', 500, 60_000, 100],
    ['keeps a time no slower than typical', 90, 60_000, 90],
  ])('%s', (_, ewmaMs, unmeasuredMs, expected) => {
    expect(Math.round(fadedTowardsTypical(ewmaMs, 100, unmeasuredMs, unmeasuredMs))).toBe(expected);
  });

  it('gives the same result however often it is called', () => {
    let ewma = 500;
    for (let unmeasured = 250; unmeasured <= 5_000; unmeasured += 250)
      ewma = fadedTowardsTypical(ewma, 100, unmeasured, 250);
    expect(ewma).toBeCloseTo(fadedTowardsTypical(500, 100, 5_000, 5_000), 6);
  });
});

const poolOfTwo = () => poolOf([candidateOf('a', {}, { ewmaMs: 100 }), candidateOf('b', {}, { ewmaMs: 100 })]);

describe('recordTime', () => {
  it('learns that a component has become slow, and lowers its rate', () => {
    const pool = poolOfTwo();
    for (let at = 1; at <= 20; at++) recordTime(pool, 1, 500, NOW + at * 200);
    expect(pool.ewmaMs[1]).toBeGreaterThan(430);
    expect(relativeRateOf(pool, 0) / relativeRateOf(pool, 1)).toBeCloseTo(pool.ewmaMs[1]! / 100, 6);
    expect(pool.rateTotal).toBeCloseTo(pool.rate[0]! + pool.rate[1]!, 12);
  });

  it('keeps the learned time until the registry sends another', () => {
    const pool = poolOfTwo();
    recordTime(pool, 1, 500, NOW + 1_000);
    const learned = pool.ewmaMs[1]!;
    patchPool(pool, 1, candidateOf('b', {}, { ewmaMs: 100, inFlight: 3 }), NOW + 1_100);
    expect(pool.ewmaMs[1]).toBe(learned);
    patchPool(pool, 1, candidateOf('b', {}, { ewmaMs: 120 }), NOW + 1_200);
    expect(pool.ewmaMs[1]).toBe(120);
  });

  it('starts from the mean for a component that was never measured', () => {
    const pool = poolOf([candidateOf('a', {}, { ewmaMs: 100 }), candidateOf('new', {}, { ewmaMs: null })]);
    recordTime(pool, 1, 200, NOW + 1_000_000);
    expect(pool.ewmaMs[1]).toBe(150);
  });

  it('is followed by fading of a slow unmeasured component only', () => {
    const pool = poolOf([100, 120, 900].map((ewmaMs, at) => candidateOf(`c-${at}`, {}, { ewmaMs })));
    for (let second = 1; second <= 20; second++) {
      recordTime(pool, 0, 100, NOW + second * 1_000);
      recordTime(pool, 1, 120, NOW + second * 1_000);
      fadeTimes(pool, NOW + second * 1_000);
    }
    expect(pool.ewmaMs[0]).toBe(100);
    expect(pool.ewmaMs[1]).toBe(120);
    expect(pool.ewmaMs[2]! / typicalMs(pool)).toBeCloseTo(1, 1);
  });
});

const slow = (ofWork: boolean) => candidateOf('a', {}, { ewmaMs: 500, isWorkTime: ofWork });
const quick = (ofWork: boolean) => candidateOf('b', {}, { ewmaMs: 50, isWorkTime: ofWork });

describe('response times of health checks and of work', () => {
  it('those of checks do not fade: checks go on without work', () => {
    const pool = poolOf([slow(false), quick(false)]);
    for (let second = 1; second <= 60; second++) fadeTimes(pool, NOW + second * 1_000);
    expect(Array.from(pool.ewmaMs)).toEqual([500, 50]);
  });

  it('are not compared: a component without work gets the typical time', () => {
    const pool = poolOf([slow(true), quick(false)]);
    expect(workMsAt(pool, 1)).toBe(500);
  });

  it('those of checks are replaced by a recompilation when the first of work arrive', () => {
    const pool = poolOf([slow(false), quick(false)]);
    recordTime(pool, 1, 5_000, NOW);
    expect(pool.ewmaMs[1]).toBe(50);
    patchPool(pool, 1, candidateOf('b', {}, { ewmaMs: 300, isWorkTime: true }), NOW);
    expect(needsRecompile(pool)).toBe(true);
    const recompiled = poolOf(pool.candidates.flatMap((candidate) => candidate ?? []));
    expect(recompiled.usesWorkTimes).toBe(true);
    expect(workMsAt(recompiled, 0)).toBe(300);
  });
});
