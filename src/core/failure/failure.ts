/** A failure report, sent from the registry's outbox to the history. */
import type { JsonObject } from '../json.ts';
import type { FailureSource } from '../health/observe-health.ts';

export interface FailureReport {
  /** Assigned once by the registry that observed the failure. Makes storing and counting idempotent. */
  readonly id: string;
  readonly componentId: string;
  readonly componentType: string;
  readonly source: FailureSource;
  readonly code: string | null;
  readonly message: string;
  readonly context: JsonObject | null;
  /** Ids of the dependencies that were down at that time; absent or empty when none was. */
  readonly rootCause?: readonly string[];
  /** Id of the drill that injected the failure; absent for a real failure. */
  readonly drillId?: string;
  /** Epoch ms; of the first one, if the report stands for several. */
  readonly occurredAt: number;
  /** Number of failures that the report stands for; absent for 1. */
  readonly occurrences?: number;
  /** Epoch ms of the last one; absent for a single failure. */
  readonly lastOccurredAt?: number;
}
