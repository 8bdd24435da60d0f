import { describe, expect, it } from 'vitest';
import type { RecoveryConditions } from '../../../src/core/failure/recovery-preview.ts';
import { previewRecovery, previewSince } from '../../../src/core/failure/recovery-preview.ts';
import { completePolicies } from '../../../src/core/failure/recovery-policy.ts';

const NOW = 1_000_000;
const CONDITIONS: RecoveryConditions = {
  componentType: 'task_router',
  countSince: 0,
  recentFailures: [],
  threshold: { failureThreshold: 3, failureWindow: 300_000 },
  recoveryId: null,
  obstacle: null,
  holds: { disruptive: null, other: null },
  facts: { controlActions: ['restart'], hasStandby: true, autoScalingEnabled: false },
  policies: completePolicies(),
  failedInRow: 0,
};
const FAILURE = { failureType: 'connection_failure', code: 'ECONNREFUSED' } as const;
const preview = (conditions: Partial<RecoveryConditions>, recorded: number | null = 0, code = 'ECONNREFUSED') =>
  previewRecovery({ ...FAILURE, code }, { ...CONDITIONS, ...conditions }, recorded, NOW);

describe('the count of recent failures', () => {
  it.each<[string, Partial<RecoveryConditions>, number | null, number]>([
    ['includes the previewed failure', {}, 0, 1],
    ['uses the count of the history', {}, 2, 3],
    ['uses the count of the registry if larger', { recentFailures: [NOW - 2, NOW - 1] }, 1, 3],
    ['works without the history', { recentFailures: [NOW - 1] }, null, 2],
    ['excludes failures before countSince', { recentFailures: [NOW - 9, NOW - 1], countSince: NOW - 5 }, 0, 2],
    ['excludes failures older than the window', { recentFailures: [NOW - 300_001, NOW - 1] }, 0, 2],
  ])('%s', (_, conditions, recorded, expected) => {
    expect(preview(conditions, recorded).recentFailures).toBe(expected);
  });

  it('begins at the start of the history query', () => {
    expect(previewSince(CONDITIONS, NOW)).toBe(700_000);
    expect(previewSince({ ...CONDITIONS, countSince: 900_000 }, NOW)).toBe(900_000);
  });
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
  ])('%s', (_, conditions, recorded, code, expected) => {
    const { wouldBegin, obstacle: found } = preview(conditions, recorded, code);
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
