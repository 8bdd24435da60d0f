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
const well: SystemHealth = rollUp([populated()]);
const codesOf = ({ issues }: { readonly issues: readonly { readonly code: string }[] }): string[] =>
  issues.map(({ code }) => code);

describe('issues of the system', () => {
  it('are none when nothing is wrong', () => {
    expect(withSystemIssues(well, [])).toBe(well);
    expect(well.status).toBe('healthy');
  });

  it.each([
    [3 * MINUTE, []],
    [3 * MINUTE + 1, ['registry-silent']],
  ])('name a registry that was not heard of for %d ms', (age, codes) => {
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
  ])('say since when the history is away: failing %j, owed %j', (failing, owed, since) => {
    expect(historyIssue(failing, owed, NOW).map((issue) => issue.since)).toEqual(since === null ? [] : [since]);
  });

  it.each<[string, Pick<Webhook, 'state' | 'failingSince'>, number | null]>([
    ['works', { state: { kind: 'enabled' }, failingSince: null }, null],
    ['has failed a moment ago', { state: { kind: 'enabled' }, failingSince: NOW - MINUTE + 1 }, null],
    ['has failed for a minute', { state: { kind: 'enabled' }, failingSince: NOW - MINUTE }, NOW - MINUTE],
    ['was disabled by people', { state: { kind: 'disabled', reason: 'operator', at: NOW - 9 }, failingSince: 1 }, null],
    ['was gone', { state: { kind: 'disabled', reason: 'gone', at: NOW - 9 }, failingSince: null }, NOW - 9],
    ['was given up', { state: { kind: 'disabled', reason: 'failing', at: NOW - 9 }, failingSince: 1 }, NOW - 9],
  ])('name a webhook that %s, and do not call the system degraded for it', (_, standing, since) => {
    const issues = webhookIssues([{ id: 'w-1', ...standing } as Webhook], NOW);
    expect(issues.map((issue) => issue.since)).toEqual(since === null ? [] : [since]);
    expect(withSystemIssues(well, issues).status).toBe('healthy');
  });

  it('call the system degraded, unless people have set it so', () => {
    const frozen = withSystemIssues(well, [frozenIssue('task_router', NOW)]);
    expect([frozen.status, ...codesOf(frozen)]).toEqual(['healthy', 'recovery-frozen']);
    const away = withSystemIssues(well, historyIssue(NOW, null, NOW));
    expect([away.status, ...codesOf(away)]).toEqual(['degraded', 'history-unavailable']);
    const unheard = withUnreachableIssue(well, NOW);
    expect([unheard.status, ...codesOf(unheard)]).toEqual(['degraded', 'coordinator-unreachable']);
    const down = withSystemIssues({ ...well, status: 'unhealthy' }, historyIssue(NOW, null, NOW));
    expect(down.status).toBe('unhealthy');
  });

  it('call a type degraded whose callers find no room', () => {
    const short = rollUp([withCapacityShortage(populated(), NOW)]);
    expect(short.byType['task_router']!.status).toBe('degraded');
    expect(short.issues).toMatchObject([{ code: 'capacity-exhausted', type: 'task_router', since: NOW, affects: 0 }]);
  });
});
