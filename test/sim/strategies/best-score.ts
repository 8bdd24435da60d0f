/** What the original plan says: the highest score on the snapshot, whatever was given since. */
import type { MakeStrategy } from '../strategy.ts';
import { snapshotsOf } from './snapshots.ts';

/** From 100, minus load in percent of the room, minus 1 for each 100 ms of usual response time and at most 10. */
const scoreOf = (inFlight: number, room: number, usualMs: number): number =>
  Math.max(0, 100 - (100 * inFlight) / room - Math.min(10, usualMs / 100));

export const bestScore: MakeStrategy = (scene) => {
  const { rooms, usualMs, random } = scene;
  const snapshots = snapshotsOf(scene);
  const times = Array.from({ length: scene.ageMs === 0 ? 0 : scene.routers }, () => usualMs.slice());
  return {
    pick(router) {
      const load = snapshots.of(router);
      const known = times[router] ?? usualMs;
      const first = Math.floor(random() * rooms.length);
      let best = first;
      let highest = -1;
      for (let step = 0; step < rooms.length; step++) {
        const at = first + step < rooms.length ? first + step : first + step - rooms.length;
        const score = scoreOf(load[at]!, rooms[at]!, known[at]!);
        if (score <= highest) continue;
        best = at;
        highest = score;
      }
      return best;
    },
    refresh(router) {
      snapshots.refresh(router);
      times[router]!.set(usualMs);
    },
  };
};
