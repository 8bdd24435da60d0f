import { describe, expect, it } from 'vitest';
import { fade, noWork, noteGiven } from '../../../src/core/balancing/open-work.ts';

describe('what was given lately', () => {
  it('fades, and is nothing in the end', () => {
    const work = noWork(2);
    noteGiven(work, 1);
    fade(work, 0.5);
    expect(Array.from(work.lately)).toEqual([0, 0.5]);
    for (let times = 0; times < 1_000; times++) fade(work, 0.5);
    expect(Array.from(work.lately)).toEqual([0, 0]);
  });
});
