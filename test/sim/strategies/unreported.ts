/**
 * Edge routing of production without any reports: callers report no outcomes, components no load. An assignment counts
 * as open for the average time of the component's health check, which waits in no queue.
 */
import type { PolicyName } from '../../../src/core/balancing/balancing-settings.ts';
import { MEAN_WORK_MS } from '../model.ts';
import { speedAt } from '../server.ts';
import type { MakeStrategy } from '../strategy.ts';
import { edge } from './production.ts';

const CHECK_EVERY_MS = 4_000;
/** Same weight as in the registry's average of checks. */
const CHECK_WEIGHT = 0.3;

export const unreported =
  (policy: PolicyName): MakeStrategy =>
  (scene) => {
    const { servers, taskLimits, random } = scene;
    const counted = new Float64Array(taskLimits.length);
    const ewmaMs = Float64Array.from(taskLimits, () => MEAN_WORK_MS);
    const checkAt = Float64Array.from(taskLimits, () => random() * CHECK_EVERY_MS);
    /** End times of the counted assignments by server; those before index `ended` have passed. */
    const until = taskLimits.map((): number[] => []);
    const ended = new Int32Array(taskLimits.length);
    const inner = edge(policy)({ ...scene, inFlight: counted, ewmaMs });

    function update(server: number, now: number): void {
      if (now >= checkAt[server]!) {
        ewmaMs[server]! += CHECK_WEIGHT * (MEAN_WORK_MS / speedAt(servers[server]!, now) - ewmaMs[server]!);
        checkAt[server]! += CHECK_EVERY_MS;
      }
      const ends = until[server]!;
      while (ended[server]! < ends.length && ends[ended[server]!]! <= now) ended[server]! += 1;
      counted[server] = ends.length - ended[server]!;
    }

    return {
      pick(router, now, request) {
        const server = inner.pick(router, now, request);
        until[server]!.push(now + ewmaMs[server]!);
        return server;
      },
      refresh(router, now) {
        for (let server = 0; server < taskLimits.length; server++) update(server, now);
        inner.refresh?.(router, now);
      },
    };
  };
