/**
 * Sees to it that what is owed goes out: hands what is due to the queue, tells a sender what to send, and takes in what
 * came of it.
 *
 * Everything may happen twice, late or never: each attempt has a number, only its first report counts, and a delivery that
 * nobody reports on comes back by its time. Of one webhook a few are under way at once, one while it fails, so that one
 * bad receiver takes nothing from the others.
 */
import { addressedTo } from '../../core/alert/pagerduty-event.ts';
import type { AttemptOutcome } from '../../core/delivery/delivery-attempt.ts';
import { judgeAttempt, withRecord } from '../../core/delivery/delivery-attempt.ts';
import type { DeliveryJob, DeliveryOrder } from '../../core/delivery/delivery-sending.ts';
import { nextAttemptAt } from '../../core/delivery/delivery-schedule.ts';
import { signingSecrets } from '../../core/component/control-secret.ts';
import type { DisabledReason, Webhook } from '../../core/webhook/webhook.ts';
import { BUILT_IN_ID, givesUp, isChannel, isEnabled } from '../../core/webhook/webhook.ts';
import type { DeliveryStore } from './delivery-store.ts';
import type { Delivery } from '../contract/delivery-api.ts';
import type { WebhookIndex } from './webhook-index.ts';
import type { WebhookFanOut } from './webhook-fan-out.ts';

export interface DeliveriesDeps {
  readonly book: WebhookIndex;
  readonly deliveries: DeliveryStore;
  readonly fanOut: WebhookFanOut;
  /** By itself, not by people. */
  readonly disable: (webhook: Webhook, reason: DisabledReason, now: number) => void;
  /** The first that is given up in a time of nothing but failures. */
  readonly tellDead: (webhook: Webhook, delivery: Delivery, now: number) => void;
}

/** Under way to one webhook at once, in different matters. */
const MAX_UNDER_WAY = 4;
/** A message that nobody took from the queue by then is lost; the next one is given twice the time. */
const HANDOVER_MS = 5_000;
const MAX_HANDOVER_MS = 60_000;
/** A sender that is heard of neither by a report nor by a sign of life is lost. */
const SENDING_MS = 8_000;
/** Attempts that nobody reported on are repeated at once; after so many in a row they count as failed. */
const MAX_LOST = 3;
/** Between two batches taken from the log. */
const CATCH_UP_PAUSE_MS = 50;
const LOST = 'not reported: the sender was lost';

export class Deliveries {
  private readonly parts: DeliveriesDeps;

  constructor(parts: DeliveriesDeps) {
    this.parts = parts;
  }

  /** What is to be handed to the queue now, of one webhook, and is from now on taken to be there. Within a transaction. */
  take(webhook: Webhook, now: number): { readonly orders: DeliveryOrder[]; readonly nextAt: number } {
    const { deliveries, fanOut, book } = this.parts;
    const isBehind = fanOut.catchUp(webhook, now);
    const orders = deliveries.underWay(webhook.id).flatMap((delivery) => this.expire(webhook, delivery, now));
    const room = isEnabled(webhook) ? this.limitOf(webhook.id) - deliveries.underWay(webhook.id).length : 0;
    if (room > 0)
      for (const delivery of deliveries.due(webhook.id, now, room))
        orders.push(this.hand(delivery, delivery.attempt + 1, now));
    const known = book.find(webhook.id) ?? webhook;
    return { orders, nextAt: isBehind ? now + CATCH_UP_PAUSE_MS : this.nextAt(known) };
  }

  /** When something is due of one webhook. */
  nextAt(webhook: Webhook): number {
    const { deliveries } = this.parts;
    const underWay = deliveries.underWay(webhook.id);
    const expiries = underWay.map(({ nextAt }) => nextAt ?? Infinity);
    const hasRoom = isEnabled(webhook) && underWay.length < this.limitOf(webhook.id);
    return Math.min(...expiries, hasRoom ? (deliveries.nextDue(webhook.id) ?? Infinity) : Infinity);
  }

  /** All that the sender needs, if that attempt is still to be made; from now on it is being made. */
  begin({ deliveryId, attempt }: DeliveryOrder, now: number): DeliveryJob | null {
    const { deliveries, book } = this.parts;
    const delivery = deliveries.find(deliveryId);
    if (delivery?.state !== 'handed' || delivery.attempt !== attempt) return null;
    const webhook = book.find(delivery.webhookId);
    if (!webhook || !isEnabled(webhook)) return null;
    const record = { number: attempt, at: now, durationMs: null, status: null, error: null };
    deliveries.send(delivery.place, withRecord(delivery.attempts, record), now + SENDING_MS);
    return jobOf(webhook, deliveryId, deliveries.payloadOf(deliveryId), now);
  }

  /** The sender still waits for the receiver. */
  keep({ deliveryId, attempt }: DeliveryOrder, now: number): void {
    const delivery = this.parts.deliveries.find(deliveryId);
    if (delivery?.state === 'sending' && delivery.attempt === attempt)
      this.parts.deliveries.send(delivery.place, delivery.attempts, now + SENDING_MS);
  }

  /** What came of an attempt. A report that comes again, or too late to matter, changes nothing. */
  report({ deliveryId, attempt }: DeliveryOrder, outcome: AttemptOutcome, now: number, random: number): string | null {
    const { deliveries, book } = this.parts;
    const delivery = deliveries.find(deliveryId);
    if (!delivery || delivery.attempt !== attempt) return null;
    const verdict = judgeAttempt(outcome);
    // Given up as lost and found after all: that it was taken is still good to know.
    const isFound = delivery.attempts.at(-1)?.error === LOST && verdict.kind === 'delivered';
    const counts = delivery.state === 'sending' || (delivery.state === 'waiting' && isFound);
    const webhook = book.find(delivery.webhookId);
    if (!counts || !webhook) return null;
    const { at, durationMs, status } = outcome;
    const error = verdict.kind === 'delivered' ? null : verdict.error;
    const attempts = withRecord(delivery.attempts, { number: attempt, at, durationMs, status, error });
    const made = { ...delivery, attempts };
    switch (verdict.kind) {
      case 'delivered':
        deliveries.settle(delivery, { state: 'delivered', attempts }, now);
        book.note(webhook.id, { failingSince: null });
        break;
      case 'gone':
        if (webhook.id === BUILT_IN_ID) this.fail(webhook, made, { retryAfterMs: null, now, random });
        else {
          deliveries.wait(delivery, { attempts, failures: delivery.failures, nextAt: now });
          // Of several under way the first has said it.
          if (isEnabled(webhook)) this.parts.disable(webhook, 'gone', now);
        }
        break;
      case 'failed':
        this.fail(webhook, made, { retryAfterMs: verdict.retryAfterMs, now, random });
        break;
      default:
        verdict satisfies never;
    }
    return webhook.id;
  }

  private fail(
    webhook: Webhook,
    delivery: Delivery,
    {
      retryAfterMs,
      now,
      random,
    }: { readonly retryAfterMs: number | null; readonly now: number; readonly random: number },
  ): void {
    const { deliveries, book, disable, tellDead } = this.parts;
    const { attempts } = delivery;
    const failures = delivery.failures + 1;
    const failingSince = webhook.failingSince ?? now;
    book.note(webhook.id, { failingSince });
    const nextAt = nextAttemptAt({ failures, retryAfterMs }, now, random);
    if (nextAt === null) {
      deliveries.settle(delivery, { state: 'dead', attempts }, now);
      tellDead({ ...webhook, failingSince }, delivery, now);
    } else deliveries.wait(delivery, { attempts, failures, nextAt });
    if (webhook.id !== BUILT_IN_ID && isEnabled(webhook) && givesUp(failingSince, now))
      disable(webhook, 'failing', now);
  }

  /** What is under way and should be over: lost from the queue it is handed over again, lost with its sender it is repeated. */
  private expire(webhook: Webhook, delivery: Delivery, now: number): DeliveryOrder[] {
    if (delivery.nextAt === null || delivery.nextAt > now) return [];
    const { deliveries } = this.parts;
    const { attempt, attempts, failures } = delivery;
    if (delivery.state === 'handed') {
      if (isEnabled(webhook)) return [this.hand(delivery, attempt, now)];
      deliveries.wait(delivery, { attempts, failures, nextAt: now });
      return [];
    }
    const record = attempts.find(({ number }) => number === attempt);
    const known = withRecord(attempts, {
      number: attempt,
      at: record?.at ?? now,
      durationMs: null,
      status: null,
      error: LOST,
    });
    const lostInARow = known.length - 1 - known.findLastIndex(({ error }) => error !== LOST);
    if (lostInARow >= MAX_LOST)
      this.fail(webhook, { ...delivery, attempts: known }, { retryAfterMs: null, now, random: 0.5 });
    else deliveries.wait(delivery, { attempts: known, failures, nextAt: now });
    return [];
  }

  private hand({ place, id, handovers }: Delivery, attempt: number, now: number): DeliveryOrder {
    const patience = Math.min(MAX_HANDOVER_MS, HANDOVER_MS * 2 ** handovers);
    this.parts.deliveries.hand(place, attempt, now + patience);
    return { deliveryId: id, attempt };
  }

  private limitOf(webhookId: string): number {
    return this.parts.book.find(webhookId)?.failingSince == null ? MAX_UNDER_WAY : 1;
  }
}

export const jobOf = (webhook: Webhook, id: string, payload: string, now: number): DeliveryJob => ({
  id,
  url: webhook.url,
  payload: webhook.routingKey === null ? payload : addressedTo(webhook.routingKey, payload),
  contentType: isChannel(webhook) ? 'application/json' : 'application/cloudevents+json',
  secrets: signingSecrets(webhook.secret, now),
});
