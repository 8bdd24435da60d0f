/** Gives work piece by piece, as a caller does, and says how far what each got is from its share. */
import type { CandidatePool } from '../../../src/core/balancing/candidate-pool.ts';
import { countAssignment } from '../../../src/core/balancing/open-work.ts';
import type { PickContext, RouteRequest } from '../../../src/core/balancing/pick.ts';
import { pickComponent } from '../../../src/core/balancing/pick.ts';
import { contextOf, requestOf } from './candidate-of.ts';

export interface Assignment {
  readonly count: number;
  readonly mode?: PickContext['mode'];
  /** Kept: nothing ends. A number: so many are under way at once, the oldest ends first. */
  readonly work?: 'done at once' | 'kept' | number;
  readonly request?: (at: number) => RouteRequest;
  readonly splitAt?: (at: number) => number;
  readonly seed?: number;
}

/** How many pieces each got, by position. */
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
    countAssignment(work, pick.position);
    underWay.push(pick.position);
    if (underWay.length > atOnce) work.open[underWay.shift()!]! -= 1;
  }
  return got;
}

/** The largest relative distance of what any got from its share, or of any group of them. */
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
