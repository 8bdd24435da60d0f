/** A caller with nothing to do with the storm: routes and reads at a steady rate, and records how long each takes. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiCaller } from './api-caller.ts';
import { INNOCENT_TYPE } from './stage.ts';

/** ms between the starts of two calls. Far below the rate limit of a key. */
const ROUTE_EVERY_MS = 50;
const READ_EVERY_MS = 100;
/** One of as many reads is a list, which an overloaded isolate refuses first. */
const LIST_EACH = 5;
const LIST = `/v1/components?type=${INNOCENT_TYPE}`;

export interface Experience {
  readonly calls: number;
  /** Calls that did not succeed. */
  readonly failed: number;
  readonly routeP99Ms: number;
  readonly readP99Ms: number;
}

/** Works until `ended` aborts. `id` names a component to read. */
export async function workInnocently(caller: ApiCaller, id: string, ended: AbortSignal): Promise<Experience> {
  let failed = 0;
  let turns = 0;
  const every = async (pauseMs: number, call: () => ReturnType<ApiCaller['call']>): Promise<number[]> => {
    const calls: Promise<number>[] = [];
    while (!ended.aborted) {
      calls.push(
        call().then(({ code, ms }) => {
          if (code !== null) failed++;
          return ms;
        }),
      );
      await sleep(pauseMs);
    }
    return Promise.all(calls);
  };
  const [routes, reads] = await Promise.all([
    every(ROUTE_EVERY_MS, () => caller.call('POST', '/v1/route', { type: INNOCENT_TYPE })),
    every(READ_EVERY_MS, () => caller.call('GET', turns++ % LIST_EACH === 0 ? LIST : `/v1/components/${id}`)),
  ]);
  return { calls: routes.length + reads.length, failed, routeP99Ms: p99(routes), readP99Ms: p99(reads) };
}

const p99 = (times: readonly number[]): number =>
  times.toSorted((a, b) => a - b)[Math.ceil(0.99 * times.length) - 1] ?? 0;
