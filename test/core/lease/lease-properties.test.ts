/**
 * Whatever happens in whatever order: no component is given more than it has, no key holds more than it may, no slot is
 * lost, nobody is overtaken.
 */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { slotsOfKey, slotsTaken } from '../../../src/core/lease/lease-index.ts';
import type { Asked, Key } from './lease-model.ts';
import { LeaseHall, QUOTAS } from './lease-model.ts';

type Step =
  | { readonly kind: 'ask'; readonly asked: Asked }
  | { readonly kind: 'complete'; readonly which: number }
  | { readonly kind: 'renew'; readonly which: number; readonly ttlMs: number }
  | { readonly kind: 'remove'; readonly which: number }
  | { readonly kind: 'leave'; readonly which: number }
  | { readonly kind: 'pass'; readonly ms: number };

const roomsOf = fc.array(
  fc.oneof({ weight: 9, arbitrary: fc.integer({ min: 1, max: 8 }) }, { weight: 1, arbitrary: fc.constant(Infinity) }),
  {
    minLength: 1,
    maxLength: 6,
  },
);

const askedOf: fc.Arbitrary<Asked> = fc.record(
  {
    slots: fc.integer({ min: 1, max: 9 }),
    ttlMs: fc.integer({ min: 1_000, max: 5_000 }),
    insistsOn: fc.nat(6).map((at) => `c-${at}`),
    key: fc.constantFrom(...(Object.keys(QUOTAS) as Key[])),
  },
  { requiredKeys: ['slots', 'ttlMs'] },
);

const stepOf: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: askedOf.map((asked) => ({ kind: 'ask', asked }) as const) },
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

const randomOf = fc.integer().map((seed) => {
  let state = seed >>> 0;
  return () => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32;
});

const heldAt = ({ book }: LeaseHall, which: number): string =>
  [...book.held.keys()][which % Math.max(1, book.held.size)] ?? 'nobody';

function take(hall: LeaseHall, step: Step): void {
  switch (step.kind) {
    case 'ask':
      return hall.ask(step.asked);
    case 'complete':
      return hall.complete(heldAt(hall, step.which));
    case 'renew':
      return hall.renew(heldAt(hall, step.which), step.ttlMs);
    case 'remove':
      return hall.removed(`c-${step.which}`);
    case 'leave':
      return hall.leave((asked) => asked === hall.line[step.which]);
    case 'pass':
      return hall.passes(step.ms);
    default:
      return step satisfies never;
  }
}

const holds = (check: (hall: LeaseHall) => void): void =>
  fc.assert(
    fc.property(roomsOf, randomOf, fc.array(stepOf, { maxLength: 60 }), (rooms, random, steps) => {
      const hall = new LeaseHall(rooms, random);
      for (const step of steps) {
        take(hall, step);
        check(hall);
      }
    }),
    { numRuns: 1_000 },
  );

/** Whether its key may ever hold that much. */
const isAllowed = ({ slots, key }: Asked): boolean => key === undefined || slots <= QUOTAS[key];

/** Whether a component could serve a request if nobody else were there. */
const isOfUse = (hall: LeaseHall, { slots, insistsOn }: Asked, id: string): boolean =>
  slots <= hall.rooms.get(id)! && (insistsOn === undefined || insistsOn === id);

describe('leases', () => {
  it('never take more of a component than it has', () => {
    holds((hall) => {
      for (const [id, room] of hall.rooms) expect(slotsTaken(hall.book, id)).toBeLessThanOrEqual(room);
    });
  });

  it('take exactly what those take that are held, and none of them is over', () => {
    holds(({ book, rooms, now }) => {
      for (const id of rooms.keys()) {
        const leases = [...book.held.values()].filter((lease) => lease.componentId === id);
        expect(slotsTaken(book, id)).toBe(leases.reduce((sum, { slots }) => sum + slots, 0));
      }
      for (const { expiresAt } of book.held.values()) {
        expect(expiresAt).toBeGreaterThan(now);
        expect(book.nextExpiry).toBeLessThanOrEqual(expiresAt);
      }
    });
  });

  it('leave nothing taken once all have ended', () => {
    fc.assert(
      fc.property(roomsOf, randomOf, fc.array(stepOf, { maxLength: 40 }), (rooms, random, steps) => {
        const hall = new LeaseHall(rooms, random);
        for (const step of steps) take(hall, step);
        hall.leave((asked) => !isAllowed(asked) || ![...hall.rooms.keys()].some((id) => isOfUse(hall, asked, id)));
        // Each time somebody may be served who waits.
        while (hall.book.held.size > 0) hall.passes(1_000);
        expect(hall.line).toEqual([]);
        expect([...hall.book.taken, ...hall.book.byKey]).toEqual([]);
        hall.passes(1);
        expect(hall.book.nextExpiry).toBe(Infinity);
      }),
    );
  });

  it('are given in turn: nobody gets what one who came before could use', () => {
    holds((hall) => {
      for (const { componentId, before, keptBack } of hall.served)
        for (const earlier of before)
          if (!keptBack.includes(earlier)) expect(isOfUse(hall, earlier, componentId)).toBe(false);
    });
  });

  it('of a key are given in turn too: nobody takes what an earlier one waits for its key to free', () => {
    holds((hall) => {
      for (const { asked, keptBack } of hall.served)
        for (const earlier of keptBack) expect(earlier.key).not.toBe(asked.key);
    });
  });

  it('never take more of a key than it may hold, and all that is held counts for one', () => {
    holds(({ book }) => {
      for (const key of Object.keys(QUOTAS) as Key[]) {
        const held = [...book.held.values()].filter(({ keyId }) => keyId === key);
        expect(slotsOfKey(book, key)).toBe(held.reduce((sum, { slots }) => sum + slots, 0));
        expect(slotsOfKey(book, key)).toBeLessThanOrEqual(QUOTAS[key]);
      }
    });
  });

  it('are given as soon as there is room for the first in line whose key may hold more', () => {
    holds((hall) => {
      const first = hall.line.find((asked, at) => {
        const reserved = hall.line.slice(0, at).filter(({ key }) => key === asked.key);
        const kept = reserved.reduce((sum, { slots }) => sum + slots, 0);
        return !asked.key || slotsOfKey(hall.book, asked.key) + kept + asked.slots <= QUOTAS[asked.key];
      });
      if (!first) return;
      for (const [id, room] of hall.rooms)
        if (isOfUse(hall, first, id)) expect(slotsTaken(hall.book, id) + first.slots).toBeGreaterThan(room);
    });
  });
});
