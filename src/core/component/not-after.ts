/**
 * After the clock went back: what a record says has been is not in the future. Else a component would wait for as
 * long as the clock was set back: for its recovery, for its full share, for the check that a caller's failure brings about.
 *
 * What somebody set an end to by the clock, maintenance for one, ends by the clock.
 */
import type { HealthState } from '../health/health-state.ts';
import type { ComponentRecord, RecoveryState } from './component-record.ts';

/** Beyond any pause between two recoveries. */
const LONGEST_PAUSE_MS = 3_600_000;

/** The record itself when nothing in it is after `now`. */
export function clampToNow(record: ComponentRecord, now: number): ComponentRecord {
  const registeredAt = Math.min(record.registeredAt, now);
  const health = healthNotAfter(record.health, now);
  const recovery = recoveryNotAfter(record.recovery, now);
  const { shadow } = record;
  const isSame = registeredAt === record.registeredAt && health === record.health && recovery === record.recovery;
  if (isSame && shadow.since <= now) return record;
  return { ...record, registeredAt, health, recovery, shadow: { ...shadow, since: Math.min(shadow.since, now) } };
}

const TIMES = ['since', 'backSince', 'lastCheckAt', 'lastFailureAt'] as const;

function healthNotAfter(health: HealthState, now: number): HealthState {
  if (TIMES.every((name) => (health[name] ?? 0) <= now)) return health;
  const past = Object.fromEntries(TIMES.map((name) => [name, health[name] && Math.min(health[name], now)]));
  return { ...health, ...past };
}

function recoveryNotAfter(recovery: RecoveryState, now: number): RecoveryState {
  const { recentFailures, settledUntil, notBefore, active } = recovery;
  const verification = active?.verification;
  const isPast =
    settledUntil <= now &&
    notBefore <= now + LONGEST_PAUSE_MS &&
    recentFailures.every((at) => at <= now) &&
    (verification?.since ?? 0) <= now;
  if (isPast) return recovery;
  return {
    ...recovery,
    recentFailures: recentFailures.map((at) => Math.min(at, now)),
    settledUntil: Math.min(settledUntil, now),
    notBefore: Math.min(notBefore, now + LONGEST_PAUSE_MS),
    active: active && {
      ...active,
      verification: verification
        ? {
            ...verification,
            since: Math.min(verification.since, now),
            until: Math.min(verification.until, now + verification.until - verification.since),
          }
        : null,
    },
  };
}
