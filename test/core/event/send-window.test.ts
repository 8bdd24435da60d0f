import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SendWindow } from '../../../src/core/event/send-window.ts';
import {
  MAX_SPANS,
  NOTHING_SENT,
  bytesSent,
  hasCapacity,
  acknowledge,
  recordSent,
} from '../../../src/core/event/send-window.ts';

const WINDOW_BYTES = 8_000;

const steps = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ send: fc.integer({ min: 1, max: 3_000 }) }) },
    { weight: 1, arbitrary: fc.record({ ack: fc.double({ min: 0, max: 1, noNaN: true }) }) },
  ),
  { maxLength: 200 },
);

describe('the send window', () => {
  it('never holds more than its size plus one event, stays short, and drops acknowledged events', () => {
    fc.assert(
      fc.property(steps, (drawn) => {
        let window: SendWindow = NOTHING_SENT;
        let [sequence, acked] = [0, 0];
        for (const step of drawn) {
          if ('send' in step) {
            if (!hasCapacity(window, WINDOW_BYTES)) continue;
            window = recordSent(window, { upTo: ++sequence, bytes: step.send }, WINDOW_BYTES);
          } else {
            acked = Math.max(acked, Math.floor(step.ack * sequence));
            window = acknowledge(window, acked);
          }
          expect(bytesSent(window)).toBeLessThan(WINDOW_BYTES + 3_000);
          expect(window.length).toBeLessThanOrEqual(MAX_SPANS);
          expect(window.map(({ upTo }) => upTo)).toEqual(window.map(({ upTo }) => upTo).toSorted((a, b) => a - b));
        }
        expect(acknowledge(window, sequence)).toEqual([]);
      }),
    );
  });

  it('has capacity for one event of any size when all earlier ones are acknowledged', () => {
    expect(hasCapacity(NOTHING_SENT, WINDOW_BYTES)).toBe(true);
    const window = recordSent(NOTHING_SENT, { upTo: 1, bytes: 1_000_000 }, WINDOW_BYTES);
    expect(hasCapacity(window, WINDOW_BYTES)).toBe(false);
    expect(hasCapacity(acknowledge(window, 1), WINDOW_BYTES)).toBe(true);
  });
});
