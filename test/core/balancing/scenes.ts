/** Arbitrary pools and requests for property tests, and a plain reference of which components are eligible. */
import * as fc from 'fast-check';
import type { BalancingSettings } from '../../../src/core/balancing/balancing-settings.ts';
import type { Candidate } from '../../../src/core/balancing/candidate.ts';
import { whyNotRoutable } from '../../../src/core/balancing/candidate.ts';
import type { CandidatePool } from '../../../src/core/balancing/candidate-pool.ts';
import type { OpenWork } from '../../../src/core/balancing/open-work.ts';
import { setEstimate } from '../../../src/core/balancing/open-work.ts';
import type { Pick, PickContext, RouteRequest } from '../../../src/core/balancing/pick.ts';
import { pickComponent } from '../../../src/core/balancing/pick.ts';
import type { LoadPercent, Preferences } from '../../../src/core/balancing/preferences.ts';
import { MODES, NOW, candidateOf, poolOf, requestOf, seededRandom, workOf } from './candidate-of.ts';

export interface Scene {
  readonly candidates: readonly Candidate[];
  readonly pool: CandidatePool;
  readonly work: OpenWork;
  readonly request: RouteRequest;
  readonly preferences: Preferences;
  readonly mode: PickContext['mode'];
  readonly seed: number;
}

const location = fc.constantFrom('weur', 'enam', 'apac');
const taskType = fc.constantFrom('review', 'build');
const id = fc.nat(30).map((number) => `c-${number}`);

const changes = fc.record({
  location: fc.option(location),
  metadata: fc.record({ tier: fc.constantFrom('gold', 'silver') }),
  taskTypes: fc.subarray(['review', 'build']),
  flags: fc.subarray(['review', 'fast']),
  maxConcurrentTasks: fc.option(fc.integer({ min: 1, max: 5 })),
  weight: fc.constantFrom(0, 0.5, 1, 1, 10),
  lifecycle: fc.constantFrom('active', 'active', 'active', 'standby', 'draining', 'isolated'),
  status: fc.constantFrom('healthy', 'healthy', 'degraded', 'unhealthy', 'unknown'),
} as const);
const liveStats = fc.record({
  suspect: fc.boolean(),
  inFlight: fc.nat(5),
  loadPercentage: fc.nat(100),
  ewmaMs: fc.option(fc.nat(5_000)),
});

/** A candidate with this id, in any state. */
export const anyCandidate = (name: string): fc.Arbitrary<Candidate> =>
  fc.tuple(changes, liveStats).map(([change, stats]) => candidateOf(name, change, stats));

const anyCandidates = (maxLength: number): fc.Arbitrary<Candidate[]> =>
  fc
    .array(fc.tuple(changes, liveStats), { maxLength })
    .map((each) => each.map(([change, stats], at) => candidateOf(`c-${at}`, change, stats)));

const preferences: fc.Arbitrary<Preferences> = fc.record(
  {
    preferredComponent: id,
    avoidComponents: fc.array(id, { maxLength: 3 }),
    maxLoad: fc.nat(100),
    match: fc.record({ tier: fc.constantFrom('gold', 'silver') }, { requiredKeys: [] }),
    location,
    capabilities: fc.array(taskType, { maxLength: 2 }),
    strict: fc.boolean(),
  },
  { requiredKeys: [] },
);

export const sceneOf = (settings: Partial<BalancingSettings> = {}): fc.Arbitrary<Scene> =>
  fc
    .record({
      candidates: anyCandidates(40),
      preferences,
      taskType: fc.option(taskType),
      location: fc.option(location),
      affinityKey: fc.option(fc.string({ minLength: 1, maxLength: 4 })),
      slots: fc.constantFrom(1, 1, 1, 3),
      mode: fc.constantFrom(...MODES),
      /** Further known work and estimated work, by position. */
      known: fc.array(fc.nat(3), { maxLength: 40 }),
      estimated: fc.array(fc.nat(6), { maxLength: 40 }),
      seed: fc.integer(),
    })
    .map(({ candidates, preferences: wanted, mode, known, estimated, seed, ...task }) => {
      const pool = poolOf(candidates, settings);
      const work = workOf(pool);
      known.slice(0, candidates.length).forEach((count, at) => (work.known[at]! += count));
      estimated
        .slice(0, candidates.length)
        .forEach((count, at) => setEstimate(work, at, { count, presumedEnded: 0, at: NOW }));
      const scene: Scene = {
        candidates,
        pool,
        work,
        request: requestOf(wanted, task),
        preferences: wanted,
        mode,
        seed,
      };
      // Counterexamples show the candidates, because the typed arrays of a pool are unreadable.
      const shown = fc.stringify({
        candidates,
        known: work.known,
        estimated: work.estimated,
        wanted,
        task,
        mode,
        seed,
      });
      return Object.assign(scene, { [fc.toStringMethod]: () => shown });
    });

export const pickIn = ({ pool, work, request, mode, seed }: Scene): Pick =>
  pickComponent(pool, request, { work, now: NOW, random: seededRandom(seed), splitAt: 0, mode, aperture: null });

/** Load in percent: known is the reported one, or the used part of the task limit if larger; estimated work adds. */
export function loadOf({ candidates, work }: Scene, position: number): LoadPercent {
  const { maxConcurrentTasks, liveStats } = candidates[position]!;
  const percentOf = (count: number): number => (maxConcurrentTasks === null ? 0 : (100 * count) / maxConcurrentTasks);
  const known = Math.min(100, Math.max(percentOf(work.known[position]!), liveStats.loadPercentage));
  return { known, total: Math.min(100, known + percentOf(work.estimated[position]!)) };
}

/** Positions of the components among which preferences choose: routable; if any healthy one has capacity, only these. */
export function inServiceIn(scene: Scene): number[] {
  const { candidates } = scene;
  const routable = [...candidates.keys()].filter((at) => whyNotRoutable(candidates[at]!) === null);
  const healthy = routable.filter((at) => isPlain(candidates[at]!));
  return healthy.some((at) => hasCapacity(scene, at)) ? healthy : routable;
}

/** Positions of those with capacity; the other tier if the healthy ones have none. */
export function eligibleIn(scene: Scene): number[] {
  return inServiceIn(scene).filter((at) => hasCapacity(scene, at));
}

/** Whether the component could take the request if it had no work. */
export const fits = ({ candidates, request }: Scene, position: number): boolean =>
  request.slots <= (candidates[position]!.maxConcurrentTasks ?? Infinity);

const hasCapacity = ({ candidates, work, request }: Scene, position: number): boolean =>
  work.known[position]! + request.slots <= (candidates[position]!.maxConcurrentTasks ?? Infinity);

export const isPlain = ({ status, liveStats: now }: Candidate): boolean => status === 'healthy' && !now.suspect;
