/**
 * Counts the recent failures of a component. The registry remembers them with the component, so that the decision about
 * a recovery waits for no other store.
 *
 * Reports against a component whose checks pass weigh less, because one caller with a fault of its own could otherwise
 * have a working component restarted. A failed check, an expired heartbeat, or several callers confirm them.
 */
import type { ComponentRecord } from '../component/component-record.ts';
import { settledUntil } from '../component/component-record.ts';
import { countingSince } from './threshold.ts';
import type { FailureCount, ThresholdPolicy } from './threshold.ts';

/** Unconfirmed reports that count as much as one failure. */
const REPORTS_PER_FAILURE = 5;
/** Callers, each with a key of its own, whose reports confirm each other. */
const SEVERAL_CALLERS = 3;

/** True if the component has a health check that passes. */
export const hasGoodChecks = ({ registration, health }: ComponentRecord): boolean =>
  registration.healthCheck !== undefined &&
  (health.checkStatus === 'healthy' || health.checkStatus === 'degraded') &&
  health.consecutiveFailures === 0;

const HOUR_MS = 3_600_000;

/**
 * Number of failures within the hour before `now` (epoch ms), reports included, whether or not a recovery settled them.
 * The registry remembers the last 100 of each kind, so the number is at most 200.
 */
export function failuresLastHour({ recovery, registeredAt }: ComponentRecord, now: number): number {
  const since = Math.max(now - HOUR_MS, registeredAt - 1);
  const reports = (recovery.recentReports ?? []).map(({ at }) => at);
  return [...recovery.recentFailures, ...reports].filter((at) => at > since).length;
}

/** Returns the failures that count at `now` (epoch ms). The registry remembers the last 100 of each kind. */
export function countFailures(record: ComponentRecord, policy: ThresholdPolicy, now: number): FailureCount {
  const since = countingSince(now, settledUntil(record), policy);
  const observed = record.recovery.recentFailures.filter((at) => at > since).length;
  const reports = (record.recovery.recentReports ?? []).filter(({ at }) => at > since);
  // Callers whose key is unknown cannot be matched with each other.
  const callers = new Set(reports.map(({ by }, index) => by ?? index)).size;
  const areConfirmed = observed > 0 || callers >= SEVERAL_CALLERS || !hasGoodChecks(record);
  return areConfirmed
    ? { recentFailures: observed + reports.length, unconfirmedReports: 0 }
    : { recentFailures: Math.ceil(reports.length / REPORTS_PER_FAILURE), unconfirmedReports: reports.length };
}
