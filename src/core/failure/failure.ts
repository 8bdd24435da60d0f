/** A failure as it travels from the registry's outbox to the history. */
import type { JsonObject } from '../json.ts';
import type { FailureSource } from '../health/observe-health.ts';

export interface FailureReport {
  /** Made once where the failure was seen; whoever stores or counts it twice notices by it. */
  readonly id: string;
  readonly componentId: string;
  readonly componentType: string;
  readonly source: FailureSource;
  readonly code: string | null;
  readonly message: string;
  readonly context: JsonObject | null;
  /** The dependencies that were down then, ids; absent or empty when it failed by itself. */
  readonly rootCause?: readonly string[];
  /** The drill that injected it; absent when it is real. */
  readonly drillId?: string;
  /** Epoch ms. */
  readonly occurredAt: number;
}
