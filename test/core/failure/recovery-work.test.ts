import { describe, expect, it } from 'vitest';
import { recoveryWork } from '../../../src/core/failure/recovery-work.ts';

const RESTART = {
  action: 'restart',
  status: 'done',
  detail: 'accepted with HTTP 202',
  verification: 'proven',
} as const;

describe('recoveryWork', () => {
  it.each([
    ['no action', [], 0, 'no action was performed'],
    ['a proven action', [RESTART], 1, null],
    [
      'an action without proof',
      [{ ...RESTART, verification: 'unproven' }],
      1,
      'restart: done, but no checks verified the component',
    ],
    [
      'actions of which the last one failed',
      [RESTART, { ...RESTART, status: 'failed', detail: 'control endpoint answered HTTP 500', verification: 'none' }],
      2,
      'restart: control endpoint answered HTTP 500',
    ],
    [
      'a failed action without a text',
      [{ ...RESTART, status: 'failed', detail: null, verification: 'none' }],
      1,
      'restart: failed',
    ],
  ] as const)('counts the actions of %s, and names the error of the last one', (_, actions, count, error) => {
    expect(recoveryWork(actions)).toEqual({ actions: count, error });
  });

  it('cuts an error at 512 characters', () => {
    const long = { ...RESTART, status: 'failed', detail: 'x'.repeat(2_000), verification: 'none' } as const;
    expect(recoveryWork([long]).error).toHaveLength(512);
  });
});
