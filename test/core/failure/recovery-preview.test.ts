import { describe, expect, it } from 'vitest';
import type { RecoveryConditions } from '../../../src/core/failure/recovery-preview.ts';
import { previewRecovery, previewSince } from '../../../src/core/failure/recovery-preview.ts';
import { completePolicies } from '../../../src/core/failure/recovery-policy.ts';

const NOW = 1_000_000;
const STANDING: RecoveryConditions = {
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
const preview = (standing: Partial<RecoveryConditions>, recorded: number | null = 0, code = 'ECONNREFUSED') =>
  previewRecovery({ ...FAILURE, code }, { ...STANDING, ...standing }, recorded, NOW);

describe('the count', () => {
  it.each<[string, Partial<RecoveryConditions>, number | null, number]>([
    ['begins with this one', {}, 0, 1],
    ['takes what the history has', {}, 2, 3],
    ['takes what the registry remembers when that is more', { recentFailures: [NOW - 2, NOW - 1] }, 1, 3],
    ['does without the history', { recentFailures: [NOW - 1] }, null, 2],
    ['leaves out what is settled', { recentFailures: [NOW - 9, NOW - 1], countSince: NOW - 5 }, 0, 2],
    ['leaves out what is older than the window', { recentFailures: [NOW - 300_001, NOW - 1] }, 0, 2],
  ])('%s', (_, standing, recorded, expected) => {
    expect(preview(standing, recorded).recentFailures).toBe(expected);
  });

  it('begins where the history is asked from', () => {
    expect(previewSince(STANDING, NOW)).toBe(700_000);
    expect(previewSince({ ...STANDING, countSince: 900_000 }, NOW)).toBe(900_000);
  });
});

describe('whether one would begin', () => {
  const obstacle = { reason: 'shadowed', message: 'it depends on db' } as const;

  it.each<[string, Partial<RecoveryConditions>, number, string, string | null]>([
    ['at the threshold', {}, 2, 'ETIMEDOUT', null],
    ['below it', {}, 1, 'ETIMEDOUT', 'below-threshold'],
    ['below it, by a heartbeat that expired', {}, 0, 'HEARTBEAT_EXPIRED', null],
    ['in the shadow of another', { obstacle }, 2, 'ETIMEDOUT', 'shadowed'],
    ['below it and in a shadow', { obstacle }, 0, 'ETIMEDOUT', 'below-threshold'],
    ['while one is running', { recoveryId: 'r-1', obstacle }, 9, 'ETIMEDOUT', 'recovering'],
  ])('%s', (_, standing, recorded, code, expected) => {
    const { wouldBegin, obstacle: found } = preview(standing, recorded, code);
    expect(found?.reason ?? null).toBe(expected);
    expect(wouldBegin).toBe(expected === null);
  });
});

describe('what would hold an action back', () => {
  it.each([
    ['nothing', { disruptive: null, other: null }, [null, null, null]],
    ['self-doubt holds restarts alone', { disruptive: 'self-doubt', other: null }, [null, 'self-doubt', 'self-doubt']],
    ['a freeze holds all of it', { disruptive: 'frozen', other: 'frozen' }, ['frozen', 'frozen', 'frozen']],
  ] as const)('%s', (_, holds, expected) => {
    expect(preview({ holds }).steps.map(({ heldBy }) => heldBy)).toEqual(expected);
  });

  it('never holds an alert, nor what is left out', () => {
    const holds = { disruptive: 'frozen', other: 'frozen' } as const;
    const facts = { controlActions: [], hasStandby: false, autoScalingEnabled: false };
    const { steps } = preview({ holds, facts });
    expect(steps.map(({ verdict, heldBy }) => [verdict, heldBy])).toEqual([
      ['leave-out', null],
      ['alert-instead', null],
      ['alert-instead', null],
    ]);
  });
});
