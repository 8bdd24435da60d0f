/**
 * Says of every candidate what became of it and why: for `explain`, and for the 503 that names nobody. Tells of
 * the whole list, though a decision looked at a few of it.
 */
import type { Candidate } from './candidate.ts';
import { whyNotRoutable } from './candidate.ts';
import { loadPercentOf } from './eligible.ts';
import type { CandidatePool } from './candidate-pool.ts';
import { isSuspectAt, partOf } from './candidate-pool.ts';
import type { OpenWork } from './open-work.ts';
import { hasAnyCapacity } from './best-of.ts';
import type { Pick, RouteRequest } from './pick.ts';
import { asRequested, taskOf, tiersOf } from './pick.ts';
import { POLICIES } from './policies/policies.ts';
import type { ScoreParts } from './policies/policy.ts';
import { scoreOf } from './policies/policy.ts';
import { unmetPreference } from './preferences.ts';

export interface CandidateVerdict {
  readonly id: string;
  readonly verdict: 'chosen' | 'considered' | 'filtered';
  /** The rule that filtered it, or null. */
  readonly rule: string | null;
  readonly reason: string | null;
  /** Higher is better; null for those filtered. */
  readonly score: number | null;
  /** What the score is made of: their sum. */
  readonly parts: ScoreParts | null;
}

export interface Explanation {
  /** At most 100, the chosen one first, then by score, those filtered last. */
  readonly candidates: CandidateVerdict[];
  /** The best of those not chosen, and by how much the chosen one is better; below 0 where the draw passed it by. */
  readonly runnerUp: { readonly id: string; readonly margin: number } | null;
}

const MAX_EXPLAINED = 100;

export interface Explained {
  readonly fleet: CandidatePool;
  readonly work: OpenWork;
  readonly request: RouteRequest;
  /** The decision, made before its work was counted. */
  readonly pick: Pick;
}

export function explainPick(explained: Explained): Explanation {
  const { fleet, work, request, pick } = explained;
  const rules = rulesOf(explained);
  const seen = fleetFor(fleet, request);
  const chosen = pick.ok ? pick.position : -1;
  const verdicts = fleet.candidates.flatMap((candidate, position): CandidateVerdict[] => {
    if (!candidate) return [];
    const filtered = position === chosen ? null : filterOf(explained, candidate, position, rules);
    if (filtered) return [{ id: candidate.id, verdict: 'filtered', ...filtered, score: null, parts: null }];
    const parts = POLICIES[fleet.settings.policy].parts(seen, position, work.open[position]!, taskOf(fleet, request));
    const verdict = position === chosen ? 'chosen' : 'considered';
    return [{ id: candidate.id, verdict, rule: null, reason: null, score: scoreOf(parts), parts }];
  });
  verdicts.sort((a, b) => rankOf(a) - rankOf(b) || (b.score ?? 0) - (a.score ?? 0));
  const [first, second] = verdicts;
  const hasRunnerUp = first?.verdict === 'chosen' && second?.verdict === 'considered';
  return {
    candidates: verdicts.slice(0, MAX_EXPLAINED),
    runnerUp: hasRunnerUp ? { id: second.id, margin: rounded(first.score! - second.score!) } : null,
  };
}

/** The score of the chosen one, as it was when it was chosen. */
export function scoreOfPick(fleet: CandidatePool, work: OpenWork, position: number, request: RouteRequest): number {
  const { parts } = POLICIES[fleet.settings.policy];
  return scoreOf(parts(fleetFor(fleet, request), position, work.open[position]!, taskOf(fleet, request)));
}

const fleetFor = (fleet: CandidatePool, { assumedDown }: RouteRequest): CandidatePool =>
  asRequested(fleet, tiersOf(fleet, assumedDown));

/** Seconds until the next check of any of them, at least 1: the Retry-After of a 503. */
export const retryAfterSeconds = (nextCheckAt: number | null, now: number): number =>
  nextCheckAt === null ? 5 : Math.min(60, Math.max(1, Math.ceil((nextCheckAt - now) / 1_000)));

const RANKS = { chosen: 0, considered: 1, filtered: 2 } as const;
const rankOf = ({ verdict }: CandidateVerdict): number => RANKS[verdict];
const rounded = (value: number): number => Math.round(value * 1_000) / 1_000;

interface Rules {
  readonly preferencesHeld: boolean;
  readonly healthIsAsked: boolean;
  readonly healthyHadRoom: boolean;
  /** The part of the split that the chosen one is of; null without a split, or when it was passed by. */
  readonly part: number | null;
}

/** Which rules were in force in this decision: what was relaxed filtered nobody. */
function rulesOf({ fleet, work, request, pick }: Explained): Rules {
  const choice = { fleet, work, task: taskOf(fleet, request), wanted: request, random: () => 0 };
  const [tier] = tiersOf(fleet, request.assumedDown);
  const dropped = pick.ok && pick.relaxed.some((name) => name !== 'preferredComponent');
  return {
    preferencesHeld: !dropped,
    healthIsAsked: tier?.set !== fleet.active,
    healthyHadRoom: hasAnyCapacity(choice, fleet.healthy),
    part: pick.ok ? pick.part : null,
  };
}

interface Filtered {
  readonly rule: string;
  readonly reason: string;
}

function filterOf(explained: Explained, candidate: Candidate, position: number, rules: Rules): Filtered | null {
  const { fleet, work, request } = explained;
  const open = work.open[position]!;
  const room = fleet.room[position]!;
  if (request.assumedDown.includes(candidate.id))
    return { rule: 'assumed-down', reason: 'taken for gone in this rehearsal' };
  const unfit = healthRule(candidate, rules);
  if (unfit) return unfit;
  if (open + request.slots > room)
    return { rule: 'capacity', reason: `${Math.round(open)} of ${room} tasks in flight` };
  const unmet = rules.preferencesHeld
    ? unmetPreference(candidate, request.preferences, loadPercentOf(fleet, work, position))
    : null;
  if (unmet) return { rule: unmet, reason: `does not meet the preference ${unmet}` };
  if (rules.part !== null && partOf(fleet.settings, candidate) !== rules.part)
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
      return rules.healthIsAsked ? { rule, reason: candidate.reason ?? `is ${candidate.status}` } : null;
    case null:
      break;
    default:
      return rule satisfies never;
  }
  if (!rules.healthIsAsked || !rules.healthyHadRoom || !isSuspectAt(candidate)) return null;
  return {
    rule: 'doubtful',
    reason: candidate.reason ?? `is ${candidate.status === 'degraded' ? 'degraded' : 'suspect'}`,
  };
}
