import type { BalancingSettings } from '../../../src/core/balancing/balancing-settings.ts';
import { DEFAULT_BALANCING } from '../../../src/core/balancing/balancing-settings.ts';
import type { Candidate, LiveStats } from '../../../src/core/balancing/candidate.ts';
import type { CandidatePool } from '../../../src/core/balancing/candidate-pool.ts';
import { compilePool } from '../../../src/core/balancing/candidate-pool.ts';
import type { OpenWork } from '../../../src/core/balancing/open-work.ts';
import { noWork, setEstimate, setKnown } from '../../../src/core/balancing/open-work.ts';
import type { Pick, PickContext, RouteRequest } from '../../../src/core/balancing/pick.ts';
import { pickComponent } from '../../../src/core/balancing/pick.ts';
import type { Preferences } from '../../../src/core/balancing/preferences.ts';

export type Changes = Partial<Omit<Candidate, 'id' | 'liveStats'>>;

export const NOW = 1_000_000;

const IDLE: LiveStats = {
  suspect: false,
  inFlight: 0,
  estimated: 0,
  estimatedAt: NOW,
  loadPercentage: 0,
  ewmaMs: 20,
  isWorkTime: true,
};

/** A healthy, idle candidate with `changes`. */
export const candidateOf = (id: string, changes: Changes = {}, liveStats: Partial<LiveStats> = {}): Candidate => ({
  id,
  metadata: {},
  location: null,
  taskTypes: [],
  flags: [],
  maxConcurrentTasks: null,
  weight: 1,
  lifecycle: 'active',
  status: 'healthy',
  reason: null,
  order: 0,
  backSince: null,
  ...changes,
  liveStats: { ...IDLE, ...liveStats },
});

/** Candidates `c-0`, `c-1`, ..., each with the changes for its index. */
export const candidatesOf = (size: number, changes: (at: number) => Changes = () => ({})): Candidate[] =>
  Array.from({ length: size }, (_, at) => candidateOf(`c-${at}`, changes(at)));

/** A candidate at capacity. */
export const fullCandidate = (id: string, changes: Changes = {}): Candidate =>
  candidateOf(id, { maxConcurrentTasks: 5, ...changes }, { inFlight: 5 });

export const poolOf = (candidates: readonly Candidate[], settings: Partial<BalancingSettings> = {}): CandidatePool =>
  compilePool(candidates, { ...DEFAULT_BALANCING, ...settings }, NOW);

/** Work in flight as the registry sends it. */
export function workOf({ candidates }: CandidatePool): OpenWork {
  const work = noWork(candidates.length);
  candidates.forEach((candidate, position) => {
    if (!candidate) return;
    const { inFlight, estimated, estimatedAt } = candidate.liveStats;
    setKnown(work, position, inFlight);
    setEstimate(work, position, { count: estimated, presumedEnded: 0, at: estimatedAt });
  });
  return work;
}

export const requestOf = (preferences: Preferences = {}, more: Partial<RouteRequest> = {}): RouteRequest => ({
  taskType: null,
  location: null,
  slots: 1,
  affinityKey: null,
  assumedDown: [],
  preferences,
  ...more,
});

/** Returns the same numbers in [0, 1) for the same seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The context of a caller that has made no assignments since its snapshot. */
export const contextOf = (
  pool: CandidatePool,
  more: Partial<PickContext> & { readonly seed?: number } = {},
): PickContext => ({
  work: workOf(pool),
  now: NOW,
  random: seededRandom(more.seed ?? 1),
  splitAt: 0,
  mode: 'sampled',
  aperture: null,
  ...more,
});

export const MODES = ['sampled', 'exact'] as const;

/** One decision without assignments since the snapshot. */
export const pickOnce = (
  pool: CandidatePool,
  request: RouteRequest,
  more: Parameters<typeof contextOf>[1] = {},
): Pick => pickComponent(pool, request, contextOf(pool, more));

/** Picked ids and refusal reasons over many seeds in both modes, unique and sorted. */
export function outcomesOf(pool: CandidatePool, request: RouteRequest = requestOf()): string[] {
  const outcomes = new Set<string>();
  for (const mode of MODES)
    for (let seed = 0; seed < 40; seed++) {
      const pick = pickOnce(pool, request, { mode, seed });
      outcomes.add(pick.ok ? pick.candidate.id : pick.reason);
    }
  return [...outcomes].toSorted();
}

export const relaxedOf = (pick: Pick): readonly string[] | null => (pick.ok ? pick.relaxed : null);
