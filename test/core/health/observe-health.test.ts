import { describe, expect, it } from 'vitest';
import type { HealthState } from '../../../src/core/health/health-state.ts';
import { initialHealth, worseStatus } from '../../../src/core/health/health-state.ts';
import type { HealthPolicy, HealthSignal, HealthStep } from '../../../src/core/health/observe-health.ts';
import { observeHealth } from '../../../src/core/health/observe-health.ts';

const T0 = 1_000_000;
const DAMPING = { flapWindow: 600_000, flapHoldMs: 30_000 };
const POLICY: HealthPolicy = { healthyThreshold: 2, unhealthyThreshold: 1, ...DAMPING };
const ERROR = { code: 'HTTP_503', message: 'answered HTTP 503' };
const GOOD: HealthSignal = { kind: 'check-passed', status: 'healthy', responseTimeMs: 100, details: 'ok' };
const SLOW: HealthSignal = { kind: 'check-passed', status: 'degraded', responseTimeMs: 2_600, details: null };
const BAD: HealthSignal = { kind: 'check-failed', error: ERROR, details: null };
const BEAT: HealthSignal = { kind: 'heartbeat', status: 'healthy' };
const EXPIRED: HealthSignal = { kind: 'heartbeat-expired', ttlMs: 15_000 };
const SELF_DEGRADED: HealthSignal = { kind: 'heartbeat', status: 'degraded' };
const SELF_REPORTED_REASON = 'says of itself that it is degraded';
const REPORTED: HealthSignal = { kind: 'reported', error: { code: 'ECONNRESET', message: 'broke off' } };

/** The last step after `signals`, one per second from T0 + 1 s. */
function last(signals: readonly HealthSignal[], policy = POLICY): HealthStep {
  let step: HealthStep = { next: initialHealth(T0), events: [] };
  signals.forEach((signal, index) => (step = observeHealth(step.next, signal, policy, T0 + 1_000 * (index + 1))));
  return step;
}

const after = (signals: readonly HealthSignal[], policy = POLICY): HealthState => last(signals, policy).next;
const kindsOf = (step: HealthStep): string[] => step.events.map((event) => event.kind);

describe('worseStatus', () => {
  it.each([
    ['unknown', 'unknown', 'unknown'],
    ['unknown', 'healthy', 'healthy'],
    ['unknown', 'unhealthy', 'unhealthy'],
    ['healthy', 'healthy', 'healthy'],
    ['healthy', 'degraded', 'degraded'],
    ['degraded', 'unhealthy', 'unhealthy'],
  ] as const)('of %s and %s is %s', (a, b, expected) => {
    expect(worseStatus(a, b)).toBe(expected);
    expect(worseStatus(b, a)).toBe(expected);
  });
});

describe('checks', () => {
  const rise3: HealthPolicy = { ...POLICY, healthyThreshold: 3 };
  const fall3: HealthPolicy = { ...POLICY, unhealthyThreshold: 3 };

  it.each<[string, readonly HealthSignal[], HealthPolicy, string]>([
    ['unknown becomes healthy at the first good check', [GOOD], POLICY, 'healthy'],
    ['unknown becomes healthy at once, whatever the threshold', [GOOD], rise3, 'healthy'],
    ['unknown becomes degraded at the first slow check', [SLOW], POLICY, 'degraded'],
    ['unknown becomes unhealthy at the first failed check', [BAD], POLICY, 'unhealthy'],
    ['unknown waits for the unhealthy threshold', [BAD, BAD], fall3, 'unknown'],
    ['one failed check makes it unhealthy by default', [GOOD, BAD], POLICY, 'unhealthy'],
    ['fewer failures than the threshold do not', [GOOD, BAD, BAD], fall3, 'healthy'],
    ['as many failures as the threshold do', [GOOD, BAD, BAD, BAD], fall3, 'unhealthy'],
    ['a good check in between restarts the count', [GOOD, BAD, BAD, GOOD, BAD, BAD], fall3, 'healthy'],
    ['one good check does not restore it', [BAD, GOOD], POLICY, 'unhealthy'],
    ['two consecutive ones do', [BAD, GOOD, GOOD], POLICY, 'healthy'],
    ['a failure in between restarts the count', [BAD, GOOD, BAD, GOOD], POLICY, 'unhealthy'],
    ['two do not if the policy requires three', [BAD, GOOD, GOOD], rise3, 'unhealthy'],
    ['three do then', [BAD, GOOD, GOOD, GOOD], rise3, 'healthy'],
    ['slow checks restore it as degraded', [BAD, SLOW, SLOW], POLICY, 'degraded'],
    ['degraded becomes healthy at the next good check', [SLOW, GOOD], rise3, 'healthy'],
    ['healthy becomes degraded at the next slow check', [GOOD, SLOW], POLICY, 'degraded'],
  ])('%s', (_, signals, policy, expected) => {
    expect(after(signals, policy).status).toBe(expected);
  });

  it('marks a component that fails below the threshold as suspect until the verdict', () => {
    expect(after([GOOD, BAD], fall3).suspect).toBe(true);
    expect(after([GOOD, BAD, BAD, BAD], fall3).suspect).toBe(false);
    expect(after([GOOD, BAD, GOOD], fall3).suspect).toBe(false);
  });

  it('reports each failed check once, followed by the status change', () => {
    expect(kindsOf(last([GOOD, BAD]))).toEqual(['failed', 'status-changed']);
    expect(kindsOf(last([GOOD, BAD, BAD]))).toEqual(['failed']);
    expect(kindsOf(last([GOOD]))).toEqual(['status-changed']);
    expect(kindsOf(last([GOOD, GOOD]))).toEqual([]);
  });

  it('update the average response time by three tenths each', () => {
    expect(after([GOOD]).ewmaResponseTimeMs).toBe(100);
    expect(after([GOOD, { ...GOOD, responseTimeMs: 200 }]).ewmaResponseTimeMs).toBeCloseTo(130);
    expect(after([GOOD, BAD])).toMatchObject({ responseTimeMs: null, ewmaResponseTimeMs: 100 });
    // One check that was slow by chance counts as at most ten times the average.
    expect(after([GOOD, { ...GOOD, responseTimeMs: 60_000 }]).ewmaResponseTimeMs).toBeCloseTo(370);
  });
});

describe('the last transition', () => {
  it('contains both statuses, time, reason and sample', () => {
    const failed = { source: 'check', outcome: 'failed', ...ERROR, responseTimeMs: 12, details: 'no' };
    expect(after([]).lastTransition).toBeNull();
    expect(after([GOOD, { ...BAD, details: 'no', responseTimeMs: 12 }, BAD, GOOD]).lastTransition).toEqual({
      from: 'healthy',
      to: 'unhealthy',
      at: T0 + 2_000,
      reason: 'HTTP_503: answered HTTP 503',
      sample: { ...failed, at: T0 + 2_000 },
    });
    expect(after([BAD, GOOD, GOOD]).lastTransition).toMatchObject({
      from: 'unhealthy',
      to: 'healthy',
      reason: null,
      sample: { source: 'check', outcome: 'passed', code: null, message: null, responseTimeMs: 100, at: T0 + 3_000 },
    });
  });

  it.each<[string, HealthSignal, object]>([
    [
      'an expired heartbeat',
      EXPIRED,
      { source: 'heartbeat', outcome: 'failed', code: 'HEARTBEAT_EXPIRED', responseTimeMs: null },
    ],
    ['a good heartbeat', SELF_DEGRADED, { source: 'heartbeat', outcome: 'passed', code: null, message: null }],
    [
      'a self-reported status',
      { kind: 'heartbeat', status: 'unhealthy' },
      { outcome: 'failed', code: 'REPORTED_UNHEALTHY' },
    ],
  ])('contains %s as the sample', (_, signal, sample) => {
    expect(after([BEAT, signal]).lastTransition!.sample).toMatchObject(sample);
  });
});

describe('since, reason and errorCount', () => {
  it('`since` changes only with the status', () => {
    expect(after([GOOD, GOOD, GOOD]).since).toBe(T0 + 1_000);
    expect(after([GOOD, BAD, BAD, GOOD]).since).toBe(T0 + 2_000);
  });

  it.each<[string, readonly HealthSignal[], string | null]>([
    ['no check yet', [], 'not checked yet'],
    ['healthy', [GOOD], null],
    ['down', [GOOD, BAD], 'HTTP_503: answered HTTP 503'],
    [
      'unhealthy, with the latest reason',
      [BAD, { ...BAD, error: { code: 'TIMEOUT', message: 'no answer' } }],
      'TIMEOUT: no answer',
    ],
    ['recovering', [BAD, GOOD], 'HTTP_503: answered HTTP 503'],
    ['back', [BAD, GOOD, GOOD], null],
    ['slow', [SLOW], 'answers slowly: 2600 ms'],
    ['degraded by the response body', [{ ...SLOW, details: 'warn' }], 'answers, degraded: warn'],
    ['no heartbeat', [EXPIRED], 'HEARTBEAT_EXPIRED: no heartbeat for 15000 ms'],
    ['slower still, with the first reason', [SLOW, { ...SLOW, responseTimeMs: 3_000 }], 'answers slowly: 2600 ms'],
    ['heartbeats back, still slow', [SLOW, EXPIRED, BEAT], 'answers slowly: 2600 ms'],
    ['heartbeats back, still warned', [{ ...SLOW, details: 'warn' }, EXPIRED, BEAT], 'answers, degraded: warn'],
    ['checks good, still degraded by its heartbeat', [SELF_DEGRADED, BAD, GOOD, GOOD], SELF_REPORTED_REASON],
    ['fast again, still degraded by its heartbeat', [SLOW, SELF_DEGRADED, GOOD], SELF_REPORTED_REASON],
    ['heartbeat healthy again, still slow', [SELF_DEGRADED, SLOW, BEAT], 'answers slowly: 2600 ms'],
    ['a report while degraded changes nothing', [SLOW, REPORTED], 'answers slowly: 2600 ms'],
  ])('explains: %s', (_, signals, reason) => {
    expect(after(signals).reason).toBe(reason);
  });

  it('the event carries the stored reason', () => {
    expect(last([GOOD, BAD]).events.at(-1)).toEqual({
      kind: 'status-changed',
      from: 'healthy',
      to: 'unhealthy',
      reason: 'HTTP_503: answered HTTP 503',
    });
  });

  it('errors are counted until the component is healthy again', () => {
    expect(after([GOOD, BAD, BAD, BAD]).errorCount).toBe(3);
    expect(after([BAD, BAD, GOOD]).errorCount).toBe(2);
    expect(after([BAD, BAD, GOOD, GOOD]).errorCount).toBe(0);
    expect(after([BAD, BAD]).lastFailureAt).toBe(T0 + 2_000);
  });

  it.each<[string, readonly HealthSignal[], number]>([
    ['heartbeats only, returned', [BEAT, EXPIRED, BEAT], 0],
    ['a report, then a good heartbeat', [BEAT, REPORTED, BEAT], 0],
    ['checks good, heartbeats still missing', [GOOD, BEAT, EXPIRED, GOOD, GOOD], 1],
    ['heartbeats back, checks still failing', [GOOD, BAD, EXPIRED, BEAT], 2],
    ['degraded is not healthy yet', [BAD, SLOW, SLOW], 1],
    ['degraded, then healthy', [BAD, SLOW, SLOW, GOOD], 0],
    ['a report despite good checks, unaffected by a heartbeat', [GOOD, REPORTED, BEAT], 1],
  ])('counts errors since it was last healthy: %s', (_, signals, expected) => {
    expect(after(signals).errorCount).toBe(expected);
  });

  it('the result of the last check survives an expired heartbeat', () => {
    expect(after([GOOD, BEAT, EXPIRED]).details).toBe('ok');
  });
});

describe('heartbeats', () => {
  it.each<[string, readonly HealthSignal[], string]>([
    ['a heartbeat alone makes it healthy', [BEAT], 'healthy'],
    ['an expired one makes it unhealthy despite good checks', [GOOD, BEAT, EXPIRED], 'unhealthy'],
    ['the next one restores it at once', [GOOD, BEAT, EXPIRED, BEAT], 'healthy'],
    ['a heartbeat does not hide failed checks', [BAD, BEAT], 'unhealthy'],
    ['a heartbeat may report degraded', [BEAT, { kind: 'heartbeat', status: 'degraded' }], 'degraded'],
    ['good checks do not hide a self-reported status', [{ kind: 'heartbeat', status: 'degraded' }, GOOD], 'degraded'],
    ['good checks do not hide an expired heartbeat', [EXPIRED, GOOD, GOOD], 'unhealthy'],
  ])('%s', (_, signals, expected) => {
    expect(after(signals).status).toBe(expected);
  });

  it('report an expiry as one failure', () => {
    expect(last([BEAT, EXPIRED]).events[0]).toMatchObject({ kind: 'failed', source: 'heartbeat' });
  });

  it('report a self-reported unhealthy once', () => {
    const down: HealthSignal = { kind: 'heartbeat', status: 'unhealthy' };
    expect(kindsOf(last([BEAT, down]))).toEqual(['failed', 'status-changed']);
    expect(kindsOf(last([BEAT, down, down]))).toEqual([]);
    expect(after([BEAT, down, down]).errorCount).toBe(1);
  });
});

describe('suspicion', () => {
  const suspected: HealthSignal = { kind: 'suspected', error: ERROR };

  it('begins and ends without a change of the status', () => {
    expect(last([GOOD, suspected])).toMatchObject({ next: { status: 'healthy', suspect: true }, events: [] });
    expect(last([GOOD, suspected, { kind: 'doubt-ended' }])).toMatchObject({ next: { suspect: false }, events: [] });
    expect(after([GOOD, suspected, GOOD]).suspect).toBe(false);
    expect(after([GOOD, suspected, BAD]).suspect).toBe(false);
  });

  it.each<[string, readonly HealthSignal[], boolean]>([
    ['a good heartbeat ends it without health checks', [BEAT, REPORTED, BEAT], false],
    ['a degraded heartbeat ends it too', [BEAT, REPORTED, SELF_DEGRADED], false],
    ['an unhealthy heartbeat does not end it', [BEAT, REPORTED, { kind: 'heartbeat', status: 'unhealthy' }], true],
    ['a heartbeat does not end it with health checks', [GOOD, REPORTED, BEAT], true],
  ])('%s', (_, signals, suspect) => {
    expect(after(signals).suspect).toBe(suspect);
  });

  it('is not ended by a heartbeat while the first checks fail', () => {
    expect(after([BAD, BEAT], { ...POLICY, unhealthyThreshold: 3 }).suspect).toBe(true);
  });

  it("begins with a caller's report, which counts as a failure", () => {
    const step = last([GOOD, REPORTED]);
    expect(step.next).toMatchObject({ status: 'healthy', suspect: true, errorCount: 1, details: 'ok' });
    expect(step.events).toEqual([
      { kind: 'failed', source: 'report', error: { code: 'ECONNRESET', message: 'broke off' } },
    ]);
  });
});
