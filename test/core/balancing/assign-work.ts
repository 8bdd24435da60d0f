/** Assigns tasks one by one as known work, and measures how far the result deviates from the shares. */
import type { CandidatePool } from '../../../src/core/balancing/candidate-pool.ts';
import { countLeased } from '../../../src/core/balancing/open-work.ts';
import type { PickContext, RouteRequest } from '../../../src/core/balancing/pick.ts';
import { pickComponent } from '../../../src/core/balancing/pick.ts';
import { contextOf, requestOf } from './candidate-of.ts';

export interface Assignment {
  readonly count: number;
  readonly mode?: PickContext['mode'];
  /** `kept`: no task ends. A number: the limit of open tasks, beyond which the oldest one ends. */
  readonly work?: 'done at once' | 'kept' | number;
  readonly request?: (at: number) => RouteRequest;
  readonly splitAt?: (at: number) => number;
  readonly seed?: number;
}

/** Number of tasks by position. */
export function assignWork(pool: CandidatePool, assignment: Assignment): number[] {
  const { count, mode = 'sampled', work: kept = 'kept', request = () => requestOf(), seed = 7 } = assignment;
  const atOnce = kept === 'kept' ? Infinity : kept === 'done at once' ? 0 : kept;
  const got = pool.candidates.map(() => 0);
  const underWay: number[] = [];
  const context = contextOf(pool, { mode, seed });
  const { work } = context;
  for (let at = 0; at < count; at++) {
    const pick = pickComponent(pool, request(at), { ...context, splitAt: assignment.splitAt?.(at) ?? 0 });
    if (!pick.ok) continue;
    got[pick.position]! += 1;
    countLeased(work, pick.position, 1);
    underWay.push(pick.position);
    if (underWay.length > atOnce) work.known[underWay.shift()!]! -= 1;
  }
  return got;
}

/** The largest relative deviation of any component, or group, from its share. */
export function shareErrorOf(
  pool: CandidatePool,
  shares: readonly number[],
  assignment: Assignment & { readonly groups?: (position: number) => number },
): number {
  const { groups = (position: number) => position } = assignment;
  const got = assignWork(pool, assignment);
  const sums = new Map<number, { got: number; due: number }>();
  const [work, total] = [sumOf(got), sumOf(shares)];
  for (const [position, part] of got.entries()) {
    const sum = sums.get(groups(position)) ?? { got: 0, due: 0 };
    sums.set(groups(position), { got: sum.got + part, due: sum.due + (work * shares[position]!) / total });
  }
  return Math.max(...Array.from(sums.values(), (sum) => Math.abs(sum.got / sum.due - 1)));
}

const sumOf = (parts: readonly number[]): number => parts.reduce((sum, part) => sum + part, 0);
