/**
 * The routing decision: pool → preferences → capacity → best of a few sampled.
 *
 * Never the best of the whole list: on a snapshot everyone would pick the same component. Five
 * sampled candidates, scored with the caller's own assignments since, come close to the ideal
 * (Mitzenmacher, "The power of two choices"; Google's Prequal). No allocation grows with the fleet.
 */
import type { Candidate } from './candidate.ts';
import type { Fleet } from './fleet.ts';
import { expectedWait, scoreOf } from './least-time.ts';
import type { Task } from './least-time.ts';
import type { PreferenceName, Preferences } from './preferences.ts';
import { relaxable, unmetPreference } from './preferences.ts';

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

const anyone = (): true => true;
const SAMPLE_SIZE = 5;
/** Primes: stepping by one that does not divide the pool's size visits every member once. */
const STRIDES = [7_919, 104_729, 1_299_709] as const;

export function pickComponent(fleet: Fleet, request: RouteRequest, context: PickContext): Pick {
  if (fleet.healthy.length + fleet.doubtful.length === 0) return { ok: false, reason: 'no-healthy-components' };
  const { preferences } = request;
  const wanted = (candidate: Candidate): boolean => unmetPreference(candidate, preferences) === null;
  const hasRoom = (position: number): boolean => roomLeft(fleet, position, context);

  const pool = [fleet.healthy, fleet.doubtful].find((each) => each.some(hasRoom));
  if (!pool) return { ok: false, reason: 'at-capacity' };

  const preferred = preferences.preferredComponent;
  if (preferred !== undefined) {
    const position = pool.find((each) => fleet.candidates[each]?.id === preferred && hasRoom(each));
    const found = position === undefined ? undefined : judged(fleet, position, request, context);
    if (found && wanted(found.candidate)) return { ok: true, ...found, relaxed: [] };
  }
  const best = bestOfSample(fleet, pool, request, context, wanted);
  if (best) return { ok: true, ...best, relaxed: [] };
  if (preferences.strict) return { ok: false, reason: 'preferences-unmet' };
  const relaxed = bestOfSample(fleet, pool, request, context, anyone);
  if (!relaxed) return { ok: false, reason: 'at-capacity' };
  return { ok: true, ...relaxed, relaxed: relaxable(preferences) };
}

interface Judged {
  readonly position: number;
  readonly candidate: Candidate;
  readonly score: number;
}

function bestOfSample(
  fleet: Fleet,
  pool: readonly number[],
  request: RouteRequest,
  context: PickContext,
  accepts: (candidate: Candidate) => boolean,
): Judged | undefined {
  const size = pool.length;
  const stride = STRIDES.find((prime) => size % prime !== 0) ?? 1;
  let at = Math.floor(context.random() * size);
  let best: Judged | undefined;
  let sampled = 0;
  // The start is random and the order beyond it arbitrary, so keeping the first of equals is a fair tie-break.
  for (let visited = 0; visited < size && sampled < SAMPLE_SIZE; visited++, at = (at + stride) % size) {
    const found = judged(fleet, pool[at]!, request, context);
    if (!roomLeft(fleet, found.position, context) || !accepts(found.candidate)) continue;
    sampled++;
    if (!best || found.score > best.score) best = found;
  }
  return best;
}

function judged(fleet: Fleet, position: number, request: RouteRequest, context: PickContext): Judged {
  const candidate = fleet.candidates[position]!;
  const open = candidate.vitals.inFlight + context.ownAssigned(position);
  return { position, candidate, score: scoreOf(expectedWait(candidate, fleet, request.task, open)) };
}

function roomLeft(fleet: Fleet, position: number, context: PickContext): boolean {
  const candidate = fleet.candidates[position]!;
  if (candidate.maxConcurrentTasks === null) return true;
  return candidate.vitals.inFlight + context.ownAssigned(position) < candidate.maxConcurrentTasks;
}
