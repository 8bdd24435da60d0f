/** Deliveries as callers of the coordinator see them. */
import type { AttemptRecord } from '../../core/delivery/delivery-attempt.ts';

export type DeliveryState = 'waiting' | 'handed' | 'sending' | 'delivered' | 'dead';

export interface Delivery {
  /** Ascending as they came to be owed. */
  readonly place: number;
  /** The `webhook-id`. */
  readonly id: string;
  readonly webhookId: string;
  /** Of the event. */
  readonly sequence: number;
  readonly type: string;
  readonly subject: string;
  readonly state: DeliveryState;
  /** Number of the attempt under way, or of the last one; 0 before the first. */
  readonly attempt: number;
  /** Failed attempts since it was owed. */
  readonly failures: number;
  /** How often this attempt was given to the queue. */
  readonly handovers: number;
  /** When something is to be done about it, epoch ms; null while it waits for another, and once it is settled. */
  readonly nextAt: number | null;
  readonly attempts: readonly AttemptRecord[];
  readonly createdAt: number;
}

export interface DeliveryQuery {
  readonly state: 'owed' | 'delivered' | 'dead' | null;
  /** Only those before this place; null for the newest. */
  readonly before: number | null;
  readonly limit: number;
}
