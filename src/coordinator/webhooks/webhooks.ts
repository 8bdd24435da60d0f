/**
 * Webhook management in the coordinator: operators create, change, replay and delete webhooks. Every change publishes
 * an event with an audit note.
 * Invariant: every write runs within the caller's transaction.
 */
import type { Actor } from '../../core/access/actor.ts';
import type { AuditAction, AuditEntry } from '../../core/access/audit-entry.ts';
import { firstSecret, rotateSecret } from '../../core/component/control-secret.ts';
import type { EventDraft, EventType, LoggedEvent } from '../../core/event/coordinator-event.ts';
import { isSameJson } from '../../core/is-same-json.ts';
import type { JsonObject } from '../../core/json.ts';
import type { Result } from '../../core/result.ts';
import { fail, ok } from '../../core/result.ts';
import type { VersionCondition } from '../../core/version-condition.ts';
import { failedCondition } from '../../core/version-condition.ts';
import type { DisabledReason, Webhook, WebhookSettings } from '../../core/webhook/webhook.ts';
import { BUILT_IN_ID, MAX_WEBHOOKS, isChannel, isEnabled, withoutMasked } from '../../core/webhook/webhook.ts';
import { changeFaults, webhookFaults } from '../../core/webhook/webhook-faults.ts';
import type { DeliveryStore } from './delivery-store.ts';
import type { Delivery } from '../contract/delivery-api.ts';
import { MAX_SETTLED } from './delivery-store.ts';
import type { EventStore } from '../events/event-store.ts';
import { webhookAuditView } from './webhook-audit-view.ts';
import type {
  ChangeWebhookResult,
  CreateWebhookResult,
  InvalidWebhook,
  RemoveWebhookResult,
  ReplayWebhookResult,
  WebhookWithStatus,
  WebhookChange,
  WebhookDraft,
  WebhookRotation,
} from '../contract/webhook-api.ts';
import type { WebhookIndex } from './webhook-index.ts';
import type { WebhookStore } from './webhook-store.ts';

export interface WebhooksDeps {
  readonly index: WebhookIndex;
  readonly webhooks: WebhookStore;
  readonly deliveries: DeliveryStore;
  readonly log: EventStore;
  readonly append: (draft: EventDraft) => LoggedEvent | null;
  readonly audit: (entry: AuditEntry) => void;
  /** Called when a webhook may have something to send. */
  readonly markDirty: (webhookId: string) => void;
}

interface WebhookEvent {
  readonly type: EventType;
  readonly data: JsonObject;
  /** Set if an operator made the change. */
  readonly by?: {
    readonly actor: Actor;
    readonly action: AuditAction;
    readonly before: JsonObject | null;
    readonly after: JsonObject | null;
  };
}

export class Webhooks {
  private readonly deps: WebhooksDeps;

  constructor(deps: WebhooksDeps) {
    this.deps = deps;
  }

  create(
    { id, settings, secret, isOwnSecret, ifRevision }: WebhookDraft,
    actor: Actor,
    now: number,
  ): CreateWebhookResult {
    const { index, webhooks, log } = this.deps;
    const faults = webhookFaults(settings);
    if (faults.length > 0) return invalid(faults);
    const known = index.find(id);
    const failed = failedConditionOn(known, ifRevision);
    if (failed) return failed;
    if (id === BUILT_IN_ID || (known && !isSame(known, settings, isOwnSecret ? secret : known.secret.current)))
      return fail('webhook-exists', `webhook ${id} already exists with other settings`);
    if (known) return ok({ status: this.withStatus(known), created: false });
    if (webhooks.all().length >= MAX_WEBHOOKS)
      return fail('webhook-limit', `the limit of ${MAX_WEBHOOKS} webhooks is reached`);
    const webhook: Webhook = {
      ...settings,
      id,
      // A deleted webhook may have had the same id. The sequence of the log makes its ETags invalid for this one.
      revision: log.span().newest + 1,
      secret: firstSecret(secret),
      state: { kind: 'enabled' },
      failingSince: null,
      behindAfter: null,
      missed: 0,
      pace: null,
      createdAt: now,
      updatedAt: now,
    };
    webhooks.save(webhook);
    const { format, types } = settings;
    const by = { actor, action: 'webhook.create', before: null, after: webhookAuditView(webhook) } as const;
    this.publish(webhook.id, { type: 'webhook.created', data: { format, types: [...types] }, by }, now);
    return ok({ status: this.withStatus(webhook), created: true });
  }

  change({ id, settings: sent, enabled, ifRevision }: WebhookChange, actor: Actor, now: number): ChangeWebhookResult {
    const { webhooks, deliveries, markDirty } = this.deps;
    const found = this.changeable(id, ifRevision);
    if (!found.ok) return found;
    const before = found.value;
    const settings = withoutMasked(sent, before);
    const changed = (Object.keys(settings) as (keyof WebhookSettings)[]).filter(
      (name) => !isSameJson(settings[name], before[name]),
    );
    const isToggled = enabled !== null && enabled !== isEnabled(before);
    if (changed.length === 0 && !isToggled) return ok(this.withStatus(before));
    const faults = changeFaults(before, settings);
    if (faults.length > 0) return invalid(faults);
    const toggled = isToggled
      ? enabled
        ? ({ state: { kind: 'enabled' }, failingSince: null, pace: null } as const)
        : this.disabled(before, 'operator', now)
      : {};
    const isMoved = changed.includes('url') || changed.includes('routingKey');
    const moved = isMoved ? { failingSince: null, pace: null } : {};
    const next: Webhook = {
      ...before,
      ...settings,
      ...toggled,
      ...moved,
      revision: before.revision + 1,
      updatedAt: now,
    };
    webhooks.save(next);
    // An operator repaired or moved the receiver, so waiting deliveries need not wait for their retry time.
    if ((isToggled && enabled) || isMoved) deliveries.retryNow(id, now);
    // The new address may accept a delivery that the old one refused.
    if (isMoved) this.requeue(id, deliveries.refused(id, MAX_SETTLED), now);
    const by = {
      actor,
      action: 'webhook.change',
      before: webhookAuditView(before),
      after: webhookAuditView(next),
    } as const;
    const type = isToggled ? (enabled ? 'webhook.enabled' : 'webhook.disabled') : 'webhook.changed';
    const data: JsonObject = { changed: [...changed] };
    if (type === 'webhook.disabled') data['reason'] = 'operator';
    this.publish(id, { type, data, by }, now);
    markDirty(id);
    return ok(this.withStatus(next));
  }

  rotate({ id, secret, ifRevision }: WebhookRotation, actor: Actor, now: number): ChangeWebhookResult {
    const found = this.changeable(id, ifRevision);
    if (!found.ok) return found;
    const before = found.value;
    if (before.secret.current === secret) return ok(this.withStatus(before));
    const next = {
      ...before,
      secret: rotateSecret(before.secret, secret, now),
      revision: before.revision + 1,
      updatedAt: now,
    };
    this.deps.webhooks.save(next);
    const by = { actor, action: 'webhook.rotate-secret', before: null, after: null } as const;
    this.publish(id, { type: 'webhook.changed', data: { changed: ['secret'] }, by }, now);
    return ok(this.withStatus(next));
  }

  remove(id: string, ifRevision: VersionCondition, actor: Actor, now: number): RemoveWebhookResult {
    const { webhooks, deliveries } = this.deps;
    const found = this.changeable(id, ifRevision);
    if (!found.ok) return found;
    webhooks.remove(id);
    deliveries.removeAll(id);
    const by = { actor, action: 'webhook.delete', before: webhookAuditView(found.value), after: null } as const;
    this.publish(id, { type: 'webhook.deleted', data: {}, by }, now);
    return ok(null);
  }

  replay(id: string, deliveryId: string, actor: Actor, now: number): Result<Delivery, 'not-found'> {
    const { index, deliveries, markDirty } = this.deps;
    const delivery = deliveries.find(deliveryId);
    if (delivery?.webhookId !== id) return fail('not-found', `webhook ${id} has no delivery ${deliveryId}`);
    index.updateStatus(id, { pace: null });
    this.requeue(id, [delivery], now);
    this.audit(id, actor, now, { deliveryId });
    markDirty(id);
    return ok(deliveries.find(deliveryId) ?? delivery);
  }

  replayAll(id: string, after: number | null, actor: Actor, now: number): ReplayWebhookResult {
    const { index, deliveries, log, markDirty } = this.deps;
    const webhook = index.find(id);
    if (!webhook) return fail('not-found', `webhook ${id} does not exist`);
    if (after !== null) {
      if (isChannel(webhook) || id === BUILT_IN_ID)
        return invalid([
          { path: 'after', message: 'only events can be replayed from the log, and alerts are not in it' },
        ]);
      // Events that the log has deleted may have been delivered, so they do not count as missed. Events that are still
      // to come must not be skipped.
      const { oldest, newest } = log.span();
      const from = Math.min(Math.max(after, oldest - 1), newest);
      index.updateStatus(id, { behindAfter: Math.min(webhook.behindAfter ?? Infinity, from) });
    }
    const dead = after === null ? deliveries.dead(id, MAX_SETTLED) : [];
    const waiting = after === null ? deliveries.retryNow(id, now) : 0;
    index.updateStatus(id, { pace: null });
    this.requeue(id, dead, now);
    this.audit(id, actor, now, after === null ? { dead: dead.length } : { after });
    markDirty(id);
    return ok({ replayed: dead.length + waiting });
  }

  /** Enqueues deliveries again, in the order of their subjects. */
  private requeue(id: string, requeued: readonly Delivery[], now: number): void {
    const { deliveries } = this.deps;
    for (const delivery of requeued) deliveries.requeue(delivery);
    for (const subject of new Set(requeued.map((delivery) => delivery.subject))) deliveries.reorder(id, subject, now);
  }

  /** Disables a webhook automatically, without an operator. */
  disable(webhook: Webhook, reason: DisabledReason, now: number): void {
    this.deps.index.updateStatus(webhook.id, this.disabled(webhook, reason, now));
    this.publish(webhook.id, { type: 'webhook.disabled', data: { reason, changed: [] } }, now);
  }

  /**
   * Publishes `webhook.delivery-dead`, once per period of continuous failure. Events about webhooks are excluded: two
   * failing webhooks would otherwise cause events about each other forever.
   */
  publishDead({ id, failingSince }: Webhook, { id: deliveryId, sequence, type, subject }: Delivery, now: number): void {
    if (type.startsWith('webhook.')) return;
    this.deps.append({
      key: `webhook:${id}:dead:${failingSince ?? now}`,
      type: 'webhook.delivery-dead',
      subject: id,
      time: now,
      data: { webhookId: id, deliveryId, event: { sequence: String(sequence), type, subject } },
    });
  }

  withStatus(webhook: Webhook): WebhookWithStatus {
    const { deliveries } = this.deps;
    return { webhook, pending: deliveries.countPending(webhook.id), dead: deliveries.countDead(webhook.id) };
  }

  list(after: string, limit: number): WebhookWithStatus[] {
    const { index } = this.deps;
    const all = index.all().toSorted((a, b) => (a.id < b.id ? -1 : 1));
    return all
      .filter(({ id }) => id > after)
      .slice(0, limit)
      .map((webhook) => this.withStatus(webhook));
  }

  /**
   * Status of a disabled webhook. Later events are read from the log once it is enabled. Alerts are not in the log, so
   * they stay pending.
   */
  private disabled(webhook: Webhook, reason: DisabledReason, at: number) {
    const behindAfter = isChannel(webhook) ? null : (webhook.behindAfter ?? this.deps.log.span().newest);
    return { state: { kind: 'disabled', reason, at }, behindAfter } as const;
  }

  private changeable(
    id: string,
    ifRevision: VersionCondition,
  ): Result<Webhook, 'not-found' | 'precondition-failed' | 'webhook-configured'> {
    const webhook = this.deps.index.find(id);
    if (!webhook) return fail('not-found', `webhook ${id} does not exist`);
    if (id === BUILT_IN_ID) return fail('webhook-configured', 'the webhook is configured by ALERT_WEBHOOK_URL');
    return failedConditionOn(webhook, ifRevision) ?? ok(webhook);
  }

  private publish(id: string, { type, data, by }: WebhookEvent, now: number): void {
    // The key contains the log sequence, because a deleted id may be used again with the same revisions.
    const key = `webhook:${id}:${this.deps.log.span().newest + 1}`;
    const draft = { key, type, subject: id, time: now, data: { webhookId: id, ...data } };
    this.deps.append(by ? { ...draft, audit: by } : draft);
  }

  private audit(id: string, actor: Actor, at: number, after: JsonObject): void {
    const entry = { actor, action: 'webhook.replay', subject: id, before: null, after } as const;
    this.deps.audit({ ...entry, id: `webhook:${id}:replay:${actor.requestId}:${at}`, at });
  }
}

const failedConditionOn = (webhook: Webhook | undefined, ifRevision: VersionCondition) =>
  failedCondition(ifRevision, { name: 'the webhook', counter: 'revision', version: webhook?.revision ?? null });

const invalid = (faults: InvalidWebhook['faults']): InvalidWebhook => ({
  ...fail('invalid-request', faults.map(({ message }) => message).join('; ')),
  faults,
});

const isSame = (webhook: Webhook, settings: WebhookSettings, secret: string): boolean =>
  webhook.secret.current === secret &&
  (Object.keys(settings) as (keyof WebhookSettings)[]).every((name) => isSameJson(settings[name], webhook[name]));
