/** What the SystemCoordinator answers about webhooks and what is owed to them. */
import type { Actor } from '../../core/access/actor.ts';
import type { AttemptOutcome } from '../../core/delivery/delivery-attempt.ts';
import type { DeliveryJob, DeliveryOrder } from '../../core/delivery/delivery-sending.ts';
import type { Failure, Result } from '../../core/result.ts';
import type { Webhook, WebhookSettings } from '../../core/webhook/webhook.ts';
import type { WebhookFault } from '../../core/webhook/webhook-faults.ts';
import type { Delivery, DeliveryQuery } from './delivery-api.ts';

export interface WebhookApi {
  /** Makes a webhook; with an id that is known already, and the same settings, it answers that webhook. */
  createWebhook(draft: WebhookDraft, actor: Actor): Promise<CreateWebhookResult>;
  /** Ids ascending, after one; the one that the deployment configures comes first. */
  webhooks(after: string, limit: number): Promise<WebhookWithStatus[]>;
  webhook(id: string): Promise<WebhookWithStatus | null>;
  changeWebhook(change: WebhookChange, actor: Actor): Promise<ChangeWebhookResult>;
  /** Ends it, with all that is owed to it and all that is known of what it got. */
  removeWebhook(id: string, ifRevision: number | null, actor: Actor): Promise<RemoveWebhookResult>;
  /** Puts a secret in the place of the current one, which signs too for a day; the same again changes nothing. */
  rotateWebhookSecret(id: string, secret: string, actor: Actor): Promise<ChangeWebhookResult>;
  /** What was owed to it, newest first; null when there is no such webhook. */
  webhookDeliveries(id: string, query: DeliveryQuery): Promise<Delivery[] | null>;
  /** Owes one delivery again, or now; what is on its way stays there. */
  replayDelivery(id: string, deliveryId: string, actor: Actor): Promise<Result<Delivery, 'not-found' | 'unauthorized'>>;
  /** Owes again all that is dead, and now what waits; with `after` all events of the log after that sequence. */
  replayWebhook(id: string, after: number | null, actor: Actor): Promise<ReplayWebhookResult>;
  /** A test for that webhook, to be sent by whoever asks; null when there is no such webhook. */
  webhookTest(id: string, testId: string): Promise<DeliveryJob | null>;

  /** Begins an attempt: what is to be sent, or null when that attempt is not to be made any more. */
  beginDelivery(order: DeliveryOrder): Promise<DeliveryJob | null>;
  /** A sign of life of whoever makes that attempt, every few seconds: without one it is taken to be lost. */
  keepDelivery(order: DeliveryOrder): Promise<void>;
  /** What came of it; again, or too late, it changes nothing. */
  reportDelivery(order: DeliveryOrder, outcome: AttemptOutcome): Promise<void>;
}

export interface WebhookDraft {
  readonly id: string;
  readonly settings: WebhookSettings;
  readonly secret: string;
  /** The caller's own, not one we made up. */
  readonly isOwnSecret: boolean;
}

export interface WebhookChange {
  readonly id: string;
  readonly settings: Partial<WebhookSettings>;
  readonly enabled: boolean | null;
  /** Only over exactly this revision; null for any. */
  readonly ifRevision: number | null;
}

/** A webhook and what is owed to it. */
export interface WebhookWithStatus {
  readonly webhook: Webhook;
  readonly owed: number;
  readonly dead: number;
}

export interface InvalidWebhook extends Failure<'invalid-request'> {
  readonly faults: readonly WebhookFault[];
}

export type CreateWebhookResult =
  | Result<
      { readonly standing: WebhookWithStatus; readonly created: boolean },
      'webhook-exists' | 'webhook-limit' | 'unauthorized'
    >
  | InvalidWebhook;

export type ChangeWebhookResult =
  | Result<WebhookWithStatus, 'not-found' | 'precondition-failed' | 'webhook-configured' | 'unauthorized'>
  | InvalidWebhook;

export type RemoveWebhookResult = Result<
  null,
  'not-found' | 'precondition-failed' | 'webhook-configured' | 'unauthorized'
>;

export type ReplayWebhookResult = Result<{ readonly replayed: number }, 'not-found' | 'unauthorized'> | InvalidWebhook;
