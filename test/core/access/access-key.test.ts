import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { KeySecret } from '../../../src/core/access/access-key.ts';
import { validDigests, rotated, keyStateOf } from '../../../src/core/access/access-key.ts';

const NOW = 1_000_000;
const secret = (digest: string, endsAt: number | null = null): KeySecret => ({ digest, createdAt: 0, endsAt });
const key = (overrides: object = {}) => ({
  expiresAt: null,
  revokedAt: null,
  secrets: [secret('new'), secret('old', NOW + 10)],
  ...overrides,
});

describe('stateOf', () => {
  it.each([
    [{}, 'active'],
    [{ expiresAt: NOW + 1 }, 'active'],
    [{ expiresAt: NOW }, 'expired'],
    [{ revokedAt: NOW - 1 }, 'revoked'],
    [{ revokedAt: NOW - 1, expiresAt: NOW - 2 }, 'revoked'],
  ])('%j is %s', (overrides, state) => {
    expect(keyStateOf(key(overrides), NOW)).toBe(state);
  });
});

describe('liveDigests', () => {
  it.each([
    ['both while a rotation overlaps', {}, NOW, ['new', 'old']],
    ['only the new one after it', {}, NOW + 10, ['new']],
    ['none when expired', { expiresAt: NOW }, NOW, []],
    ['none when revoked', { revokedAt: NOW }, NOW, []],
  ])('%s', (_, overrides, at, expected) => {
    expect(validDigests(key(overrides), at)).toEqual(expected);
  });
});

describe('rotated', () => {
  it('keeps the previous secret for the overlap', () => {
    expect(rotated([secret('a')], { digest: 'b', overlapMs: 50 }, NOW)).toEqual([
      { digest: 'b', createdAt: NOW, endsAt: null },
      secret('a', NOW + 50),
    ]);
  });

  it('ends the previous secret at once without an overlap', () => {
    expect(rotated([secret('a')], { digest: 'b', overlapMs: 0 }, NOW).map(({ digest }) => digest)).toEqual(['b']);
  });

  it('never keeps more than two secrets, and extends no lifetime', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(1_000), { minLength: 1, maxLength: 10 }), (overlaps) => {
        let secrets: KeySecret[] = [secret('0')];
        overlaps.forEach((overlapMs, at) => {
          const before = new Map(secrets.map(({ digest, endsAt }) => [digest, endsAt]));
          secrets = rotated(secrets, { digest: String(at + 1), overlapMs }, NOW + at);
          expect(secrets.length).toBeLessThanOrEqual(2);
          for (const { digest, endsAt } of secrets.slice(1))
            expect(endsAt).toBeLessThanOrEqual(before.get(digest) ?? Infinity);
        });
      }),
    );
  });
});
