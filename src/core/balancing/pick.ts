/**
 * The routing decision: pool → preferences → capacity → best of a few sampled.
 *
 * Never the best of the whole list: on a snapshot everyone would pick the same component. Five
 * sampled candidates, scored with the caller's own assignments since, come close to the ideal
 * (Mitzenmacher, "The power of two choices"; Google's Prequal). No allocation grows with the fleet.
 */
import type { Candidate } from './candidate.ts';
import type { Fleet, Pool } from './fleet.ts';
import { expectedWait, scoreOf } from './least-time.ts';
import type { Task } from './least-time.ts';
import type { PreferenceName, Preferences } from './preferences.ts';
import { relaxedFor, unmetPreference } from './preferences.ts';
import { sampleOf } from './sample.ts';

export interface RouteRequest {
  readonly task: Task;
  readonly preferences: Preferences;
}

export interface PickContext {
  /** Work this caller gave the candidate at this position since the snapshot. */
  readonly ownAssigned: (position: number) => number;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

export type Pick =
  | {
      readonly ok: true;
      readonly position: number;
      readonly candidate: Candidate;
      readonly score: number;
      readonly relaxed: readonly PreferenceName[];
    }
  | { readonly ok: false; readonly reason: 'no-healthy-components' | 'at-capacity' | 'preferences-unmet' };

type Accepts = (position: number) => boolean;

export function pickComponent(fleet: Fleet, request: RouteRequest, context: PickContext): Pick {
  const pools = [fleet.healthy, fleet.doubtful];
  if (pools.every((pool) => pool.positions.length === 0)) return { ok: false, reason: 'no-healthy-components' };
  const { preferences } = request;
  const meets: Accepts = (position) => unmetPreference(fleet.candidates[position]!, preferences) === null;
  const roomy: Accepts = (position) => hasRoom(fleet, position, context);
  const wanted: Accepts = (position) => meets(position) && roomy(position);

  const pool = pools.find((each) => each.positions.some(roomy));
  if (pool) {
    const best = (accepts: Accepts) => bestOfSample({ fleet, pool, request, context, accepts });
    const whatever = (): number | undefined => (preferences.strict ? undefined : best(roomy));
    const position = preferredOf(fleet, pool, preferences, wanted) ?? best(wanted) ?? whatever();
    if (position !== undefined) return taken(fleet, position, request, context);
  }
  // Strict: those that would do may be full, or there are none.
  const isAwaited: Accepts = (position) => meets(position) && !roomy(position);
  const awaited = !preferences.strict || pools.some((each) => each.positions.some(isAwaited));
  return { ok: false, reason: awaited ? 'at-capacity' : 'preferences-unmet' };
}

/** Work in flight at a candidate, as far as this caller knows. */
export const openWork = (fleet: Fleet, position: number, context: PickContext): number =>
  fleet.candidates[position]!.vitals.inFlight + context.ownAssigned(position);

export function hasRoom(fleet: Fleet, position: number, context: PickContext): boolean {
  const room = fleet.candidates[position]!.maxConcurrentTasks;
  return room === null || openWork(fleet, position, context) < room;
}

function preferredOf(fleet: Fleet, pool: Pool, preferences: Preferences, wanted: Accepts): number | undefined {
  const preferred = preferences.preferredComponent;
  if (preferred === undefined) return undefined;
  return pool.positions.find((position) => fleet.candidates[position]!.id === preferred && wanted(position));
}

interface Choice {
  readonly fleet: Fleet;
  readonly pool: Pool;
  readonly request: RouteRequest;
  readonly context: PickContext;
  readonly accepts: Accepts;
}

function bestOfSample({ fleet, pool, request, context, accepts }: Choice): number | undefined {
  let best: number | undefined;
  let lowest = Infinity;
  for (const position of sampleOf({ fleet, pool, accepts, random: context.random })) {
    const wait = expectedWait(fleet, position, request.task, openWork(fleet, position, context));
    // Of equals the one drawn first stays: the draw has shared the work out by pace.
    if (best !== undefined && wait >= lowest) continue;
    best = position;
    lowest = wait;
  }
  return best;
}

function taken(fleet: Fleet, position: number, request: RouteRequest, context: PickContext): Pick {
  const candidate = fleet.candidates[position]!;
  const score = scoreOf(expectedWait(fleet, position, request.task, openWork(fleet, position, context)));
  return { ok: true, position, candidate, score, relaxed: relaxedFor(candidate, request.preferences) };
}
