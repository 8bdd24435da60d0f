/** Webhook deliveries as callers of the coordinator see them. */
import type { AttemptRecord } from '../../core/delivery/delivery-attempt.ts';

/** `superseded`: a newer alert about the same incident replaced it before it was sent. */
export type DeliveryState = 'waiting' | 'handed' | 'sending' | 'delivered' | 'dead' | 'superseded';

export interface Delivery {
  /** Ascending in the order in which deliveries were enqueued. */
  readonly place: number;
  /** The `webhook-id`. */
  readonly id: string;
  readonly webhookId: string;
  /** Sequence of the event. */
  readonly sequence: number;
  readonly type: string;
  readonly subject: string;
  /** Id of the incident, or of the group of incidents, that an alert is about; null for an event. */
  readonly alertId: string | null;
  readonly state: DeliveryState;
  /** Number of the current or last attempt; 0 before the first. */
  readonly attempt: number;
  /** Failed attempts since the delivery was enqueued, or enqueued again. */
  readonly failures: number;
  /** Number of times the current attempt was handed to the queue. */
  readonly handovers: number;
  /**
   * When the delivery is due for its next step, epoch ms. Null while an earlier delivery blocks it, and once it is
   * settled.
   */
  readonly nextAt: number | null;
  readonly attempts: readonly AttemptRecord[];
  readonly createdAt: number;
}

export interface DeliveryQuery {
  readonly state: 'pending' | 'delivered' | 'dead' | 'superseded' | null;
  /** Only deliveries before this place; null to start with the newest. */
  readonly before: number | null;
  readonly limit: number;
}
