/**
 * The cooldown of a component: the time after a recovery in which no other begins. Each recovery in a row doubles the
 * pause. A component that works again waits a fifth of the pause, so that its next failure is not left alone for long.
 * A quiet time of `maxCooldownMs` after a cooldown forgets the earlier recoveries.
 */
import type { RecoveryPolicy } from './recovery-policy.ts';

export interface Cooldown {
  /** Recoveries in a row without a quiet time in between, at least 1. */
  readonly recoveries: number;
  /** End of the last one, epoch ms. */
  readonly since: number;
  /** Pause while the component does not work, ms. */
  readonly fullMs: number;
  /** The component has worked since then: a fifth of the pause is enough. */
  readonly works: boolean;
}

export interface EndedRecovery {
  /** Epoch ms. */
  readonly startedAt: number;
  /** False if the component came back without an action. Such a recovery does not lengthen the pause. */
  readonly acted: boolean;
  readonly works: boolean;
}

const PART_WHEN_WORKING = 5;

/** Epoch ms before which no recovery begins; 0 without a cooldown. */
export function cooldownUntil(cooldown: Cooldown | null | undefined): number {
  if (!cooldown) return 0;
  const { since, fullMs, works } = cooldown;
  return since + Math.floor(works ? fullMs / PART_WHEN_WORKING : fullMs);
}

/** The cooldown after a recovery that ends at `now`, epoch ms. */
export function nextCooldown(
  before: Cooldown | null | undefined,
  { startedAt, acted, works }: EndedRecovery,
  { cooldownMs, maxCooldownMs }: Pick<RecoveryPolicy, 'cooldownMs' | 'maxCooldownMs'>,
  now: number,
): Cooldown {
  const isForgotten = !before || startedAt - cooldownUntil(before) >= maxCooldownMs;
  const recoveries = Math.max(1, (isForgotten ? 0 : before.recoveries) + (acted ? 1 : 0));
  return { recoveries, since: now, fullMs: Math.min(maxCooldownMs, cooldownMs * 2 ** (recoveries - 1)), works };
}
