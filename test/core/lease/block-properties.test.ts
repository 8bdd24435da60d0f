/** Invariants of a lease block under any delays: no slot has two holders, and the block outlives its last lease. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BlockModel } from './block-model.ts';

type Step = (model: BlockModel) => void;

const idAt = (model: BlockModel, at: number): string => {
  const ids = [...model.leases.keys()];
  return ids[ids.length - 1 - (at % Math.max(1, ids.length))] ?? 'none';
};

const ttl = fc.integer({ min: 1_000, max: 20_000 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: ttl.map(
      (ttlMs): Step =>
        (model) =>
          model.lease(ttlMs),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.nat(20).map(
      (at): Step =>
        (model) =>
          model.completeHere(idAt(model, at)),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.nat(20).map(
      (at): Step =>
        (model) =>
          model.completeElsewhere(idAt(model, at)),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(fc.nat(20), ttl).map(
      ([at, ttlMs]): Step =>
        (model) =>
          model.renewElsewhere(idAt(model, at), ttlMs),
    ),
  },
  { weight: 3, arbitrary: fc.constant<Step>((model) => model.requestUpdate()) },
  { weight: 3, arbitrary: fc.constant<Step>((model) => model.applyUpdate()) },
  {
    weight: 3,
    arbitrary: fc.integer({ min: 1, max: 8_000 }).map((ms): Step => (model) => {
      model.now += ms;
    }),
  },
);

const holds = (check: (model: BlockModel) => void): void =>
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 4 }), fc.array(step, { maxLength: 80 }), (slots, steps) => {
      const model = new BlockModel(slots);
      for (const each of steps) {
        each(model);
        check(model);
      }
    }),
    { numRuns: 1_000 },
  );

describe('a block of leases', () => {
  it('leases a slot to one caller at a time', () => {
    holds((model) => {
      const slots = model.live().map(({ slot }) => slot);
      expect(new Set(slots).size).toBe(slots.length);
    });
  });

  it('outlives each of its leases in the registry', () => {
    holds((model) => {
      for (const { expiresAt } of model.live()) expect(model.blockEnd).toBeGreaterThan(expiresAt);
    });
  });

  it('has all slots free once every lease has ended and the isolate was updated', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4 }), fc.array(step, { maxLength: 60 }), (slots, steps) => {
        const model = new BlockModel(slots);
        for (const each of steps) each(model);
        model.applyUpdate();
        model.now += 20_001;
        model.requestUpdate();
        model.applyUpdate();
        const before = model.leases.size;
        for (let leased = 0; leased < slots; leased++) model.lease(1_000);
        // A block that would not outlive the lease grants none.
        const fits = model.now + 1_000 + 2_000 <= model.blockEnd;
        expect(model.leases.size - before).toBe(fits ? slots : 0);
      }),
      { numRuns: 500 },
    );
  });
});
