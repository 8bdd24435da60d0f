import { describe, expect, it } from 'vitest';
import { NO_ROOT_CAUSE, hasFailedDependency, applyRootCauseUpdate } from '../../../src/core/component/root-cause.ts';

const turn = (sequence: number, ...rootCause: readonly string[]) => ({ id: 'c', rootCause, sequence });

describe('what is told of dependencies', () => {
  it('is taken over in the order of its numbers, once', () => {
    const first = applyRootCauseUpdate(NO_ROOT_CAUSE, turn(3, 'a'), 100)!;
    expect(first).toEqual({ rootCause: ['a'], sequence: 3, since: 100 });
    expect(hasFailedDependency(first)).toBe(true);
    expect(applyRootCauseUpdate(first, turn(3, 'a'), 200)).toBeNull();
    expect(applyRootCauseUpdate(first, turn(2), 200)).toBeNull();
    const last = applyRootCauseUpdate(first, turn(4), 300)!;
    expect(last).toEqual({ rootCause: [], sequence: 4, since: 300 });
    expect(hasFailedDependency(last)).toBe(false);
  });

  it('is no change where it says the same', () => {
    const first = applyRootCauseUpdate(NO_ROOT_CAUSE, turn(3, 'a', 'b'), 100)!;
    expect(applyRootCauseUpdate(first, turn(5, 'a', 'b'), 200)).toEqual({
      rootCause: ['a', 'b'],
      sequence: 5,
      since: 100,
    });
  });
});
