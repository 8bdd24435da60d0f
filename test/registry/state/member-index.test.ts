import { runInDurableObject } from 'cloudflare:test';
import * as fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { RegistrationSchema } from '../../../src/core/component/registration.ts';
import { NO_RECOVERY } from '../../../src/core/component/component-record.ts';
import type { HealthStatus } from '../../../src/core/health/health-status.ts';
import { beginCheck } from '../../../src/core/health/check.ts';
import type { ComponentRegistry } from '../../../src/registry/component-registry.ts';
import { firstRecord } from '../../../src/registry/membership/new-record.ts';
import { isRoutable } from '../../../src/registry/state/component-views.ts';
import type { Member } from '../../../src/registry/state/member.ts';
import { newMember } from '../../../src/registry/state/member.ts';
import { eventually, freshId } from '../../support/coordinator-http.ts';
import { propertyRuns } from '../../support/fuzz/property-runs.ts';
import { freshRegistry } from '../fresh-registry.ts';
import { indexOf } from './index-of.ts';

const T0 = 1_800_000_000_000;
const PLAN = { timeoutMs: 5_000, suspicionMs: 2_500, retries: 3, retryTimeoutMs: 1_000 };

function memberOf(at: number): Member {
  const registration = RegistrationSchema.parse({
    id: `c-${at}`,
    name: 'C',
    type: 'task_router',
    endpoint: `https://c${at}.example.com`,
    weight: 1 + (at % 3),
    ...(at % 2 === 0 ? { healthCheck: { endpoint: '/health' } } : { heartbeat: { ttl: 10_000 } }),
  });
  return newMember(firstRecord({ registration, claim: 1, owner: null }, T0), T0, T0);
}

const isWorking = ({ record: { lifecycle, health } }: Member): boolean =>
  lifecycle.state !== 'maintenance' && (health.status === 'healthy' || health.status === 'degraded');

const isIssue = ({ record: { health, lifecycle } }: Member): boolean =>
  lifecycle.state !== 'maintenance' && (health.status === 'unhealthy' || health.status === 'degraded');

const change = fc.record({
  at: fc.nat(7),
  status: fc.constantFrom<HealthStatus>('healthy', 'degraded', 'unhealthy', 'unknown'),
  state: fc.constantFrom('active' as const, 'standby' as const, 'maintenance' as const),
  since: fc.nat(1_000),
  suspect: fc.boolean(),
  checkRuns: fc.boolean(),
  dueIn: fc.nat(1_000),
  disruptive: fc.boolean(),
});

describe('MemberIndex', () => {
  it('returns what a scan of all members would, whatever changed before', () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 40 }), (changes) => {
        const members = Array.from({ length: 8 }, (_, at) => memberOf(at));
        const index = indexOf(members);
        for (const { at, status, state, since, suspect, checkRuns, dueIn, disruptive } of changes) {
          const member = members[at]!;
          const { record } = member;
          const active = disruptive ? ({ disruptive } as unknown as typeof NO_RECOVERY.active) : null;
          member.record = {
            ...record,
            health: { ...record.health, status, since: T0 + since, suspect },
            lifecycle: { ...record.lifecycle, state },
            recovery: { ...NO_RECOVERY, active },
          };
          member.nextCheckAt = T0 + dueIn;
          if (record.registration.healthCheck) member.check = checkRuns ? beginCheck(1, PLAN, T0).next : null;
          else member.heartbeatDueAt = T0 + dueIn;
        }
        const count = (accept: (member: Member) => boolean): number => members.filter(accept).length;
        const waiting = members.filter((each) => each.record.registration.healthCheck && !each.check);
        expect(index.counts).toMatchObject({
          total: 8,
          checked: 4,
          unhealthy: count(({ record }) => record.health.status === 'unhealthy'),
          routable: count(({ record }) => isRoutable(record)),
          working: count(isWorking),
          disrupted: count(({ record }) => record.recovery.active !== null),
        });
        expect(index.counts.regularChecks + index.counts.suspectChecks).toBe(count(({ check }) => check !== null));
        const beats = members.map(({ heartbeatDueAt }) => heartbeatDueAt ?? Infinity);
        expect(index.nextDeadline).toBe(Math.min(...beats));
        expect(index.due(T0 + 500, 8)).toHaveLength(beats.filter((at) => at <= T0 + 500).length);
        const firstWaiting = Math.min(...waiting.map(({ nextCheckAt }) => nextCheckAt));
        expect(Math.min(index.checks.regular.minKey, index.checks.suspect.minKey)).toBe(firstWaiting);
        expect(index.lastStatusChange).toBe(Math.max(...members.map(({ record }) => record.health.since)));
        const worst = index.worst(3).map(({ record: { health } }) => [health.status, health.since]);
        const expected = members
          .filter(isIssue)
          .map(({ record: { health } }) => [health.status, health.since] as const)
          .toSorted(([a, since], [b, other]) => (a === b ? since - other : a === 'unhealthy' ? -1 : 1));
        expect(worst).toEqual(expected.slice(0, 3));
      }),
      propertyRuns(300),
    );
  });

  it('forgets a member that is removed', () => {
    const members = Array.from({ length: 3 }, (_, at) => memberOf(at));
    const index = indexOf(members);
    index.delete(members[0]!);
    members[0]!.nextCheckAt = T0 - 1;
    expect(index.counts).toMatchObject({ total: 2, checked: 1 });
    expect(index.checks.regular.minKey).toBe(T0);
  });
});

describe('a registry', () => {
  it('reads no list of all members for a report, a heartbeat, a pass or the alarm', async () => {
    const registry = freshRegistry();
    const [checked, beating] = [freshId(), freshId()];
    await registry.register(checked);
    await registry.register(beating, { healthCheck: undefined, heartbeat: { ttl: 60_000 } });
    await registry.beat(beating);
    await eventually(
      () => registry.read(checked),
      ({ health }) => health.status === 'healthy',
    );
    await runInDurableObject(registry.stub, async (instance: ComponentRegistry) => {
      const runtime = instance['runtime'];
      const { members } = runtime.state;
      const member = members.get(checked)!;
      // The clock stands still, so that no minute ends and the alarm is not late: both read all members.
      vi.useFakeTimers({ toFake: ['Date'] });
      const now = Date.now();
      runtime.checkSoon([member], now);
      runtime.state.samples.flush(now);
      runtime.singleAlarm.fired();
      const scans = [vi.spyOn(members, 'values'), vi.spyOn(members, 'entries'), vi.spyOn(members, 'forEach')];
      scans.push(vi.spyOn(members, Symbol.iterator as never));
      try {
        const { id: checkId } = member.check!;
        const outcome = { kind: 'passed' as const, status: 'healthy' as const, responseTimeMs: 1, details: null };
        await runtime.applyReports([{ componentId: checked, checkId, attempt: 0, outcome }]);
        expect(member.check).toBeNull();
        const beats = [{ id: beating, status: 'healthy' as const, load: null }];
        runtime.heartbeats.apply(beats, (signals) => runtime.observe(signals, now), now);
        runtime.tick(now);
        await runtime.arm();
        runtime.rollUp.current(now);
        expect(scans.map(({ mock }) => mock.calls.length)).toEqual([0, 0, 0, 0]);
      } finally {
        for (const scan of scans) scan.mockRestore();
        vi.useRealTimers();
      }
    });
  });
});
