/**
 * Load shedding: refuses calls while this isolate has too many in flight, in total or of one key. A call counts from
 * the end of its body until its response begins, so a stream that is still being sent does not count.
 */
import { createMiddleware } from 'hono/factory';
import type { InFlight } from '../../core/access/load-shedding.ts';
import { NOTHING_IN_FLIGHT, begin, end, inFlightAt, mustShed } from '../../core/access/load-shedding.ts';
import type { AppEnv } from '../http/app-env.ts';
import type { Call } from '../http/call.ts';
import type { ProblemResponse } from '../http/problem.ts';
import { problemResponse } from '../http/problem.ts';

const RETRY_AFTER_SECONDS = 1;

/**
 * `queued`: a call in the wait queue for leases. Waiting costs nothing, so such calls must not displace reads of the
 * queue.
 */
type LoadKind = 'active' | 'queued';

interface Count {
  all: InFlight;
  readonly byKey: Map<string, InFlight>;
}

const counts: Readonly<Record<LoadKind, Count>> = {
  active: { all: NOTHING_IN_FLIGHT, byKey: new Map() },
  queued: { all: NOTHING_IN_FLIGHT, byKey: new Map() },
};

/**
 * Runs `work` and counts it while it lasts, or returns 503 `overloaded`. Calls of kind `queued` count only against the
 * limit of traffic.
 */
export async function withinLoad<T>(
  c: Call,
  work: () => Promise<T>,
  kind: LoadKind = 'active',
): Promise<T | ProblemResponse> {
  const startedAt = Date.now();
  const { keyId } = c.get('principal');
  const requestClass = c.get('requestClass');
  const counted: readonly LoadKind[] = requestClass === 'traffic' ? ['active', 'queued'] : ['active'];
  const inFlight = counted.reduce((sum, each) => sum + inFlightAt(counts[each].all, startedAt), 0);
  const ofKey = counted.reduce((sum, each) => sum + inFlightAt(countOf(each, keyId), startedAt), 0);
  if (mustShed(requestClass, inFlight, ofKey))
    return problemResponse(c, 'overloaded', { retryAfterSeconds: RETRY_AFTER_SECONDS });
  const count = counts[kind];
  count.all = begin(count.all, startedAt);
  count.byKey.set(keyId, begin(countOf(kind, keyId), startedAt));
  const working = work().finally(() => release(kind, keyId, startedAt));
  // A caller that disconnects would end the work before `release`. With `waitUntil` the work runs to its end.
  c.executionCtx.waitUntil(working);
  return working;
}

export const shedLoad = createMiddleware<AppEnv>(async (c, next) => {
  const shed = await withinLoad(c, next);
  return shed ?? undefined;
});

const countOf = (kind: LoadKind, keyId: string): InFlight => counts[kind].byKey.get(keyId) ?? NOTHING_IN_FLIGHT;

function release(kind: LoadKind, keyId: string, startedAt: number): void {
  const now = Date.now();
  const count = counts[kind];
  count.all = end(count.all, startedAt, now);
  const ofKey = end(countOf(kind, keyId), startedAt, now);
  if (inFlightAt(ofKey, now) > 0) count.byKey.set(keyId, ofKey);
  else count.byKey.delete(keyId);
}
