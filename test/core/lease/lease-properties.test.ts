/**
 * Invariants over any sequence of steps: no component exceeds its task limit, no key its quota, no slot is lost, and no
 * request is overtaken.
 */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { slotsOfKey, slotsInUse } from '../../../src/core/lease/lease-index.ts';
import type { LeaseWish, Key } from './lease-model.ts';
import { LeaseModel, QUOTAS } from './lease-model.ts';

type Step =
  | { readonly kind: 'ask'; readonly wish: LeaseWish }
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
  { weight: 5, arbitrary: anyWish.map((wish) => ({ kind: 'ask', wish }) as const) },
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

const leaseIdAt = ({ index }: LeaseModel, which: number): string =>
  [...index.byId.keys()][which % Math.max(1, index.byId.size)] ?? 'nobody';

function applyStep(model: LeaseModel, step: Step): void {
  switch (step.kind) {
    case 'ask':
      return model.enqueue(step.wish);
    case 'complete':
      return model.complete(leaseIdAt(model, step.which));
    case 'renew':
      return model.renew(leaseIdAt(model, step.which), step.ttlMs);
    case 'remove':
      return model.removeComponent(`c-${step.which}`);
    case 'leave':
      return model.abandon((wish) => wish === model.queue[step.which]);
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

/** Whether the quota of its key can ever allow the request. */
const isAllowed = ({ slots, key }: LeaseWish): boolean => key === undefined || slots <= QUOTAS[key];

/** Whether the component could serve the request if it were idle. */
const couldServe = (model: LeaseModel, { slots, requiredComponent }: LeaseWish, id: string): boolean =>
  slots <= model.limits.get(id)! && (requiredComponent === undefined || requiredComponent === id);

describe('leases', () => {
  it('never exceed the task limit of a component', () => {
    holds((model) => {
      for (const [id, limit] of model.limits) expect(slotsInUse(model.index, id)).toBeLessThanOrEqual(limit);
    });
  });

  it('use exactly the slots of the leases in the index, and none of these has expired', () => {
    holds(({ index, limits, now }) => {
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

  it('leave no slot in use once all have ended', () => {
    fc.assert(
      fc.property(anyLimits, anyRandom, fc.array(anyStep, { maxLength: 40 }), (limits, random, steps) => {
        const model = new LeaseModel(limits, random);
        for (const step of steps) applyStep(model, step);
        model.abandon(
          (wish) => !isAllowed(wish) || ![...model.limits.keys()].some((id) => couldServe(model, wish, id)),
        );
        // Each step may serve waiting requests.
        while (model.index.byId.size > 0) model.advance(1_000);
        expect(model.queue).toEqual([]);
        expect([...model.index.slotsByComponent, ...model.index.slotsByKey]).toEqual([]);
        model.advance(1);
        expect(model.index.nextExpiry).toBe(Infinity);
      }),
    );
  });

  it('are granted in FIFO order: no request gets capacity that an earlier one could use', () => {
    holds((model) => {
      for (const { componentId, before, overQuota } of model.served)
        for (const earlier of before)
          if (!overQuota.includes(earlier)) expect(couldServe(model, earlier, componentId)).toBe(false);
    });
  });

  it('of one key are granted in FIFO order: no request gets quota that an earlier one of the key waits for', () => {
    holds((model) => {
      for (const { wish, overQuota } of model.served)
        for (const earlier of overQuota) expect(earlier.key).not.toBe(wish.key);
    });
  });

  it('never exceed the quota of a key, and every lease counts for one key', () => {
    holds(({ index }) => {
      for (const key of Object.keys(QUOTAS) as Key[]) {
        const leases = [...index.byId.values()].filter(({ keyId }) => keyId === key);
        expect(slotsOfKey(index, key)).toBe(leases.reduce((sum, { slots }) => sum + slots, 0));
        expect(slotsOfKey(index, key)).toBeLessThanOrEqual(QUOTAS[key]);
      }
    });
  });

  it('are granted as soon as capacity fits the first queued request that is within its quota', () => {
    holds((model) => {
      const first = model.queue.find((wish, at) => {
        const reserved = model.queue.slice(0, at).filter(({ key }) => key === wish.key);
        const kept = reserved.reduce((sum, { slots }) => sum + slots, 0);
        return !wish.key || slotsOfKey(model.index, wish.key) + kept + wish.slots <= QUOTAS[wish.key];
      });
      if (!first) return;
      for (const [id, limit] of model.limits)
        if (couldServe(model, first, id)) expect(slotsInUse(model.index, id) + first.slots).toBeGreaterThan(limit);
    });
  });
});
