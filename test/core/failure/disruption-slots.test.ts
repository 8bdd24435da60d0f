import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SlotClaim } from '../../../src/core/failure/disruption-slots.ts';
import { isNextInLine } from '../../../src/core/failure/disruption-slots.ts';

const claim = (recoveryId: string, isProven: boolean, since: number): SlotClaim => ({ recoveryId, isProven, since });
const PROVEN = claim('p', true, 5);
const UNPROVEN = claim('u', false, 5);

describe('the line for a slot', () => {
  it.each<[string, SlotClaim, { proven: number; unproven: number }, SlotClaim[], number, boolean]>([
    ['a free slot', PROVEN, { proven: 0, unproven: 0 }, [], 1, true],
    ['no free slot', PROVEN, { proven: 1, unproven: 0 }, [], 1, false],
    ['an older claim takes the last slot', PROVEN, { proven: 0, unproven: 0 }, [claim('o', true, 4)], 1, false],
    ['a younger claim waits', PROVEN, { proven: 0, unproven: 0 }, [claim('y', true, 6)], 1, true],
    ['slots for both', PROVEN, { proven: 0, unproven: 0 }, [claim('o', true, 4)], 2, true],
    ['unproven, a free slot', UNPROVEN, { proven: 0, unproven: 0 }, [], 1, true],
    ['unproven, behind a younger proven one', UNPROVEN, { proven: 0, unproven: 0 }, [claim('y', true, 6)], 1, false],
    ['proven, beside an unproven one with the only slot', PROVEN, { proven: 0, unproven: 1 }, [], 1, true],
    ['proven, beside both', PROVEN, { proven: 1, unproven: 1 }, [], 1, false],
    ['unproven, the last slot is reserved', UNPROVEN, { proven: 0, unproven: 2 }, [], 3, false],
    ['unproven, not the last slot', UNPROVEN, { proven: 0, unproven: 1 }, [], 3, true],
    ['unproven, the last slot beside proven ones', UNPROVEN, { proven: 2, unproven: 0 }, [], 3, true],
  ])('%s', (_, asking, inUse, waiting, limit, expected) => {
    expect(isNextInLine(asking, inUse, waiting, limit)).toBe(expected);
  });
});

/** One event of a type's recoveries: a claim asks, or one that has a slot leaves. */
const EVENTS = fc.array(
  fc.record({ id: fc.nat(11), isProven: fc.boolean(), leaves: fc.boolean(), forgets: fc.boolean() }),
  { maxLength: 200 },
);

describe('the slots in use', () => {
  it('never exceed the limit, whatever asks and however late, beside one proven claim of a single slot', () => {
    fc.assert(
      fc.property(EVENTS, fc.integer({ min: 1, max: 5 }), (events, limit) => {
        const using = new Map<string, SlotClaim>();
        let waiting: SlotClaim[] = [];
        const count = (isProven: boolean) =>
          Array.from(using.values()).filter((each) => each.isProven === isProven).length;
        for (const [since, { id, isProven, leaves, forgets }] of events.entries()) {
          const recoveryId = `r-${id}`;
          if (forgets) waiting = [];
          if (leaves) using.delete(recoveryId);
          else if (!using.has(recoveryId)) {
            const known = waiting.find((each) => each.recoveryId === recoveryId);
            const asking = { recoveryId, isProven, since: known?.since ?? since };
            waiting = [...waiting.filter((each) => each !== known), asking];
            if (isNextInLine(asking, { proven: count(true), unproven: count(false) }, waiting, limit)) {
              using.set(recoveryId, asking);
              waiting = waiting.filter((each) => each !== asking);
            }
          }
          expect(count(true)).toBeLessThanOrEqual(limit);
          expect(using.size).toBeLessThanOrEqual(limit === 1 ? 2 : limit);
        }
      }),
    );
  });

  it('are never all held without a proven need', () => {
    for (const limit of [2, 3, 5]) {
      const inUse = { proven: 0, unproven: limit - 1 };
      expect(isNextInLine(UNPROVEN, inUse, [], limit)).toBe(false);
      expect(isNextInLine(PROVEN, inUse, [UNPROVEN], limit)).toBe(true);
    }
  });
});
