import { describe, expect, it } from 'vitest';
import type { SystemHealth, TypeHealth } from '../../../src/core/health/system-health.ts';
import { emptyType, rollUp } from '../../../src/core/health/system-health.ts';
import type { Webhook } from '../../../src/core/webhook/webhook.ts';
import {
  frozenIssue,
  historyIssue,
  withUnreachableIssue,
  silentTypeIssues,
  webhookIssues,
  withCapacityShortage,
  withSystemIssues,
} from '../../../src/core/health/system-issues.ts';

const NOW = 1_800_000_000_000;
const MINUTE = 60_000;

const populated = (updatedAt = NOW): TypeHealth => ({
  ...emptyType('task_router'),
  counts: { total: 1, healthy: 1, degraded: 0, unhealthy: 0, unknown: 0 },
  routable: 1,
  updatedAt,
});
const healthy: SystemHealth = rollUp([populated()]);
const codesOf = ({ issues }: { readonly issues: readonly { readonly code: string }[] }): string[] =>
  issues.map(({ code }) => code);

describe('system issues', () => {
  it('are empty in a healthy system', () => {
    expect(withSystemIssues(healthy, [])).toBe(healthy);
    expect(healthy.status).toBe('healthy');
  });

  it.each([
    [3 * MINUTE, []],
    [3 * MINUTE + 1, ['registry-silent']],
  ])('include a registry that has been silent for %d ms', (age, codes) => {
    const silent = silentTypeIssues([populated(NOW - age), { ...emptyType('idle'), updatedAt: NOW - age }], NOW);
    expect(silent.map(({ code }) => code)).toEqual(codes);
    for (const { since } of silent) expect(since).toBe(NOW - age);
  });

  it.each([
    [null, null, null],
    [null, NOW - MINUTE, null],
    [null, NOW - 3 * MINUTE, NOW - 3 * MINUTE],
    [NOW - 5, null, NOW - 5],
    [NOW - 5, NOW - 3 * MINUTE, NOW - 3 * MINUTE],
    [NOW - 5, NOW - MINUTE, NOW - 5],
  ])('state since when the history has been unavailable: failing %j, pending %j', (failing, pendingSince, since) => {
    expect(historyIssue(failing, pendingSince, NOW).map((issue) => issue.since)).toEqual(since === null ? [] : [since]);
  });

  it.each<[string, Pick<Webhook, 'state' | 'failingSince'>, number | null]>([
    ['works', { state: { kind: 'enabled' }, failingSince: null }, null],
    ['has just failed', { state: { kind: 'enabled' }, failingSince: NOW - MINUTE + 1 }, null],
    ['has failed for a minute', { state: { kind: 'enabled' }, failingSince: NOW - MINUTE }, NOW - MINUTE],
    [
      'was disabled by an operator',
      { state: { kind: 'disabled', reason: 'operator', at: NOW - 9 }, failingSince: 1 },
      null,
    ],
    ['was disabled as gone', { state: { kind: 'disabled', reason: 'gone', at: NOW - 9 }, failingSince: null }, NOW - 9],
    [
      'was disabled as failing',
      { state: { kind: 'disabled', reason: 'failing', at: NOW - 9 }, failingSince: 1 },
      NOW - 9,
    ],
  ])('include, without degrading the system, a webhook that %s', (_, webhook, since) => {
    const issues = webhookIssues([{ id: 'w-1', ...webhook } as Webhook], NOW);
    expect(issues.map((issue) => issue.since)).toEqual(since === null ? [] : [since]);
    expect(withSystemIssues(healthy, issues).status).toBe('healthy');
  });

  it('degrade the system, unless an operator caused them', () => {
    const frozen = withSystemIssues(healthy, [frozenIssue('task_router', NOW)]);
    expect([frozen.status, ...codesOf(frozen)]).toEqual(['healthy', 'recovery-frozen']);
    const unavailable = withSystemIssues(healthy, historyIssue(NOW, null, NOW));
    expect([unavailable.status, ...codesOf(unavailable)]).toEqual(['degraded', 'history-unavailable']);
    const unreachable = withUnreachableIssue(healthy, NOW);
    expect([unreachable.status, ...codesOf(unreachable)]).toEqual(['degraded', 'coordinator-unreachable']);
    const down = withSystemIssues({ ...healthy, status: 'unhealthy' }, historyIssue(NOW, null, NOW));
    expect(down.status).toBe('unhealthy');
  });

  it('degrade a type with a capacity shortage', () => {
    const short = rollUp([withCapacityShortage(populated(), NOW)]);
    expect(short.byType['task_router']!.status).toBe('degraded');
    expect(short.issues).toMatchObject([{ code: 'capacity-exhausted', type: 'task_router', since: NOW, affects: 0 }]);
  });
});
