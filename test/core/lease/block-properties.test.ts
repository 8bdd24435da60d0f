/** A block of leases, whoever hears of what how late: no slot has two holders, and it outlives its last lease. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BlockWorld } from './block-model.ts';

type Step = (world: BlockWorld) => void;

const idAt = (world: BlockWorld, at: number): string => {
  const ids = [...world.leases.keys()];
  return ids[ids.length - 1 - (at % Math.max(1, ids.length))] ?? 'none';
};

const ttl = fc.integer({ min: 1_000, max: 20_000 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: ttl.map(
      (ttlMs): Step =>
        (world) =>
          world.lease(ttlMs),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.nat(20).map(
      (at): Step =>
        (world) =>
          world.completeHere(idAt(world, at)),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.nat(20).map(
      (at): Step =>
        (world) =>
          world.completeElsewhere(idAt(world, at)),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(fc.nat(20), ttl).map(
      ([at, ttlMs]): Step =>
        (world) =>
          world.renewElsewhere(idAt(world, at), ttlMs),
    ),
  },
  { weight: 3, arbitrary: fc.constant<Step>((world) => world.ask()) },
  { weight: 3, arbitrary: fc.constant<Step>((world) => world.hear()) },
  {
    weight: 3,
    arbitrary: fc.integer({ min: 1, max: 8_000 }).map((ms): Step => (world) => {
      world.now += ms;
    }),
  },
);

const holds = (check: (world: BlockWorld) => void): void =>
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 4 }), fc.array(step, { maxLength: 80 }), (slots, steps) => {
      const world = new BlockWorld(slots);
      for (const each of steps) {
        each(world);
        check(world);
      }
    }),
    { numRuns: 1_000 },
  );

describe('a block of leases', () => {
  it('gives a slot to one at a time', () => {
    holds((world) => {
      const slots = world.live().map(({ slot }) => slot);
      expect(new Set(slots).size).toBe(slots.length);
    });
  });

  it('counts as taken for longer than any of its leases lasts', () => {
    holds((world) => {
      for (const { expiresAt } of world.live()) expect(world.blockEnd).toBeGreaterThan(expiresAt);
    });
  });

  it('has all its slots again once everything is over and heard of', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4 }), fc.array(step, { maxLength: 60 }), (slots, steps) => {
        const world = new BlockWorld(slots);
        for (const each of steps) each(world);
        world.hear();
        world.now += 20_001;
        world.ask();
        world.hear();
        const before = world.leases.size;
        for (let leased = 0; leased < slots; leased++) world.lease(1_000);
        // A block that is over by then is not leased from at all.
        const fits = world.now + 1_000 + 2_000 <= world.blockEnd;
        expect(world.leases.size - before).toBe(fits ? slots : 0);
      }),
      { numRuns: 500 },
    );
  });
});
