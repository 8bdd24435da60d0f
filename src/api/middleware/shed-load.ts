/**
 * Lets calls go when this isolate works on too many at once, or on too many of one key. The count is of
 * this isolate, from when a call's body is here until its answer begins; a stream that is still being sent
 * does not count.
 */
import { createMiddleware } from 'hono/factory';
import type { InFlight } from '../../core/access/load-shedding.ts';
import { NOTHING_IN_FLIGHT, begin, end, inFlightAt, mustShed } from '../../core/access/load-shedding.ts';
import type { AppEnv } from '../http/app-env.ts';
import type { Call } from '../http/call.ts';
import type { ProblemResponse } from '../http/problem.ts';
import { problemResponse } from '../http/problem.ts';

const RETRY_AFTER_SECONDS = 1;

/** A call that stands in line for a lease costs nothing meanwhile: it must not keep people from looking at the line. */
type Kind = 'works' | 'waits';

interface Count {
  all: InFlight;
  readonly byKey: Map<string, InFlight>;
}

const counts: Readonly<Record<Kind, Count>> = {
  works: { all: NOTHING_IN_FLIGHT, byKey: new Map() },
  waits: { all: NOTHING_IN_FLIGHT, byKey: new Map() },
};

/** Counts the work of a call while it lasts, or lets the call go. One that may wait in line counts against traffic alone. */
export async function withinLoad<T>(
  c: Call,
  work: () => Promise<T>,
  kind: Kind = 'works',
): Promise<T | ProblemResponse> {
  const begunAt = Date.now();
  const { keyId } = c.get('principal');
  const requestClass = c.get('requestClass');
  const counted: readonly Kind[] = requestClass === 'traffic' ? ['works', 'waits'] : ['works'];
  const inFlight = counted.reduce((sum, each) => sum + inFlightAt(counts[each].all, begunAt), 0);
  const ofKey = counted.reduce((sum, each) => sum + inFlightAt(countOf(each, keyId), begunAt), 0);
  if (mustShed(requestClass, inFlight, ofKey))
    return problemResponse(c, 'overloaded', { retryAfterSeconds: RETRY_AFTER_SECONDS });
  const count = counts[kind];
  count.all = begin(count.all, begunAt);
  count.byKey.set(keyId, begin(countOf(kind, keyId), begunAt));
  const working = work().finally(() => ended(kind, keyId, begunAt));
  // A caller that hangs up ends the work, and nobody would count down: this has it go on to its end.
  c.executionCtx.waitUntil(working);
  return working;
}

export const shedLoad = createMiddleware<AppEnv>(async (c, next) => {
  const shed = await withinLoad(c, next);
  return shed ?? undefined;
});

const countOf = (kind: Kind, keyId: string): InFlight => counts[kind].byKey.get(keyId) ?? NOTHING_IN_FLIGHT;

function ended(kind: Kind, keyId: string, begunAt: number): void {
  const now = Date.now();
  const count = counts[kind];
  count.all = end(count.all, begunAt, now);
  const ofKey = end(countOf(kind, keyId), begunAt, now);
  if (inFlightAt(ofKey, now) > 0) count.byKey.set(keyId, ofKey);
  else count.byKey.delete(keyId);
}
