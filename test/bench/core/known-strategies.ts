/**
 * Two strategies to measure decisions against, written from their descriptions: the original plan's selection
 * (filter those eligible, score them all, sort, take the first) and the one that moleculer calls CpuUsage (filter
 * those available, look at three at random, take the least busy).
 *
 * @see https://moleculer.services/docs/0.14/balancing#CPU-usage-based-strategy
 */
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

function planScore({ status, vitals, taskTypes, location }: Candidate, request: RouteRequest): number {
  let score = 100 - vitals.loadPercentage;
  if (status === 'degraded') score -= 20;
  score -= Math.min(10, (vitals.usualMs ?? 0) / 100);
  if (request.taskType !== null && taskTypes.includes(request.taskType)) score += 15;
  if (location === request.location) score += 10;
  return Math.max(0, score);
}

const LOOKED_AT = 3;
/** Nobody less busy is looked for, percent. */
const HARDLY_BUSY = 10;

export function cpuUsageStrategy(candidates: readonly Candidate[], random: () => number): Candidate | undefined {
  const available = candidates.filter(({ status, lifecycle }) => lifecycle === 'active' && status === 'healthy');
  let least: Candidate | undefined;
  for (let looked = 0; looked < LOOKED_AT; looked++) {
    const candidate = available[Math.floor(random() * available.length)];
    if (!candidate) return least;
    if (candidate.vitals.loadPercentage < HARDLY_BUSY) return candidate;
    if (!least || candidate.vitals.loadPercentage < least.vitals.loadPercentage) least = candidate;
  }
  return least;
}
