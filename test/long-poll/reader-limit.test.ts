import { afterEach, describe, expect, it, vi } from 'vitest';
import type { LimitedReader } from '../../src/long-poll/reader-limit.ts';
import { ReaderLimit } from '../../src/long-poll/reader-limit.ts';

afterEach(() => {
  vi.useRealTimers();
});

const fill = (limit: ReaderLimit, keyId: string, count: number): LimitedReader[] =>
  Array.from({ length: count }, () => limit.enter(keyId, () => undefined)).filter(
    (entered) => typeof entered === 'object',
  );

describe('the limit of readers', () => {
  it('applies per key and in total, and counts readers that leave no more', () => {
    const limit = new ReaderLimit({ all: 5, perHolder: 3 });
    const [first] = fill(limit, 'a', 3);
    expect(limit.enter('a', () => undefined)).toBe('too-many-readers');
    fill(limit, 'b', 2);
    expect(limit.enter('b', () => undefined)).toBe('overloaded');
    limit.leave(first!);
    expect(fill(limit, 'b', 2)).toHaveLength(1);
  });

  it('does not count readers that the platform ended without notice, and counts active readers', () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const limit = new ReaderLimit({ all: 10, perHolder: 3 });
    const [active] = fill(limit, 'a', 3);
    vi.setSystemTime(Date.now() + 61_000);
    active!.seenAt = Date.now();
    expect(fill(limit, 'a', 3)).toHaveLength(2);
  });
});
