/**
 * Oracle that knows the current speed and the remaining work of every server. Sends each request to the server where an
 * average one would end first. `clairvoyant` also knows the work of the request, which no router can know: shown for
 * comparison only.
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
