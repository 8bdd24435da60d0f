import { describe, expect, it } from 'vitest';
import { isOutsideLog, lastSeen } from '../../../src/core/event/log-page.ts';

const event = (sequence: number) => ({
  sequence,
  key: String(sequence),
  type: 'component.failed' as const,
  subject: 'a',
  time: 0,
  data: {},
});

describe('a position in the log', () => {
  it.each([
    { after: 0, oldest: 1, newest: 0, outside: false },
    { after: 0, oldest: 1, newest: 9, outside: false },
    { after: 9, oldest: 1, newest: 9, outside: false },
    { after: 4, oldest: 5, newest: 9, outside: false },
    { after: 3, oldest: 5, newest: 9, outside: true },
    { after: 10, oldest: 5, newest: 9, outside: true },
    { after: 1, oldest: 1, newest: 0, outside: true },
  ])('$after of $oldest to $newest is outside: $outside', ({ after, oldest, newest, outside }) => {
    expect(isOutsideLog(after, { oldest, newest })).toBe(outside);
  });

  it('advances to the last item of a full page, or to the end of the log', () => {
    expect(lastSeen({ oldest: 1, newest: 9, items: [event(3), event(5)], more: true })).toBe(5);
    expect(lastSeen({ oldest: 1, newest: 9, items: [event(3)], more: false })).toBe(9);
    expect(lastSeen({ oldest: 1, newest: 9, items: [], more: false })).toBe(9);
  });
});
