/** Says of every candidate what became of it and why: for `explain` and for the 503 that names nobody. */
import { whyNotRoutable } from './candidate.ts';
import type { Fleet } from './fleet.ts';
import { isDoubtful } from './fleet.ts';
import { expectedWait, scoreOf } from './least-time.ts';
import type { PickContext, RouteRequest } from './pick.ts';
import { hasRoom, openWork } from './pick.ts';
import type { Preferences } from './preferences.ts';
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
  const { preferences } = request;
  // Whoever was chosen against the preferences was so after they were dropped: they filtered nobody.
  const dropped = chosen !== null && unmetPreference(fleet.candidates[chosen]!, preferences) !== null;
  const rules: Rules = {
    preferences: dropped ? {} : preferences,
    healthyHadRoom: fleet.healthy.positions.some((position) => hasRoom(fleet, position, context)),
  };
  return shown(fleet, chosen).map((position): CandidateVerdict => {
    const open = openWork(fleet, position, context);
    const { id } = fleet.candidates[position]!;
    const filtered = position === chosen ? null : filterOf(fleet, position, open, rules);
    if (filtered) return { id, verdict: 'filtered', ...filtered, score: null };
    const verdict = position === chosen ? 'chosen' : 'considered';
    const score = scoreOf(expectedWait(fleet, position, request.task, open));
    return { id, verdict, rule: null, reason: null, score };
  });
}

/** Positions of at most 100 candidates, the chosen one first. */
function shown(fleet: Fleet, chosen: number | null): number[] {
  const positions = chosen === null ? [] : [chosen];
  for (let position = 0; position < fleet.candidates.length && positions.length < MAX_EXPLAINED; position++) {
    if (position !== chosen) positions.push(position);
  }
  return positions;
}

/** Seconds until the next check of any of them, at least 1: the Retry-After of a 503. */
export function retryAfterSeconds(fleet: Fleet, now: number): number {
  const next = Math.min(...fleet.candidates.map((candidate) => candidate.nextCheckAt ?? Infinity));
  return Number.isFinite(next) ? Math.min(60, Math.max(1, Math.ceil((next - now) / 1_000))) : 5;
}

interface Rules {
  /** Those in force, none when they were dropped. */
  readonly preferences: Preferences;
  readonly healthyHadRoom: boolean;
}

function filterOf(
  fleet: Fleet,
  position: number,
  open: number,
  rules: Rules,
): Pick<CandidateVerdict, 'rule' | 'reason'> | null {
  const candidate = fleet.candidates[position]!;
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
  if (rules.healthyHadRoom && isDoubtful(candidate)) {
    const doubt = candidate.status === 'degraded' ? 'degraded' : 'suspect';
    return { rule: 'doubtful', reason: candidate.reason ?? `is ${doubt}` };
  }
  if (candidate.maxConcurrentTasks !== null && open >= candidate.maxConcurrentTasks) {
    return { rule: 'capacity', reason: `${open} of ${candidate.maxConcurrentTasks} tasks in flight` };
  }
  const unmet = unmetPreference(candidate, rules.preferences);
  return unmet && { rule: unmet, reason: `does not meet the preference ${unmet}` };
}
