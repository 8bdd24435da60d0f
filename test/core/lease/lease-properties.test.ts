/** Whatever happens in whatever order: no component is given more than it has, no slot is lost, nobody is overtaken. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { slotsTaken } from '../../../src/core/lease/lease-book.ts';
import type { Asked } from './lease-hall.ts';
import { LeaseHall } from './lease-hall.ts';

type Step =
  | { readonly kind: 'ask'; readonly asked: Asked }
  | { readonly kind: 'complete'; readonly which: number }
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
  },
  { requiredKeys: ['slots', 'ttlMs'] },
);

const stepOf: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: askedOf.map((asked) => ({ kind: 'ask', asked }) as const) },
  { weight: 4, arbitrary: fc.nat(1_000).map((which) => ({ kind: 'complete', which }) as const) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 3_000 }).map((ms) => ({ kind: 'pass', ms }) as const) },
);

const randomOf = fc.integer().map((seed) => {
  let state = seed >>> 0;
  return () => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32;
});

function take(hall: LeaseHall, step: Step): void {
  switch (step.kind) {
    case 'ask':
      return hall.ask(step.asked);
    case 'complete': {
      const ids = [...hall.book.held.keys()];
      return hall.complete(ids[step.which % Math.max(1, ids.length)] ?? 'nobody');
    }
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
        hall.line = hall.line.filter((asked) => [...hall.rooms.keys()].some((id) => isOfUse(hall, asked, id)));
        // Each time somebody may be served who waits.
        while (hall.book.held.size > 0) hall.passes(1_000);
        expect(hall.line).toEqual([]);
        expect([...hall.book.taken]).toEqual([]);
        hall.passes(1);
        expect(hall.book.nextExpiry).toBe(Infinity);
      }),
    );
  });

  it('are given in turn: nobody gets what one who came before could use', () => {
    holds((hall) => {
      for (const { componentId, before } of hall.served)
        for (const earlier of before) expect(isOfUse(hall, earlier, componentId)).toBe(false);
    });
  });

  it('are given as soon as there is room for the first in line', () => {
    holds((hall) => {
      const [first] = hall.line;
      if (!first) return;
      for (const [id, room] of hall.rooms)
        if (isOfUse(hall, first, id)) expect(slotsTaken(hall.book, id) + first.slots).toBeGreaterThan(room);
    });
  });
});
