import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { HealthState } from '../../../src/core/health/health-state.ts';
import { initialHealth, worseStatus } from '../../../src/core/health/health-state.ts';
import type { HealthPolicy, HealthSignal, HealthStep } from '../../../src/core/health/observe-health.ts';
import { observeHealth } from '../../../src/core/health/observe-health.ts';

const error = fc.record({ code: fc.constantFrom('TIMEOUT', 'HTTP_503'), message: fc.string() });
const details = fc.option(fc.string());

const signal: fc.Arbitrary<HealthSignal> = fc.oneof(
  fc.record({
    kind: fc.constant('check-passed' as const),
    status: fc.constantFrom('healthy' as const, 'degraded' as const),
    responseTimeMs: fc.nat(60_000),
    details,
  }),
  fc.record({ kind: fc.constant('check-failed' as const), error, details }),
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
const policy: fc.Arbitrary<HealthPolicy> = fc.record({ healthyThreshold: threshold, unhealthyThreshold: threshold });
const history = fc.array(fc.tuple(signal, fc.nat(5_000)), { minLength: 1, maxLength: 60 });

interface Seen extends HealthStep {
  readonly before: HealthState;
  readonly signal: HealthSignal;
  readonly now: number;
}

/** Says of every step of every history that `holds` does not throw. */
const always = (holds: (seen: Seen, policy: HealthPolicy) => void): void =>
  fc.assert(
    fc.property(history, policy, (signals, thresholds) => {
      let now = 1_000;
      let before = initialHealth(now);
      for (const [each, pause] of signals) {
        now += pause;
        const step = observeHealth(before, each, thresholds, now);
        holds({ ...step, before, signal: each, now }, thresholds);
        before = step.next;
      }
    }),
  );

describe('any history of signals', () => {
  it('keeps the status the worse of the two senses', () => {
    always(({ next }) => expect(next.status).toBe(worseStatus(next.checkStatus, next.heartbeatStatus)));
  });

  it('tells of a change when the status differs, and only then', () => {
    always(({ before, next, events }) => {
      const changes = events.filter((event) => event.kind === 'status-changed');
      const expected = { kind: 'status-changed', from: before.status, to: next.status, reason: next.reason };
      expect(changes).toEqual(before.status === next.status ? [] : [expected]);
    });
  });

  it('moves since with the status and only with it', () => {
    always(({ before, next, now }) => expect(next.since).toBe(before.status === next.status ? before.since : now));
  });

  it('counts one error for every failure it tells, and tells at most one a signal', () => {
    always(({ before, next, events }) => {
      const failures = events.filter((event) => event.kind === 'failed').length;
      expect(failures).toBeLessThanOrEqual(1);
      if (failures === 1) expect(next.errorCount).toBe(before.errorCount + 1);
      else expect(next.errorCount).toBeLessThanOrEqual(before.errorCount);
    });
  });

  it('forgets errors only when it is healthy, beyond doubt', () => {
    always(({ before, next }) => {
      if (next.errorCount < before.errorCount) expect(next).toMatchObject({ status: 'healthy', suspect: false });
    });
  });

  it('makes it unhealthy by checks only after the threshold, and well again only after the other', () => {
    always(({ before, next }, { healthyThreshold, unhealthyThreshold }) => {
      if (before.checkStatus === next.checkStatus) return;
      if (next.checkStatus === 'unhealthy') expect(next.consecutiveFailures).toBeGreaterThanOrEqual(unhealthyThreshold);
      if (before.checkStatus === 'unhealthy') {
        expect(next.consecutiveSuccesses).toBeGreaterThanOrEqual(healthyThreshold);
      }
    });
  });

  it('counts either failures or successes in a row', () => {
    always(({ next }) => expect(Math.min(next.consecutiveFailures, next.consecutiveSuccesses)).toBe(0));
  });

  it('never goes back to unknown', () => {
    always(({ before, next }) => {
      if (before.status !== 'unknown') expect(next.status).not.toBe('unknown');
    });
  });

  it('lets no heartbeat or report touch what the checks found', () => {
    always(({ before, next, signal: { kind } }) => {
      if (kind === 'check-passed' || kind === 'check-failed') return;
      expect(next.checkStatus).toBe(before.checkStatus);
      expect(next.lastCheckAt).toBe(before.lastCheckAt);
    });
  });

  it('explains what is unhealthy or degraded, and nothing that is healthy', () => {
    always(({ next }) => {
      if (next.status === 'unhealthy' || next.status === 'degraded') expect(next.reason).not.toBeNull();
      if (next.status === 'healthy') expect(next.reason).toBeNull();
    });
  });

  it('is plain data', () => {
    always(({ next }) => expect(JSON.parse(JSON.stringify(next))).toEqual(next));
  });
});
