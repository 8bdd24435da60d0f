import { describe, expect, it } from 'vitest';
import { NO_ROOT_CAUSE, hasFailedDependency, applyRootCauseUpdate } from '../../../src/core/component/root-cause.ts';

const update = (sequence: number, ...rootCause: readonly string[]) => ({ id: 'c', rootCause, sequence });

describe('applyRootCauseUpdate', () => {
  it('applies each update once, in sequence order', () => {
    const first = applyRootCauseUpdate(NO_ROOT_CAUSE, update(3, 'a'), 100)!;
    expect(first).toEqual({ rootCause: ['a'], sequence: 3, since: 100 });
    expect(hasFailedDependency(first)).toBe(true);
    expect(applyRootCauseUpdate(first, update(3, 'a'), 200)).toBeNull();
    expect(applyRootCauseUpdate(first, update(2), 200)).toBeNull();
    const last = applyRootCauseUpdate(first, update(4), 300)!;
    expect(last).toEqual({ rootCause: [], sequence: 4, since: 300 });
    expect(hasFailedDependency(last)).toBe(false);
  });

  it('keeps `since` if the root cause is the same', () => {
    const first = applyRootCauseUpdate(NO_ROOT_CAUSE, update(3, 'a', 'b'), 100)!;
    expect(applyRootCauseUpdate(first, update(5, 'a', 'b'), 200)).toEqual({
      rootCause: ['a', 'b'],
      sequence: 5,
      since: 100,
    });
  });
});
