/**
 * Counts the recent failures of a component. The registry remembers them with the component, so that the decision about
 * a recovery waits for no other store.
 */
import type { ComponentRecord } from '../component/component-record.ts';
import { settledUntil } from '../component/component-record.ts';
import { countingSince } from './threshold.ts';
import type { ThresholdPolicy } from './threshold.ts';

/** Returns the number of failures that count at `now` (epoch ms). The registry remembers the last 100. */
export function countFailures(record: ComponentRecord, policy: ThresholdPolicy, now: number): number {
  const since = countingSince(now, settledUntil(record), policy);
  return record.recovery.recentFailures.filter((at) => at > since).length;
}
