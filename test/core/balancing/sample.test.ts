import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileFleet } from '../../../src/core/balancing/fleet.ts';
import { SAMPLE_SIZE, sampleOf } from '../../../src/core/balancing/sample.ts';
import { candidateOf, seededRandom } from './candidate-of.ts';

const fleetOf = (weights: readonly number[]) =>
  compileFleet(weights.map((weight, index) => candidateOf(`c-${index}`, { weight })));

describe('sampleOf', () => {
  it('draws five eligible members or all there are, nobody twice', () => {
    const weights = fc.array(fc.double({ min: 1e-6, max: 1e6, noNaN: true }), { maxLength: 60 });
    fc.assert(
      fc.property(weights, fc.integer({ min: 1, max: 20 }), fc.integer(), (given, every, seed) => {
        const fleet = fleetOf(given);
        const accepts = (position: number) => position % every === 0;
        const sample = sampleOf({ fleet, pool: fleet.healthy, accepts, random: seededRandom(seed) });
        expect(new Set(sample).size).toBe(sample.length);
        expect(sample.every(accepts)).toBe(true);
        expect(sample).toHaveLength(Math.min(SAMPLE_SIZE, fleet.healthy.positions.filter(accepts).length));
      }),
    );
  });

  it.each([
    ['a pool that is scanned', 4, 1],
    ['a pool that is drawn from', 12, 1],
    ['draws that end in a scan', 60, 10],
  ])('puts first in proportion to pace: %s', (_, size, every) => {
    const fleet = fleetOf(Array.from({ length: size }, (__, index) => 1 + Math.floor(index / every)));
    const accepts = (position: number) => position % every === 0;
    const random = seededRandom(3);
    const first = new Map<number, number>();
    const trials = 60_000;
    for (let trial = 0; trial < trials; trial++) {
      const [position] = sampleOf({ fleet, pool: fleet.healthy, accepts, random });
      first.set(position!, (first.get(position!) ?? 0) + 1);
    }
    const eligible = fleet.healthy.positions.filter(accepts);
    const total = eligible.reduce((sum, position) => sum + fleet.pace[position]!, 0);
    for (const position of eligible) {
      const due = (trials * fleet.pace[position]!) / total;
      expect(Math.abs(first.get(position)! / due - 1)).toBeLessThan(0.08);
    }
  });

  it('asks for no more than a bounded number of random numbers where eligible ones are common', () => {
    const fleet = fleetOf(Array.from({ length: 10_000 }, () => 1));
    let asked = 0;
    const next = seededRandom(1);
    const random = () => (asked++, next());
    for (let trial = 0; trial < 100; trial++) sampleOf({ fleet, pool: fleet.healthy, accepts: () => true, random });
    expect(asked).toBeLessThan(600);
  });
});
