/**
 * Lets calls go when this isolate works on too many at once. The count is of this isolate and of the time
 * until an answer begins; a stream that is still being sent does not count.
 */
import { createMiddleware } from 'hono/factory';
import { NOTHING_IN_FLIGHT, begin, end, inFlightAt, mustShed } from '../../core/access/load-shedding.ts';
import { requestClass } from '../../core/access/request-class.ts';
import type { AppEnv } from '../app-env.ts';
import { problemResponse } from '../problem.ts';

const RETRY_AFTER_SECONDS = 1;

let inFlight = NOTHING_IN_FLIGHT;

export const shedLoad = createMiddleware<AppEnv>(async (c, next) => {
  const begunAt = Date.now();
  if (mustShed(requestClass(c.req.method, c.req.path), inFlightAt(inFlight, begunAt))) {
    return problemResponse(c, 'overloaded', { retryAfterSeconds: RETRY_AFTER_SECONDS });
  }
  inFlight = begin(inFlight, begunAt);
  const work = next().finally(() => {
    inFlight = end(inFlight, begunAt, Date.now());
  });
  // A caller that hangs up ends the work, and nobody would count down: this has it go on to its end.
  c.executionCtx.waitUntil(work);
  return work;
});
