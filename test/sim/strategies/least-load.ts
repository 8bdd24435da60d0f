/** The least loaded on the snapshot: fewest requests in flight for its room. */
import type { MakeStrategy } from '../strategy.ts';
import { snapshotsOf } from './snapshots.ts';

export const leastLoad: MakeStrategy = (scene) => {
  const { rooms, random } = scene;
  const snapshots = snapshotsOf(scene);
  return {
    pick(router) {
      const load = snapshots.of(router);
      const first = Math.floor(random() * rooms.length);
      let best = first;
      for (let step = 1; step < rooms.length; step++) {
        const at = first + step < rooms.length ? first + step : first + step - rooms.length;
        if (load[at]! * rooms[best]! < load[best]! * rooms[at]!) best = at;
      }
      return best;
    },
    refresh: (router) => snapshots.refresh(router),
  };
};
