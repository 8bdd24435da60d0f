import type { Candidate, Vitals } from '../../../src/core/balancing/candidate.ts';
import type { PickContext, RouteRequest } from '../../../src/core/balancing/pick.ts';
import type { Task } from '../../../src/core/balancing/least-time.ts';
import type { Preferences } from '../../../src/core/balancing/preferences.ts';

type Changes = Partial<Omit<Candidate, 'id' | 'vitals'>>;

/** A healthy, idle candidate with `changes`. */
export const candidateOf = (id: string, changes: Changes = {}, vitals: Partial<Vitals> = {}): Candidate => ({
  id,
  name: id,
  type: 'task_router',
  endpoint: `https://${id}.example.com`,
  metadata: {},
  location: null,
  taskTypes: [],
  flags: [],
  maxConcurrentTasks: null,
  weight: 1,
  lifecycle: 'active',
  status: 'healthy',
  reason: null,
  nextCheckAt: null,
  ...changes,
  vitals: { suspect: false, inFlight: 0, loadPercentage: 0, usualMs: 20, ...vitals },
});

export const requestOf = (preferences: Preferences = {}, task: Task = {}): RouteRequest => ({ task, preferences });

/** The same numbers in [0, 1) for the same seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A caller that has assigned nothing itself. */
export const contextOf = (seed = 1, assigned: readonly number[] = []): PickContext => ({
  ownAssigned: (position) => assigned[position] ?? 0,
  random: seededRandom(seed),
});
