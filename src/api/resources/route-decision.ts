/**
 * Response body of a routing decision as JSON text, for decisions of the isolate (`edge`) and of the registry
 * (`exact`). The registration arrives as text and is passed on: only what the decision adds is serialized.
 */
import type { PolicyName } from '../../core/balancing/balancing-settings.ts';
import type { Candidate } from '../../core/balancing/candidate.ts';
import type { Explanation } from '../../core/balancing/explain.ts';
import type { FallbackTier } from '../../core/balancing/pick.ts';
import type { RouteResponseData } from '../schemas/route.ts';

export interface RoutedRequest {
  readonly candidate: Candidate;
  /** The registration of the candidate, a JSON object as text. */
  readonly registration: string;
  readonly lease: RouteResponseData['lease'];
  readonly mode: 'edge' | 'exact';
  readonly policy: PolicyName;
  readonly score: number;
  readonly revision: number;
  readonly stale: boolean;
  readonly relaxed: readonly string[];
  readonly fallbackTier: FallbackTier | null;
  /** Null unless requested. */
  readonly explanation: Explanation | null;
}

export function routeResponseText(routed: RoutedRequest): string {
  const { lease, mode, policy, score, revision, stale, relaxed, fallbackTier, explanation } = routed;
  const decision: RouteResponseData['decision'] = {
    id: crypto.randomUUID(),
    mode,
    policy,
    score,
    revision,
    stale,
    relaxed: [...relaxed],
    ...(fallbackTier === null ? {} : { fallback: fallbackTier }),
    ...explanation,
  };
  const leaseText = lease === null ? 'null' : JSON.stringify(lease);
  return `{"component":${componentText(routed)},"lease":${leaseText},"decision":${JSON.stringify(decision)}}`;
}

/** The registration with the state at the decision. The names are those of the component resource. */
function componentText({ candidate, registration }: RoutedRequest): string {
  const { lifecycle, status, reason, liveStats } = candidate;
  const state: Pick<RouteResponseData['component'], 'lifecycle' | 'health'> = {
    lifecycle,
    health: { status, suspect: liveStats.suspect, reason },
  };
  return `${registration.slice(0, -1)},${JSON.stringify(state).slice(1)}`;
}
