/**
 * The coordinator's side of webhooks as people make, change and end them, look at what they got and have it sent again.
 * Within a transaction of its caller; every change comes with its event and its entry in the audit.
 */
import type { Actor } from '../../core/access/actor.ts';
import type { AuditAction, AuditEntry } from '../../core/access/audit-entry.ts';
import { firstSecret, rotated } from '../../core/component/control-secret.ts';
import type { EventDraft, EventType, LoggedEvent } from '../../core/event/coordinator-event.ts';
import type { JsonObject } from '../../core/json.ts';
import type { Result } from '../../core/result.ts';
import { fail, ok } from '../../core/result.ts';
import type { DisabledReason, Webhook, WebhookSettings } from '../../core/webhook/webhook.ts';
import { BUILT_IN_ID, MAX_WEBHOOKS, isChannel, isEnabled } from '../../core/webhook/webhook.ts';
import { webhookFaults } from '../../core/webhook/webhook-faults.ts';
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
} from '../contract/webhook-api.ts';
import type { WebhookIndex } from './webhook-index.ts';
import type { WebhookStore } from './webhook-store.ts';

export interface WebhooksDeps {
  readonly book: WebhookIndex;
  readonly webhooks: WebhookStore;
  readonly deliveries: DeliveryStore;
  readonly log: EventStore;
  readonly append: (draft: EventDraft) => LoggedEvent | null;
  readonly audit: (entry: AuditEntry) => void;
  /** There may be something to send to it. */
  readonly touch: (webhookId: string) => void;
}

interface Told {
  readonly type: EventType;
  readonly data: JsonObject;
  /** When people did it. */
  readonly by?: {
    readonly actor: Actor;
    readonly action: AuditAction;
    readonly before: JsonObject | null;
    readonly after: JsonObject | null;
  };
}

export class Webhooks {
  private readonly parts: WebhooksDeps;

  constructor(parts: WebhooksDeps) {
    this.parts = parts;
  }

  create({ id, settings, secret, isOwnSecret }: WebhookDraft, actor: Actor, now: number): CreateWebhookResult {
    const { book, webhooks, log } = this.parts;
    const faults = webhookFaults(settings);
    if (faults.length > 0) return invalid(faults);
    const known = book.find(id);
    if (id === BUILT_IN_ID || (known && !isSame(known, settings, isOwnSecret ? secret : known.secret.current)))
      return fail('webhook-exists', `there is a webhook ${id} with other settings`);
    if (known) return ok({ standing: this.standing(known), created: false });
    if (webhooks.all().length >= MAX_WEBHOOKS) return fail('webhook-limit', `there are ${MAX_WEBHOOKS} webhooks`);
    const webhook: Webhook = {
      ...settings,
      id,
      // Of another one with that id, that was deleted, no ETag holds for this one.
      revision: log.span().newest + 1,
      secret: firstSecret(secret),
      state: { kind: 'enabled' },
      failingSince: null,
      behindAfter: null,
      missed: 0,
      createdAt: now,
      updatedAt: now,
    };
    webhooks.save(webhook);
    const { format, types } = settings;
    const by = { actor, action: 'webhook.create', before: null, after: webhookAuditView(webhook) } as const;
    this.tell(webhook.id, { type: 'webhook.created', data: { format, types: [...types] }, by }, now);
    return ok({ standing: this.standing(webhook), created: true });
  }

  change({ id, settings, enabled, ifRevision }: WebhookChange, actor: Actor, now: number): ChangeWebhookResult {
    const { webhooks, deliveries, touch } = this.parts;
    const found = this.changeable(id, ifRevision);
    if (!found.ok) return found;
    const before = found.value;
    const changed = (Object.keys(settings) as (keyof WebhookSettings)[]).filter(
      (name) => JSON.stringify(settings[name]) !== JSON.stringify(before[name]),
    );
    const isTurned = enabled !== null && enabled !== isEnabled(before);
    if (changed.length === 0 && !isTurned) return ok(this.standing(before));
    const faults = webhookFaults({ ...before, ...settings });
    if (faults.length > 0) return invalid(faults);
    const turned = isTurned
      ? enabled
        ? ({ state: { kind: 'enabled' }, failingSince: null } as const)
        : this.disabled(before, 'operator', now)
      : {};
    const isMoved = changed.includes('url') || changed.includes('routingKey');
    const moved = isMoved ? { failingSince: null } : {};
    const next: Webhook = {
      ...before,
      ...settings,
      ...turned,
      ...moved,
      revision: before.revision + 1,
      updatedAt: now,
    };
    webhooks.save(next);
    // Somebody saw to it: what waits for a receiver that is back, or elsewhere, need not wait for its time.
    if ((isTurned && enabled) || isMoved) deliveries.hurry(id, now);
    const by = {
      actor,
      action: 'webhook.change',
      before: webhookAuditView(before),
      after: webhookAuditView(next),
    } as const;
    const type = isTurned ? (enabled ? 'webhook.enabled' : 'webhook.disabled') : 'webhook.changed';
    const data: JsonObject = { changed: [...changed] };
    if (type === 'webhook.disabled') data['reason'] = 'operator';
    this.tell(id, { type, data, by }, now);
    touch(id);
    return ok(this.standing(next));
  }

  rotate(id: string, secret: string, actor: Actor, now: number): ChangeWebhookResult {
    const found = this.changeable(id, null);
    if (!found.ok) return found;
    const before = found.value;
    if (before.secret.current === secret) return ok(this.standing(before));
    const next = {
      ...before,
      secret: rotated(before.secret, secret, now),
      revision: before.revision + 1,
      updatedAt: now,
    };
    this.parts.webhooks.save(next);
    const by = { actor, action: 'webhook.rotate-secret', before: null, after: null } as const;
    this.tell(id, { type: 'webhook.changed', data: { changed: ['secret'] }, by }, now);
    return ok(this.standing(next));
  }

  remove(id: string, ifRevision: number | null, actor: Actor, now: number): RemoveWebhookResult {
    const { webhooks, deliveries } = this.parts;
    const found = this.changeable(id, ifRevision);
    if (!found.ok) return found;
    webhooks.remove(id);
    deliveries.removeAll(id);
    const by = { actor, action: 'webhook.delete', before: webhookAuditView(found.value), after: null } as const;
    this.tell(id, { type: 'webhook.deleted', data: {}, by }, now);
    return ok(null);
  }

  replay(id: string, deliveryId: string, actor: Actor, now: number): Result<Delivery, 'not-found'> {
    const { deliveries, touch } = this.parts;
    const delivery = deliveries.find(deliveryId);
    if (delivery?.webhookId !== id) return fail('not-found', `webhook ${id} has no delivery ${deliveryId}`);
    deliveries.oweAgain(delivery);
    deliveries.reorder(id, delivery.subject, now);
    this.audit(id, actor, now, { deliveryId });
    touch(id);
    return ok(deliveries.find(deliveryId) ?? delivery);
  }

  replayAll(id: string, after: number | null, actor: Actor, now: number): ReplayWebhookResult {
    const { book, deliveries, log, touch } = this.parts;
    const webhook = book.find(id);
    if (!webhook) return fail('not-found', `there is no webhook ${id}`);
    if (after !== null) {
      if (isChannel(webhook) || id === BUILT_IN_ID)
        return invalid([
          { path: 'after', message: 'alerts are not in the log: only events can be sent again from it' },
        ]);
      // What the log holds no more was not missed: it may well have been delivered. What is to come is not to be passed over.
      const { oldest, newest } = log.span();
      const from = Math.min(Math.max(after, oldest - 1), newest);
      book.note(id, { behindAfter: Math.min(webhook.behindAfter ?? Infinity, from) });
    }
    const dead = after === null ? deliveries.dead(id, MAX_SETTLED) : [];
    const waiting = after === null ? deliveries.hurry(id, now) : 0;
    for (const delivery of dead) deliveries.oweAgain(delivery);
    for (const subject of new Set(dead.map((delivery) => delivery.subject))) deliveries.reorder(id, subject, now);
    this.audit(id, actor, now, after === null ? { dead: dead.length } : { after });
    touch(id);
    return ok({ replayed: dead.length + waiting });
  }

  /** By itself: nobody is to be asked. */
  disable(webhook: Webhook, reason: DisabledReason, now: number): void {
    this.parts.book.note(webhook.id, this.disabled(webhook, reason, now));
    this.tell(webhook.id, { type: 'webhook.disabled', data: { reason, changed: [] } }, now);
  }

  /** Once in a time of nothing but failures, and not of what is told of webhooks: two that fail would tell of each other for ever. */
  tellDead({ id, failingSince }: Webhook, { id: deliveryId, sequence, type, subject }: Delivery, now: number): void {
    if (type.startsWith('webhook.')) return;
    this.parts.append({
      key: `webhook:${id}:dead:${failingSince ?? now}`,
      type: 'webhook.delivery-dead',
      subject: id,
      time: now,
      data: { webhookId: id, deliveryId, event: { sequence: String(sequence), type, subject } },
    });
  }

  standing(webhook: Webhook): WebhookWithStatus {
    const { deliveries } = this.parts;
    return { webhook, owed: deliveries.countOwed(webhook.id), dead: deliveries.countDead(webhook.id) };
  }

  list(after: string, limit: number): WebhookWithStatus[] {
    const { book } = this.parts;
    const all = book.all().toSorted((a, b) => (a.id < b.id ? -1 : 1));
    return all
      .filter(({ id }) => id > after)
      .slice(0, limit)
      .map((webhook) => this.standing(webhook));
  }

  /** What happens from now on is taken from the log once it is enabled. Alerts are not in the log: those stay owed. */
  private disabled(webhook: Webhook, reason: DisabledReason, at: number) {
    const behindAfter = isChannel(webhook) ? null : (webhook.behindAfter ?? this.parts.log.span().newest);
    return { state: { kind: 'disabled', reason, at }, behindAfter } as const;
  }

  private changeable(
    id: string,
    ifRevision: number | null,
  ): Result<Webhook, 'not-found' | 'precondition-failed' | 'webhook-configured'> {
    const webhook = this.parts.book.find(id);
    if (!webhook) return fail('not-found', `there is no webhook ${id}`);
    if (id === BUILT_IN_ID) return fail('webhook-configured', 'it is configured by ALERT_WEBHOOK_URL');
    if (ifRevision !== null && ifRevision !== webhook.revision)
      return fail('precondition-failed', `the webhook is number ${webhook.revision}, If-Match says ${ifRevision}`);
    return ok(webhook);
  }

  private tell(id: string, { type, data, by }: Told, now: number): void {
    // By the place it takes in the log: an id may be used again, with all its revisions.
    const key = `webhook:${id}:${this.parts.log.span().newest + 1}`;
    const draft = { key, type, subject: id, time: now, data: { webhookId: id, ...data } };
    this.parts.append(by ? { ...draft, audit: by } : draft);
  }

  private audit(id: string, actor: Actor, at: number, after: JsonObject): void {
    const entry = { actor, action: 'webhook.replay', subject: id, before: null, after } as const;
    this.parts.audit({ ...entry, id: `webhook:${id}:replay:${actor.requestId}:${at}`, at });
  }
}

const invalid = (faults: InvalidWebhook['faults']): InvalidWebhook => ({
  ...fail('invalid-request', faults.map(({ message }) => message).join('; ')),
  faults,
});

const isSame = (webhook: Webhook, settings: WebhookSettings, secret: string): boolean =>
  webhook.secret.current === secret &&
  (Object.keys(settings) as (keyof WebhookSettings)[]).every(
    (name) => JSON.stringify(settings[name]) === JSON.stringify(webhook[name]),
  );
