/** Rules that decide whether a candidate may receive a piece of work, in the order of their evaluation. */
import type { CandidatePool } from './candidate-pool.ts';
import type { OpenWork } from './open-work.ts';
import { estimatedAt } from './open-work.ts';
import type { Task } from './policies/policy.ts';
import type { Preferences } from './preferences.ts';
import { unmetPreference } from './preferences.ts';

/** Requirements of a piece of work beside health. */
export interface Requirements {
  readonly preferences: Preferences;
  /** Slots that the work occupies; 1 without a lease. */
  readonly slots: number;
  /** Ids that a dry run assumes to be down. */
  readonly assumedDown: readonly string[];
}

/** What a decision looks at: the pool, the work in flight at `now`, and the piece of work to place. */
export interface Choice {
  readonly pool: CandidatePool;
  readonly work: OpenWork;
  readonly task: Task;
  readonly requirements: Requirements;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Epoch ms; estimates decay up to this time. */
  readonly now: number;
}

/**
 * How far a decision enforces preferences: all of them, all but a `maxLoad` that is exceeded only by estimate, or none.
 * A component that is busy by estimate alone is no reason to drop the other preferences.
 */
export type Enforcement = 'all' | 'known-load' | 'none';

/** Whether known work leaves capacity. Estimated work never refuses. */
export const hasCapacity = ({ pool, work, requirements }: Choice, position: number): boolean =>
  work.known[position]! + requirements.slots <= pool.taskLimit[position]! &&
  !isAssumedDown(pool, position, requirements);

/** Whether the component could take the work if it had none. */
export const fitsWhenIdle = (pool: CandidatePool, position: number, requirements: Requirements): boolean =>
  requirements.slots <= pool.taskLimit[position]! && !isAssumedDown(pool, position, requirements);

export const isAssumedDown = (
  { candidates }: CandidatePool,
  position: number,
  { assumedDown }: Requirements,
): boolean => assumedDown.length > 0 && assumedDown.includes(candidates[position]!.id);

export const isEligible = (choice: Choice, position: number, enforcement: Enforcement): boolean =>
  hasCapacity(choice, position) && meetsPreferences(choice, position, enforcement);

export function meetsPreferences(choice: Choice, position: number, enforcement: Enforcement): boolean {
  if (enforcement === 'none') return true;
  const { pool, requirements } = choice;
  const { preferences } = requirements;
  const load =
    preferences.maxLoad === undefined
      ? 0
      : enforcement === 'all'
        ? loadPercentOf(choice, position)
        : knownLoadPercentOf(choice, position);
  return unmetPreference(pool.candidates[position]!, preferences, load) === null;
}

/** Known load in percent: as the component reports or as its slots are used, whichever is higher. */
export function knownLoadPercentOf({ pool, work }: Pick<Choice, 'pool' | 'work'>, position: number): number {
  const limit = pool.taskLimit[position]!;
  const usedPercent = limit === Infinity ? 0 : (100 * work.known[position]!) / limit;
  return Math.min(100, Math.max(usedPercent, pool.candidates[position]!.liveStats.loadPercentage));
}

/** Load in percent: the known one, and the estimated work on top. */
export function loadPercentOf(choice: Pick<Choice, 'pool' | 'work' | 'now'>, position: number): number {
  const { pool, work, now } = choice;
  const estimatedPercent = (100 * estimatedAt(pool, work, position, now)) / pool.taskLimit[position]!;
  return Math.min(100, knownLoadPercentOf(choice, position) + estimatedPercent);
}
