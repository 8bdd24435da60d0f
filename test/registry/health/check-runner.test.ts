import { Downtime } from '../../../src/registry/state/downtime.ts';
import { describe, expect, it } from 'vitest';
import { RegistrationSchema } from '../../../src/core/component/registration.ts';
import { dueAt, newMember } from '../../../src/registry/state/member.ts';
import type { Member } from '../../../src/registry/state/member.ts';
import { CheckRunner } from '../../../src/registry/health/check-runner.ts';
import { HostRateLimiter } from '../../../src/registry/limits/host-rate-limiter.ts';
import { firstRecord } from '../../../src/registry/membership/new-record.ts';
import type { ProbeTarget } from '../../../src/probe/probe-runner.ts';

const NOW = 1_800_000_000_000;
/** Worker invocations that Cloudflare allows within one request to an object, which counts as one itself. */
const INVOCATIONS = 32;
const COUNT = 400;

/** Members that were never checked, each at its own host. */
const newMembers = (): Member[] =>
  Array.from({ length: COUNT }, (_, at) => {
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

function checkRunner() {
  const calls: (readonly ProbeTarget[])[] = [];
  const prober = {
    run: async (targets: readonly ProbeTarget[]) => void calls.push(targets),
    isReachable: async () => true,
  };
  const rounds = new CheckRunner(prober, new HostRateLimiter(), async () => undefined);
  const ids = () => calls.flat().map(({ componentId }) => componentId);
  return { rounds, calls, ids, members: newMembers() };
}

/** Repeats passes, as the alarm does, until no check is due. Returns the number of calls of each pass. */
function untilNothingIsDue(members: readonly Member[], calls: readonly unknown[], runPass: () => void): number[] {
  const callsPerPass: number[] = [];
  do {
    const before = calls.length;
    runPass();
    callsPerPass.push(calls.length - before);
  } while (members.some((member) => dueAt(member, new Downtime()) <= NOW) && callsPerPass.length < 50);
  return callsPerPass;
}

describe('CheckRunner with 400 checks due at once', () => {
  it('spreads them over passes that stay within the invocation limit', () => {
    const { rounds, calls, ids, members } = checkRunner();
    const passes = untilNothingIsDue(members, calls, () => rounds.start(members, NOW));
    expect(passes.length).toBeGreaterThan(1);
    expect(Math.max(...passes)).toBeLessThan(INVOCATIONS - 4);
    expect(ids().toSorted()).toEqual(members.map(({ record }) => record.registration.id).toSorted());
  });

  it('leaves the checks beyond the limit to the alarm when callers suspect all components at once', () => {
    const { rounds, calls, ids, members } = checkRunner();
    for (const member of members) member.nextCheckAt = NOW + 4_000;
    rounds.startNow(members, NOW);
    expect(calls.length).toBeLessThan(INVOCATIONS - 4);
    expect(members.filter((member) => dueAt(member, new Downtime()) <= NOW)).not.toEqual([]);
    untilNothingIsDue(members, calls, () => rounds.start(members, NOW));
    expect(ids().length).toBe(COUNT);
  });

  it('spreads retries over passes', () => {
    const { rounds, calls, members } = checkRunner();
    untilNothingIsDue(members, calls, () => rounds.start(members, NOW));
    const byId = new Map(members.map((member) => [member.record.registration.id, member]));
    const reports = members.map(({ record, check }) => ({
      componentId: record.registration.id,
      checkId: check!.id,
      attempt: 0,
      outcome: { kind: 'failed' as const, error: { code: 'HTTP_503', message: '' }, responseTimeMs: 1, details: null },
    }));
    rounds.observe(byId, reports, NOW - 200);
    calls.length = 0;
    const passes = untilNothingIsDue(members, calls, () => rounds.start(members, NOW));
    expect(passes.length).toBeGreaterThan(1);
    expect(Math.max(...passes)).toBeLessThan(INVOCATIONS - 4);
    expect(calls.flat()).toHaveLength(COUNT);
  });
});
