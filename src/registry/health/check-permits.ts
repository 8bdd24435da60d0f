/**
 * How many checks of a registry run at the same time. Without a bound, a crowd of due checks (after the process was
 * starved, or when a whole type hangs) would take so much time that healthy components look dead.
 *
 * Checks of members with a sign of failure (the suspect lane) have a bound of their own, so that components that hang
 * never take the permits of the others. A check that becomes suspect while it runs changes its lane.
 */
import type { MemberCounts } from '../state/member-index.ts';

export type CheckLane = 'regular' | 'suspect';

/**
 * Running checks. The budget of 100 checks a second needs 250 regular ones if each is answered after 2.5 s, and 450
 * suspect ones if every component of a large type hangs, with default settings.
 */
export const MAX_RUNNING: Readonly<Record<CheckLane | 'total', number>> = { regular: 400, suspect: 800, total: 1_600 };

/** A lane that was full opens again at this part of its bound, so that each free permit does not cost an alarm. */
const REOPEN_AT = 0.75;

type Running = Pick<MemberCounts, 'regularChecks' | 'suspectChecks'>;

export class CheckPermits {
  private readonly isFull = { regular: false, suspect: false };

  /** Whether a further check of the lane may begin, given the number of running checks. */
  isOpen(lane: CheckLane, running: Running): boolean {
    const total = running.regularChecks + running.suspectChecks;
    const own = lane === 'regular' ? running.regularChecks : running.suspectChecks;
    const bound = this.isFull[lane] ? MAX_RUNNING[lane] * REOPEN_AT : MAX_RUNNING[lane];
    this.isFull[lane] = own >= bound;
    return !this.isFull[lane] && total < MAX_RUNNING.total;
  }
}
