/** The least loaded server on the snapshot: fewest requests in flight relative to the task limit. */
import type { MakeStrategy } from '../strategy.ts';
import { snapshotsOf } from './snapshots.ts';

export const leastLoad: MakeStrategy = (scene) => {
  const { taskLimits, random } = scene;
  const snapshots = snapshotsOf(scene);
  return {
    pick(router) {
      const load = snapshots.of(router);
      const first = Math.floor(random() * taskLimits.length);
      let best = first;
      for (let step = 1; step < taskLimits.length; step++) {
        const at = first + step < taskLimits.length ? first + step : first + step - taskLimits.length;
        if (load[at]! * taskLimits[best]! < load[best]! * taskLimits[at]!) best = at;
      }
      return best;
    },
    refresh: (router) => snapshots.refresh(router),
  };
};
