/** Random sequences of signals with clock steps: a thousand for each property. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { HealthState } from '../../../src/core/health/health-state.ts';
import { initialHealth, worseStatus } from '../../../src/core/health/health-state.ts';
import type { HealthPolicy, HealthSignal, HealthStep } from '../../../src/core/health/observe-health.ts';
import { observeHealth } from '../../../src/core/health/observe-health.ts';
import { MAX_HOLD_MS } from '../../../src/core/health/flap-damping.ts';
import { propertyRuns } from '../../support/fuzz/property-runs.ts';

const RUNS = propertyRuns(1_000);
const GOOD: HealthSignal = { kind: 'check-passed', status: 'healthy', responseTimeMs: 5, details: null };
const BAD: HealthSignal = { kind: 'check-failed', error: { code: 'TIMEOUT', message: '' }, details: null };
const DAY_MS = 86_400_000;
const T0 = 20_000 * DAY_MS;

const error = fc.record({ code: fc.constantFrom('TIMEOUT', 'HTTP_503'), message: fc.string() });
const details = fc.option(fc.string());

const signal: fc.Arbitrary<HealthSignal> = fc.oneof(
  fc.record({
    kind: fc.constant('check-passed' as const),
    status: fc.constantFrom('healthy' as const, 'degraded' as const),
    responseTimeMs: fc.nat(60_000),
    details,
  }),
  fc.record({
    kind: fc.constant('check-failed' as const),
    error,
    details,
    responseTimeMs: fc.option(fc.nat(60_000)),
  }),
  fc.record({ kind: fc.constant('suspected' as const), error }),
  fc.record({ kind: fc.constant('doubt-ended' as const) }),
  fc.record({
    kind: fc.constant('heartbeat' as const),
    status: fc.constantFrom('healthy' as const, 'degraded' as const, 'unhealthy' as const),
  }),
  fc.record({ kind: fc.constant('heartbeat-expired' as const), ttlMs: fc.nat() }),
  fc.record({ kind: fc.constant('reported' as const), error }),
);

const threshold = fc.integer({ min: 1, max: 5 });
const policy: fc.Arbitrary<HealthPolicy> = fc.record({
  healthyThreshold: threshold,
  unhealthyThreshold: threshold,
  flapWindow: fc.constantFrom(60_000, 600_000, 86_400_000),
  flapHoldMs: fc.constantFrom(0, 1_000, 30_000, 300_000),
});
/** Pause between two signals; sometimes the clock steps by a day. */
const pause = fc.oneof(
  { weight: 20, arbitrary: fc.nat(5_000) },
  { weight: 1, arbitrary: fc.constantFrom(-DAY_MS, DAY_MS, -1_000) },
);
const anyOrder = fc.array(fc.tuple(signal, pause), { minLength: 1, maxLength: 60 });
const times = (count: number, each: HealthSignal, ms: number): (readonly [HealthSignal, number])[] =>
  Array.from({ length: count }, () => [each, ms] as const);
/** Alternating runs of good and bad checks. */
const flapping = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 }), pause), {
    minLength: 3,
    maxLength: 9,
  })
  .map((spells) => spells.flatMap(([good, bad, ms]) => [...times(good, GOOD, ms), ...times(bad, BAD, 1_000)]));
const history = fc.oneof({ weight: 2, arbitrary: anyOrder }, { weight: 1, arbitrary: flapping });

interface Seen extends HealthStep {
  readonly before: HealthState;
  readonly signal: HealthSignal;
  readonly now: number;
}

/** Asserts that `holds` does not throw for any step of any history. */
const always = (holds: (seen: Seen, policy: HealthPolicy) => void): void =>
  fc.assert(
    fc.property(history, policy, (signals, thresholds) => {
      let now = T0;
      let before = initialHealth(now);
      for (const [each, ms] of signals) {
        now += ms;
        const step = observeHealth(before, each, thresholds, now);
        holds({ ...step, before, signal: each, now }, thresholds);
        before = step.next;
      }
    }),
    RUNS,
  );

const seenOf = ({ checkStatus, heartbeatStatus }: HealthState) => worseStatus(checkStatus, heartbeatStatus);

/** The state at the end of a history, and its time. */
function lived(signals: readonly (readonly [HealthSignal, number])[], thresholds: HealthPolicy) {
  let now = T0;
  let state = initialHealth(now);
  for (const [each, ms] of signals) {
    now += ms;
    state = observeHealth(state, each, thresholds, now).next;
  }
  return { state, now };
}

describe('any history of signals', () => {
  it('keeps the status at the worse of the two health sources, unless held', () => {
    always(({ next }) => {
      const held = next.flap.heldUntil !== null && seenOf(next) !== 'unknown';
      expect(next.status).toBe(held ? 'unhealthy' : seenOf(next));
    });
  });

  it('makes a component unhealthy only by a failed sample of the signal itself', () => {
    always(({ before, next, now }) => {
      if (before.status === next.status) expect(next.lastTransition).toBe(before.lastTransition);
      else {
        const { status: to, reason } = next;
        expect(next.lastTransition).toMatchObject({ from: before.status, to, at: now, reason, sample: { at: now } });
        expect(next.lastTransition!.sample!.outcome).toBe(to === 'unhealthy' ? 'failed' : 'passed');
      }
    });
  });

  it('holds a component only after more than two falls, and for at most five minutes', () => {
    always(({ before, next, now }) => {
      const { falls, heldUntil } = next.flap;
      if (heldUntil === null) return;
      expect(falls.length).toBeGreaterThan(2);
      if (seenOf(next) !== 'unknown') expect(next.status).toBe('unhealthy');
      if (heldUntil !== before.flap.heldUntil) expect(heldUntil - now).toBeLessThanOrEqual(MAX_HOLD_MS);
    });
  });

  it('leads to healthy after good checks and heartbeats and the longest hold, despite clock steps', () => {
    fc.assert(
      fc.property(history, policy, fc.constantFrom(0, -DAY_MS, DAY_MS), (signals, thresholds, step) => {
        let { state, now } = lived(signals, thresholds);
        now += step;
        for (let check = 0; check < thresholds.healthyThreshold + MAX_HOLD_MS / 4_000; check++) {
          now += 4_000;
          state = observeHealth(state, GOOD, thresholds, now).next;
          state = observeHealth(state, { kind: 'heartbeat', status: 'healthy' }, thresholds, now).next;
        }
        expect(state).toMatchObject({ status: 'healthy', reason: null, errorCount: 0, suspect: false });
        expect(state.flap.heldUntil).toBeNull();
      }),
      RUNS,
    );
  });

  it('leads to unhealthy after as many failed checks as the threshold, despite clock steps', () => {
    fc.assert(
      fc.property(history, policy, (signals, thresholds) => {
        let { state, now } = lived(signals, thresholds);
        for (let check = 0; check < thresholds.unhealthyThreshold; check++)
          state = observeHealth(state, BAD, thresholds, (now += 1_000)).next;
        expect(state.status).toBe('unhealthy');
      }),
      RUNS,
    );
  });

  it('has at most one transition per five intervals of steady flapping after the first three falls', () => {
    const spell = fc.integer({ min: 1, max: 3 });
    fc.assert(
      fc.property(fc.array(fc.tuple(spell, spell), { minLength: 20, maxLength: 60 }), (spells) => {
        const thresholds = { healthyThreshold: 2, unhealthyThreshold: 1, flapWindow: 600_000, flapHoldMs: 30_000 };
        const probes = spells.flatMap(([good, bad]) => [...times(good, GOOD, 0), ...times(bad, BAD, 0)]);
        let state = initialHealth(T0);
        let transitions = 0;
        for (const [at, [probe]] of probes.entries()) {
          const { next } = observeHealth(state, probe, thresholds, T0 + at * 4_000);
          if (next.status !== state.status) transitions++;
          state = next;
        }
        // Up, then down and back twice, then down and held.
        expect(transitions).toBeLessThanOrEqual(6);
      }),
      RUNS,
    );
  });

  it('reports a status change exactly when the status differs', () => {
    always(({ before, next, events }) => {
      const changes = events.filter((event) => event.kind === 'status-changed');
      const expected = { kind: 'status-changed', from: before.status, to: next.status, reason: next.reason };
      expect(changes).toEqual(before.status === next.status ? [] : [expected]);
    });
  });

  it('updates `since` exactly when the status changes', () => {
    always(({ before, next, now }) => expect(next.since).toBe(before.status === next.status ? before.since : now));
  });

  it('counts one error per reported failure, and reports at most one per signal', () => {
    always(({ before, next, events }) => {
      const failures = events.filter((event) => event.kind === 'failed').length;
      expect(failures).toBeLessThanOrEqual(1);
      if (failures === 1) expect(next.errorCount).toBe(before.errorCount + 1);
      else expect(next.errorCount).toBeLessThanOrEqual(before.errorCount);
    });
  });

  it('resets errors only when healthy and not suspect', () => {
    always(({ before, next }) => {
      if (next.errorCount < before.errorCount) expect(next).toMatchObject({ status: 'healthy', suspect: false });
    });
  });

  it('changes the check status only after the respective threshold', () => {
    always(({ before, next }, { healthyThreshold, unhealthyThreshold }) => {
      if (before.checkStatus === next.checkStatus) return;
      if (next.checkStatus === 'unhealthy') expect(next.consecutiveFailures).toBeGreaterThanOrEqual(unhealthyThreshold);
      if (before.checkStatus === 'unhealthy') {
        expect(next.consecutiveSuccesses).toBeGreaterThanOrEqual(healthyThreshold);
      }
    });
  });

  it('counts either consecutive failures or consecutive successes', () => {
    always(({ next }) => expect(Math.min(next.consecutiveFailures, next.consecutiveSuccesses)).toBe(0));
  });

  it('never goes back to unknown', () => {
    always(({ before, next }) => {
      if (before.status !== 'unknown') expect(next.status).not.toBe('unknown');
    });
  });

  it('lets no heartbeat or report change the check status', () => {
    always(({ before, next, signal: { kind } }) => {
      if (kind === 'check-passed' || kind === 'check-failed') return;
      expect(next.checkStatus).toBe(before.checkStatus);
      expect(next.lastCheckAt).toBe(before.lastCheckAt);
    });
  });

  it('has a reason for unhealthy and degraded, and none for healthy', () => {
    always(({ next }) => {
      if (next.status === 'unhealthy' || next.status === 'degraded') expect(next.reason).not.toBeNull();
      if (next.status === 'healthy') expect(next.reason).toBeNull();
    });
  });

  it('keeps the state plain JSON data', () => {
    always(({ next }) => expect(JSON.parse(JSON.stringify(next))).toEqual(next));
  });
});
