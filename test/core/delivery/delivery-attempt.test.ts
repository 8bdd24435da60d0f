import { describe, expect, it } from 'vitest';
import { judgeAttempt, withRecord } from '../../../src/core/delivery/delivery-attempt.ts';

const outcome = (status: number | null, error: string | null = null) => ({
  at: 0,
  durationMs: 5,
  status,
  error,
  retryAfterMs: 30_000,
});

describe('a delivery attempt', () => {
  it.each([
    [outcome(200), { kind: 'delivered' }],
    [outcome(202), { kind: 'delivered' }],
    [outcome(204), { kind: 'delivered' }],
    [outcome(410), { kind: 'gone' }],
    [
      outcome(301),
      { kind: 'failed', retryAfterMs: null, error: expect.stringContaining('redirects are not followed') },
    ],
    [outcome(304), { kind: 'failed', retryAfterMs: null }],
    [outcome(400), { kind: 'refused', error: expect.stringContaining('does not accept') }],
    [outcome(413), { kind: 'refused' }],
    [outcome(422), { kind: 'refused' }],
    [outcome(401), { kind: 'failed', retryAfterMs: null }],
    [outcome(403), { kind: 'failed', retryAfterMs: null }],
    [outcome(404), { kind: 'failed', retryAfterMs: null }],
    [outcome(408), { kind: 'failed', retryAfterMs: null }],
    [outcome(425), { kind: 'failed', retryAfterMs: null }],
    [outcome(429), { kind: 'throttled', retryAfterMs: 30_000 }],
    [outcome(500), { kind: 'failed', retryAfterMs: null }],
    [outcome(503), { kind: 'failed', retryAfterMs: 30_000 }],
    [outcome(null, 'TIMEOUT'), { kind: 'failed', retryAfterMs: null, error: 'TIMEOUT' }],
  ])('%j is %j', (made, expected) => {
    expect(judgeAttempt(made)).toMatchObject(expected);
  });
});

const record = (number: number, error: string | null) => ({
  number,
  at: number,
  durationMs: 1,
  status: null,
  error,
});

describe('the record of attempts', () => {
  it('contains each attempt once, and only the last twenty', () => {
    const twice = withRecord(withRecord([], record(1, 'lost')), record(1, null));
    expect(twice).toEqual([record(1, null)]);
    let all = twice;
    for (let number = 2; number <= 50; number++) all = withRecord(all, record(number, 'no'));
    expect(all.map(({ number }) => number)).toEqual(Array.from({ length: 20 }, (_, at) => 31 + at));
  });
});
