import { describe, expect, it } from 'vitest';
import {
  forgetTimes,
  isOutgrown,
  learnTime,
  paceOf,
  patchPool,
  typicalMs,
  workMsAt,
} from '../../../src/core/balancing/candidate-pool.ts';
import { ewmaAfter, typicalUnmeasured } from '../../../src/core/balancing/typical-time.ts';
import { NOW, candidateOf, fleetOf } from './candidate-of.ts';

describe('usualAfter', () => {
  it.each([
    ['nothing at once', 0, 1, 100],
    ['more the longer ago the last report was', 200, 1, 110],
    ['half at most for one report', 3_600_000, 1, 150],
    ['more for many', 3_600_000, 3, 188],
    ['nothing by a clock that went back', -5_000, 1, 100],
  ])('moves %s', (_, sinceMs, reports, expected) => {
    expect(Math.round(ewmaAfter(100, 200, sinceMs, reports))).toBe(expected);
  });

  it('comes to the same for a busy component as for a quiet one within a few seconds', () => {
    for (const everyMs of [10, 100, 1_000]) {
      let usual = 100;
      for (let now = 0; now < 6_000; now += everyMs) usual = ewmaAfter(usual, 500, everyMs);
      expect(usual).toBeGreaterThan(470);
    }
  });
});

describe('usualUnmeasured', () => {
  it.each([
    ['is remembered for two seconds', 500, 2_000, 500],
    ['fades from then on', 500, 4_000, 184],
    ['fades down to what is typical', 500, 60_000, 100],
    ['stays where it is no slower than typical', 90, 60_000, 90],
  ])('%s', (_, usualMs, unmeasuredMs, expected) => {
    expect(Math.round(typicalUnmeasured(usualMs, 100, unmeasuredMs, unmeasuredMs))).toBe(expected);
  });

  it('fades alike however often it is asked', () => {
    let usual = 500;
    for (let unmeasured = 250; unmeasured <= 5_000; unmeasured += 250)
      usual = typicalUnmeasured(usual, 100, unmeasured, 250);
    expect(usual).toBeCloseTo(typicalUnmeasured(500, 100, 5_000, 5_000), 6);
  });
});

const fleetOfTwo = () => fleetOf([candidateOf('a', {}, { usualMs: 100 }), candidateOf('b', {}, { usualMs: 100 })]);

describe('a fleet', () => {
  it('learns who has become slow, and goes by it', () => {
    const fleet = fleetOfTwo();
    for (let at = 1; at <= 20; at++) learnTime(fleet, 1, 500, NOW + at * 200);
    expect(fleet.usualMs[1]).toBeGreaterThan(430);
    expect(paceOf(fleet, 0) / paceOf(fleet, 1)).toBeCloseTo(fleet.usualMs[1]! / 100, 6);
    expect(fleet.rateTotal).toBeCloseTo(fleet.rate[0]! + fleet.rate[1]!, 12);
  });

  it('keeps what it learned until the registry says something else', () => {
    const fleet = fleetOfTwo();
    learnTime(fleet, 1, 500, NOW + 1_000);
    const learned = fleet.usualMs[1]!;
    patchPool(fleet, 1, candidateOf('b', {}, { usualMs: 100, inFlight: 3 }), NOW + 1_100);
    expect(fleet.usualMs[1]).toBe(learned);
    patchPool(fleet, 1, candidateOf('b', {}, { usualMs: 120 }), NOW + 1_200);
    expect(fleet.usualMs[1]).toBe(120);
  });

  it('begins with the mean for one that was never measured', () => {
    const fleet = fleetOf([candidateOf('a', {}, { usualMs: 100 }), candidateOf('new', {}, { usualMs: null })]);
    learnTime(fleet, 1, 200, NOW + 1_000_000);
    expect(fleet.usualMs[1]).toBe(150);
  });

  it('takes a slow one that nobody measures for typical again, and no other', () => {
    const fleet = fleetOf([100, 120, 900].map((usualMs, at) => candidateOf(`c-${at}`, {}, { usualMs })));
    for (let second = 1; second <= 20; second++) {
      learnTime(fleet, 0, 100, NOW + second * 1_000);
      learnTime(fleet, 1, 120, NOW + second * 1_000);
      forgetTimes(fleet, NOW + second * 1_000);
    }
    expect(fleet.usualMs[0]).toBe(100);
    expect(fleet.usualMs[1]).toBe(120);
    expect(fleet.usualMs[2]! / typicalMs(fleet)).toBeCloseTo(1, 1);
  });
});

const slow = (ofWork: boolean) => candidateOf('a', {}, { usualMs: 500, ofWork });
const quick = (ofWork: boolean) => candidateOf('b', {}, { usualMs: 50, ofWork });

describe('times of checks and times of work', () => {
  it('those of checks are not forgotten: checks go on without work', () => {
    const fleet = fleetOf([slow(false), quick(false)]);
    for (let second = 1; second <= 60; second++) forgetTimes(fleet, NOW + second * 1_000);
    expect(Array.from(fleet.usualMs)).toEqual([500, 50]);
  });

  it('are not compared: who did no work yet is taken for typical', () => {
    const fleet = fleetOf([slow(true), quick(false)]);
    expect(workMsAt(fleet, 1)).toBe(500);
  });

  it('those of checks give way when the first of work come, with the fleet compiled anew', () => {
    const fleet = fleetOf([slow(false), quick(false)]);
    learnTime(fleet, 1, 5_000, NOW);
    expect(fleet.usualMs[1]).toBe(50);
    patchPool(fleet, 1, candidateOf('b', {}, { usualMs: 300, ofWork: true }), NOW);
    expect(isOutgrown(fleet)).toBe(true);
    const anew = fleetOf(fleet.candidates.flatMap((candidate) => candidate ?? []));
    expect(anew.goesByWork).toBe(true);
    expect(workMsAt(anew, 0)).toBe(300);
  });
});
