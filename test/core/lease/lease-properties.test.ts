/**
 * Whatever happens in whatever order: no component is given more than it has, no key holds more than it may, no slot is
 * lost, nobody is overtaken.
 */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { slotsOfKey, slotsInUse } from '../../../src/core/lease/lease-index.ts';
import type { LeaseWish, Key } from './lease-model.ts';
import { LeaseModel, QUOTAS } from './lease-model.ts';

type Step =
  | { readonly kind: 'ask'; readonly asked: LeaseWish }
  | { readonly kind: 'complete'; readonly which: number }
  | { readonly kind: 'renew'; readonly which: number; readonly ttlMs: number }
  | { readonly kind: 'remove'; readonly which: number }
  | { readonly kind: 'leave'; readonly which: number }
  | { readonly kind: 'pass'; readonly ms: number };

const anyLimits = fc.array(
  fc.oneof({ weight: 9, arbitrary: fc.integer({ min: 1, max: 8 }) }, { weight: 1, arbitrary: fc.constant(Infinity) }),
  {
    minLength: 1,
    maxLength: 6,
  },
);

const anyWish: fc.Arbitrary<LeaseWish> = fc.record(
  {
    slots: fc.integer({ min: 1, max: 9 }),
    ttlMs: fc.integer({ min: 1_000, max: 5_000 }),
    requiredComponent: fc.nat(6).map((at) => `c-${at}`),
    key: fc.constantFrom(...(Object.keys(QUOTAS) as Key[])),
  },
  { requiredKeys: ['slots', 'ttlMs'] },
);

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: anyWish.map((asked) => ({ kind: 'ask', asked }) as const) },
  { weight: 4, arbitrary: fc.nat(1_000).map((which) => ({ kind: 'complete', which }) as const) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(fc.nat(1_000), fc.integer({ min: 1_000, max: 5_000 }))
      .map(([which, ttlMs]) => ({ kind: 'renew', which, ttlMs }) as const),
  },
  { weight: 1, arbitrary: fc.nat(6).map((which) => ({ kind: 'remove', which }) as const) },
  { weight: 1, arbitrary: fc.nat(20).map((which) => ({ kind: 'leave', which }) as const) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 3_000 }).map((ms) => ({ kind: 'pass', ms }) as const) },
);

const anyRandom = fc.integer().map((seed) => {
  let state = seed >>> 0;
  return () => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32;
});

const leaseIdAt = ({ index: index }: LeaseModel, which: number): string =>
  [...index.byId.keys()][which % Math.max(1, index.byId.size)] ?? 'nobody';

function applyStep(model: LeaseModel, step: Step): void {
  switch (step.kind) {
    case 'ask':
      return model.enqueue(step.asked);
    case 'complete':
      return model.complete(leaseIdAt(model, step.which));
    case 'renew':
      return model.renew(leaseIdAt(model, step.which), step.ttlMs);
    case 'remove':
      return model.removeComponent(`c-${step.which}`);
    case 'leave':
      return model.abandon((asked) => asked === model.queue[step.which]);
    case 'pass':
      return model.advance(step.ms);
    default:
      return step satisfies never;
  }
}

const holds = (check: (model: LeaseModel) => void): void =>
  fc.assert(
    fc.property(anyLimits, anyRandom, fc.array(anyStep, { maxLength: 60 }), (limits, random, steps) => {
      const model = new LeaseModel(limits, random);
      for (const step of steps) {
        applyStep(model, step);
        check(model);
      }
    }),
    { numRuns: 1_000 },
  );

/** Whether its key may ever hold that much. */
const isAllowed = ({ slots, key }: LeaseWish): boolean => key === undefined || slots <= QUOTAS[key];

/** Whether a component could serve a request if nobody else were there. */
const couldServe = (model: LeaseModel, { slots, requiredComponent: requiredComponent }: LeaseWish, id: string): boolean =>
  slots <= model.limits.get(id)! && (requiredComponent === undefined || requiredComponent === id);

describe('leases', () => {
  it('never take more of a component than it has', () => {
    holds((model) => {
      for (const [id, limit] of model.limits) expect(slotsInUse(model.index, id)).toBeLessThanOrEqual(limit);
    });
  });

  it('take exactly what those take that are held, and none of them is over', () => {
    holds(({ index: index, limits: limits, now }) => {
      for (const id of limits.keys()) {
        const leases = [...index.byId.values()].filter((lease) => lease.componentId === id);
        expect(slotsInUse(index, id)).toBe(leases.reduce((sum, { slots }) => sum + slots, 0));
      }
      for (const { expiresAt } of index.byId.values()) {
        expect(expiresAt).toBeGreaterThan(now);
        expect(index.nextExpiry).toBeLessThanOrEqual(expiresAt);
      }
    });
  });

  it('leave nothing taken once all have ended', () => {
    fc.assert(
      fc.property(anyLimits, anyRandom, fc.array(anyStep, { maxLength: 40 }), (limits, random, steps) => {
        const model = new LeaseModel(limits, random);
        for (const step of steps) applyStep(model, step);
        model.abandon((asked) => !isAllowed(asked) || ![...model.limits.keys()].some((id) => couldServe(model, asked, id)));
        // Each time somebody may be served who waits.
        while (model.index.byId.size > 0) model.advance(1_000);
        expect(model.queue).toEqual([]);
        expect([...model.index.slotsByComponent, ...model.index.slotsByKey]).toEqual([]);
        model.advance(1);
        expect(model.index.nextExpiry).toBe(Infinity);
      }),
    );
  });

  it('are given in turn: nobody gets what one who came before could use', () => {
    holds((model) => {
      for (const { componentId, before, overQuota: overQuota } of model.served)
        for (const earlier of before)
          if (!overQuota.includes(earlier)) expect(couldServe(model, earlier, componentId)).toBe(false);
    });
  });

  it('of a key are given in turn too: nobody takes what an earlier one waits for its key to free', () => {
    holds((model) => {
      for (const { asked, overQuota: overQuota } of model.served)
        for (const earlier of overQuota) expect(earlier.key).not.toBe(asked.key);
    });
  });

  it('never take more of a key than it may hold, and all that is held counts for one', () => {
    holds(({ index: index }) => {
      for (const key of Object.keys(QUOTAS) as Key[]) {
        const leases = [...index.byId.values()].filter(({ keyId }) => keyId === key);
        expect(slotsOfKey(index, key)).toBe(leases.reduce((sum, { slots }) => sum + slots, 0));
        expect(slotsOfKey(index, key)).toBeLessThanOrEqual(QUOTAS[key]);
      }
    });
  });

  it('are given as soon as there is room for the first in line whose key may hold more', () => {
    holds((model) => {
      const first = model.queue.find((asked, at) => {
        const reserved = model.queue.slice(0, at).filter(({ key }) => key === asked.key);
        const kept = reserved.reduce((sum, { slots }) => sum + slots, 0);
        return !asked.key || slotsOfKey(model.index, asked.key) + kept + asked.slots <= QUOTAS[asked.key];
      });
      if (!first) return;
      for (const [id, limit] of model.limits)
        if (couldServe(model, first, id)) expect(slotsInUse(model.index, id) + first.slots).toBeGreaterThan(limit);
    });
  });
});
