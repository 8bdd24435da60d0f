/**
 * Verdict and reason for every candidate of a decision: for `explain` and for the 503 without a component. Covers the
 * whole pool, although a sampled decision looked at a few candidates.
 */
import type { Candidate } from './candidate.ts';
import { whyNotRoutable } from './candidate.ts';
import type { Choice } from './eligible.ts';
import { hasCapacity, loadPercentOf } from './eligible.ts';
import type { CandidatePool } from './candidate-pool.ts';
import { isSuspect } from './candidate-pool.ts';
import { partOf } from './traits.ts';
import type { OpenWork } from './open-work.ts';
import { openAt } from './open-work.ts';
import { hasAnyCapacity, isFullByEstimate } from './best-of.ts';
import type { Pick, RouteRequest } from './pick.ts';
import { poolForTiers, taskOf, tiersOf } from './pick.ts';
import { POLICIES } from './policies/policies.ts';
import type { ScoreParts } from './policies/policy.ts';
import { scoreOf } from './policies/policy.ts';
import type { Preferences } from './preferences.ts';
import { unmetPreference } from './preferences.ts';

export interface CandidateVerdict {
  readonly id: string;
  readonly verdict: 'chosen' | 'considered' | 'filtered';
  /** The rule that excluded the candidate; null if none did. */
  readonly rule: string | null;
  readonly reason: string | null;
  /** Higher is better; null for filtered candidates. */
  readonly score: number | null;
  /** Parts that sum up to the score; null for filtered candidates. */
  readonly parts: ScoreParts | null;
}

export interface Explanation {
  /** At most 100: the chosen one first, then by score, filtered ones last. */
  readonly candidates: CandidateVerdict[];
  /**
   * The best candidate that was not chosen, and the lead of the chosen one. Negative if the sample missed the better
   * one.
   */
  readonly runnerUp: { readonly id: string; readonly margin: number } | null;
}

const MAX_EXPLAINED = 100;

/** What a decision was made from. */
export interface DecisionInput {
  readonly pool: CandidatePool;
  readonly work: OpenWork;
  readonly request: RouteRequest;
  /** Time of the decision, epoch ms. */
  readonly now: number;
}

export interface ExplainInput extends DecisionInput {
  /** The decision, made before its own work was counted in `work`. */
  readonly pick: Pick;
}

export function explainPick(input: ExplainInput): Explanation {
  const { pool, pick } = input;
  const choice = choiceOf(input);
  const rules = rulesOf(choice, input);
  const chosen = pick.ok ? pick.position : -1;
  const verdicts = pool.candidates.flatMap((candidate, position): CandidateVerdict[] => {
    if (!candidate) return [];
    const filtered = position === chosen ? null : filterOf(choice, candidate, position, rules);
    if (filtered) return [{ id: candidate.id, verdict: 'filtered', ...filtered, score: null, parts: null }];
    const open = openAt(pool, choice.work, position, choice.now);
    const parts = POLICIES[pool.settings.policy].parts(choice.pool, position, open, choice.task);
    const verdict = position === chosen ? 'chosen' : 'considered';
    // Full by estimate: considered, but after the others.
    const isLast = isFullByEstimate(choice, position, open);
    const reason = isLast ? `about ${Math.round(open)} of ${pool.taskLimit[position]!} tasks in flight` : null;
    return [{ id: candidate.id, verdict, rule: null, reason, score: scoreOf(parts), parts }];
  });
  verdicts.sort((a, b) => rankOf(a) - rankOf(b) || (b.score ?? 0) - (a.score ?? 0));
  const [first, second] = verdicts;
  const hasRunnerUp = first?.verdict === 'chosen' && second?.verdict === 'considered';
  return {
    candidates: verdicts.slice(0, MAX_EXPLAINED),
    runnerUp: hasRunnerUp ? { id: second.id, margin: rounded(first.score! - second.score!) } : null,
  };
}

/** Score of the chosen component at the time of the decision. */
export function scoreOfPick(input: DecisionInput, position: number): number {
  const { pool, work, task, now } = choiceOf(input);
  return scoreOf(POLICIES[pool.settings.policy].parts(pool, position, openAt(pool, work, position, now), task));
}

const choiceOf = ({ pool, work, request, now }: DecisionInput): Choice => ({
  pool: poolForRequest(pool, request),
  work,
  task: taskOf(pool, request),
  requirements: request,
  random: () => 0,
  now,
});

const poolForRequest = (pool: CandidatePool, { assumedDown }: RouteRequest): CandidatePool =>
  poolForTiers(pool, tiersOf(pool, assumedDown));

/** Retry-After of a 503: seconds until the next check of any component, 1 to 60; 5 if no check is due. */
export const retryAfterSeconds = (nextCheckAt: number | null, now: number): number =>
  nextCheckAt === null ? 5 : Math.min(60, Math.max(1, Math.ceil((nextCheckAt - now) / 1_000)));

const RANKS = { chosen: 0, considered: 1, filtered: 3 } as const;
/** A considered candidate with a reason is full by estimate. */
const rankOf = ({ verdict, reason }: CandidateVerdict): number =>
  RANKS[verdict] + (verdict === 'considered' && reason !== null ? 1 : 0);
const rounded = (value: number): number => Math.round(value * 1_000) / 1_000;

interface Rules {
  /** The preferences that were enforced; null if they were dropped. */
  readonly preferences: Preferences | null;
  readonly healthEnforced: boolean;
  readonly healthyHadCapacity: boolean;
  /** Traffic split part of the chosen component; null without a split, or if the decision bypassed the split. */
  readonly part: number | null;
}

/** Rules that applied in this decision. A relaxed rule filtered no candidate. */
function rulesOf(choice: Choice, { pool, request, pick }: ExplainInput): Rules {
  const [tier] = tiersOf(pool, request.assumedDown);
  return {
    preferences: enforcedPreferences(request.preferences, pick),
    healthEnforced: tier?.set !== pool.active,
    healthyHadCapacity: hasAnyCapacity(choice, pool.healthy),
    part: pick.ok ? pick.part : null,
  };
}

function enforcedPreferences(preferences: Preferences, pick: Pick): Preferences | null {
  const dropped = pick.ok ? pick.relaxed.filter((name) => name !== 'preferredComponent') : [];
  if (dropped.length === 0) return preferences;
  // Estimated load alone drops `maxLoad` and no other preference.
  return dropped.length === 1 && dropped[0] === 'maxLoad' ? { ...preferences, maxLoad: undefined } : null;
}

interface Filtered {
  readonly rule: string;
  readonly reason: string;
}

function filterOf(choice: Choice, candidate: Candidate, position: number, rules: Rules): Filtered | null {
  const { pool, work, requirements } = choice;
  if (requirements.assumedDown.includes(candidate.id))
    return { rule: 'assumed-down', reason: 'assumed down in this dry run' };
  const unhealthy = healthRule(candidate, rules);
  if (unhealthy) return unhealthy;
  if (!hasCapacity(choice, position)) {
    const known = Math.round(work.known[position]!);
    return { rule: 'capacity', reason: `${known} of ${pool.taskLimit[position]!} tasks in flight` };
  }
  const unmet = rules.preferences && unmetPreference(candidate, rules.preferences, loadPercentOf(choice, position));
  if (unmet) return { rule: unmet, reason: `does not meet the preference ${unmet}` };
  if (rules.part !== null && partOf(pool.settings, candidate) !== rules.part)
    return { rule: 'trafficSplit', reason: 'belongs to another part of the traffic split' };
  return null;
}

function healthRule(candidate: Candidate, rules: Rules): Filtered | null {
  const rule = whyNotRoutable(candidate);
  switch (rule) {
    case 'lifecycle':
      return { rule, reason: `is ${candidate.lifecycle}` };
    case 'weight':
      return { rule, reason: 'has weight 0' };
    case 'unknown':
    case 'unhealthy':
      return rules.healthEnforced ? { rule, reason: candidate.reason ?? `is ${candidate.status}` } : null;
    case null:
      break;
    default:
      return rule satisfies never;
  }
  if (!rules.healthEnforced || !rules.healthyHadCapacity || !isSuspect(candidate)) return null;
  return {
    rule: 'suspect',
    reason: candidate.reason ?? `is ${candidate.status === 'degraded' ? 'degraded' : 'suspect'}`,
  };
}
