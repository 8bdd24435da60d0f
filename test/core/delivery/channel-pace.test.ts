import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ChannelPace } from '../../../src/core/delivery/channel-pace.ts';
import {
  acceptedPace,
  allowedFrom,
  isLimited,
  isThrottledTooLong,
  pausedPace,
  throttledPace,
} from '../../../src/core/delivery/channel-pace.ts';

const NOW = 1_800_000_000_000;
const HOUR = 3_600_000;

/** Sends `messages` one after the other to a receiver that accepts one each `limitMs`. Returns ms and refusals. */
function sendAll(messages: number, limitMs: number): { readonly tookMs: number; readonly refusals: number } {
  let [now, pace, lastAccepted, refusals]: [number, ChannelPace | null, number, number] = [NOW, null, -Infinity, 0];
  for (let left = messages; left > 0;) {
    now = Math.max(now, allowedFrom(pace, now));
    if (now - lastAccepted >= limitMs) {
      [lastAccepted, pace] = [now, acceptedPace(pace, now)];
      left--;
    } else {
      refusals++;
      pace = throttledPace(pace, Math.ceil((lastAccepted + limitMs - now) / 1_000) * 1_000, now);
    }
  }
  return { tookMs: now - NOW, refusals };
}

describe('the pace of a receiver', () => {
  it('is that of the receiver after the first 429', () => {
    expect(sendAll(15, 1_000)).toEqual({ tookMs: 14_000, refusals: 1 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 1, max: 60 }), (messages, seconds) => {
        const { tookMs, refusals } = sendAll(messages, seconds * 1_000);
        // One more each time the pace was forgotten.
        expect(refusals).toBeLessThanOrEqual(1 + tookMs / 600_000);
        expect(tookMs).toBe((messages - 1) * seconds * 1_000);
      }),
    );
  });

  it('is that of `Retry-After`, at most a day, and doubles without one', () => {
    expect(allowedFrom(throttledPace(null, 2_000, NOW), NOW)).toBe(NOW + 2_000);
    expect(allowedFrom(throttledPace(null, 100 * 24 * HOUR, NOW), NOW)).toBe(NOW + 24 * HOUR);
    const first = throttledPace(null, null, NOW);
    const second = throttledPace(first, null, NOW);
    expect([first.intervalMs, second.intervalMs]).toEqual([1_000, 2_000]);
    let pace = second;
    for (let time = 0; time < 10; time++) pace = throttledPace(pace, null, NOW);
    expect(pace.intervalMs).toBe(60_000);
  });

  it('is forgotten ten minutes after the last 429', () => {
    const pace = throttledPace(null, 1_000, NOW);
    expect(acceptedPace(pace, NOW + 1_000)).toMatchObject({ nextAllowedAt: NOW + 2_000, throttledSince: null });
    expect(isLimited(pace, NOW + 600_000)).toBe(true);
    expect(isLimited(pace, NOW + 601_000)).toBe(false);
    expect(acceptedPace(pace, NOW + 601_000)).toBeNull();
  });

  it('counts as failing after a day of nothing but 429', () => {
    const later = throttledPace(throttledPace(null, HOUR, NOW), HOUR, NOW + 23 * HOUR);
    expect(isThrottledTooLong(later, NOW + 23 * HOUR)).toBe(false);
    expect(isThrottledTooLong(later, NOW + 24 * HOUR)).toBe(true);
    const accepted = acceptedPace(throttledPace(null, 1_000, NOW), NOW + 1_000);
    expect(throttledPace(accepted, 1_000, NOW + 24 * HOUR).throttledSince).toBe(NOW + 24 * HOUR);
  });

  it('pauses for a 503 without limiting what follows', () => {
    const pace = pausedPace(null, HOUR, NOW);
    expect(allowedFrom(pace, NOW)).toBe(NOW + HOUR);
    expect(isLimited(pace, NOW)).toBe(false);
    expect(acceptedPace(pace, NOW + HOUR)).toBeNull();
  });

  it('does not pause for longer than a day when the clock is set back', () => {
    expect(allowedFrom(throttledPace(null, HOUR, NOW), NOW - 30 * 24 * HOUR)).toBe(0);
  });
});
