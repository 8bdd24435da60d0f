/**
 * The code that production routes with, called as production calls it. `exact`: one object decides on all and knows
 * all that is in flight. `edge`: every isolate decides by itself on a snapshot and on what it learns since, from its
 * own assignments and the outcomes of the work it gave.
 */
import type { PolicyName } from '../../../src/core/balancing/balancing-settings.ts';
import { DEFAULT_BALANCING } from '../../../src/core/balancing/balancing-settings.ts';
import type { LiveStats } from '../../../src/core/balancing/candidate.ts';
import type { CandidatePool } from '../../../src/core/balancing/candidate-pool.ts';
import {
  compilePool,
  forgetTimes,
  isOutgrown,
  learnTime,
  patchPool,
} from '../../../src/core/balancing/candidate-pool.ts';
import type { OpenWork } from '../../../src/core/balancing/open-work.ts';
import { decay, noWork, noteAssigned } from '../../../src/core/balancing/open-work.ts';
import { pickComponent } from '../../../src/core/balancing/pick.ts';
import type { Aperture } from '../../../src/core/balancing/aperture.ts';
import { apertureOf } from '../../../src/core/balancing/aperture.ts';
import { hasMoved } from '../../../src/core/balancing/snapshot-delta.ts';
import { candidateOf, requestOf } from '../../core/balancing/candidate-of.ts';
import { MEAN_WORK_MS } from '../model.ts';
import type { MakeStrategy, Outcome, Scene, Strategy } from '../strategy.ts';

/** As the isolates' snapshot cache has it. */
const FADE = 0.7;
/** Who needs no snapshot still looks once a second whom it has not measured for long. */
const TICK_MS = 1_000;

const REQUEST = requestOf();
/** All have been measured, and alike, before the run begins. */
const FIRST_VITALS: LiveStats = { suspect: false, inFlight: 0, loadPercentage: 0, usualMs: MEAN_WORK_MS, ofWork: true };

/** What one decider holds. */
interface View {
  fleet: CandidatePool;
  readonly work: OpenWork;
  segment: Aperture | null;
  given: number;
  tickAt: number;
}

/** How an edge keeps to a segment: as production does, of twelve whatever its share of the work, or not at all. */
type SegmentKind = 'by-share' | 'fixed' | 'none';

export const exact =
  (policy: PolicyName): MakeStrategy =>
  (scene) =>
    oneView(scene, policy, 'exact');

export const edge =
  (policy: PolicyName, segments: SegmentKind = 'by-share'): MakeStrategy =>
  (scene) =>
    scene.ageMs === 0 ? oneView(scene, policy, 'sampled') : manyViews(scene, policy, segments);

/** All routers know the same: how things are. */
function oneView(scene: Scene, policy: PolicyName, mode: 'exact' | 'sampled'): Strategy {
  const view = newView(scene, policy);
  return {
    pick(_router, now) {
      if (now >= view.tickAt) catchUp(view, scene, now);
      return decide(view, scene, mode);
    },
    ended: (outcome, now) => learn(view, scene, outcome, now),
  };
}

function manyViews(scene: Scene, policy: PolicyName, segments: SegmentKind): Strategy {
  const views = Array.from({ length: scene.routers }, () => newView(scene, policy));
  let given = 0;
  function shareOf(view: View): number | null {
    if (segments === 'none') return null;
    if (segments === 'fixed') return 0;
    // Before the first request as if all were alike.
    return given === 0 ? 1 / scene.routers : view.given / given;
  }
  return {
    pick(router) {
      given += 1;
      return decide(views[router]!, scene, 'sampled');
    },
    ended: (outcome, now) => learn(views[outcome.router]!, scene, outcome, now),
    refresh(router, now) {
      const view = views[router]!;
      catchUp(view, scene, now);
      view.segment = apertureOf(view.fleet, { number: router, share: shareOf(view) }, view.segment);
    },
  };
}

const newView = (scene: Scene, policy: PolicyName): View => ({
  fleet: compilePool(
    scene.rooms.map((room, at) => candidateOf(`server-${at}`, { maxConcurrentTasks: room }, FIRST_VITALS)),
    { ...DEFAULT_BALANCING, policy },
    0,
  ),
  work: noWork(scene.rooms.length),
  segment: null,
  given: 0,
  tickAt: 0,
});

function decide(view: View, { random }: Scene, mode: 'exact' | 'sampled'): number {
  const { fleet, work } = view;
  const segment = view.segment?.set ?? null;
  const pick = pickComponent(fleet, REQUEST, { work, random, splitAt: 0, mode, segment });
  if (!pick.ok) throw new Error(`nobody was picked: ${pick.reason}`);
  noteAssigned(work, pick.position);
  view.given += 1;
  return pick.position;
}

/** An outcome brings back how long it took and how many the component has left. */
function learn({ fleet, work }: View, { inFlight }: Scene, { server, latencyMs }: Outcome, now: number): void {
  work.open[server] = inFlight[server]!;
  learnTime(fleet, server, latencyMs, now);
}

/** Takes in a snapshot: what moved is told. */
function catchUp(view: View, { inFlight, usualMs }: Scene, now: number): void {
  const { fleet, work } = view;
  fleet.candidates.forEach((candidate, at) => {
    const vitals = { ...FIRST_VITALS, usualMs: usualMs[at]! };
    if (candidate && hasMoved(candidate.vitals, vitals)) patchPool(fleet, at, { ...candidate, vitals }, now);
  });
  work.open.set(inFlight);
  if (isOutgrown(fleet)) view.fleet = compilePool(fleet.candidates, fleet.settings, now);
  forgetTimes(view.fleet, now);
  decay(work, FADE);
  view.tickAt = now + TICK_MS;
}
