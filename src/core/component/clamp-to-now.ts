/**
 * Clamps past times in a record after the clock was set back, so that none of them is in the future.
 * Otherwise recovery, slow start and the recheck after a caller's report would be delayed by as much. An ejection or a
 * drill that would last longer than the longest one ends now.
 *
 * Never changes ends that were set as absolute times, such as the end of a maintenance.
 */
import { hasDrillExpired } from '../drill/drill.ts';
import type { HealthState } from '../health/health-state.ts';
import { hasEjectionExpired } from '../health/outlier-ejection.ts';
import type { ComponentRecord, RecoveryState } from './component-record.ts';
import type { LoadState } from './load.ts';

/** Returns the same object when no time in it is after `now`. */
export function clampToNow(record: ComponentRecord, now: number): ComponentRecord {
  const registeredAt = Math.min(record.registeredAt, now);
  const health = clampHealth(record.health, now);
  const recovery = clampRecovery(record.recovery, now);
  const load = clampLoad(record.load, now);
  const dependencies = record.dependencyState;
  const isSame =
    registeredAt === record.registeredAt &&
    health === record.health &&
    recovery === record.recovery &&
    load === record.load;
  if (isSame && dependencies.since <= now) return record;
  const dependencyState = { ...dependencies, since: Math.min(dependencies.since, now) };
  return { ...record, registeredAt, health, recovery, load, dependencyState };
}

function clampLoad(load: LoadState, now: number): LoadState {
  const { estimate, workMeasuredAt } = load;
  if (estimate.at <= now && workMeasuredAt <= now) return load;
  return {
    ...load,
    estimate: { ...estimate, at: Math.min(estimate.at, now) },
    workMeasuredAt: Math.min(workMeasuredAt, now),
  };
}

const TIMES = ['since', 'backSince', 'lastCheckAt', 'lastFailureAt'] as const;

function clampHealth(health: HealthState, now: number): HealthState {
  const { ejection } = health;
  const isOverlong = (ejection.until ?? 0) > now && hasEjectionExpired(ejection, now);
  if (!isOverlong && TIMES.every((name) => (health[name] ?? 0) <= now)) return health;
  const past = Object.fromEntries(TIMES.map((name) => [name, health[name] && Math.min(health[name], now)]));
  return { ...health, ...past, ejection: isOverlong ? { ...ejection, until: now } : ejection };
}

function clampRecovery(recovery: RecoveryState, now: number): RecoveryState {
  const { recentFailures, recentReports, settledUntil, cooldown, disruption, active, drill = null } = recovery;
  const verification = active?.verification;
  const isOverlong = drill !== null && drill.until > now && hasDrillExpired(drill, now);
  const isPast =
    !isOverlong &&
    settledUntil <= now &&
    (cooldown?.since ?? 0) <= now &&
    (disruption?.at ?? 0) <= now &&
    recentFailures.every((at) => at <= now) &&
    (recentReports ?? []).every(({ at }) => at <= now) &&
    (verification?.since ?? 0) <= now;
  if (isPast) return recovery;
  return {
    ...recovery,
    recentFailures: recentFailures.map((at) => Math.min(at, now)),
    ...(recentReports && { recentReports: recentReports.map(({ at, by }) => ({ at: Math.min(at, now), by })) }),
    settledUntil: Math.min(settledUntil, now),
    ...(cooldown && { cooldown: { ...cooldown, since: Math.min(cooldown.since, now) } }),
    ...(disruption && { disruption: { ...disruption, at: Math.min(disruption.at, now) } }),
    ...(isOverlong ? { drill: { ...drill, until: now } } : {}),
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
