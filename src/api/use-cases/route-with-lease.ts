/**
 * Exact mode: the registry decides on the load as it is and grants a lease, or has the caller wait for one. Where it
 * granted the isolate a block, the lease comes out of that.
 */
import { keyOfAnyAge } from '../../edge/key-cache.ts';
import { NO_QUOTAS } from '../../core/access/key-quotas.ts';
import type { RouteRequest } from '../../core/balancing/pick.ts';
import { toIso } from '../../core/component/resource.ts';
import { acquireNear } from '../../edge/edge-leases.ts';
import type { Call } from '../http/call.ts';
import { jsonResponse, waitUntilOf } from '../http/call.ts';
import { problemResponse, problemOptionsOf } from '../http/problem.ts';
import { withExplanation, routeDecision } from '../resources/route-decision.ts';
import type { RouteRequestData } from '../schemas/route.ts';

type Body = RouteRequestData & { readonly lease: NonNullable<RouteRequestData['lease']> };

export async function routeWithLease(c: Call, type: string, request: RouteRequest, body: Body) {
  const { lease: terms, explain = false, dryRun } = body;
  const rehearsal = dryRun ? { policy: dryRun.policy ?? null } : null;
  const { ttlMs, waitMs } = terms;
  const { keyId } = c.get('principal');
  const holder = { keyId, quotas: keyOfAnyAge(keyId)?.key.quotas ?? NO_QUOTAS };
  const asked = { request, ttlMs, waitMs, explain, rehearsal, holder };
  const acquired = await acquireNear(type, asked, waitUntilOf(c));
  if (!acquired.ok) {
    const candidates = acquired.explanation?.candidates;
    return problemResponse(c, acquired.reason, {
      ...problemOptionsOf(acquired),
      ...(candidates ? { candidates } : {}),
    });
  }
  const { lease, explanation, ...decided } = acquired;
  const shown = lease && { id: lease.id, expiresAt: toIso(lease.expiresAt) };
  const answer = routeDecision({ ...decided, lease: shown, mode: 'exact', stale: false });
  return jsonResponse(c, explanation ? withExplanation(answer, explanation) : answer);
}
