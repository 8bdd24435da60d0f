import { describe, expect, it } from 'vitest';
import { decayRecent, noWork, countAssignment } from '../../../src/core/balancing/open-work.ts';

describe('decayRecent', () => {
  it('decays recent assignments to zero', () => {
    const work = noWork(2);
    countAssignment(work, 1);
    decayRecent(work, 0.5);
    expect(Array.from(work.recent)).toEqual([0, 0.5]);
    for (let times = 0; times < 1_000; times++) decayRecent(work, 0.5);
    expect(Array.from(work.recent)).toEqual([0, 0]);
  });
});
