import { describe, expect, it } from 'vitest';
import { DEFAULT_CONFIG } from '../../../src/core/config/system-config.ts';
import { NOT_FLAPPING, holdMs, isHeld, recordFall } from '../../../src/core/health/flap-damping.ts';
import type { HealthState } from '../../../src/core/health/health-state.ts';
import { initialHealth } from '../../../src/core/health/health-state.ts';
import { keepHealthSources } from '../../../src/core/health/keep-health-sources.ts';
import type { HealthEvent, HealthSignal } from '../../../src/core/health/observe-health.ts';
import { observeHealth } from '../../../src/core/health/observe-health.ts';
import { nextCheckAt } from '../../../src/core/health/check-schedule.ts';

const T0 = 1_800_000_000_000;
const INTERVAL_MS = 4_000;
const DAY_MS = 86_400_000;
const GOOD: HealthSignal = { kind: 'check-passed', status: 'healthy', responseTimeMs: 10, details: null };
const BAD: HealthSignal = { kind: 'check-failed', error: { code: 'HTTP_503', message: 'no' }, details: null };

interface ProbeEvent {
  readonly at: number;
  readonly event: HealthEvent;
}

/** Runs probes at their interval. Returns the last state, and all events with the index of their probe. */
function play(
  probes: readonly boolean[],
  config = DEFAULT_CONFIG,
): { state: HealthState; events: ProbeEvent[]; now: number } {
  let state = initialHealth(T0);
  const events: ProbeEvent[] = [];
  probes.forEach((good, at) => {
    const step = observeHealth(state, good ? GOOD : BAD, config, T0 + at * INTERVAL_MS);
    state = step.next;
    events.push(...step.events.map((event) => ({ at, event })));
  });
  return { state, events, now: T0 + (probes.length - 1) * INTERVAL_MS };
}

const transitionsOf = (events: readonly ProbeEvent[]): number[] =>
  events.flatMap(({ at, event }) => (event.kind === 'status-changed' ? [at] : []));

/** The highest number of transitions within `width` consecutive intervals, from probe `from` on. */
function mostWithin(at: readonly number[], width: number, from: number): number {
  const late = at.filter((each) => each >= from);
  return Math.max(0, ...late.map((first) => late.filter((each) => each >= first && each < first + width).length));
}

const alternating = (good: number, bad: number, length = 900): boolean[] =>
  Array.from({ length }, (_, at) => at % (good + bad) < good);

/** Three falls, with good probes at the end. */
const FALLEN = [true, true, false, true, true, false, true, true, false, true, true];

describe('an hour of flapping', () => {
  // Alternating good and bad probes; transitions before the hold, which are all of the hour.
  it.each([
    [1, 1, 2],
    [2, 1, 6],
    [2, 2, 6],
    [3, 3, 6],
    [1, 2, 2],
    [3, 1, 6],
    [4, 2, 6],
    [5, 5, 6],
  ])('with %d good, %d bad probes causes %d transitions, then none', (good, bad, transitions) => {
    const at = transitionsOf(play(alternating(good, bad)).events);
    expect(at).toHaveLength(transitions);
    expect(mostWithin(at, 5, 3 * (good + bad))).toBeLessThanOrEqual(1);
  });

  it.each([
    [10, 10],
    [15, 1],
    [20, 20],
    [40, 40],
  ])(
    'with %d good, %d bad probes, slower than the first hold, causes at most one transition per ten intervals',
    (good, bad) => {
      const at = transitionsOf(play(alternating(good, bad)).events);
      expect(at.length).toBeLessThanOrEqual(900 / 10);
      // A failure always takes effect. Only the return is damped.
      expect(mostWithin(at, 5, 0)).toBeLessThanOrEqual(2);
    },
  );

  it('is damped even if rechecks change the pace', () => {
    let state = initialHealth(T0);
    let now = T0;
    const place = { phaseMs: 0, idHash: 0, checkedInType: 1 };
    const at: number[] = [];
    for (let probe = 0; probe < 900; probe++) {
      const step = observeHealth(state, probe % 6 < 3 ? GOOD : BAD, DEFAULT_CONFIG, now);
      state = step.next;
      if (step.events.some(({ kind }) => kind === 'status-changed')) at.push((now - T0) / INTERVAL_MS);
      now = Math.max(now + 10, nextCheckAt(state, { now, startedAt: now, verifying: false }, INTERVAL_MS, place));
    }
    expect(mostWithin(at, 5, 18)).toBeLessThanOrEqual(1);
  });

  it('is not damped if damping is disabled', () => {
    const { events } = play(alternating(3, 3), { ...DEFAULT_CONFIG, flapHoldMs: 0 });
    expect(transitionsOf(events)).toHaveLength(300);
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

  it('does not begin after one crash, or a second within ten minutes', () => {
    const crash = [true, true, false, false, true, true, true];
    const { events } = play([...crash, ...crash]);
    expect(transitionsOf(events)).toEqual([0, 2, 5, 9, 12]);
  });

  it('is reported with the fall, and shown as the reason once checks are good', () => {
    const { state, events } = play(FALLEN);
    expect(events.slice(-3).map(({ event }) => event.kind)).toEqual(['failed', 'status-changed', 'held']);
    const heldUntil = T0 + 8 * INTERVAL_MS + 30_000;
    expect(events.at(-1)!.event).toEqual({ kind: 'held', falls: 3, until: heldUntil });
    expect(state).toMatchObject({ status: 'unhealthy', checkStatus: 'healthy', flap: { heldUntil } });
    expect(state.reason).toBe(`flapping: down 3 times recently, held until ${new Date(heldUntil).toISOString()}`);
    expect(state.consecutiveSuccesses).toBe(2);
  });

  it('ends with the first good check after it, which runs no later than the next round', () => {
    const { state, now } = play(FALLEN);
    const heldUntil = state.flap.heldUntil!;
    const place = { phaseMs: 0, idHash: 0, checkedInType: 1 };
    const after = { now, startedAt: now, verifying: false };
    expect(nextCheckAt(state, after, 3_600_000, place)).toBeLessThanOrEqual(heldUntil);
    const before = observeHealth(state, GOOD, DEFAULT_CONFIG, heldUntil - 1);
    expect(before.events).toEqual([]);
    const { next, events } = observeHealth(before.next, GOOD, DEFAULT_CONFIG, heldUntil);
    expect(next).toMatchObject({ status: 'healthy', reason: null, errorCount: 0, flap: { heldUntil: null } });
    expect(events).toEqual([{ kind: 'status-changed', from: 'unhealthy', to: 'healthy', reason: null }]);
  });

  it('restarts with every failure during it', () => {
    const { state, now } = play([...FALLEN, false]);
    expect(state.flap).toMatchObject({ heldUntil: now + 30_000 });
    expect(state.reason).toBe('HTTP_503: no');
  });

  it('grows with the next fall', () => {
    const { state } = play(FALLEN);
    const back = observeHealth(state, GOOD, DEFAULT_CONFIG, state.flap.heldUntil!).next;
    const at = state.flap.heldUntil! + INTERVAL_MS;
    const { next } = observeHealth(back, BAD, DEFAULT_CONFIG, at);
    expect(next.flap).toMatchObject({ heldUntil: at + 60_000 });
  });

  it('is dropped after the window', () => {
    const { state } = play(FALLEN);
    const back = observeHealth(state, GOOD, DEFAULT_CONFIG, state.flap.heldUntil!).next;
    const at = T0 + DEFAULT_CONFIG.flapWindow + 60_000;
    expect(observeHealth(back, BAD, DEFAULT_CONFIG, at).next.flap).toEqual({ falls: [at], heldUntil: null });
  });

  it.each([-DAY_MS, DAY_MS])('ends when the clock steps by %d ms', (step) => {
    const { state, now } = play(FALLEN);
    expect(isHeld(state.flap, now)).toBe(true);
    expect(observeHealth(state, GOOD, DEFAULT_CONFIG, now + step).next).toMatchObject({ status: 'healthy' });
  });

  it('survives a registration with another health source', () => {
    const { state, now } = play(FALLEN);
    const silent = keepHealthSources(state, { checks: false, heartbeats: true }, now);
    expect(silent.status).toBe('unknown');
    const beat = observeHealth(silent, { kind: 'heartbeat', status: 'healthy' }, DEFAULT_CONFIG, now);
    expect(beat.next).toMatchObject({ status: 'unhealthy', heartbeatStatus: 'healthy' });
  });

  it('keeps a bounded number of falls', () => {
    let flap = NOT_FLAPPING;
    for (let fall = 0; fall < 100; fall++) flap = recordFall(flap, DEFAULT_CONFIG, T0 + fall);
    expect(flap.falls).toHaveLength(16);
  });
});
