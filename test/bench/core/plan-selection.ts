/** Selection of the original plan, as a reference: filter, score and sort all eligible candidates, take the first. */
import type { Candidate } from '../../../src/core/balancing/candidate.ts';
import type { RouteRequest } from '../../../src/core/balancing/pick.ts';

interface Scored {
  readonly candidate: Candidate;
  readonly score: number;
}

export function planSelection(candidates: readonly Candidate[], request: RouteRequest): Candidate | undefined {
  return candidates
    .filter(({ status, lifecycle }) => lifecycle === 'active' && (status === 'healthy' || status === 'degraded'))
    .map((candidate): Scored => ({ candidate, score: planScore(candidate, request) }))
    .toSorted((a, b) => b.score - a.score)[0]?.candidate;
}

function planScore({ status, liveStats, taskTypes, location }: Candidate, request: RouteRequest): number {
  let score = 100 - liveStats.loadPercentage;
  if (status === 'degraded') score -= 20;
  score -= Math.min(10, (liveStats.ewmaMs ?? 0) / 100);
  if (request.taskType !== null && taskTypes.includes(request.taskType)) score += 15;
  if (location === request.location) score += 10;
  return Math.max(0, score);
}
