/**
 * Service order of the wait queue: first in, first out. A later request never receives capacity that a waiting one
 * could use, even if it needs fewer slots. Capacity that no waiting request can use, too small or excluded by its
 * `strict` preferences, remains available.
 */
import type { CandidatePool } from '../balancing/candidate-pool.ts';
import type { OpenWork } from '../balancing/open-work.ts';
import type { RouteRequest } from '../balancing/pick.ts';
import { tiersOf } from '../balancing/pick.ts';
import { unmetPreference } from '../balancing/preferences.ts';

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
  for (const { set } of tiersOf(pool)) {
    for (let at = 0; at < set.size; at++) {
      const position = set.members[at]!;
      const limit = pool.taskLimit[position]!;
      const canServe = mayServe(request, pool, position);
      if (canServe) eligible += 1;
      if (canServe && limit < Infinity) work.open[position] = Math.max(work.open[position]!, limit);
      else if (work.open[position]! < limit) free += 1;
    }
  }
  return { eligible, free };
}

function mayServe({ slots, preferences, assumedDown }: RouteRequest, pool: CandidatePool, position: number): boolean {
  const candidate = pool.candidates[position]!;
  if (slots > pool.taskLimit[position]! || assumedDown.includes(candidate.id)) return false;
  // The `maxLoad` preference is ignored: the load will have dropped by then.
  return preferences.strict !== true || unmetPreference(candidate, preferences, 0) === null;
}

/** Whether any component could serve the request once it has capacity. Reserves nothing. */
export const isServable = (request: RouteRequest, pool: CandidatePool): boolean =>
  tiersOf(pool).some(({ set }) => {
    for (let at = 0; at < set.size; at++) if (mayServe(request, pool, set.members[at]!)) return true;
    return false;
  });

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
