import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RegistrationSchema } from '../../../src/core/component/registration.ts';
import type { AttemptOutcome } from '../../../src/core/health/check.ts';
import type { AttemptReport, ProbeRunner, ProbeTarget } from '../../../src/probe/probe-runner.ts';
import type { MemberSignal } from '../../../src/registry/state/member-signal.ts';
import { CheckRunner } from '../../../src/registry/health/check-runner.ts';
import { HostRateLimiter } from '../../../src/registry/limits/host-rate-limiter.ts';
import type { Member } from '../../../src/registry/state/member.ts';
import { newMember } from '../../../src/registry/state/member.ts';
import { firstRecord } from '../../../src/registry/membership/new-record.ts';
import { propertyRuns } from '../../support/fuzz/property-runs.ts';

const T0 = 1_800_000_000_000;
const DAY_MS = 86_400_000;
const PASSED: AttemptOutcome = { kind: 'passed', status: 'healthy', responseTimeMs: 5, details: null };
const ERROR = { code: 'HTTP_503', message: 'answered HTTP 503' };
const FAILED: AttemptOutcome = { kind: 'failed', error: ERROR, responseTimeMs: 5, details: null };
const UNANSWERED: AttemptOutcome = { kind: 'unanswered', afterMs: 500 };

const registration = RegistrationSchema.parse({
  id: 'a',
  name: 'a',
  type: 'task_router',
  endpoint: 'https://a.example.com',
  healthCheck: { endpoint: '/health', timeout: 1_000, retries: 0 },
});

function newcomer(claim: number, now: number): Member {
  return newMember(firstRecord({ registration, claim, owner: null }, now), now, now);
}

/** Rounds of one component; what is asked is only written down. */
function rounds() {
  const requested: ProbeTarget[] = [];
  const runner: ProbeRunner = {
    run: async (targets) => void requested.push(...targets),
    isReachable: async () => false,
  };
  const check = new CheckRunner(runner, new HostRateLimiter(), async () => undefined);
  const members = new Map([['a', newcomer(1, T0)]]);
  const begin = (now: number): AttemptReport => {
    check.startNow([members.get('a')!], now);
    const { componentId, order } = requested.at(-1)!;
    return { componentId, checkId: order.checkId, attempt: order.attempt, outcome: PASSED };
  };
  const observe = (reports: readonly AttemptReport[], now: number): MemberSignal[] => check.observe(members, reports, now);
  return { check, members, begin, observe: observe };
}

const kindsOf = (signals: readonly MemberSignal[]): string[] => signals.map(({ signal }) => signal.kind);

describe('a report', () => {
  it('counts once', () => {
    const { begin, observe: observe } = rounds();
    const report = begin(T0);
    expect(kindsOf(observe([report, report], T0 + 5))).toEqual(['check-passed']);
    expect(observe([report, { ...report, outcome: FAILED }], T0 + 6)).toEqual([]);
  });

  it('of an earlier check means nothing to the next', () => {
    const { begin, observe: observe } = rounds();
    const earlier = begin(T0);
    observe([earlier], T0 + 5);
    const later = begin(T0 + 10_000);
    expect(later.checkId).not.toBe(earlier.checkId);
    expect(observe([{ ...earlier, outcome: FAILED }], T0 + 10_005)).toEqual([]);
    expect(kindsOf(observe([later], T0 + 10_006))).toEqual(['check-passed']);
  });

  it('of a former registration means nothing to a component of the same id', () => {
    const { members, begin, observe: observe } = rounds();
    const former = begin(T0);
    members.set('a', newcomer(2, T0 + 100));
    expect(observe([{ ...former, outcome: FAILED }], T0 + 150)).toEqual([]);
    const own = begin(T0 + 200);
    expect(observe([{ ...former, outcome: FAILED }], T0 + 250)).toEqual([]);
    expect(kindsOf(observe([own], T0 + 300))).toEqual(['check-passed']);
  });

  it('of a check that was abandoned means nothing, and the check is due again at once', () => {
    const { check, members, begin, observe: observe } = rounds();
    const report = begin(T0);
    expect(kindsOf(check.abandon(members.values(), ({ startedAt }) => startedAt <= T0, T0 + 60_000))).toEqual([
      'doubt-ended',
    ]);
    expect(members.get('a')!.nextCheckAt).toBe(T0 + 60_000);
    expect(observe([{ ...report, outcome: FAILED }], T0 + 60_001)).toEqual([]);
  });
});

describe('any order of reports', () => {
  const outcome = fc.constantFrom(PASSED, FAILED, UNANSWERED);
  const verdict = fc.constantFrom(PASSED, FAILED);
  /** Reports of other checks, former ones among them, and copies; where they come in. */
  const stray = fc.record({ ago: fc.integer({ min: 1, max: 8 }), attempt: fc.integer({ min: -1, max: 3 }), outcome });
  const step = fc.oneof(
    { weight: 10, arbitrary: fc.nat(20_000) },
    { weight: 1, arbitrary: fc.constantFrom(-DAY_MS, DAY_MS) },
  );
  const life = fc.array(fc.record({ verdict, strays: fc.array(stray, { maxLength: 4 }), step, anew: fc.boolean() }), {
    minLength: 1,
    maxLength: 20,
  });

  it('late, duplicate and foreign ones change nothing of what is found', () => {
    fc.assert(
      fc.property(life, (checks) => {
        const { members, begin, observe: observe } = rounds();
        const made: AttemptReport[] = [];
        const found: string[] = [];
        let now = T0;
        for (const { verdict: said, strays, step: ms, anew } of checks) {
          now += ms;
          if (anew) members.set('a', newcomer(made.length + 2, now));
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
