/**
 * The coordinator's calls about webhooks and deliveries. Each call makes all its changes in one transaction.
 */
import type { AlarmSchedule } from '../../alarm/alarm-schedule.ts';
import type { Actor } from '../../core/access/actor.ts';
import type { VersionCondition } from '../../core/version-condition.ts';
import type { DeliveryOutcome } from '../../core/delivery/delivery-attempt.ts';
import type { DeliveryJob, DeliveryOrder } from '../../core/delivery/delivery-contract.ts';
import type { ActorRefusal } from '../../core/quota/change-quota.ts';
import type { Failure, Result } from '../../core/result.ts';
import { fail, ok } from '../../core/result.ts';
import { testPayload } from '../../core/webhook/test-payload.ts';
import { BUILT_IN_ID } from '../../core/webhook/webhook.ts';
import type { Delivery, DeliveryQuery } from '../contract/delivery-api.ts';
import type {
  ChangeWebhookResult,
  CreateWebhookResult,
  RemoveWebhookResult,
  ReplayWebhookResult,
  WebhookChange,
  WebhookDraft,
  WebhookRotation,
  WebhookWithStatus,
} from '../contract/webhook-api.ts';
import type { DeliveryLifecycle } from './delivery-lifecycle.ts';
import { jobOf } from './delivery-lifecycle.ts';
import type { DeliveryStore } from './delivery-store.ts';
import type { WebhookDispatch } from './webhook-dispatch.ts';
import type { WebhookIndex } from './webhook-index.ts';
import type { Webhooks } from './webhooks.ts';

export interface WebhookCallsDeps {
  readonly webhooks: Webhooks;
  readonly index: WebhookIndex;
  readonly deliveries: DeliveryLifecycle;
  readonly deliveryStore: DeliveryStore;
  readonly dispatch: WebhookDispatch;
  readonly alarms: AlarmSchedule;
  readonly storage: DurableObjectStorage;
  /** Runs a change in one transaction and starts whatever the change made pending. */
  readonly transaction: <T>(make: () => T) => T;
  readonly refuseChange: (keyId: string, subject: string) => Failure<ActorRefusal> | null;
}

export class WebhookCalls {
  private readonly deps: WebhookCallsDeps;

  constructor(deps: WebhookCallsDeps) {
    this.deps = deps;
  }

  create(draft: WebhookDraft, actor: Actor): CreateWebhookResult {
    return this.changeAs(actor, draft.id, (now) => this.deps.webhooks.create(draft, actor, now));
  }

  find(id: string): WebhookWithStatus | null {
    const webhook = this.deps.index.find(id);
    return webhook ? this.deps.webhooks.withStatus(webhook) : null;
  }

  change(change: WebhookChange, actor: Actor): ChangeWebhookResult {
    return this.changeAs(actor, change.id, (now) => this.deps.webhooks.change(change, actor, now));
  }

  remove(id: string, ifRevision: VersionCondition, actor: Actor): RemoveWebhookResult {
    return this.changeAs(actor, id, (now) => this.deps.webhooks.remove(id, ifRevision, actor, now));
  }

  rotateSecret(rotation: WebhookRotation, actor: Actor): ChangeWebhookResult {
    return this.changeAs(actor, rotation.id, (now) => this.deps.webhooks.rotate(rotation, actor, now));
  }

  listDeliveries(id: string, query: DeliveryQuery): Delivery[] | null {
    return this.deps.index.find(id) ? this.deps.deliveryStore.list(id, query) : null;
  }

  replayDelivery(id: string, deliveryId: string, actor: Actor) {
    return this.changeAs(actor, id, (now) => this.deps.webhooks.replay(id, deliveryId, actor, now));
  }

  replayAll(id: string, after: number | null, actor: Actor): ReplayWebhookResult {
    return this.changeAs(actor, id, (now) => this.deps.webhooks.replayAll(id, after, actor, now));
  }

  testJob(id: string, testId: string, actor: Actor): Result<DeliveryJob, 'not-found' | ActorRefusal> {
    return this.changeAs(actor, id, (now) => {
      const webhook = this.deps.index.find(id);
      if (!webhook) return fail('not-found', `there is no webhook ${id}`);
      return ok(jobOf(webhook, testId, testPayload(webhook, testId, now), now));
    });
  }

  beginDelivery(order: DeliveryOrder, now: number): DeliveryJob | null {
    return this.deps.storage.transactionSync(() => this.deps.deliveries.begin(order, now));
  }

  reportDelivery(order: DeliveryOrder, outcome: DeliveryOutcome, now: number): void {
    const { transaction, deliveries, dispatch } = this.deps;
    const webhookId = transaction(() => deliveries.report(order, outcome, now, Math.random()));
    if (webhookId !== null) dispatch.markDirty(webhookId);
  }

  /** Repairs what a lost alarm left undone, and deletes settled deliveries beyond their retention. */
  sweep(now: number): void {
    const { index, deliveryStore, alarms, dispatch } = this.deps;
    // The webhook of the deployment's configuration may have been removed while it still has deliveries.
    const ids = new Set([BUILT_IN_ID, ...index.all().map(({ id }) => id)]);
    for (const id of ids) deliveryStore.trim(id, index.find(id) !== undefined, now);
    alarms.fired();
    dispatch.markAllDirty();
    alarms.arm();
  }

  private changeAs<T>(actor: Actor, id: string, make: (now: number) => T): T | Failure<ActorRefusal> {
    const { transaction, refuseChange } = this.deps;
    return transaction(() => refuseChange(actor.keyId, `webhook ${id}`) ?? make(Date.now()));
  }
}
