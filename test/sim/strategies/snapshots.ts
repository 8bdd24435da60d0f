/** Snapshot of every router: requests in flight by server at its last refresh. */
import type { Scene } from '../strategy.ts';

export interface Snapshots {
  of(router: number): Float64Array;
  refresh(router: number): void;
}

export function snapshotsOf({ inFlight, routers, ageMs }: Scene): Snapshots {
  const kept = Array.from({ length: ageMs === 0 ? 0 : routers }, () => new Float64Array(inFlight.length));
  return {
    of: (router) => (ageMs === 0 ? inFlight : kept[router]!),
    refresh: (router) => kept[router]!.set(inFlight),
  };
}
