/**
 * The routing code of production, called like in production. `exact`: one object decides on every request and knows all
 * open work. `edge`: every isolate decides on a snapshot, its own assignments since then, and their outcomes.
 */
import type { PolicyName } from '../../../src/core/balancing/balancing-settings.ts';
import { DEFAULT_BALANCING } from '../../../src/core/balancing/balancing-settings.ts';
import type { LiveStats } from '../../../src/core/balancing/candidate.ts';
import type { CandidatePool } from '../../../src/core/balancing/candidate-pool.ts';
import {
  compilePool,
  fadeTimes,
  needsRecompile,
  recordTime,
  patchPool,
} from '../../../src/core/balancing/candidate-pool.ts';
import type { OpenWork } from '../../../src/core/balancing/open-work.ts';
import {
  anticipate,
  countAssignment,
  decayRecent,
  noWork,
  setEstimate,
  setKnown,
} from '../../../src/core/balancing/open-work.ts';
import { pickComponent } from '../../../src/core/balancing/pick.ts';
import type { Aperture } from '../../../src/core/balancing/aperture.ts';
import { apertureOf, sharingOf } from '../../../src/core/balancing/aperture.ts';
import type { WorkEstimate } from '../../../src/core/component/work-estimate.ts';
import { hasMoved } from '../../../src/core/balancing/snapshot-delta.ts';
import { candidateOf, requestOf } from '../../core/balancing/candidate-of.ts';
import { MEAN_WORK_MS } from '../model.ts';
import type { MakeStrategy, Outcome, Scene, Strategy } from '../strategy.ts';

/** Same value as in the snapshot cache of the isolates. */
const FADE = 0.7;
/** Without snapshots, times of unmeasured servers fade at this interval. */
const TICK_MS = 1_000;

const REQUEST = requestOf();
/** Before the run, all servers have the same measured time. */
const INITIAL_STATS: LiveStats = {
  suspect: false,
  inFlight: 0,
  estimated: 0,
  estimatedAt: 0,
  loadPercentage: 0,
  ewmaMs: MEAN_WORK_MS,
  isWorkTime: true,
};

/** State of one router. */
interface View {
  pool: CandidatePool;
  readonly work: OpenWork;
  aperture: Aperture | null;
  sharing: number;
  assigned: number;
  tickAt: number;
}

/** Estimates of the registry where callers report nothing; null where they report everything. */
export type Estimates = readonly WorkEstimate[] | null;

/** Aperture of an edge: like production, fixed to twelve components, or none. */
type ApertureKind = 'by-share' | 'fixed' | 'none';

export const exact =
  (policy: PolicyName): MakeStrategy =>
  (scene) =>
    oneView(scene, policy, 'exact');

export const edge =
  (policy: PolicyName, apertures: ApertureKind = 'by-share', estimates: Estimates = null): MakeStrategy =>
  (scene) =>
    scene.ageMs === 0 ? oneView(scene, policy, 'sampled') : manyViews(scene, policy, apertures, estimates);

/** All routers share one current view. */
function oneView(scene: Scene, policy: PolicyName, mode: 'exact' | 'sampled'): Strategy {
  const view = newView(scene, policy);
  return {
    pick(_router, now) {
      if (now >= view.tickAt) applySnapshot(view, scene, now);
      return decide(view, scene, mode, now);
    },
    ended: (outcome, now) => learn(view, scene, outcome, now),
  };
}

function manyViews(scene: Scene, policy: PolicyName, apertures: ApertureKind, estimates: Estimates): Strategy {
  const isReported = estimates === null;
  const views = Array.from({ length: scene.routers }, () => newView(scene, policy, isReported));
  let assigned = 0;
  function shareOf(view: View): number | null {
    if (apertures === 'none') return null;
    if (apertures === 'fixed') return 0;
    // Before the first request, all routers have equal shares.
    return assigned === 0 ? 1 / scene.routers : view.assigned / assigned;
  }
  return {
    pick(router, now) {
      assigned += 1;
      return decide(views[router]!, scene, 'sampled', now);
    },
    ended: (outcome, now) => learn(views[outcome.router]!, scene, outcome, now),
    refresh(router, now) {
      const view = views[router]!;
      applySnapshot(view, scene, now, estimates);
      const edgeMember = { number: router, share: shareOf(view) };
      view.aperture = apertureOf(view.pool, edgeMember, view.aperture);
      view.sharing = sharingOf(view.aperture, edgeMember);
    },
  };
}

const newView = (scene: Scene, policy: PolicyName, isWorkTime = true): View => ({
  pool: compilePool(
    scene.taskLimits.map((taskLimit, at) =>
      candidateOf(`server-${at}`, { maxConcurrentTasks: taskLimit }, { ...INITIAL_STATS, isWorkTime }),
    ),
    { ...DEFAULT_BALANCING, policy },
    0,
  ),
  work: noWork(scene.taskLimits.length),
  aperture: null,
  sharing: 1,
  assigned: 0,
  tickAt: 0,
});

function decide(view: View, { random }: Scene, mode: 'exact' | 'sampled', now: number): number {
  const { pool, work } = view;
  const aperture = view.aperture?.set ?? null;
  const pick = pickComponent(pool, REQUEST, { work, now, random, splitAt: 0, mode, aperture });
  if (!pick.ok) throw new Error(`no server was picked: ${pick.reason}`);
  countAssignment(pool, work, pick.position, now);
  anticipate(work, pick.position, view.sharing - 1);
  view.assigned += 1;
  return pick.position;
}

/** An outcome carries the response time and the open work of the component. */
function learn({ pool, work }: View, { inFlight }: Scene, { server, latencyMs }: Outcome, now: number): void {
  setKnown(work, server, inFlight[server]!);
  recordTime(pool, server, latencyMs, now);
}

/** Applies a snapshot, as a delta of the servers that moved. */
function applySnapshot(view: View, { inFlight, ewmaMs }: Scene, now: number, estimates: Estimates = null): void {
  const { pool, work } = view;
  pool.candidates.forEach((candidate, at) => {
    const liveStats = { ...INITIAL_STATS, isWorkTime: estimates === null, ewmaMs: ewmaMs[at]! };
    if (candidate && hasMoved(candidate.liveStats, liveStats, pool.settings.assumedTaskMs))
      patchPool(pool, at, { ...candidate, liveStats }, now);
  });
  inFlight.forEach((count, at) => setKnown(work, at, count));
  estimates?.forEach((estimate, at) => setEstimate(work, at, estimate));
  if (needsRecompile(pool)) view.pool = compilePool(pool.candidates, pool.settings, now);
  fadeTimes(view.pool, now);
  decayRecent(work, FADE);
  view.tickAt = now + TICK_MS;
}
