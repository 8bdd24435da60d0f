/** What a routing decision is answered with, whoever made it. */
import type { PolicyName } from '../../core/balancing/balancing-settings.ts';
import type { Candidate } from '../../core/balancing/candidate.ts';
import type { Explanation } from '../../core/balancing/explain.ts';
import type { FallbackTier } from '../../core/balancing/pick.ts';
import type { RouteAnswer } from '../schemas/route.ts';

export interface Routed {
  readonly candidate: Candidate;
  readonly lease: RouteAnswer['lease'];
  readonly mode: 'edge' | 'exact';
  readonly policy: PolicyName;
  readonly score: number;
  readonly revision: number;
  readonly stale: boolean;
  readonly relaxed: readonly string[];
  readonly resort: FallbackTier | null;
}

export function routeDecision(routed: Routed): RouteAnswer {
  const { candidate, lease, mode, policy, score, revision, stale, relaxed, resort } = routed;
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
      ...(resort === null ? {} : { resort }),
    },
  };
}

/** The same with what became of every candidate. */
export const withExplanation = (answer: RouteAnswer, explanation: Explanation): RouteAnswer => ({
  ...answer,
  decision: { ...answer.decision, ...explanation },
});
