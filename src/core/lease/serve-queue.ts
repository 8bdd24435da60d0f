/**
 * The order in which those who wait for room are served: that in which they came. Room that one of them could
 * use is given to nobody who came later, however little they ask for. Room that is of no use to them, because
 * it is too small or not what they insist on, goes on being given.
 */
import type { CandidatePool } from '../balancing/candidate-pool.ts';
import type { OpenWork } from '../balancing/open-work.ts';
import type { RouteRequest } from '../balancing/pick.ts';
import { tiersOf } from '../balancing/pick.ts';
import { unmetPreference } from '../balancing/preferences.ts';

export interface ReservedCapacity {
  /** Components that may serve the request some time. */
  readonly awaited: number;
  /** Components that are left with room for others. */
  readonly free: number;
}

/**
 * Counts as full, in `work`, whatever could serve the request once it has room. Where that leaves nobody with
 * room, whoever comes later need not be tried.
 */
export function reserveCapacityFor(request: RouteRequest, fleet: CandidatePool, work: OpenWork): ReservedCapacity {
  let [awaited, free] = [0, 0];
  for (const { set } of tiersOf(fleet)) {
    for (let at = 0; at < set.size; at++) {
      const position = set.members[at]!;
      const room = fleet.room[position]!;
      const isAwaited = mayServe(request, fleet, position);
      if (isAwaited) awaited += 1;
      if (isAwaited && room < Infinity) work.open[position] = Math.max(work.open[position]!, room);
      else if (work.open[position]! < room) free += 1;
    }
  }
  return { awaited, free };
}

function mayServe({ slots, preferences, assumedDown }: RouteRequest, fleet: CandidatePool, position: number): boolean {
  const candidate = fleet.candidates[position]!;
  if (slots > fleet.room[position]! || assumedDown.includes(candidate.id)) return false;
  // Its load will have fallen by then.
  return preferences.strict !== true || unmetPreference(candidate, preferences, 0) === null;
}

/** Whether any component may serve the request some time; holds nothing. */
export const isAwaited = (request: RouteRequest, fleet: CandidatePool): boolean =>
  tiersOf(fleet).some(({ set }) => {
    for (let at = 0; at < set.size; at++) if (mayServe(request, fleet, set.members[at]!)) return true;
    return false;
  });

/** How those in a line are served. */
export interface QueuePass<W> {
  /** Serves it; false when it cannot. */
  readonly serve: (waiting: W) => boolean;
  /** Holds the room that it could use. */
  readonly hold: (waiting: W) => ReservedCapacity;
  /** Whether its key may hold that much more now, beside what those before it are to get. */
  readonly isWithin: (waiting: W) => boolean;
  /** It stays: what it asks of its key is kept for it. */
  readonly stay: (waiting: W, isWithin: boolean) => void;
}

/**
 * Serves who can be served, the first first, holds room for each of the others, and answers those. Once nobody has
 * room left nobody is tried any more. Who waits for its own key to free something holds no room: that is of no use to
 * it yet, and others would wait for what only its key's callers can end.
 */
export function serveInOrder<W>(line: readonly W[], { serve, hold, isWithin, stay }: QueuePass<W>): W[] {
  const left: W[] = [];
  let isFull = false;
  for (const waiting of line) {
    const within = isWithin(waiting);
    if (within && !isFull && serve(waiting)) continue;
    left.push(waiting);
    stay(waiting, within);
    if (within) isFull ||= hold(waiting).free === 0;
  }
  return left;
}
