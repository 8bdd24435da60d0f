import { afterEach, describe, expect, it, vi } from 'vitest';
import type { LimitedReader } from '../../src/long-poll/reader-limit.ts';
import { ConcurrencyLimit } from '../../src/long-poll/reader-limit.ts';

afterEach(() => {
  vi.useRealTimers();
});

const fill = (room: ConcurrencyLimit, keyId: string, count: number): LimitedReader[] =>
  Array.from({ length: count }, () => room.enter(keyId, () => undefined)).filter(
    (entered) => typeof entered === 'object',
  );

describe('the room for readers', () => {
  it('is bounded for a key and for all, and free again when somebody leaves', () => {
    const room = new ConcurrencyLimit({ all: 5, ofKey: 3 });
    const [first] = fill(room, 'a', 3);
    expect(room.enter('a', () => undefined)).toBe('too-many-readers');
    fill(room, 'b', 2);
    expect(room.enter('b', () => undefined)).toBe('overloaded');
    room.leave(first!);
    expect(fill(room, 'b', 2)).toHaveLength(1);
  });

  it('does not count those that the platform ended without a word, and counts those that go on', () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const room = new ConcurrencyLimit({ all: 10, ofKey: 3 });
    const [goesOn] = fill(room, 'a', 3);
    vi.setSystemTime(Date.now() + 61_000);
    goesOn!.seenAt = Date.now();
    expect(fill(room, 'a', 3)).toHaveLength(2);
  });
});
