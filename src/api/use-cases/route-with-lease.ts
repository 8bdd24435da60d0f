/**
 * Exact mode: the registry decides on the current load and grants a lease, or lets the request wait in the queue. Where
 * the isolate has a lease block, the lease comes from the block without a call.
 */
import { keyOfAnyAge } from '../../edge/key-cache.ts';
import { NO_QUOTAS } from '../../core/access/key-quotas.ts';
import type { RouteRequest } from '../../core/balancing/pick.ts';
import { toIso } from '../../core/component/resource.ts';
import { acquireAtEdge } from '../../edge/edge-leases.ts';
import type { Call } from '../http/call.ts';
import { jsonTextResponse, waitUntilOf } from '../http/call.ts';
import { problemOptionsOf } from '../http/problem.ts';
import { refuseRoute } from '../resources/route-refusal.ts';
import { routeResponseText } from '../resources/route-decision.ts';
import type { RouteRequestData, RouteResponseData } from '../schemas/route.ts';

type Body = RouteRequestData & { readonly lease: NonNullable<RouteRequestData['lease']> };

export async function routeWithLease(c: Call, type: string, request: RouteRequest, body: Body) {
  const { lease: leaseTerms, explain = false, dryRun } = body;
  const asDryRun = dryRun ? { policy: dryRun.policy ?? null } : null;
  const { ttlMs, waitMs } = leaseTerms;
  const { keyId } = c.get('principal');
  const holder = { keyId, quotas: keyOfAnyAge(keyId)?.key.quotas ?? NO_QUOTAS };
  const acquireRequest = { route: request, ttlMs, waitMs, explain, dryRun: asDryRun, holder };
  const acquired = await acquireAtEdge(type, acquireRequest, waitUntilOf(c));
  if (!acquired.ok) {
    const { reason, message } = acquired;
    const { retryAfterSeconds } = problemOptionsOf(acquired);
    const known = acquired.explanation && { counts: acquired.counts, candidates: acquired.explanation.candidates };
    const requested = { type, requestType: body.requestType };
    return refuseRoute(c, requested, { code: reason, message, retryAfterSeconds, known });
  }
  const { lease, ...decided } = acquired;
  const wireLease = lease && { id: lease.id, expiresAt: toIso(lease.expiresAt) };
  const text = routeResponseText({ ...decided, lease: wireLease, mode: 'exact', stale: false });
  return jsonTextResponse<RouteResponseData>(c, text);
}
