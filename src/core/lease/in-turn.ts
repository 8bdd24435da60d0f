/**
 * The order in which those who wait for room are served: that in which they came. Room that one of them could
 * use is given to nobody who came later, however little they ask for. Room that is of no use to them, because
 * it is too small or not what they insist on, goes on being given.
 */
import type { Fleet } from '../balancing/fleet.ts';
import type { OpenWork } from '../balancing/open-work.ts';
import type { RouteRequest } from '../balancing/pick.ts';
import { tiersOf } from '../balancing/pick.ts';
import { unmetPreference } from '../balancing/preferences.ts';

export interface HeldRoom {
  /** Components that may serve the request some time. */
  readonly awaited: number;
  /** Components that are left with room for others. */
  readonly free: number;
}

/**
 * Counts as full, in `work`, whatever could serve the request once it has room. Where that leaves nobody with
 * room, whoever comes later need not be tried.
 */
export function holdRoomFor(request: RouteRequest, fleet: Fleet, work: OpenWork): HeldRoom {
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

function mayServe({ slots, preferences, assumedDown }: RouteRequest, fleet: Fleet, position: number): boolean {
  const candidate = fleet.candidates[position]!;
  if (slots > fleet.room[position]! || assumedDown.includes(candidate.id)) return false;
  // Its load will have fallen by then.
  return preferences.strict !== true || unmetPreference(candidate, preferences, 0) === null;
}

/**
 * Serves who can be served, the first first, holds room for each of the others, and answers those. `serve` says
 * whether it could; once nobody has room left it is not asked any more.
 */
export function serveInTurn<W>(
  line: readonly W[],
  serve: (waiting: W) => boolean,
  hold: (waiting: W) => HeldRoom,
): W[] {
  const left: W[] = [];
  let isFull = false;
  for (const waiting of line) {
    if (!isFull && serve(waiting)) continue;
    left.push(waiting);
    isFull ||= hold(waiting).free === 0;
  }
  return left;
}
