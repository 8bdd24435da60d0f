import { describe, expect, it } from 'vitest';
import type { EndedSession, EndedSessions } from '../../../src/core/access/ended-session.ts';
import { isEnded, addEndedSession } from '../../../src/core/access/ended-session.ts';

const session = (keyId: string, id: string, endsAt: number) => ({ keyId, id, endsAt });

function after(...notes: EndedSession[]): EndedSessions {
  const ended: EndedSessions = new Map();
  for (const note of notes) addEndedSession(ended, note);
  return ended;
}

describe('isEnded', () => {
  it('finds a session by key and id', () => {
    const ended = after(session('k', 'a', 10));
    expect(isEnded(ended, session('k', 'a', 10))).toBe(true);
    expect(isEnded(ended, session('k', 'b', 10))).toBe(false);
    expect(isEnded(ended, session('other', 'a', 10))).toBe(false);
    expect(isEnded(after(), session('k', 'a', 10))).toBe(false);
  });

  it('covers every session of a key that ends no later than the note for the whole key', () => {
    const ended = after(session('k', 'a', 10), { keyId: 'k', id: null, endsAt: 20 }, session('k', 'b', 30));
    const endOf = (id: string, endsAt: number) => isEnded(ended, session('k', id, endsAt));
    expect([endOf('a', 10), endOf('never seen', 20), endOf('c', 21), endOf('b', 30)]).toEqual([
      true,
      true,
      false,
      true,
    ]);
    expect(isEnded(ended, session('other', 'a', 10))).toBe(false);
  });

  it('keeps one note for the whole key instead of single ones', () => {
    const ended = after(session('k', 'a', 10), session('k', 'b', 11), { keyId: 'k', id: null, endsAt: 11 });
    expect(ended.get('k')?.size).toBe(1);
  });
});
