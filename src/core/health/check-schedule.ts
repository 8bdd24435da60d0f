/**
 * The schedule of checks, and the upper bound of the detection time.
 *
 * Detecting a component that hangs takes one interval, the suspicion time and one snapshot age. `maxDetectionMs` limits
 * the interval (10 s leave 4 s between rounds). The interval grows when a type has more components than its probe
 * budget allows.
 */
import { silenceLimitMs } from './heartbeat-deadline.ts';
import type { SystemConfig } from '../config/system-config.ts';
import type { Registration } from '../component/registration.ts';
import { degradedAfterMs } from '../component/health-check.ts';
import { MAX_SUSPICION_MS } from './check.ts';
import type { HealthState } from './health-state.ts';

/** Allowance for alarm lateness, calls between Durable Objects and rounding. */
const SLACK_MS = 500;
/** Part of `maxDetectionMs` kept in reserve, beside the suspicion time and the age of a snapshot. */
const MARGIN_MS = 1_500;
const MIN_INTERVAL_MS = 1_000;
const RECHECK_MS = [1_000, 2_000] as const;
const VERIFY_INTERVAL_MS = 1_000;
/** Maximum number of components checked at the same instant; more are spread over the interval. */
const SLOT_SIZE = 48;

export interface Detection {
  /** Time between two checks, ms; null for a component with heartbeats only. */
  readonly intervalMs: number | null;
  /** Longest time from a failure until the component is out of routing, ms; without reports of callers. */
  readonly worstCaseMs: number;
}

export const suspicionMs = (registration: Registration): number =>
  registration.healthCheck ? Math.min(degradedAfterMs(registration.healthCheck), MAX_SUSPICION_MS) : 0;

/** The shortest interval, ms, at which a type with so many checked components keeps to its probe budget. */
export const budgetedIntervalMs = ({ probeBudgetPerSecond }: SystemConfig, checkedInType: number): number =>
  Math.ceil((checkedInType / probeBudgetPerSecond) * 1_000);

/** The check interval and detection bound of a component, given the number of checked components of its type. */
export function detectionFor(registration: Registration, config: SystemConfig, checkedInType: number): Detection {
  const check = registration.healthCheck;
  const silenceMs = registration.heartbeat ? silenceLimitMs(registration.heartbeat.ttl) : Infinity;
  const afterTtl = silenceMs + config.snapshotMaxAgeMs + SLACK_MS;
  if (!check) return { intervalMs: null, worstCaseMs: afterTtl };

  const suspicion = suspicionMs(registration);
  const allowed =
    config.maxDetectionMs === 0
      ? Infinity
      : Math.max(MIN_INTERVAL_MS, config.maxDetectionMs - MAX_SUSPICION_MS - config.snapshotMaxAgeMs - MARGIN_MS);
  const wanted = Math.min(check.interval ?? config.healthCheckInterval, allowed);
  const intervalMs = Math.max(wanted, budgetedIntervalMs(config, checkedInType));
  const afterCheck = intervalMs + suspicion + config.snapshotMaxAgeMs + SLACK_MS;
  return { intervalMs, worstCaseMs: Math.min(afterCheck, afterTtl) };
}

export interface RoundPlace {
  /** Hash of the type: offset of its rounds, ms, which counts modulo the interval. */
  readonly phaseMs: number;
  /** Hash of the component id. Spreads the checks of a type over the slots of its interval. */
  readonly idHash: number;
  readonly checkedInType: number;
}

/** Epoch ms of the next regular round: aligned, so that a type's checks share an alarm; at most one interval ahead. */
export function nextRoundAt(now: number, intervalMs: number, place: RoundPlace): number {
  const slots = Math.max(1, Math.ceil(place.checkedInType / SLOT_SIZE));
  const offset = place.phaseMs + Math.floor(((place.idHash % slots) * intervalMs) / slots);
  const latest = now + intervalMs;
  return latest - ((((latest - offset) % intervalMs) + intervalMs) % intervalMs);
}

/** Epoch ms of the next check after a verdict: early while the status may change soon, else with the round. */
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
  const isRecovering = health.checkStatus === 'unhealthy' && health.consecutiveSuccesses > 0;
  if (isRecovering) return Math.min(round, after.now + RECHECK_MS[0]);
  // Checks pass but a flap-damping hold keeps the component down: check at the end of the hold, not at the next round.
  const heldUntil = health.checkStatus === 'unhealthy' ? null : health.flap.heldUntil;
  return Math.min(round, Math.max(after.now, heldUntil ?? Infinity));
}
