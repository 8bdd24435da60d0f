/**
 * When a component is checked next, and how long a dead one can go unnoticed.
 *
 * Detection by a hanging component takes one interval, the suspicion time and one snapshot age; the
 * interval is what `maxDetectionMs` leaves for it (10 s → 4 s between rounds), stretched again when
 * the type has more components than its probe budget allows.
 */
import type { SystemConfig } from '../config/system-config.ts';
import type { Registration } from '../component/registration.ts';
import { degradedAfterMs } from '../component/health-check.ts';
import { MAX_SUSPICION_MS } from './check.ts';
import type { HealthState } from './health-state.ts';

/** Alarm lateness, calls between the objects and rounding, taken together. */
const SLACK_MS = 500;
/** What of `maxDetectionMs` is kept back beside the terms named below, so that the promise has air. */
const MARGIN_MS = 1_500;
const MIN_INTERVAL_MS = 1_000;
const RECHECK_MS = [1_000, 2_000] as const;
const VERIFY_INTERVAL_MS = 1_000;
/** Components checked in the same instant; more are spread over the interval. */
const SLOT_SIZE = 48;

export interface Detection {
  /** Time between two checks, ms; null when only heartbeats tell. */
  readonly intervalMs: number | null;
  /** Longest time from death to being out of routing by our own checks, ms. */
  readonly worstCaseMs: number;
}

export const suspicionMs = (registration: Registration): number =>
  registration.healthCheck ? Math.min(degradedAfterMs(registration.healthCheck), MAX_SUSPICION_MS) : 0;

/** The interval and detection bound a component gets, given how many of its type are checked. */
export function detectionFor(registration: Registration, config: SystemConfig, checkedInType: number): Detection {
  const check = registration.healthCheck;
  const afterTtl = registration.heartbeat ? registration.heartbeat.ttl + config.snapshotMaxAgeMs + SLACK_MS : Infinity;
  if (!check) return { intervalMs: null, worstCaseMs: afterTtl };

  const doubt = suspicionMs(registration);
  const allowed =
    config.maxDetectionMs === 0
      ? Infinity
      : Math.max(MIN_INTERVAL_MS, config.maxDetectionMs - MAX_SUSPICION_MS - config.snapshotMaxAgeMs - MARGIN_MS);
  const budgeted = Math.ceil((checkedInType / config.probeBudgetPerSecond) * 1_000);
  const intervalMs = Math.max(Math.min(check.interval ?? config.healthCheckInterval, allowed), budgeted);
  const afterCheck = intervalMs + doubt + config.snapshotMaxAgeMs + SLACK_MS;
  return { intervalMs, worstCaseMs: Math.min(afterCheck, afterTtl) };
}

export interface RoundPlace {
  /** Offset of this type's rounds within the interval, ms. */
  readonly phaseMs: number;
  /** The component's ordinal among those checked in its type. */
  readonly ordinal: number;
  readonly checkedInType: number;
}

/** The next regular round: aligned, so that a type's checks share an alarm; never more than one interval away. */
export function nextRoundAt(now: number, intervalMs: number, place: RoundPlace): number {
  const slots = Math.max(1, Math.ceil(place.checkedInType / SLOT_SIZE));
  const offset = place.phaseMs + Math.floor(((place.ordinal % slots) * intervalMs) / slots);
  const latest = now + intervalMs;
  return latest - ((((latest - offset) % intervalMs) + intervalMs) % intervalMs);
}

/** Epoch ms of the next check after a verdict: soon while in question, else with the round. */
export function nextCheckAt(
  health: HealthState,
  after: { now: number; startedAt: number; verifying: boolean },
  intervalMs: number,
  place: RoundPlace,
): number {
  const round = nextRoundAt(after.now, intervalMs, place);
  if (after.verifying) return Math.max(after.now, after.startedAt + VERIFY_INTERVAL_MS);
  const recheck = RECHECK_MS[health.consecutiveFailures - 1];
  if (recheck !== undefined) return Math.min(after.now + recheck, after.now + intervalMs);
  const comingBack = health.checkStatus === 'unhealthy' && health.consecutiveSuccesses > 0;
  if (comingBack) return Math.min(round, after.now + RECHECK_MS[0]);
  // Well but held down by flap damping: the check after which it is back does not wait for the round.
  const heldUntil = health.checkStatus === 'unhealthy' ? null : health.flap.heldUntil;
  return Math.min(round, Math.max(after.now, heldUntil ?? Infinity));
}
