import { describe, expect, it } from 'vitest';
import type { RecoveryConditions } from '../../../src/core/failure/recovery-preview.ts';
import { previewRecovery } from '../../../src/core/failure/recovery-preview.ts';
import { completePolicies } from '../../../src/core/failure/recovery-policy.ts';

const CONDITIONS: RecoveryConditions = {
  componentType: 'task_router',
  recentFailures: 0,
  threshold: { failureThreshold: 3, failureWindow: 300_000 },
  recoveryId: null,
  obstacle: null,
  holds: { disruptive: null, other: null },
  facts: { controlActions: ['restart'], hasStandby: true, autoScalingEnabled: false },
  policies: completePolicies(),
  cooldown: null,
  guard: { limit: 1, inUse: 0, waiting: 0 },
  now: 1_000_000,
};
const FAILURE = { failureType: 'connection_failure', code: 'ECONNREFUSED' } as const;
const preview = (conditions: Partial<RecoveryConditions>, code = 'ECONNREFUSED') =>
  previewRecovery({ ...FAILURE, code }, { ...CONDITIONS, ...conditions });

it('the count of recent failures includes the previewed one', () => {
  expect(preview({ recentFailures: 2 }).recentFailures).toBe(3);
});

describe('wouldBegin', () => {
  const obstacle = { reason: 'dependency-failed', message: 'it depends on db' } as const;

  it.each<[string, Partial<RecoveryConditions>, number, string, string | null]>([
    ['at the threshold', {}, 2, 'ETIMEDOUT', null],
    ['below it', {}, 1, 'ETIMEDOUT', 'below-threshold'],
    ['below it, by an expired heartbeat', {}, 0, 'HEARTBEAT_EXPIRED', null],
    ['with a failed dependency', { obstacle }, 2, 'ETIMEDOUT', 'dependency-failed'],
    ['below it and with a failed dependency', { obstacle }, 0, 'ETIMEDOUT', 'below-threshold'],
    ['while a recovery runs', { recoveryId: 'r-1', obstacle }, 9, 'ETIMEDOUT', 'recovering'],
  ])('%s', (_, conditions, recentFailures, code, expected) => {
    const { wouldBegin, obstacle: found } = preview({ ...conditions, recentFailures }, code);
    expect(found?.reason ?? null).toBe(expected);
    expect(wouldBegin).toBe(expected === null);
  });
});

describe('the blocked steps', () => {
  it.each([
    ['none', { disruptive: null, other: null }, [null, null, null]],
    [
      'disruptive ones during self-doubt',
      { disruptive: 'self-doubt', other: null },
      [null, 'self-doubt', 'self-doubt'],
    ],
    ['all in a freeze', { disruptive: 'frozen', other: 'frozen' }, ['frozen', 'frozen', 'frozen']],
  ] as const)('%s', (_, holds, expected) => {
    expect(preview({ holds }).steps.map(({ blockedBy }) => blockedBy)).toEqual(expected);
  });

  it('include neither alerts nor skipped steps', () => {
    const holds = { disruptive: 'frozen', other: 'frozen' } as const;
    const facts = { controlActions: [], hasStandby: false, autoScalingEnabled: false };
    const { steps } = preview({ holds, facts });
    expect(steps.map(({ verdict, blockedBy }) => [verdict, blockedBy])).toEqual([
      ['skip', null],
      ['alert-instead', null],
      ['alert-instead', null],
    ]);
  });
});

describe('the cooldown', () => {
  it.each([
    ['none', null, { cooldownUntil: null, nextCooldownMs: 300_000, nextCooldownWhenWorkingMs: 60_000 }],
    [
      'running',
      { recoveries: 2, since: 900_000, fullMs: 600_000, works: false },
      { cooldownUntil: 1_500_000, nextCooldownMs: 1_200_000, nextCooldownWhenWorkingMs: 240_000 },
    ],
    [
      'over',
      { recoveries: 1, since: 900_000, fullMs: 300_000, works: true },
      { cooldownUntil: null, nextCooldownMs: 600_000, nextCooldownWhenWorkingMs: 120_000 },
    ],
  ])('%s', (_, cooldown, expected) => {
    expect(preview({ cooldown })).toMatchObject(expected);
  });
});
