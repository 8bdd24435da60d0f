import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import {
  firstSecret,
  rotateSecret,
  toControlSecret,
  signingSecrets,
  encodeSecret,
} from '../../../src/core/component/control-secret.ts';

const DAY_MS = 86_400_000;

describe('a control secret', () => {
  it('is 32 bytes that Standard Webhooks libraries accept', () => {
    const secret = encodeSecret(Uint8Array.from({ length: 32 }, (_, index) => 255 - index));
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(() => new Webhook(secret).sign('id', new Date(0), '{}')).not.toThrow();
  });

  it('is the only signing secret until it is rotated', () => {
    expect(signingSecrets(firstSecret('a'), 0)).toEqual(['a']);
    expect(toControlSecret(firstSecret('a'), 0)).toEqual({ secret: 'a', previousUntil: null });
  });

  it.each([
    { after: 0, signing: ['b', 'a'], previousUntil: DAY_MS },
    { after: DAY_MS - 1, signing: ['b', 'a'], previousUntil: DAY_MS },
    { after: DAY_MS, signing: ['b'], previousUntil: null },
  ])('signs beside its successor for a day: $after ms later', ({ after, signing, previousUntil }) => {
    const stored = rotateSecret(firstSecret('a'), 'b', 0);
    expect(signingSecrets(stored, after)).toEqual(signing);
    expect(toControlSecret(stored, after)).toEqual({ secret: 'b', previousUntil });
  });

  it('is removed when its successor is rotated', () => {
    const stored = rotateSecret(rotateSecret(firstSecret('a'), 'b', 0), 'c', 1_000);
    expect(signingSecrets(stored, 1_000)).toEqual(['c', 'b']);
    expect(stored.previousUntil).toBe(1_000 + DAY_MS);
  });
});
