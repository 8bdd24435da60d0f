/**
 * Lets calls go when this isolate works on too many at once, or on too many of one key. The count is of
 * this isolate, from when a call's body is here until its answer begins; a stream that is still being sent
 * does not count.
 */
import { createMiddleware } from 'hono/factory';
import type { InFlight } from '../../core/access/load-shedding.ts';
import { NOTHING_IN_FLIGHT, begin, end, inFlightAt, mustShed } from '../../core/access/load-shedding.ts';
import type { AppEnv } from '../app-env.ts';
import type { Call } from '../call.ts';
import type { ProblemResponse } from '../problem.ts';
import { problemResponse } from '../problem.ts';

const RETRY_AFTER_SECONDS = 1;

let all = NOTHING_IN_FLIGHT;
const byKey = new Map<string, InFlight>();

/** Counts the work of a call while it lasts, or lets the call go. */
export async function withinLoad<T>(c: Call, work: () => Promise<T>): Promise<T | ProblemResponse> {
  const begunAt = Date.now();
  const { keyId } = c.get('principal');
  const ofKey = byKey.get(keyId) ?? NOTHING_IN_FLIGHT;
  if (mustShed(c.get('requestClass'), inFlightAt(all, begunAt), inFlightAt(ofKey, begunAt)))
    return problemResponse(c, 'overloaded', { retryAfterSeconds: RETRY_AFTER_SECONDS });
  all = begin(all, begunAt);
  byKey.set(keyId, begin(ofKey, begunAt));
  const working = work().finally(() => ended(keyId, begunAt));
  // A caller that hangs up ends the work, and nobody would count down: this has it go on to its end.
  c.executionCtx.waitUntil(working);
  return working;
}

export const shedLoad = createMiddleware<AppEnv>(async (c, next) => {
  const shed = await withinLoad(c, next);
  return shed ?? undefined;
});

function ended(keyId: string, begunAt: number): void {
  const now = Date.now();
  all = end(all, begunAt, now);
  const ofKey = end(byKey.get(keyId) ?? NOTHING_IN_FLIGHT, begunAt, now);
  if (inFlightAt(ofKey, now) > 0) byKey.set(keyId, ofKey);
  else byKey.delete(keyId);
}
