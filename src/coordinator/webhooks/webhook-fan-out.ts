/**
 * Owes events and alerts to the webhooks that want them, in the transaction in which they come about.
 *
 * One that is disabled, or has no room for more, is noted as behind, and what it missed is taken from the log later, as
 * far as that still holds it. Until it has caught up, nothing newer is owed to it, so order is kept.
 */
import type { Alert } from '../../core/alert/alert.ts';
import { alertBody } from '../../core/alert/alert-body.ts';
import type { CloudEvent } from '../../core/event/cloud-event.ts';
import { toCloudEvent } from '../../core/event/cloud-event.ts';
import type { LoggedEvent } from '../../core/event/coordinator-event.ts';
import type { OpenIncident } from '../../core/incident/incident-raise.ts';
import type { Webhook } from '../../core/webhook/webhook.ts';
import { BUILT_IN_ID, MAX_PENDING, isChannel, isEnabled } from '../../core/webhook/webhook.ts';
import { componentTypeOf, wantsEvent } from '../../core/webhook/wants-event.ts';
import type { DeliveryStore } from './delivery-store.ts';
import type { Delivery } from '../contract/delivery-api.ts';
import type { EventStore } from '../events/event-store.ts';
import type { WebhookIndex } from './webhook-index.ts';

export interface WebhookFanOutDeps {
  readonly book: WebhookIndex;
  readonly deliveries: DeliveryStore;
  readonly log: EventStore;
  /** The type of a registered component. */
  readonly typeOf: (componentId: string) => string | undefined;
  /** Something came to be owed to that webhook. */
  readonly touch: (webhookId: string) => void;
}

/** Events taken from the log at once. */
const CATCH_UP_BATCH = 500;

const RENEW_AFTER_MS = 15 * 60_000;

/** An Alertmanager keeps no alerts over a restart. */
const isForgetful = (webhook: Webhook): boolean => webhook.format === 'alertmanager' && isEnabled(webhook);

function isToRenew({ state, attempts }: Delivery, now: number): boolean {
  const last = attempts.at(-1);
  if (!last || now - last.at < RENEW_AFTER_MS) return false;
  // It may have said when to come again.
  if (state === 'waiting') return last.status !== 429 && last.status !== 503;
  return state === 'delivered' || state === 'dead';
}

const deliveryIdOf = (webhookId: string, sequence: number | string): string => `d-${webhookId}-${sequence}`;

export class WebhookFanOut {
  private readonly parts: WebhookFanOutDeps;
  /** How many more may be owed before it is counted again. */
  private readonly room = new Map<string, number>();

  constructor(parts: WebhookFanOutDeps) {
    this.parts = parts;
  }

  event(event: LoggedEvent): void {
    const { book } = this.parts;
    let payload: string | undefined;
    for (const webhook of book.all()) {
      if (!takesEvents(webhook) || webhook.behindAfter !== null || !this.wants(webhook, event)) continue;
      if (!this.takeRoom(webhook.id)) {
        book.note(webhook.id, { behindAfter: event.sequence - 1 });
        continue;
      }
      payload ??= JSON.stringify(toCloudEvent(event));
      this.owe(webhook.id, event, { payload, now: Date.now() });
    }
  }

  /** To the webhook of the configuration, where `deliveryId` is given, and to every channel that wants it. */
  alert(
    alert: Alert,
    event: CloudEvent,
    builtIn: { readonly deliveryId: string; readonly payload: string } | null,
  ): void {
    const { book, deliveries, touch } = this.parts;
    const about = { sequence: Number(event.sequence), type: event.type, subject: event.subject };
    for (const webhook of book.all()) {
      const { id } = webhook;
      if (id === BUILT_IN_ID) {
        if (
          builtIn &&
          deliveries.owe({ ...about, webhookId: id, id: builtIn.deliveryId, payload: builtIn.payload }, alert.at)
        )
          touch(id);
        continue;
      }
      if (!isChannel(webhook) || !wantsEvent(webhook, event, alert.componentType)) continue;
      const body = alertBody(webhook.format, alert);
      if (body === null) continue;
      if (!this.takeRoom(id)) {
        book.note(id, { missed: webhook.missed + 1 });
        continue;
      }
      this.owe(id, about, { payload: JSON.stringify(body), now: Date.now() });
    }
  }

  /**
   * Says once more what was told of an incident that is still open to who may have forgotten. The same document under the same id: one that has not forgotten takes it for the same alert. It may have been away
   * when it forgot, so what waits for another attempt, or was given up, waits no longer than that either.
   */
  renew({ componentId, componentType, incidentId }: OpenIncident, now: number): void {
    const { book, deliveries, touch } = this.parts;
    for (const webhook of book.all()) {
      if (!isForgetful(webhook)) continue;
      const owed = deliveries.firstOwed(webhook.id, componentId);
      const told = owed ?? deliveries.lastFiring(webhook.id, componentId);
      if (!told || !isToRenew(told, now) || !wantsEvent(webhook, told, componentType)) continue;
      // Of an incident before this one nothing is said any more.
      if (!owed && !deliveries.payloadOf(told.id).includes(incidentId)) continue;
      deliveries.oweAgain(told);
      deliveries.reorder(webhook.id, componentId, now);
      touch(webhook.id);
    }
  }

  get mayForget(): boolean {
    return this.parts.book.all().some(isForgetful);
  }

  /** Whether there is anybody to alert. */
  get alertsAnybody(): boolean {
    return this.parts.book.hasBuiltIn || this.parts.book.all().some(isChannel);
  }

  /** Takes the next events from the log for a webhook that is behind; true when there are more and room for them. */
  catchUp({ id }: Webhook, now: number): boolean {
    const { book, deliveries, log } = this.parts;
    const webhook = book.find(id);
    if (!webhook || webhook.behindAfter === null || !isEnabled(webhook)) return false;
    if (MAX_PENDING - deliveries.countOwed(id) < CATCH_UP_BATCH) return false;
    const { oldest, newest } = log.span();
    const after = Math.max(webhook.behindAfter, oldest - 1);
    const page = log.list({ after, types: null, limit: CATCH_UP_BATCH, newest: false });
    const wanted = page.filter((event) => this.wants(webhook, event));
    for (const event of wanted) this.oweOnceMore(id, event, now);
    for (const subject of new Set(wanted.map((event) => event.subject))) deliveries.reorder(id, subject, now);
    this.room.delete(id);
    const reached = page.at(-1)?.sequence ?? newest;
    book.note(id, {
      behindAfter: reached >= newest ? null : reached,
      missed: webhook.missed + after - webhook.behindAfter,
    });
    return reached < newest;
  }

  private wants(webhook: Webhook, event: LoggedEvent): boolean {
    const { typeOf } = this.parts;
    const isTyped = webhook.componentTypes.length > 0;
    return wantsEvent(webhook, event, isTyped ? (componentTypeOf(event) ?? typeOf(event.subject) ?? null) : null);
  }

  private owe(
    webhookId: string,
    { sequence, type, subject }: Pick<LoggedEvent, 'sequence' | 'type' | 'subject'>,
    { payload, now }: { readonly payload: string; readonly now: number },
  ): void {
    const about = { sequence, type, subject, webhookId, id: deliveryIdOf(webhookId, sequence), payload };
    if (this.parts.deliveries.owe(about, now)) this.parts.touch(webhookId);
  }

  /** What it was owed before and is settled is owed again: that is a replay. */
  private oweOnceMore(webhookId: string, event: LoggedEvent, now: number): void {
    const { deliveries } = this.parts;
    const known = deliveries.find(deliveryIdOf(webhookId, event.sequence));
    if (!known) this.owe(webhookId, event, { payload: JSON.stringify(toCloudEvent(event)), now });
    else if (known.state === 'delivered' || known.state === 'dead') deliveries.oweAgain(known);
  }

  private takeRoom(id: string): boolean {
    let room = this.room.get(id) ?? 0;
    if (room <= 0) room = MAX_PENDING - this.parts.deliveries.countOwed(id);
    this.room.set(id, room - 1);
    return room > 0;
  }
}

const takesEvents = (webhook: Webhook): boolean => webhook.id !== BUILT_IN_ID && !isChannel(webhook);
