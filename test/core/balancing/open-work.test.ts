import { describe, expect, it } from 'vitest';
import { decay, noWork, noteAssigned } from '../../../src/core/balancing/open-work.ts';

describe('what was given lately', () => {
  it('fades, and is nothing in the end', () => {
    const work = noWork(2);
    noteAssigned(work, 1);
    decay(work, 0.5);
    expect(Array.from(work.lately)).toEqual([0, 0.5]);
    for (let times = 0; times < 1_000; times++) decay(work, 0.5);
    expect(Array.from(work.lately)).toEqual([0, 0]);
  });
});
