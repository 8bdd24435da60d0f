import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TokenBucket } from '../../../src/core/quota/token-bucket.ts';
import { fullBucket, refilled, spendTokens, consumeTokens } from '../../../src/core/quota/token-bucket.ts';

const POLICY = { burst: 10, perSecond: 2 };
const at = (level: number, time = 0): TokenBucket => ({ level, at: time });

describe('consumeTokens', () => {
  it.each([
    { title: 'one of a full bucket', bucket: fullBucket(POLICY, 0), now: 0, cost: 1, left: 9 },
    { title: 'all of a full bucket', bucket: fullBucket(POLICY, 0), now: 0, cost: 10, left: 0 },
    { title: 'the refill since the last call', bucket: at(0), now: 1_500, cost: 3, left: 0 },
    { title: 'no more than the burst, however long the pause', bucket: at(3), now: 3_600_000, cost: 1, left: 9 },
    {
      title: 'the level before, without a refill after the clock went back',
      bucket: at(3, 5_000),
      now: 1_000,
      cost: 1,
      left: 2,
    },
  ])('grants $title', ({ bucket, now, cost, left }) => {
    expect(consumeTokens(bucket, POLICY, now, cost)).toEqual({ granted: true, next: { level: left, at: now } });
  });

  it.each([
    { title: 'an empty bucket', bucket: at(0), cost: 1, retryAfterMs: 500 },
    { title: 'half a token', bucket: at(0.5), cost: 1, retryAfterMs: 250 },
    { title: 'a debt', bucket: at(-3), cost: 1, retryAfterMs: 2_000 },
    { title: 'fewer tokens than the cost', bucket: at(1), cost: 5, retryAfterMs: 2_000 },
  ])('refuses $title, consumes nothing and returns when there is enough', ({ bucket, cost, retryAfterMs }) => {
    const refused = consumeTokens(bucket, POLICY, 0, cost);
    expect(refused).toEqual({ granted: false, next: bucket, retryAfterMs });
    expect(consumeTokens(refused.next, POLICY, retryAfterMs - 1, cost).granted).toBe(false);
    expect(consumeTokens(refused.next, POLICY, retryAfterMs, cost).granted).toBe(true);
  });
});

describe('spendTokens', () => {
  it('may leave a debt that the refill pays off', () => {
    const indebted = spendTokens(at(1), POLICY, 0, 4);
    expect(indebted.level).toBe(-3);
    expect(refilled(indebted, POLICY, 2_000).level).toBe(1);
  });
});

const policies = fc.record({
  burst: fc.integer({ min: 1, max: 100 }),
  perSecond: fc.constantFrom(0.5, 1, 3, 7, 10, 100),
});
const pauses = fc.array(fc.nat({ max: 3_000 }), { minLength: 1, maxLength: 200 });

describe('a token bucket under any calls', () => {
  it('grants no more than its burst and its rate in any window', () => {
    fc.assert(
      fc.property(policies, pauses, (policy, gaps) => {
        const granted: number[] = [];
        let bucket = fullBucket(policy, 0);
        let now = 0;
        for (const gap of gaps) {
          now += gap;
          const consumed = consumeTokens(bucket, policy, now);
          bucket = consumed.next;
          if (consumed.granted) granted.push(now);
        }
        granted.forEach((from, first) => {
          for (let last = first; last < granted.length; last++) {
            const most = policy.burst + ((granted[last]! - from) * policy.perSecond) / 1_000;
            expect(last - first + 1).toBeLessThanOrEqual(most + 1e-3);
          }
        });
      }),
    );
  });

  it('grants a call that waited for retryAfterMs', () => {
    fc.assert(
      fc.property(policies, fc.double({ min: -50, max: 100, noNaN: true }), (policy, level) => {
        const consumed = consumeTokens({ level, at: 0 }, policy, 0);
        if (consumed.granted) return;
        expect(consumeTokens(consumed.next, policy, consumed.retryAfterMs).granted).toBe(true);
      }),
    );
  });
});
