/** Strategy of the original plan: the highest score on the snapshot, without assignments since. */
import type { MakeStrategy } from '../strategy.ts';
import { snapshotsOf } from './snapshots.ts';

/** 100, minus the load in percent of the task limit, minus 1 per 100 ms of average response time, at most 10. */
const scoreOf = (inFlight: number, taskLimit: number, ewmaMs: number): number =>
  Math.max(0, 100 - (100 * inFlight) / taskLimit - Math.min(10, ewmaMs / 100));

export const bestScore: MakeStrategy = (scene) => {
  const { taskLimits, ewmaMs, random } = scene;
  const snapshots = snapshotsOf(scene);
  const times = Array.from({ length: scene.ageMs === 0 ? 0 : scene.routers }, () => ewmaMs.slice());
  return {
    pick(router) {
      const load = snapshots.of(router);
      const known = times[router] ?? ewmaMs;
      const first = Math.floor(random() * taskLimits.length);
      let best = first;
      let highest = -1;
      for (let step = 0; step < taskLimits.length; step++) {
        const at = first + step < taskLimits.length ? first + step : first + step - taskLimits.length;
        const score = scoreOf(load[at]!, taskLimits[at]!, known[at]!);
        if (score <= highest) continue;
        best = at;
        highest = score;
      }
      return best;
    },
    refresh(router) {
      snapshots.refresh(router);
      times[router]!.set(ewmaMs);
    },
  };
};
