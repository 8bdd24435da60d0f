import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { HeldCalls, MAX_HOLD_MS } from '../../src/long-poll/held-calls.ts';

const isSettled = async (promise: Promise<void>): Promise<boolean> =>
  Promise.race([promise.then(() => true), Promise.resolve().then(() => Promise.resolve(false))]);

describe('held calls', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('end together at a release, and not before', async () => {
    const calls = new HeldCalls();
    const [first, second] = [calls.wait(500), calls.wait(500)];
    expect(await isSettled(first)).toBe(false);
    calls.release();
    await Promise.all([first, second]);
    expect(calls.size).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  it.each([
    { holdMs: 200, until: 200 },
    { holdMs: 60_000, until: MAX_HOLD_MS },
  ])('end after $until ms when $holdMs ms were requested', async ({ holdMs, until }) => {
    const calls = new HeldCalls();
    const call = calls.wait(holdMs);
    vi.advanceTimersByTime(until - 1);
    expect(await isSettled(call)).toBe(false);
    vi.advanceTimersByTime(1);
    await call;
    expect(calls.size).toBe(0);
  });

  it.each([0, -1, Number.NaN])('are not held for %s ms', async (holdMs) => {
    await new HeldCalls().wait(holdMs);
  });

  it('are limited in number', async () => {
    const calls = new HeldCalls();
    for (let at = 0; at < 2_000; at++) void calls.wait(500);
    await calls.wait(500);
    expect(calls.size).toBe(2_000);
    calls.release();
  });
});
