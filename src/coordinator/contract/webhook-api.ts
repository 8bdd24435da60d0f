/** Webhook API of the SystemCoordinator: types that its callers see. */
import type { Actor } from '../../core/access/actor.ts';
import type { DeliveryOutcome } from '../../core/delivery/delivery-attempt.ts';
import type { DeliveryJob, DeliveryOrder } from '../../core/delivery/delivery-contract.ts';
import type { ActorRefusal } from '../../core/quota/change-quota.ts';
import type { Failure, Result } from '../../core/result.ts';
import type { VersionCondition } from '../../core/version-condition.ts';
import type { Webhook, WebhookSettings } from '../../core/webhook/webhook.ts';
import type { WebhookFault } from '../../core/webhook/webhook-faults.ts';
import type { Delivery, DeliveryQuery } from './delivery-api.ts';

export interface WebhookApi {
  /** Creates a webhook. If the id already exists with the same settings, returns the existing webhook. */
  createWebhook(draft: WebhookDraft, actor: Actor): Promise<CreateWebhookResult>;
  /** Webhooks by id, ascending, after the id `after`; includes the one that the deployment configures. */
  webhooks(after: string, limit: number): Promise<WebhookWithStatus[]>;
  webhook(id: string): Promise<WebhookWithStatus | null>;
  changeWebhook(change: WebhookChange, actor: Actor): Promise<ChangeWebhookResult>;
  /** Deletes a webhook with all its deliveries. */
  removeWebhook(id: string, ifRevision: VersionCondition, actor: Actor): Promise<RemoveWebhookResult>;
  /**
   * Replaces the secret; the previous one also signs for a day. Repeating the call with the same secret changes
   * nothing.
   */
  rotateWebhookSecret(rotation: WebhookRotation, actor: Actor): Promise<ChangeWebhookResult>;
  /** Deliveries of a webhook, newest first; null if the webhook does not exist. */
  webhookDeliveries(id: string, query: DeliveryQuery): Promise<Delivery[] | null>;
  /** Enqueues one delivery again, or makes it due now. A delivery in flight is not changed. */
  replayDelivery(id: string, deliveryId: string, actor: Actor): Promise<Result<Delivery, 'not-found' | ActorRefusal>>;
  /**
   * Enqueues all dead deliveries again, and makes waiting ones due now. With `after`, enqueues all events of the log
   * after that sequence instead.
   */
  replayWebhook(id: string, after: number | null, actor: Actor): Promise<ReplayWebhookResult>;
  /** Test delivery for a webhook, which the caller sends. */
  webhookTest(id: string, testId: string, actor: Actor): Promise<Result<DeliveryJob, 'not-found' | ActorRefusal>>;

  /** Begins an attempt. Returns the request to send; null if the attempt is no longer current. */
  beginDelivery(order: DeliveryOrder): Promise<DeliveryJob | null>;
  /**
   * Sign of life of the sender during an attempt, every few seconds. An attempt without one counts as lost. Returns
   * false if the attempt is no longer current: the sender must stop.
   */
  extendDelivery(order: DeliveryOrder): Promise<boolean>;
  /** Reports the outcome of an attempt. A repeated or late report changes nothing. */
  reportDelivery(order: DeliveryOrder, outcome: DeliveryOutcome): Promise<void>;
}

export interface WebhookDraft {
  readonly id: string;
  readonly settings: WebhookSettings;
  readonly secret: string;
  /** True if the caller chose the secret; false if the API generated it. */
  readonly isOwnSecret: boolean;
  /** Condition on the current revision; null for none. */
  readonly ifRevision: VersionCondition;
}

export interface WebhookChange {
  readonly id: string;
  readonly settings: Partial<WebhookSettings>;
  readonly enabled: boolean | null;
  /** Condition on the current revision. */
  readonly ifRevision: VersionCondition;
}

export interface WebhookRotation {
  readonly id: string;
  readonly secret: string;
  /** Condition on the current revision. */
  readonly ifRevision: VersionCondition;
}

/** A webhook with the numbers of its pending and dead deliveries. */
export interface WebhookWithStatus {
  readonly webhook: Webhook;
  readonly pending: number;
  readonly dead: number;
}

export interface InvalidWebhook extends Failure<'invalid-request'> {
  readonly faults: readonly WebhookFault[];
}

export type CreateWebhookResult =
  | Result<
      { readonly status: WebhookWithStatus; readonly created: boolean },
      'webhook-exists' | 'webhook-limit' | 'precondition-failed' | ActorRefusal
    >
  | InvalidWebhook;

export type ChangeWebhookResult =
  | Result<WebhookWithStatus, 'not-found' | 'precondition-failed' | 'webhook-configured' | ActorRefusal>
  | InvalidWebhook;

export type RemoveWebhookResult = Result<
  null,
  'not-found' | 'precondition-failed' | 'webhook-configured' | ActorRefusal
>;

export type ReplayWebhookResult = Result<{ readonly replayed: number }, 'not-found' | ActorRefusal> | InvalidWebhook;
