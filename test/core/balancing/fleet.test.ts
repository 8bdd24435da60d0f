import { describe, expect, it } from 'vitest';
import { compileFleet } from '../../../src/core/balancing/fleet.ts';
import { candidateOf } from './candidate-of.ts';

describe('compileFleet', () => {
  it('sorts into healthy and doubtful, and leaves the rest out', () => {
    const fleet = compileFleet([
      candidateOf('down', { status: 'unhealthy' }),
      candidateOf('well'),
      candidateOf('slow', { status: 'degraded' }),
      candidateOf('suspect', {}, { suspect: true }),
      candidateOf('new', { status: 'unknown' }),
      candidateOf('standby', { lifecycle: 'standby' }),
      candidateOf('drained', { weight: 0 }),
      candidateOf('well-too'),
    ]);
    expect(fleet.healthy).toEqual([1, 7]);
    expect(fleet.doubtful).toEqual([2, 3]);
  });

  it('takes the mean of those that say it for those that do not', () => {
    const fleet = compileFleet([
      candidateOf('a', { maxConcurrentTasks: 10 }, { usualMs: 40 }),
      candidateOf('b', { maxConcurrentTasks: 30 }, { usualMs: null }),
      candidateOf('c', {}, { usualMs: 60 }),
    ]);
    expect(fleet).toMatchObject({ meanRoom: 20, meanUsualMs: 50 });
  });

  it('has something to go by even when nobody says anything', () => {
    expect(compileFleet([candidateOf('a', {}, { usualMs: null })])).toMatchObject({ meanRoom: 1, meanUsualMs: 1 });
    expect(compileFleet([])).toMatchObject({ healthy: [], doubtful: [], meanRoom: 1, meanUsualMs: 1 });
  });
});
