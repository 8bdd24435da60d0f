/**
 * Knows how fast every server is at this moment and all the work that is still in it, and sends each request to
 * where an average one would be done first. `clairvoyant` knows as well how much work the request is: nobody at
 * the door can know that, so it is shown for comparison and not the measure.
 */
import { MEAN_WORK_MS } from '../model.ts';
import { expectedMs } from '../server.ts';
import type { MakeStrategy, Scene } from '../strategy.ts';

export const oracle: MakeStrategy = (scene) => ({ pick: (_router, now) => firstDone(scene, now, MEAN_WORK_MS) });

export const clairvoyant: MakeStrategy = (scene) => ({
  pick: (_router, now, request) => firstDone(scene, now, scene.works[request]!),
});

function firstDone({ servers }: Scene, now: number, work: number): number {
  let best = 0;
  let least = Infinity;
  for (let at = 0; at < servers.length; at++) {
    const ms = expectedMs(servers[at]!, now, work);
    if (ms >= least) continue;
    best = at;
    least = ms;
  }
  return best;
}
