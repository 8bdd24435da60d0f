/**
 * Edge routing of production without any reports: callers report no outcomes, components no load. The registry
 * estimates the work of all routers from their assignments, over the assumed task time. Response times are those of
 * health checks, which wait in no queue.
 */
import type { PolicyName } from '../../../src/core/balancing/balancing-settings.ts';
import { DEFAULT_BALANCING } from '../../../src/core/balancing/balancing-settings.ts';
import { NO_ESTIMATE, typicalTaskMs, withAssigned } from '../../../src/core/component/work-estimate.ts';
import { MEAN_WORK_MS } from '../model.ts';
import { speedAt } from '../server.ts';
import type { MakeStrategy } from '../strategy.ts';
import { edge } from './production.ts';

const CHECK_EVERY_MS = 4_000;
/** Same weight as in the registry's average of checks. */
const CHECK_WEIGHT = 0.3;
const TASK_MS = typicalTaskMs(null, DEFAULT_BALANCING.assumedTaskMs);

export const unreported =
  (policy: PolicyName): MakeStrategy =>
  (scene) => {
    const { servers, taskLimits, random, routers, ageMs } = scene;
    const ewmaMs = Float64Array.from(taskLimits, () => MEAN_WORK_MS);
    const checkAt = Float64Array.from(taskLimits, () => random() * CHECK_EVERY_MS);
    const estimates = taskLimits.map(() => NO_ESTIMATE);
    /** Assignments of each router since its last refresh, by server. */
    const assigned = Array.from({ length: routers }, () => new Float64Array(taskLimits.length));
    const known = new Float64Array(taskLimits.length);
    const inner = edge(policy, 'by-share', estimates)({ ...scene, inFlight: known, ewmaMs });

    function update(server: number, router: number, now: number): void {
      if (now >= checkAt[server]!) {
        ewmaMs[server]! += CHECK_WEIGHT * (MEAN_WORK_MS / speedAt(servers[server]!, now) - ewmaMs[server]!);
        checkAt[server]! += CHECK_EVERY_MS;
      }
      const count = assigned[router]![server]!;
      if (count > 0) estimates[server] = withAssigned(estimates[server]!, { count, overMs: ageMs }, TASK_MS, now);
      assigned[router]![server] = 0;
    }

    return {
      pick(router, now, request) {
        const server = inner.pick(router, now, request);
        assigned[router]![server]! += 1;
        return server;
      },
      refresh(router, now) {
        for (let server = 0; server < taskLimits.length; server++) update(server, router, now);
        inner.refresh?.(router, now);
      },
    };
  };
