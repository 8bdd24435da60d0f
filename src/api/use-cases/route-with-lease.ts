/**
 * Exact mode: the registry decides on the load as it is and grants a lease, or has the caller wait for one. Where it
 * granted the isolate a block, the lease comes out of that.
 */
import { keyInHand } from '../../edge/key-cache.ts';
import { NO_QUOTAS } from '../../core/access/key-quotas.ts';
import type { RouteRequest } from '../../core/balancing/pick.ts';
import { toIso } from '../../core/component/resource.ts';
import { acquireNear } from '../../edge/edge-leases.ts';
import type { Call } from '../http/call.ts';
import { jsonAnswer, waitUntilOf } from '../http/call.ts';
import { problemResponse, toldOf } from '../http/problem.ts';
import { explained, routeAnswer } from '../resources/route-decision.ts';
import type { RouteRequestData } from '../schemas/route.ts';

type Body = RouteRequestData & { readonly lease: NonNullable<RouteRequestData['lease']> };

export async function routeExactly(c: Call, type: string, request: RouteRequest, body: Body) {
  const { lease: terms, explain = false, dryRun } = body;
  const rehearsal = dryRun ? { policy: dryRun.policy ?? null } : null;
  const { ttlMs, waitMs } = terms;
  const { keyId } = c.get('principal');
  const holder = { keyId, quotas: keyInHand(keyId)?.key.quotas ?? NO_QUOTAS };
  const asked = { request, ttlMs, waitMs, explain, rehearsal, holder };
  const acquired = await acquireNear(type, asked, waitUntilOf(c));
  if (!acquired.ok) {
    const candidates = acquired.explanation?.candidates;
    return problemResponse(c, acquired.reason, { ...toldOf(acquired), ...(candidates ? { candidates } : {}) });
  }
  const { lease, explanation, ...decided } = acquired;
  const shown = lease && { id: lease.id, expiresAt: toIso(lease.expiresAt) };
  const answer = routeAnswer({ ...decided, lease: shown, mode: 'exact', stale: false });
  return jsonAnswer(c, explanation ? explained(answer, explanation) : answer);
}
