import { describe, expect, it } from 'vitest';
import { RegistrationSchema } from '../../../src/core/component/registration.ts';
import type { ProbeOutcome } from '../../../src/core/health/check.ts';
import { newMember } from '../../../src/registry/state/member.ts';
import type { Member } from '../../../src/registry/state/member.ts';
import { CheckRunner } from '../../../src/registry/health/check-runner.ts';
import { HostRateLimiter } from '../../../src/registry/limits/host-rate-limiter.ts';
import { firstRecord } from '../../../src/registry/membership/new-record.ts';
import type { AttemptReport, ProbeTarget } from '../../../src/probe/probe-runner.ts';
import { MAX_RUNNING } from '../../../src/registry/health/check-permits.ts';
import { indexOf } from '../state/index-of.ts';

const NOW = 1_800_000_000_000;
/** Worker invocations that Cloudflare allows within one request to an object, which counts as one itself. */
const INVOCATIONS = 32;
const COUNT = 400;

/** Members that were never checked, each at its own host. */
const newMembers = (count = COUNT): Member[] =>
  Array.from({ length: count }, (_, at) => {
    const endpoint = `https://c${at}.example.com`;
    const registration = RegistrationSchema.parse({
      id: `c-${at}`,
      name: 'C',
      type: 'task_router',
      endpoint,
      healthCheck: { endpoint: '/health', retries: 3 },
    });
    return newMember(firstRecord({ registration, claim: 1, owner: null }, NOW), NOW, NOW);
  });

function checkRunner(members: readonly Member[] = newMembers()) {
  const calls: (readonly ProbeTarget[])[] = [];
  const prober = {
    run: async (targets: readonly ProbeTarget[]) => void calls.push(targets),
    checkReachability: async () => 'reachable' as const,
  };
  const index = indexOf(members);
  const hostLimiter = new HostRateLimiter();
  const runner = new CheckRunner({ prober, hostLimiter, index, onReports: async () => undefined });
  const ids = () => calls.flat().map(({ componentId }) => componentId);
  const byId = new Map(members.map((member) => [member.record.registration.id, member]));
  /** Reports the same outcome of the first attempt of every running check. Checks that end are due again later. */
  const report = (outcome: ProbeOutcome, now: number): void => {
    const reports = members.flatMap((member) => reportOf(member, outcome));
    for (const { member, ended } of runner.observe(byId, reports, now)) if (ended) member.nextCheckAt = now + 30_000;
  };
  /** Repeats passes, as the alarm does, until none is due. Returns the number of calls of each pass. */
  const passesUntil = (now: number): number[] => {
    const callsPerPass: number[] = [];
    while (runner.dueAt <= now && callsPerPass.length < 200) {
      const before = calls.length;
      runner.start(now);
      callsPerPass.push(calls.length - before);
    }
    return callsPerPass;
  };
  return { runner, calls, ids, members, report, passesUntil };
}

const reportOf = ({ record, check }: Member, outcome: ProbeOutcome): AttemptReport[] =>
  check ? [{ componentId: record.registration.id, checkId: check.id, attempt: 0, outcome }] : [];

const REFUSED: ProbeOutcome = {
  kind: 'failed',
  error: { code: 'HTTP_503', message: '' },
  responseTimeMs: 1,
  details: null,
};
const UNANSWERED: ProbeOutcome = { kind: 'unanswered', afterMs: 2_500 };
const PASSED: ProbeOutcome = { kind: 'passed', status: 'healthy', responseTimeMs: 1, details: null };

describe('CheckRunner with 400 checks due at once', () => {
  it('spreads them over passes that stay within the invocation limit', () => {
    const { ids, members, passesUntil } = checkRunner();
    const passes = passesUntil(NOW);
    expect(passes.length).toBeGreaterThan(1);
    expect(Math.max(...passes)).toBeLessThan(INVOCATIONS - 4);
    expect(ids().toSorted()).toEqual(members.map(({ record }) => record.registration.id).toSorted());
  });

  it('leaves the checks beyond the limit to the alarm when callers suspect all components at once', () => {
    const { runner, calls, ids, members, passesUntil } = checkRunner();
    for (const member of members) member.nextCheckAt = NOW + 4_000;
    runner.request(members, NOW);
    runner.start(NOW);
    expect(calls.length).toBeLessThan(INVOCATIONS - 4);
    expect(runner.dueAt).toBeLessThanOrEqual(NOW);
    passesUntil(NOW);
    expect(ids().length).toBe(COUNT);
  });

  it('spreads retries over passes', () => {
    const { calls, report, passesUntil } = checkRunner();
    passesUntil(NOW);
    report(REFUSED, NOW - 200);
    calls.length = 0;
    const passes = passesUntil(NOW);
    expect(passes.length).toBeGreaterThan(1);
    expect(Math.max(...passes)).toBeLessThan(INVOCATIONS - 4);
    expect(calls.flat()).toHaveLength(COUNT);
  });
});

describe('CheckRunner with 3 000 checks due at once', () => {
  const MANY = 3_000;

  it('starts no more checks than there are permits, and the others when checks have ended', () => {
    const { runner, ids, report, passesUntil } = checkRunner(newMembers(MANY));
    passesUntil(NOW);
    expect(ids()).toHaveLength(MAX_RUNNING.regular);
    // The waiting checks do not make the alarm fire for nothing.
    expect(runner.dueAt).toBeGreaterThan(NOW);
    for (let round = 0; round < 20; round++) {
      report(PASSED, NOW);
      passesUntil(NOW);
    }
    expect(new Set(ids()).size).toBe(MANY);
  });

  it('keeps permits for components without a sign of failure while all others hang', () => {
    const members = newMembers(MANY);
    const regular = members.slice(0, 100);
    for (const member of members.slice(100)) {
      const { record } = member;
      member.record = { ...record, health: { ...record.health, consecutiveFailures: 3 } };
      member.nextCheckAt = NOW - 1_000;
    }
    const { ids, report, passesUntil } = checkRunner(members);
    passesUntil(NOW);
    const started = new Set(ids());
    expect(regular.every(({ record }) => started.has(record.registration.id))).toBe(true);
    expect(ids()).toHaveLength(MAX_RUNNING.suspect + regular.length);
    report(UNANSWERED, NOW);
    passesUntil(NOW);
    expect(ids().length).toBeLessThanOrEqual(MAX_RUNNING.total);
  });
});
