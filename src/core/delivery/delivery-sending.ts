/** Between the coordinator, which knows what is owed, and the sender, which makes one attempt and reports it. */
import type { AttemptOutcome } from './delivery-attempt.ts';

/** What the queue carries: which attempt of which delivery. The coordinator keeps the document. */
export interface DeliveryOrder {
  readonly deliveryId: string;
  readonly attempt: number;
}

/** All that an attempt needs. */
export interface DeliveryJob {
  /** The `webhook-id`, the same at every attempt. */
  readonly id: string;
  readonly url: string;
  /** Exactly the body that is sent. */
  readonly payload: string;
  readonly contentType: string;
  /** `whsec_` and base64, the newest first. */
  readonly secrets: readonly string[];
}

/** An attempt that nobody waits to repeat: what the receiver said, with the beginning of what it wrote. */
export interface DryRunDelivery extends AttemptOutcome {
  readonly answer: string;
}

/** Makes attempts in an invocation of its own, so that a slow receiver delays nobody. */
export interface DeliveryRunner {
  /** Begins it and answers at once. */
  start(order: DeliveryOrder): Promise<void>;
  /** Sends it now, once, and answers what came of it. */
  rehearse(job: DeliveryJob): Promise<DryRunDelivery>;
}
