/** Response body of a routing decision, for decisions of the isolate (`edge`) and of the registry (`exact`). */
import type { PolicyName } from '../../core/balancing/balancing-settings.ts';
import type { Candidate } from '../../core/balancing/candidate.ts';
import type { Explanation } from '../../core/balancing/explain.ts';
import type { FallbackTier } from '../../core/balancing/pick.ts';
import type { RouteResponseData } from '../schemas/route.ts';

export interface RoutedRequest {
  readonly candidate: Candidate;
  readonly lease: RouteResponseData['lease'];
  readonly mode: 'edge' | 'exact';
  readonly policy: PolicyName;
  readonly score: number;
  readonly revision: number;
  readonly stale: boolean;
  readonly relaxed: readonly string[];
  readonly fallbackTier: FallbackTier | null;
}

export function routeDecision(routed: RoutedRequest): RouteResponseData {
  const { candidate, lease, mode, policy, score, revision, stale, relaxed, fallbackTier } = routed;
  const { id, name, type, endpoint, metadata } = candidate;
  return {
    component: { id, name, type, endpoint, metadata },
    lease,
    decision: {
      id: crypto.randomUUID(),
      mode,
      policy,
      score,
      revision,
      stale,
      relaxed: [...relaxed],
      ...(fallbackTier === null ? {} : { fallback: fallbackTier }),
    },
  };
}

/** The response with the explanation for every candidate. */
export const withExplanation = (response: RouteResponseData, explanation: Explanation): RouteResponseData => ({
  ...response,
  decision: { ...response.decision, ...explanation },
});
