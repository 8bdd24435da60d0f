import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RegistrationSchema } from '../../../src/core/component/registration.ts';
import type { ProbeOutcome } from '../../../src/core/health/check.ts';
import type { AttemptReport, ProbeRunner, ProbeTarget } from '../../../src/probe/probe-runner.ts';
import type { MemberSignal } from '../../../src/registry/state/member-signal.ts';
import { CheckRunner } from '../../../src/registry/health/check-runner.ts';
import { HostRateLimiter } from '../../../src/registry/limits/host-rate-limiter.ts';
import type { Member } from '../../../src/registry/state/member.ts';
import { newMember } from '../../../src/registry/state/member.ts';
import { firstRecord } from '../../../src/registry/membership/new-record.ts';
import { indexOf } from '../state/index-of.ts';
import { propertyRuns } from '../../support/fuzz/property-runs.ts';

const T0 = 1_800_000_000_000;
const DAY_MS = 86_400_000;
const PASSED: ProbeOutcome = { kind: 'passed', status: 'healthy', responseTimeMs: 5, details: null };
const ERROR = { code: 'HTTP_503', message: 'answered HTTP 503' };
const FAILED: ProbeOutcome = { kind: 'failed', error: ERROR, responseTimeMs: 5, details: null };
const UNANSWERED: ProbeOutcome = { kind: 'unanswered', afterMs: 500 };

const registration = RegistrationSchema.parse({
  id: 'a',
  name: 'a',
  type: 'task_router',
  endpoint: 'https://a.example.com',
  healthCheck: { endpoint: '/health', timeout: 1_000, retries: 0 },
});

function memberOf(claim: number, now: number): Member {
  return newMember(firstRecord({ registration, claim, owner: null }, now), now, now);
}

/** A check runner with one component. Its prober only records the requested targets. */
function rounds() {
  const requested: ProbeTarget[] = [];
  const runner: ProbeRunner = {
    run: async (targets) => void requested.push(...targets),
    checkReachability: async () => 'unreachable' as const,
  };
  const index = indexOf([]);
  const hostLimiter = new HostRateLimiter();
  const check = new CheckRunner({ prober: runner, hostLimiter, index, onReports: async () => undefined });
  const members = new Map<string, Member>();
  const register = (claim: number, now: number): void => {
    const former = members.get('a');
    if (former) index.delete(former);
    const member = memberOf(claim, now);
    members.set('a', member);
    index.add(member);
  };
  register(1, T0);
  const begin = (now: number): AttemptReport => {
    check.request([members.get('a')!], now);
    check.start(now);
    const { componentId, order } = requested.at(-1)!;
    return { componentId, checkId: order.checkId, attempt: order.attempt, outcome: PASSED };
  };
  const observe = (reports: readonly AttemptReport[], now: number): MemberSignal[] =>
    check.observe(members, reports, now);
  return { check, members, register, begin, observe };
}

const kindsOf = (signals: readonly MemberSignal[]): string[] => signals.map(({ signal }) => signal.kind);

describe('an attempt report', () => {
  it('is applied once', () => {
    const { begin, observe } = rounds();
    const report = begin(T0);
    expect(kindsOf(observe([report, report], T0 + 5))).toEqual(['check-passed']);
    expect(observe([report, { ...report, outcome: FAILED }], T0 + 6)).toEqual([]);
  });

  it('of an earlier check does not affect the next check', () => {
    const { begin, observe } = rounds();
    const earlier = begin(T0);
    observe([earlier], T0 + 5);
    const later = begin(T0 + 10_000);
    expect(later.checkId).not.toBe(earlier.checkId);
    expect(observe([{ ...earlier, outcome: FAILED }], T0 + 10_005)).toEqual([]);
    expect(kindsOf(observe([later], T0 + 10_006))).toEqual(['check-passed']);
  });

  it('of a former registration does not affect a component with the same id', () => {
    const { register, begin, observe } = rounds();
    const former = begin(T0);
    register(2, T0 + 100);
    expect(observe([{ ...former, outcome: FAILED }], T0 + 150)).toEqual([]);
    const own = begin(T0 + 200);
    expect(observe([{ ...former, outcome: FAILED }], T0 + 250)).toEqual([]);
    expect(kindsOf(observe([own], T0 + 300))).toEqual(['check-passed']);
  });

  it('of an abandoned check is ignored, and the check is due again at once', () => {
    const { check, members, begin, observe } = rounds();
    const report = begin(T0);
    expect(kindsOf(check.abandon(({ startedAt }) => startedAt <= T0, T0 + 60_000))).toEqual(['doubt-ended']);
    expect(members.get('a')!.nextCheckAt).toBe(T0 + 60_000);
    expect(observe([{ ...report, outcome: FAILED }], T0 + 60_001)).toEqual([]);
  });
});

describe('attempt reports in any order', () => {
  const outcome = fc.constantFrom(PASSED, FAILED, UNANSWERED);
  const verdict = fc.constantFrom(PASSED, FAILED);
  /** Stray reports, of this check or of one up to 8 checks ago, and when they arrive. */
  const stray = fc.record({ ago: fc.integer({ min: 1, max: 8 }), attempt: fc.integer({ min: -1, max: 3 }), outcome });
  const step = fc.oneof(
    { weight: 10, arbitrary: fc.nat(20_000) },
    { weight: 1, arbitrary: fc.constantFrom(-DAY_MS, DAY_MS) },
  );
  const life = fc.array(
    fc.record({ verdict, strays: fc.array(stray, { maxLength: 4 }), step, reregisters: fc.boolean() }),
    {
      minLength: 1,
      maxLength: 20,
    },
  );

  it('leave the results unchanged when some are late, duplicate or foreign', () => {
    fc.assert(
      fc.property(life, (checks) => {
        const { register, begin, observe } = rounds();
        const made: AttemptReport[] = [];
        const found: string[] = [];
        let now = T0;
        for (const { verdict: said, strays, step: ms, reregisters } of checks) {
          now += ms;
          if (reregisters) register(made.length + 2, now);
          const own = { ...begin(now), outcome: said };
          for (const { ago, attempt, outcome: other } of strays) {
            const former = made.at(-ago);
            if (former) expect(observe([{ ...former, attempt, outcome: other }], now)).toEqual([]);
          }
          found.push(...kindsOf(observe([own, ...made.slice(-2), own], now + 1)));
          made.push(own);
        }
        const expected = checks.map(({ verdict: { kind } }) => (kind === 'passed' ? 'check-passed' : 'check-failed'));
        expect(found).toEqual(expected);
      }),
      propertyRuns(1_000),
    );
  });
});
