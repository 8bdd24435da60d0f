import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SendWindow } from '../../../src/core/event/send-window.ts';
import { NOTHING_SENT, bytesSent, hasCapacity, acknowledge, recordSent } from '../../../src/core/event/send-window.ts';

const ROOM = 8_000;

const steps = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ send: fc.integer({ min: 1, max: 3_000 }) }) },
    { weight: 1, arbitrary: fc.record({ ack: fc.double({ min: 0, max: 1, noNaN: true }) }) },
  ),
  { maxLength: 200 },
);

describe('the window of what was sent', () => {
  it('never holds more than its room and one event, stays small, and forgets all that is acknowledged', () => {
    fc.assert(
      fc.property(steps, (taken) => {
        let window: SendWindow = NOTHING_SENT;
        let [sequence, acked] = [0, 0];
        for (const step of taken) {
          if ('send' in step) {
            if (!hasCapacity(window, ROOM)) continue;
            window = recordSent(window, { upTo: ++sequence, bytes: step.send }, ROOM);
          } else {
            acked = Math.max(acked, Math.floor(step.ack * sequence));
            window = acknowledge(window, acked);
          }
          expect(bytesSent(window)).toBeLessThan(ROOM + 3_000);
          expect(window.length).toBeLessThanOrEqual(24);
          expect(window.map(({ upTo }) => upTo)).toEqual(window.map(({ upTo }) => upTo).toSorted((a, b) => a - b));
        }
        expect(acknowledge(window, sequence)).toEqual([]);
      }),
    );
  });

  it('has room for one event, however large, when all before is acknowledged', () => {
    expect(hasCapacity(NOTHING_SENT, ROOM)).toBe(true);
    const window = recordSent(NOTHING_SENT, { upTo: 1, bytes: 1_000_000 }, ROOM);
    expect(hasCapacity(window, ROOM)).toBe(false);
    expect(hasCapacity(acknowledge(window, 1), ROOM)).toBe(true);
  });
});
