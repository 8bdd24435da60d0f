import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Cooldown } from '../../../src/core/failure/cooldown.ts';
import { cooldownUntil, nextCooldown } from '../../../src/core/failure/cooldown.ts';

const POLICY = { cooldownMs: 1_000, maxCooldownMs: 9_000 };
const HOUR_MS = 3_600_000;

type Result = 'failed' | 'proven' | 'not-needed';

/** The cooldown after recoveries with these results, each begun as soon as the one before allows. */
function inRow(...results: readonly Result[]): { pauseMs: number; cooldown: Cooldown } {
  let cooldown: Cooldown | null = null;
  let now = 0;
  for (const result of results) {
    now = cooldownUntil(cooldown);
    const ended = { startedAt: now, acted: result !== 'not-needed', works: result !== 'failed' };
    cooldown = nextCooldown(cooldown, ended, POLICY, now);
  }
  return { pauseMs: cooldownUntil(cooldown) - now, cooldown: cooldown! };
}

describe('the cooldown after recoveries in a row', () => {
  it.each<readonly [readonly Result[], number]>([
    [['failed'], 1_000],
    [['proven'], 200],
    [['not-needed'], 200],
    [['failed', 'failed'], 2_000],
    [['proven', 'proven'], 400],
    [['proven', 'failed'], 2_000],
    [['not-needed', 'not-needed', 'not-needed'], 200],
    [['proven', 'not-needed'], 200],
    [['failed', 'failed', 'failed', 'failed'], 8_000],
    [['failed', 'failed', 'failed', 'failed', 'failed'], 9_000],
    [['proven', 'proven', 'proven', 'proven', 'proven'], 1_800],
  ])('%j is %i ms', (results, expected) => {
    expect(inRow(...results).pauseMs).toBe(expected);
  });

  it('gets a fifth when the component works again', () => {
    const { cooldown } = inRow('failed', 'failed');
    expect(cooldownUntil({ ...cooldown, works: true }) - cooldown.since).toBe(400);
  });

  it('is forgotten after a quiet time of the longest pause, counted from its end', () => {
    const { cooldown } = inRow('failed', 'failed');
    const quietUntil = cooldownUntil(cooldown) + POLICY.maxCooldownMs;
    const after = (startedAt: number) =>
      nextCooldown(cooldown, { startedAt, acted: true, works: false }, POLICY, startedAt);
    expect(after(quietUntil - 1).recoveries).toBe(3);
    expect(after(quietUntil).recoveries).toBe(1);
  });

  it('does not exist before the first recovery', () => {
    expect(cooldownUntil(null)).toBe(0);
    expect(cooldownUntil(undefined)).toBe(0);
  });
});

describe('the recoveries of one component', () => {
  it('are at most 8 in any hour with default settings, whatever their results', () => {
    const policy = { cooldownMs: 300_000, maxCooldownMs: HOUR_MS };
    fc.assert(
      fc.property(fc.array(fc.boolean(), { minLength: 30, maxLength: 60 }), fc.nat(60_000), (results, gapMs) => {
        let cooldown: Cooldown | null = null;
        const starts: number[] = [];
        for (const works of results) {
          const startedAt = cooldownUntil(cooldown) + gapMs;
          starts.push(startedAt);
          cooldown = nextCooldown(cooldown, { startedAt, acted: true, works }, policy, startedAt);
        }
        for (const [index, start] of starts.entries())
          expect(starts.slice(index).filter((each) => each < start + HOUR_MS).length).toBeLessThanOrEqual(8);
      }),
    );
  });
});
