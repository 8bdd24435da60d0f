import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { HealthStatus } from '../../../src/core/health/health-status.ts';
import type { TypeHealth } from '../../../src/core/health/system-health.ts';
import { issueKindOf, rollUp, summarizeType, withAffected } from '../../../src/core/health/system-health.ts';

const NOW = 1_000_000;

interface Member {
  readonly id: string;
  readonly name: string;
  readonly status: HealthStatus;
  readonly since: number;
  readonly reason: string | null;
  readonly routable: boolean;
  readonly rootCause: readonly string[];
  readonly maintained?: boolean;
}

let serial = 0;
const member = (status: HealthStatus, changes: Partial<Member> = {}): Member => {
  const id = changes.id ?? `c-${serial++}`;
  const routable = status === 'healthy' || status === 'degraded';
  return { id, name: id.toUpperCase(), status, since: NOW, reason: null, routable, rootCause: [], ...changes };
};
/** Summarizes members as a registry does, whose index has the worst ones first. */
function summarize(type: string, revision: number, members: readonly Member[], now: number): TypeHealth {
  const countOf = (status: HealthStatus): number => members.filter((each) => each.status === status).length;
  const [healthy, degraded, unhealthy, unknown] = (['healthy', 'degraded', 'unhealthy', 'unknown'] as const).map(
    countOf,
  );
  const counts = { total: members.length, healthy, degraded, unhealthy, unknown } as TypeHealth['counts'];
  const worst = (['unhealthy', 'degraded'] as const).flatMap((status) =>
    members
      .filter((each) => each.status === status && issueKindOf(each) === 'issue')
      .toSorted((a, b) => a.since - b.since),
  );
  const tally = {
    counts,
    routable: members.filter(({ routable }) => routable).length,
    underMaintenance: members.filter((each) => issueKindOf(each) === 'expected').length,
    lastStatusChange: Math.max(0, ...members.map(({ since }) => since)),
    worst,
  };
  return summarizeType(type, revision, tally, now);
}

const typeOf = (type: string, ...statuses: readonly HealthStatus[]): TypeHealth =>
  summarize(
    type,
    1,
    statuses.map((status) => member(status)),
    NOW,
  );

describe('summarizeType', () => {
  it('counts components by status', () => {
    const members = [
      member('healthy'),
      member('healthy', { routable: false }),
      member('degraded'),
      member('unhealthy'),
    ];
    expect(summarize('task_router', 318, [...members, member('unknown')], NOW)).toMatchObject({
      type: 'task_router',
      revision: 318,
      counts: { total: 5, healthy: 2, degraded: 1, unhealthy: 1, unknown: 1 },
      routable: 2,
      updatedAt: NOW,
    });
  });

  it('ignores failures of components in maintenance', () => {
    const type = summarize('a', 1, [member('healthy'), member('unhealthy', { maintained: true })], NOW);
    expect(type).toMatchObject({ counts: { total: 2, unhealthy: 1 }, issues: [] });
    expect(rollUp([type]).status).toBe('healthy');
    const both = summarize(
      'a',
      1,
      [member('healthy'), member('unhealthy'), member('degraded', { maintained: true })],
      NOW,
    );
    expect(rollUp([both]).status).toBe('degraded');
    expect(both.issues).toHaveLength(1);
  });

  it('lists issues by severity, then by age', () => {
    const { issues } = summarize(
      'task_router',
      1,
      [
        member('degraded', { id: 'slow', since: 10, reason: 'answers slowly' }),
        member('unhealthy', { id: 'late', since: 30 }),
        member('healthy', { id: 'well' }),
        member('unhealthy', { id: 'early', since: 20, reason: 'HTTP_503: answered HTTP 503' }),
      ],
      NOW,
    );
    expect(issues.map((issue) => [issue.severity, issue.code, issue.componentId])).toEqual([
      ['critical', 'component-unhealthy', 'early'],
      ['critical', 'component-unhealthy', 'late'],
      ['warning', 'component-degraded', 'slow'],
    ]);
    expect(issues[0]?.message).toBe('EARLY (early) is unhealthy: HTTP_503: answered HTTP 503');
    expect(issues[1]?.message).toBe('LATE (late) is unhealthy');
  });

  it('lists first that no component is routable', () => {
    const members = [member('unhealthy', { since: 10 }), member('unhealthy', { since: 40 })];
    expect(summarize('task_router', 1, members, NOW).issues[0]).toEqual({
      severity: 'critical',
      code: 'type-unavailable',
      message: 'none of the 2 components of task_router is routable',
      type: 'task_router',
      componentId: null,
      since: 40,
    });
  });

  it('lists no issue for components with a failed dependency', () => {
    const suffers = { rootCause: ['db'] };
    const members = [member('unhealthy', suffers), member('degraded', suffers), member('healthy')];
    const { issues, counts } = summarize('task_router', 1, members, NOW);
    expect(issues).toEqual([]);
    expect(counts).toMatchObject({ unhealthy: 1, degraded: 1 });
  });

  it('lists no issue for a type without components', () => {
    expect(summarize('task_router', 0, [], NOW).issues).toEqual([]);
  });

  it('lists the 50 most severe issues', () => {
    const slow = Array.from({ length: 60 }, () => member('degraded'));
    const { issues } = summarize('task_router', 1, [...slow, member('unhealthy', { id: 'down' })], NOW);
    expect(issues).toHaveLength(50);
    expect(issues[0]?.componentId).toBe('down');
  });
});

describe('withAffected', () => {
  const down = rollUp([summarize('db', 1, [member('unhealthy', { id: 'db-1', since: 5 }), member('healthy')], NOW)]);

  it('adds to an issue the number of affected components', () => {
    expect(down.issues).toMatchObject([{ componentId: 'db-1', affects: 0 }]);
    const { issues } = withAffected(down, [{ id: 'db-1', type: 'db', count: 12, since: 7 }]);
    expect(issues).toMatchObject([{ componentId: 'db-1', code: 'component-unhealthy', affects: 12 }]);
  });

  it('adds issues for components that affect others without an issue of their own, at most twenty', () => {
    const many = Array.from({ length: 30 }, (_each, at) => ({ id: `m-${at}`, type: 'db', count: 1, since: at }));
    const { issues } = withAffected(down, many);
    expect(issues).toHaveLength(21);
    expect(issues[1]).toEqual({
      severity: 'warning',
      code: 'dependency-unavailable',
      message: 'm-0 is unavailable, a component depends on it',
      type: 'db',
      componentId: 'm-0',
      since: 0,
      affects: 1,
    });
  });
});

describe('rollUp', () => {
  it.each<[string, readonly TypeHealth[], HealthStatus]>([
    ['no type is known', [], 'unknown'],
    ['the only type is empty', [typeOf('a')], 'unknown'],
    ['no component was checked yet', [typeOf('a', 'unknown', 'unknown')], 'unknown'],
    ['all are healthy', [typeOf('a', 'healthy'), typeOf('b', 'healthy', 'healthy')], 'healthy'],
    ['all are healthy beside an empty type', [typeOf('a', 'healthy'), typeOf('b')], 'healthy'],
    ['all are healthy beside one not checked yet', [typeOf('a', 'healthy', 'unknown')], 'healthy'],
    ['one is slow', [typeOf('a', 'healthy'), typeOf('b', 'healthy', 'degraded')], 'degraded'],
    ['all of a type are slow', [typeOf('a', 'degraded')], 'degraded'],
    ['one is down, others serve', [typeOf('a', 'healthy', 'unhealthy')], 'degraded'],
    ['a type is down', [typeOf('a', 'healthy'), typeOf('b', 'unhealthy')], 'unhealthy'],
    ['a type is down or unknown', [typeOf('a', 'unknown', 'unhealthy')], 'unhealthy'],
  ])('when %s', (_, types, expected) => {
    expect(rollUp(types).status).toBe(expected);
  });

  it('sums up counts per type and in total', () => {
    const health = rollUp([typeOf('a', 'healthy', 'unhealthy'), typeOf('b', 'degraded')]);
    expect(health.components).toEqual({ total: 3, healthy: 1, degraded: 1, unhealthy: 1, unknown: 0 });
    expect(health.byType['a']).toEqual({
      status: 'degraded',
      counts: { total: 2, healthy: 1, degraded: 0, unhealthy: 1, unknown: 0 },
      routable: 1,
      availability: { hour: null, day: null, month: null },
    });
    expect(health.byType['b']?.status).toBe('degraded');
  });

  it('takes lastUpdate from the most recent type', () => {
    expect(rollUp([]).lastUpdate).toBeNull();
    expect(
      rollUp([
        { ...typeOf('a'), updatedAt: 5 },
        { ...typeOf('b'), updatedAt: 9 },
      ]).lastUpdate,
    ).toBe(9);
  });

  it('merges the issues of all types by severity', () => {
    const slow = summarize('a', 1, [member('degraded', { since: 1 })], NOW);
    const down = summarize('b', 1, [member('unhealthy', { since: 7 }), member('healthy')], NOW);
    expect(rollUp([slow, down]).issues.map((issue) => issue.type)).toEqual(['b', 'a']);
  });

  it('counts every component', () => {
    const status = fc.constantFrom<HealthStatus>('unknown', 'healthy', 'degraded', 'unhealthy');
    fc.assert(
      fc.property(fc.array(fc.array(status), { maxLength: 6 }), (types) => {
        const { components } = rollUp(types.map((statuses, index) => typeOf(`t${index}`, ...statuses)));
        const { total, ...parts } = components;
        expect(total).toBe(types.flat().length);
        expect(Object.values(parts).reduce((sum, part) => sum + part, 0)).toBe(total);
      }),
    );
  });
});
