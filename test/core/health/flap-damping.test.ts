import { describe, expect, it } from 'vitest';
import { DEFAULT_CONFIG } from '../../../src/core/config/system-config.ts';
import { NOT_FLAPPING, holdMs, isHeld, recordFall } from '../../../src/core/health/flap-damping.ts';
import type { HealthState } from '../../../src/core/health/health-state.ts';
import { initialHealth } from '../../../src/core/health/health-state.ts';
import { keepHealthSource } from '../../../src/core/health/keep-health-source.ts';
import type { HealthEvent, HealthSignal } from '../../../src/core/health/observe-health.ts';
import { observeHealth } from '../../../src/core/health/observe-health.ts';
import { nextCheckAt } from '../../../src/core/health/schedule.ts';

const T0 = 1_800_000_000_000;
const INTERVAL_MS = 4_000;
const DAY_MS = 86_400_000;
const GOOD: HealthSignal = { kind: 'check-passed', status: 'healthy', responseTimeMs: 10, details: null };
const BAD: HealthSignal = { kind: 'check-failed', error: { code: 'HTTP_503', message: 'no' }, details: null };

interface Told {
  readonly at: number;
  readonly event: HealthEvent;
}

/** Plays probes at their interval; answers the last state and all events with their probe's number. */
function play(probes: readonly boolean[], config = DEFAULT_CONFIG): { state: HealthState; told: Told[]; now: number } {
  let state = initialHealth(T0);
  const told: Told[] = [];
  probes.forEach((good, at) => {
    const step = observeHealth(state, good ? GOOD : BAD, config, T0 + at * INTERVAL_MS);
    state = step.next;
    told.push(...step.events.map((event) => ({ at, event })));
  });
  return { state, told, now: T0 + (probes.length - 1) * INTERVAL_MS };
}

const transitionsOf = (told: readonly Told[]): number[] =>
  told.flatMap(({ at, event }) => (event.kind === 'status-changed' ? [at] : []));

/** The most transitions that any `width` intervals in a row see, from probe `from` on. */
function mostWithin(at: readonly number[], width: number, from: number): number {
  const late = at.filter((each) => each >= from);
  return Math.max(0, ...late.map((first) => late.filter((each) => each >= first && each < first + width).length));
}

const alternating = (good: number, bad: number, length = 900): boolean[] =>
  Array.from({ length }, (_, at) => at % (good + bad) < good);

/** Three times down and good again since the last probe but one. */
const FALLEN = [true, true, false, true, true, false, true, true, false, true, true];

describe('flapping at the usual pace, an hour long', () => {
  // Good and bad probes in turn; transitions before it is held, and all there are in the hour.
  it.each([
    [1, 1, 2],
    [2, 1, 6],
    [2, 2, 6],
    [3, 3, 6],
    [1, 2, 2],
    [3, 1, 6],
    [4, 2, 6],
    [5, 5, 6],
  ])('%d good, %d bad: %d transitions, then none', (good, bad, transitions) => {
    const at = transitionsOf(play(alternating(good, bad)).told);
    expect(at).toHaveLength(transitions);
    expect(mostWithin(at, 5, 3 * (good + bad))).toBeLessThanOrEqual(1);
  });

  it.each([
    [10, 10],
    [15, 1],
    [20, 20],
    [40, 40],
  ])('%d good, %d bad, slower than the first hold: on average at most one in ten intervals', (good, bad) => {
    const at = transitionsOf(play(alternating(good, bad)).told);
    expect(at.length).toBeLessThanOrEqual(900 / 10);
    // It falls when it fails, whatever came before: only the way back is damped.
    expect(mostWithin(at, 5, 0)).toBeLessThanOrEqual(2);
  });

  it('is damped also where the pace is changed by rechecks', () => {
    let state = initialHealth(T0);
    let now = T0;
    const place = { phaseMs: 0, ordinal: 0, checkedInType: 1 };
    const at: number[] = [];
    for (let probe = 0; probe < 900; probe++) {
      const step = observeHealth(state, probe % 6 < 3 ? GOOD : BAD, DEFAULT_CONFIG, now);
      state = step.next;
      if (step.events.some(({ kind }) => kind === 'status-changed')) at.push((now - T0) / INTERVAL_MS);
      now = Math.max(now + 10, nextCheckAt(state, { now, startedAt: now, verifying: false }, INTERVAL_MS, place));
    }
    expect(mostWithin(at, 5, 18)).toBeLessThanOrEqual(1);
  });

  it('is let be where the setting says so', () => {
    const { told } = play(alternating(3, 3), { ...DEFAULT_CONFIG, flapHoldMs: 0 });
    expect(transitionsOf(told)).toHaveLength(300);
  });
});

describe('a hold', () => {
  it.each([
    [0, 0],
    [1, 0],
    [2, 0],
    [3, 30_000],
    [4, 60_000],
    [5, 120_000],
    [6, 240_000],
    [7, 300_000],
    [16, 300_000],
  ])('after %d falls is %d ms', (falls, ms) => {
    expect(holdMs(falls, DEFAULT_CONFIG)).toBe(ms);
  });

  it('is none for one crash, or a second within ten minutes', () => {
    const crash = [true, true, false, false, true, true, true];
    const { told } = play([...crash, ...crash]);
    expect(transitionsOf(told)).toEqual([0, 2, 5, 9, 12]);
  });

  it('is told with the fall and shown once its answers are good', () => {
    const { state, told } = play(FALLEN);
    expect(told.slice(-3).map(({ event }) => event.kind)).toEqual(['failed', 'status-changed', 'held']);
    const heldUntil = T0 + 8 * INTERVAL_MS + 30_000;
    expect(told.at(-1)!.event).toEqual({ kind: 'held', falls: 3, until: heldUntil });
    expect(state).toMatchObject({ status: 'unhealthy', checkStatus: 'healthy', flap: { heldUntil } });
    expect(state.reason).toBe(`flapping: down 3 times recently, held until ${new Date(heldUntil).toISOString()}`);
    expect(state.consecutiveSuccesses).toBe(2);
  });

  it('ends by itself with the first good check after it, which comes no later than the round', () => {
    const { state, now } = play(FALLEN);
    const heldUntil = state.flap.heldUntil!;
    const place = { phaseMs: 0, ordinal: 0, checkedInType: 1 };
    const after = { now, startedAt: now, verifying: false };
    expect(nextCheckAt(state, after, 3_600_000, place)).toBeLessThanOrEqual(heldUntil);
    const before = observeHealth(state, GOOD, DEFAULT_CONFIG, heldUntil - 1);
    expect(before.events).toEqual([]);
    const { next, events } = observeHealth(before.next, GOOD, DEFAULT_CONFIG, heldUntil);
    expect(next).toMatchObject({ status: 'healthy', reason: null, errorCount: 0, flap: { heldUntil: null } });
    expect(events).toEqual([{ kind: 'status-changed', from: 'unhealthy', to: 'healthy', reason: null }]);
  });

  it('begins anew with every failure under it', () => {
    const { state, now } = play([...FALLEN, false]);
    expect(state.flap).toMatchObject({ heldUntil: now + 30_000 });
    expect(state.reason).toBe('HTTP_503: no');
  });

  it('grows with the fall after it', () => {
    const { state } = play(FALLEN);
    const back = observeHealth(state, GOOD, DEFAULT_CONFIG, state.flap.heldUntil!).next;
    const at = state.flap.heldUntil! + INTERVAL_MS;
    const { next } = observeHealth(back, BAD, DEFAULT_CONFIG, at);
    expect(next.flap).toMatchObject({ heldUntil: at + 60_000 });
  });

  it('is forgotten with the window', () => {
    const { state } = play(FALLEN);
    const back = observeHealth(state, GOOD, DEFAULT_CONFIG, state.flap.heldUntil!).next;
    const at = T0 + DEFAULT_CONFIG.flapWindow + 60_000;
    expect(observeHealth(back, BAD, DEFAULT_CONFIG, at).next.flap).toEqual({ falls: [at], heldUntil: null });
  });

  it.each([-DAY_MS, DAY_MS])('is over when the clock steps by %d ms', (step) => {
    const { state, now } = play(FALLEN);
    expect(isHeld(state.flap, now)).toBe(true);
    expect(observeHealth(state, GOOD, DEFAULT_CONFIG, now + step).next).toMatchObject({ status: 'healthy' });
  });

  it('is not escaped by registering otherwise', () => {
    const { state, now } = play(FALLEN);
    const silent = keepHealthSource(state, { checks: false, heartbeats: true }, now);
    expect(silent.status).toBe('unknown');
    const beat = observeHealth(silent, { kind: 'heartbeat', status: 'healthy' }, DEFAULT_CONFIG, now);
    expect(beat.next).toMatchObject({ status: 'unhealthy', heartbeatStatus: 'healthy' });
  });

  it('keeps no more falls than it needs', () => {
    let flap = NOT_FLAPPING;
    for (let fall = 0; fall < 100; fall++) flap = recordFall(flap, DEFAULT_CONFIG, T0 + fall);
    expect(flap.falls).toHaveLength(16);
  });
});
