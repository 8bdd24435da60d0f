/** Says of every candidate what became of it and why: for `explain` and for the 503 that names nobody. */
import type { Candidate } from './candidate.ts';
import { whyNotRoutable } from './candidate.ts';
import type { Fleet } from './fleet.ts';
import { expectedWait, scoreOf } from './least-time.ts';
import type { PickContext, RouteRequest } from './pick.ts';
import { unmetPreference } from './preferences.ts';

export interface CandidateVerdict {
  readonly id: string;
  readonly verdict: 'chosen' | 'considered' | 'filtered';
  /** The rule that filtered it, or null. */
  readonly rule: string | null;
  readonly reason: string | null;
  readonly score: number | null;
}

const MAX_EXPLAINED = 100;

/** Verdicts on at most 100 candidates, the chosen one first. */
export function explainPick(
  fleet: Fleet,
  request: RouteRequest,
  context: PickContext,
  chosen: number | null,
): CandidateVerdict[] {
  const verdicts = fleet.candidates.slice(0, MAX_EXPLAINED).map((candidate, position): CandidateVerdict => {
    const open = candidate.vitals.inFlight + context.ownAssigned(position);
    const filtered = position === chosen ? null : filterOf(candidate, request, open);
    if (filtered) return { id: candidate.id, verdict: 'filtered', ...filtered, score: null };
    const score = scoreOf(expectedWait(candidate, fleet, request.task, open));
    return {
      id: candidate.id,
      verdict: position === chosen ? 'chosen' : 'considered',
      rule: null,
      reason: null,
      score,
    };
  });
  return verdicts.toSorted((a, b) => Number(b.verdict === 'chosen') - Number(a.verdict === 'chosen'));
}

/** Seconds until the next check of any of them, at least 1: the Retry-After of a 503. */
export function retryAfterSeconds(fleet: Fleet, now: number): number {
  const next = Math.min(...fleet.candidates.map((candidate) => candidate.nextCheckAt ?? Infinity));
  return Number.isFinite(next) ? Math.min(60, Math.max(1, Math.ceil((next - now) / 1_000))) : 5;
}

function filterOf(candidate: Candidate, request: RouteRequest, open: number): { rule: string; reason: string } | null {
  const rule = whyNotRoutable(candidate);
  switch (rule) {
    case 'lifecycle':
      return { rule, reason: `is ${candidate.lifecycle}` };
    case 'weight':
      return { rule, reason: 'has weight 0' };
    case 'unknown':
    case 'unhealthy':
      return { rule, reason: candidate.reason ?? `is ${candidate.status}` };
    case null:
      break;
    default:
      return rule satisfies never;
  }
  if (candidate.maxConcurrentTasks !== null && open >= candidate.maxConcurrentTasks) {
    return { rule: 'capacity', reason: `${open} of ${candidate.maxConcurrentTasks} tasks in flight` };
  }
  const unmet = unmetPreference(candidate, request.preferences);
  return unmet && { rule: unmet, reason: `does not meet the preference ${unmet}` };
}
