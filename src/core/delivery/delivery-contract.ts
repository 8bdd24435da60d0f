/** Contract between the coordinator, which owns pending deliveries, and the sender, which makes single attempts. */
import type { DeliveryOutcome } from './delivery-attempt.ts';

/**
 * The time for which a sender may go on without a sign of life to the coordinator, ms. Afterwards the coordinator
 * repeats the attempt, so the sender must have stopped.
 */
export const ATTEMPT_LEASE_MS = 8_000;

/** The queue message for one attempt. The coordinator stores the document itself. */
export interface DeliveryOrder {
  readonly deliveryId: string;
  readonly attempt: number;
}

/** Everything that one attempt needs. */
export interface DeliveryJob {
  /** The `webhook-id`, the same at every attempt. */
  readonly id: string;
  readonly url: string;
  /** The exact request body. */
  readonly payload: string;
  readonly contentType: string;
  /** Each secret is `whsec_` followed by base64; newest first. */
  readonly secrets: readonly string[];
}

/** Outcome of an attempt that is never retried, with the beginning of the response body. */
export interface DryRunDelivery extends DeliveryOutcome {
  readonly response: string;
}

/** Makes each attempt in its own invocation, so that a slow receiver delays no other delivery. */
export interface DeliveryRunner {
  /** Starts the attempt and returns without waiting for its end. */
  start(order: DeliveryOrder): Promise<void>;
  /** Sends the document once and returns the outcome. */
  dryRun(job: DeliveryJob): Promise<DryRunDelivery>;
}
