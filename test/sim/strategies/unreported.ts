/**
 * Production's edge routing where nobody reports: no outcome comes back, and no component tells its load. Work
 * counts as in flight for the component's usual time, and that is its health check's, which waits in no queue.
 */
import type { PolicyName } from '../../../src/core/balancing/balancing-settings.ts';
import { MEAN_WORK_MS } from '../model.ts';
import { speedAt } from '../server.ts';
import type { MakeStrategy } from '../strategy.ts';
import { edge } from './production.ts';

const CHECK_EVERY_MS = 4_000;
/** As the registry averages its checks. */
const CHECK_WEIGHT = 0.3;

export const unreported =
  (policy: PolicyName): MakeStrategy =>
  (scene) => {
    const { servers, rooms, random } = scene;
    const counted = new Float64Array(rooms.length);
    const usualMs = Float64Array.from(rooms, () => MEAN_WORK_MS);
    const checkAt = Float64Array.from(rooms, () => random() * CHECK_EVERY_MS);
    /** By server: until when each piece of work counts, those before `over` no more. */
    const until = rooms.map((): number[] => []);
    const over = new Int32Array(rooms.length);
    const inner = edge(policy)({ ...scene, inFlight: counted, usualMs });

    function lookAt(server: number, now: number): void {
      if (now >= checkAt[server]!) {
        usualMs[server]! += CHECK_WEIGHT * (MEAN_WORK_MS / speedAt(servers[server]!, now) - usualMs[server]!);
        checkAt[server]! += CHECK_EVERY_MS;
      }
      const ends = until[server]!;
      while (over[server]! < ends.length && ends[over[server]!]! <= now) over[server]! += 1;
      counted[server] = ends.length - over[server]!;
    }

    return {
      pick(router, now, request) {
        const server = inner.pick(router, now, request);
        until[server]!.push(now + usualMs[server]!);
        return server;
      },
      refresh(router, now) {
        for (let server = 0; server < rooms.length; server++) lookAt(server, now);
        inner.refresh?.(router, now);
      },
    };
  };
