/** The coordinator's calls about webhooks and deliveries: each changes what it changes whole, and delegates to the desks. */
import type { Actor } from '../../core/access/actor.ts';
import type { AttemptOutcome } from '../../core/delivery/delivery-attempt.ts';
import type { DeliveryOrder } from '../../core/delivery/delivery-sending.ts';
import { testPayload } from '../../core/webhook/test-payload.ts';
import { BUILT_IN_ID } from '../../core/webhook/webhook.ts';
import { CoordinatorRuntime } from '../coordinator-runtime.ts';
import { jobOf } from './deliveries.ts';
import type { DeliveryQuery } from '../contract/delivery-api.ts';
import type { WebhookApi, WebhookChange, WebhookDraft } from '../contract/webhook-api.ts';

export abstract class WebhookCalls extends CoordinatorRuntime implements WebhookApi {
  async createWebhook(draft: WebhookDraft, actor: Actor): ReturnType<WebhookApi['createWebhook']> {
    return this.changeAs(actor, (now) => this.webhookDesk.create(draft, actor, now));
  }

  async webhooks(after: string, limit: number): ReturnType<WebhookApi['webhooks']> {
    return this.webhookDesk.list(after, limit);
  }

  async webhook(id: string): ReturnType<WebhookApi['webhook']> {
    const webhook = this.webhookBook.find(id);
    return webhook ? this.webhookDesk.standing(webhook) : null;
  }

  async changeWebhook(change: WebhookChange, actor: Actor): ReturnType<WebhookApi['changeWebhook']> {
    return this.changeAs(actor, (now) => this.webhookDesk.change(change, actor, now));
  }

  async removeWebhook(id: string, ifRevision: number | null, actor: Actor): ReturnType<WebhookApi['removeWebhook']> {
    return this.changeAs(actor, (now) => this.webhookDesk.remove(id, ifRevision, actor, now));
  }

  async rotateWebhookSecret(id: string, secret: string, actor: Actor): ReturnType<WebhookApi['rotateWebhookSecret']> {
    return this.changeAs(actor, (now) => this.webhookDesk.rotate(id, secret, actor, now));
  }

  async webhookDeliveries(id: string, query: DeliveryQuery): ReturnType<WebhookApi['webhookDeliveries']> {
    return this.webhookBook.find(id) ? this.deliveries.list(id, query) : null;
  }

  async replayDelivery(id: string, deliveryId: string, actor: Actor): ReturnType<WebhookApi['replayDelivery']> {
    return this.changeAs(actor, (now) => this.webhookDesk.replay(id, deliveryId, actor, now));
  }

  async replayWebhook(id: string, after: number | null, actor: Actor): ReturnType<WebhookApi['replayWebhook']> {
    return this.changeAs(actor, (now) => this.webhookDesk.replayAll(id, after, actor, now));
  }

  async webhookTest(id: string, testId: string): ReturnType<WebhookApi['webhookTest']> {
    const webhook = this.webhookBook.find(id);
    const now = Date.now();
    return webhook ? jobOf(webhook, testId, testPayload(webhook, testId, now), now) : null;
  }

  async beginDelivery(order: DeliveryOrder): ReturnType<WebhookApi['beginDelivery']> {
    return this.ctx.storage.transactionSync(() => this.deliveryDesk.begin(order, Date.now()));
  }

  async keepDelivery(order: DeliveryOrder): Promise<void> {
    this.deliveryDesk.keep(order, Date.now());
  }

  async reportDelivery(order: DeliveryOrder, outcome: AttemptOutcome): Promise<void> {
    const webhookId = this.change(() => this.deliveryDesk.report(order, outcome, Date.now(), Math.random()));
    if (webhookId !== null) this.dispatch.touch(webhookId);
  }

  /** What an alarm that was lost should have done, and what is kept no longer. */
  protected sweepWebhooks(now: number): void {
    // Of the one of the configuration also when that was taken away.
    const ids = new Set([BUILT_IN_ID, ...this.webhookBook.all().map(({ id }) => id)]);
    for (const id of ids) this.deliveries.trim(id, this.webhookBook.find(id) !== undefined, now);
    this.alarms.fired();
    this.dispatch.touchAll();
    this.alarms.arm();
  }

  private changeAs<T>(actor: Actor, make: (now: number) => T) {
    return this.change(() => this.refuseActor(actor.keyId) ?? make(Date.now()));
  }
}
