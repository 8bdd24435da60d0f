/**
 * Load shedding: refuses calls while this isolate has too many in flight, in total or of one account. A call counts
 * from the end of its body until its response begins, so a stream that is still being sent does not count.
 *
 * Invariant: the calls of one account alone never make a call of another account be refused.
 */
import { createMiddleware } from 'hono/factory';
import type { InFlight, ShedReason } from '../../core/access/load-shedding.ts';
import {
  NOTHING_IN_FLIGHT,
  begin,
  countsFor,
  end,
  heldReason,
  inFlightAt,
  shedReason,
} from '../../core/access/load-shedding.ts';
import type { RequestClass } from '../../core/access/request-class.ts';
import { REQUEST_CLASSES, waitsOutside } from '../../core/access/request-class.ts';
import type { AppEnv } from '../http/app-env.ts';
import type { Call } from '../http/call.ts';
import type { ProblemResponse } from '../http/problem.ts';
import { problemResponse } from '../http/problem.ts';

const RETRY_AFTER_SECONDS = 1;

/**
 * `queued`: a call in the wait queue for leases. `held`: a call that waits for something outside. Waiting costs
 * nothing, so such calls must not displace reads.
 */
type LoadKind = 'active' | 'queued' | 'held';

interface Count {
  /** Calls in flight that count towards the limit of each class. */
  readonly of: Record<RequestClass, InFlight>;
  readonly byAccount: Map<string, InFlight>;
}

const emptyCount = (): Count => ({
  of: { list: NOTHING_IN_FLIGHT, lookup: NOTHING_IN_FLIGHT, change: NOTHING_IN_FLIGHT, traffic: NOTHING_IN_FLIGHT },
  byAccount: new Map(),
});

const counts: Readonly<Record<LoadKind, Count>> = { active: emptyCount(), queued: emptyCount(), held: emptyCount() };

const DETAILS: Readonly<Record<ShedReason, string>> = {
  'too-many-in-flight': 'the key, with all keys issued under it, has too many calls in flight: wait for some of them',
  overloaded: 'too many calls are in flight here: repeat the call',
};

/**
 * Runs `work` and counts it while it lasts, or returns 429 `too-many-in-flight` or 503 `overloaded`. Calls of kind
 * `queued` count only against the limit of traffic, those of kind `held` only against their own.
 */
export async function withinLoad<T>(
  c: Call,
  work: () => Promise<T>,
  kind: LoadKind = 'active',
): Promise<T | ProblemResponse> {
  const startedAt = Date.now();
  const { accountId } = c.get('principal');
  const reason = refusalOf(kind, c.get('requestClass'), accountId, startedAt);
  if (reason) return problemResponse(c, reason, { detail: DETAILS[reason], retryAfterSeconds: RETRY_AFTER_SECONDS });
  const count = counts[kind];
  const ofAccount = countOf(kind, accountId);
  const before = inFlightAt(ofAccount, startedAt);
  const counted = kind === 'held' ? REQUEST_CLASSES : REQUEST_CLASSES.filter((each) => countsFor(each, before));
  for (const each of counted) count.of[each] = begin(count.of[each], startedAt);
  count.byAccount.set(accountId, begin(ofAccount, startedAt));
  const working = work().finally(() => release(kind, { accountId, counted, startedAt }));
  // A caller that disconnects would end the work before `release`. With `waitUntil` the work runs to its end.
  c.executionCtx.waitUntil(working);
  return working;
}

export const shedLoad = createMiddleware<AppEnv>(async (c, next) => {
  const shed = await withinLoad(c, next, waitsOutside(c.req.method, c.req.path) ? 'held' : 'active');
  return shed ?? undefined;
});

function refusalOf(kind: LoadKind, requestClass: RequestClass, accountId: string, now: number): ShedReason | null {
  const isHeld = kind === 'held';
  const kinds: readonly LoadKind[] = isHeld ? ['held'] : requestClass === 'traffic' ? ['active', 'queued'] : ['active'];
  const inFlight = kinds.reduce((sum, each) => sum + inFlightAt(counts[each].of[requestClass], now), 0);
  const ofAccount = kinds.reduce((sum, each) => sum + inFlightAt(countOf(each, accountId), now), 0);
  return isHeld ? heldReason(inFlight, ofAccount) : shedReason(requestClass, inFlight, ofAccount);
}

const countOf = (kind: LoadKind, accountId: string): InFlight =>
  counts[kind].byAccount.get(accountId) ?? NOTHING_IN_FLIGHT;

interface CountedCall {
  readonly accountId: string;
  /** Classes towards whose limits the call counts. */
  readonly counted: readonly RequestClass[];
  readonly startedAt: number;
}

function release(kind: LoadKind, { accountId, counted, startedAt }: CountedCall): void {
  const now = Date.now();
  const count = counts[kind];
  for (const each of counted) count.of[each] = end(count.of[each], startedAt, now);
  const ofAccount = end(countOf(kind, accountId), startedAt, now);
  if (inFlightAt(ofAccount, now) > 0) count.byAccount.set(accountId, ofAccount);
  else count.byAccount.delete(accountId);
}
