import { describe, expect, it } from 'vitest';
import { NO_SHADOW, isShadowed, takeTurn } from '../../../src/core/component/root-cause.ts';

const turn = (sequence: number, ...rootCause: readonly string[]) => ({ id: 'c', rootCause, sequence });

describe('what is told of dependencies', () => {
  it('is taken over in the order of its numbers, once', () => {
    const first = takeTurn(NO_SHADOW, turn(3, 'a'), 100)!;
    expect(first).toEqual({ rootCause: ['a'], sequence: 3, since: 100 });
    expect(isShadowed(first)).toBe(true);
    expect(takeTurn(first, turn(3, 'a'), 200)).toBeNull();
    expect(takeTurn(first, turn(2), 200)).toBeNull();
    const last = takeTurn(first, turn(4), 300)!;
    expect(last).toEqual({ rootCause: [], sequence: 4, since: 300 });
    expect(isShadowed(last)).toBe(false);
  });

  it('is no change where it says the same', () => {
    const first = takeTurn(NO_SHADOW, turn(3, 'a', 'b'), 100)!;
    expect(takeTurn(first, turn(5, 'a', 'b'), 200)).toEqual({ rootCause: ['a', 'b'], sequence: 5, since: 100 });
  });
});
