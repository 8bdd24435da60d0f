/**
 * Service order of the wait queue: first in, first out. A later request never receives capacity that a waiting one
 * could use, even if it needs fewer slots. Capacity that no waiting request can use, too small or excluded by its
 * preferences, remains available.
 */
import type { CandidatePool } from '../balancing/candidate-pool.ts';
import type { OpenWork } from '../balancing/open-work.ts';
import { fitsWhenIdle } from '../balancing/eligible.ts';
import type { RouteRequest } from '../balancing/pick.ts';
import { tiersOf } from '../balancing/pick.ts';
import { enforcesPreferences, unmetPreference } from '../balancing/preferences.ts';
import type { WeightedSet } from '../balancing/weighted-set.ts';

export interface ReservedCapacity {
  /** Number of components that could serve the request once they have capacity. */
  readonly eligible: number;
  /** Number of components that still have capacity for other requests. */
  readonly free: number;
}

/**
 * Marks, in `work`, every component as full that could serve the request once it has capacity. If no component with
 * capacity remains, later requests need not be tried.
 */
export function reserveCapacityFor(request: RouteRequest, pool: CandidatePool, work: OpenWork): ReservedCapacity {
  let [eligible, free] = [0, 0];
  const mayServe = serverTest(request, pool);
  for (const { set } of tiersOf(pool)) {
    for (let at = 0; at < set.size; at++) {
      const position = set.members[at]!;
      const limit = pool.taskLimit[position]!;
      const canServe = mayServe(position);
      if (canServe) eligible += 1;
      if (canServe && limit < Infinity) work.known[position] = Math.max(work.known[position]!, limit);
      else if (work.known[position]! < limit) free += 1;
    }
  }
  return { eligible, free };
}

/**
 * Returns a function that tells whether the component at a position may serve the request once it has capacity. The
 * preferences count under `strict`, and where any component meets them. The load is ignored: it will have dropped.
 */
function serverTest(request: RouteRequest, pool: CandidatePool): (position: number) => boolean {
  const { preferences } = request;
  const fits = (position: number): boolean => fitsWhenIdle(pool, position, request);
  const meets = (position: number): boolean =>
    fits(position) && unmetPreference(pool.candidates[position]!, preferences, 0) === null;
  if (!enforcesPreferences(preferences)) return fits;
  return preferences.strict || isAnyMember(pool, meets) ? meets : fits;
}

/** Whether any component could serve the request once it has capacity. Reserves nothing. */
export const isServable = (request: RouteRequest, pool: CandidatePool): boolean =>
  isAnyMember(pool, serverTest(request, pool));

const isAnyMember = (pool: CandidatePool, test: (position: number) => boolean): boolean =>
  tiersOf(pool).some(({ set }) => someOf(set, test));

function someOf({ members, size }: WeightedSet, test: (position: number) => boolean): boolean {
  for (let at = 0; at < size; at++) if (test(members[at]!)) return true;
  return false;
}

/** Callbacks of one pass over the queue. */
export interface QueuePass<W> {
  /** Serves the request; false if it cannot be served now. */
  readonly serve: (waiting: W) => boolean;
  /** Reserves the capacity that the request could use. */
  readonly reserve: (waiting: W) => ReservedCapacity;
  /** Whether the quota of its key allows the request, counting the reservations of requests before it. */
  readonly isWithinQuota: (waiting: W) => boolean;
  /** Keeps the request in the queue and reserves the quota of its key for it. */
  readonly keepWaiting: (waiting: W, isWithinQuota: boolean) => void;
}

/**
 * Serves the requests that can be served, in order, and reserves capacity for each of the others. Returns those that
 * still wait.
 *
 * Once no capacity is left, the pass tries no further request. A request over the quota of its key reserves no
 * capacity, because it cannot use it yet. Otherwise other callers would wait for leases that only callers with this key
 * can end.
 */
export function serveInOrder<W>(
  queue: readonly W[],
  { serve, reserve, isWithinQuota, keepWaiting }: QueuePass<W>,
): W[] {
  const stillWaiting: W[] = [];
  let isFull = false;
  for (const waiting of queue) {
    const withinQuota = isWithinQuota(waiting);
    if (withinQuota && !isFull && serve(waiting)) continue;
    stillWaiting.push(waiting);
    keepWaiting(waiting, withinQuota);
    if (withinQuota) isFull ||= reserve(waiting).free === 0;
  }
  return stillWaiting;
}
