/**
 * State machine of deliveries: hands due ones to the queue, gives senders the request to send, and applies their
 * reports.
 *
 * Every step may happen twice, late or never. Each attempt has a number, and only its first report counts. A delivery
 * without a report becomes due again after a timeout. A webhook has a few deliveries in flight at once, or one while it
 * fails or limits its messages. A failing receiver thus takes no capacity from the others.
 */
import { withRoutingKey } from '../../core/alert/pagerduty-event.ts';
import {
  acceptedPace,
  allowedFrom,
  isLimited,
  isThrottledTooLong,
  pausedPace,
  throttledPace,
} from '../../core/delivery/channel-pace.ts';
import type { DeliveryOutcome } from '../../core/delivery/delivery-attempt.ts';
import { judgeAttempt, withRecord } from '../../core/delivery/delivery-attempt.ts';
import type { DeliveryJob, DeliveryOrder } from '../../core/delivery/delivery-contract.ts';
import { ATTEMPT_LEASE_MS } from '../../core/delivery/delivery-contract.ts';
import { nextAttemptAt } from '../../core/delivery/retry-schedule.ts';
import { signingSecrets } from '../../core/component/control-secret.ts';
import type { DisabledReason, Webhook } from '../../core/webhook/webhook.ts';
import { BUILT_IN_ID, givesUp, isChannel, isEnabled } from '../../core/webhook/webhook.ts';
import type { DeliveryStore } from './delivery-store.ts';
import type { Delivery } from '../contract/delivery-api.ts';
import type { WebhookIndex } from './webhook-index.ts';
import type { WebhookFanOut } from './webhook-fan-out.ts';

export interface DeliveryLifecycleDeps {
  readonly index: WebhookIndex;
  readonly deliveries: DeliveryStore;
  readonly fanOut: WebhookFanOut;
  /** Called when a webhook is disabled automatically. */
  readonly disable: (webhook: Webhook, reason: DisabledReason, now: number) => void;
  /** Called when a delivery becomes dead. Only the first in a period of continuous failure is published. */
  readonly onDead: (webhook: Webhook, delivery: Delivery, now: number) => void;
}

/** Deliveries in flight to one webhook, each about another subject. */
const MAX_IN_FLIGHT = 4;
/** A message that no consumer has begun within this time counts as lost. The time doubles with each handover. */
const HANDOVER_TIMEOUT_MS = 5_000;
const MAX_HANDOVER_TIMEOUT_MS = 60_000;
/** Lost attempts are repeated at once. After this many in a row they count as a failure. */
const MAX_LOST = 3;
/** Pause between two batches read from the log. */
const CATCH_UP_PAUSE_MS = 50;
const LOST = 'not reported: the sender was lost';

export class DeliveryLifecycle {
  private readonly deps: DeliveryLifecycleDeps;

  constructor(deps: DeliveryLifecycleDeps) {
    this.deps = deps;
  }

  /**
   * Collects the orders of one webhook that the caller must hand to the queue now, and marks them as handed over. Must
   * run within a transaction.
   */
  collectOrders(webhook: Webhook, now: number): { readonly orders: DeliveryOrder[]; readonly nextAt: number } {
    const { deliveries, fanOut, index } = this.deps;
    const isBehind = fanOut.catchUp(webhook, now);
    const orders = deliveries.inFlight(webhook.id).flatMap((delivery) => this.expire(webhook, delivery, now));
    const isOpen = isEnabled(webhook) && allowedFrom(webhook.pace, now) <= now;
    const freeSlots = isOpen ? this.limitOf(webhook.id, now) - deliveries.inFlight(webhook.id).length : 0;
    if (freeSlots > 0)
      for (const delivery of deliveries.due(webhook.id, now, freeSlots))
        orders.push(this.handOver(delivery, delivery.attempt + 1, now));
    const known = index.find(webhook.id) ?? webhook;
    return { orders, nextAt: isBehind ? now + CATCH_UP_PAUSE_MS : this.nextAt(known, now) };
  }

  /** Time of the next step for a webhook, epoch ms; Infinity if there is none. */
  nextAt(webhook: Webhook, now: number): number {
    const { deliveries } = this.deps;
    const inFlight = deliveries.inFlight(webhook.id);
    const expiries = inFlight.map(({ nextAt }) => nextAt ?? Infinity);
    const hasFreeSlot = isEnabled(webhook) && inFlight.length < this.limitOf(webhook.id, now);
    const nextDue = hasFreeSlot ? (deliveries.nextDue(webhook.id) ?? Infinity) : Infinity;
    return Math.min(...expiries, Math.max(nextDue, allowedFrom(webhook.pace, now)));
  }

  /**
   * Begins an attempt and returns the job for the sender. Returns null if the attempt is no longer current or the
   * webhook is disabled.
   */
  begin({ deliveryId, attempt }: DeliveryOrder, now: number): DeliveryJob | null {
    const { deliveries, index } = this.deps;
    const delivery = deliveries.find(deliveryId);
    if (delivery?.state !== 'handed' || delivery.attempt !== attempt) return null;
    const webhook = index.find(delivery.webhookId);
    if (!webhook || !isEnabled(webhook)) return null;
    const record = { number: attempt, at: now, durationMs: null, status: null, error: null };
    deliveries.markSending(delivery.place, withRecord(delivery.attempts, record), now + ATTEMPT_LEASE_MS);
    return jobOf(webhook, deliveryId, deliveries.payloadOf(deliveryId), now);
  }

  /**
   * Extends the timeout of an attempt whose sender is still waiting for the receiver. Returns false if the attempt is
   * no longer current.
   */
  extend({ deliveryId, attempt }: DeliveryOrder, now: number): boolean {
    const delivery = this.deps.deliveries.find(deliveryId);
    if (delivery?.state !== 'sending' || delivery.attempt !== attempt) return false;
    this.deps.deliveries.markSending(delivery.place, delivery.attempts, now + ATTEMPT_LEASE_MS);
    return true;
  }

  /** Applies the report of an attempt. Returns the webhook's id; null if the report is repeated or too late. */
  report({ deliveryId, attempt }: DeliveryOrder, outcome: DeliveryOutcome, now: number, random: number): string | null {
    const { deliveries, index } = this.deps;
    const delivery = deliveries.find(deliveryId);
    if (!delivery || isSettled(delivery)) return null;
    const verdict = judgeAttempt(outcome);
    const isCurrent = delivery.state === 'sending' && delivery.attempt === attempt;
    // The attempt counted as lost, but its sender reports success after all. The success counts, also while the next
    // attempt is under way: its sender stops at its next sign of life.
    const record = delivery.attempts.find(({ number }) => number === attempt);
    const counts = isCurrent || (record?.error === LOST && verdict.kind === 'delivered');
    const webhook = index.find(delivery.webhookId);
    if (!counts || !webhook) return null;
    const { at, durationMs, status } = outcome;
    const error = verdict.kind === 'delivered' ? null : verdict.error;
    const attempts = withRecord(delivery.attempts, { number: attempt, at, durationMs, status, error });
    const attempted = { ...delivery, attempts };
    switch (verdict.kind) {
      case 'delivered':
        deliveries.settle(delivery, { state: 'delivered', attempts }, now);
        index.updateStatus(webhook.id, { failingSince: null, pace: acceptedPace(webhook.pace, now) });
        break;
      case 'throttled':
        this.throttle(webhook, attempted, { retryAfterMs: verdict.retryAfterMs, now, random });
        break;
      case 'refused':
        this.fail(webhook, attempted, { retryAfterMs: null, now, random, isFinal: true });
        break;
      case 'gone':
        if (webhook.id === BUILT_IN_ID) this.fail(webhook, attempted, { retryAfterMs: null, now, random });
        else {
          deliveries.markWaiting(delivery, { attempts, failures: delivery.failures, nextAt: now });
          // Another delivery in flight may already have disabled the webhook.
          if (isEnabled(webhook)) this.deps.disable(webhook, 'gone', now);
        }
        break;
      case 'failed': {
        const { retryAfterMs } = verdict;
        if (retryAfterMs !== null)
          index.updateStatus(webhook.id, { pace: pausedPace(webhook.pace, retryAfterMs, now) });
        this.fail(webhook, attempted, { retryAfterMs, now, random });
        break;
      }
      default:
        verdict satisfies never;
    }
    // While the attempt ran, a newer alert about the same incident may have arrived.
    if (delivery.alertId !== null) deliveries.dropSuperseded(webhook.id, delivery.alertId, now);
    return webhook.id;
  }

  /** Lets the delivery wait for the pace of its receiver, before all that were created later. */
  private throttle(webhook: Webhook, delivery: Delivery, failure: AttemptFailure): void {
    const { attempts, failures, createdAt } = delivery;
    const pace = throttledPace(webhook.pace, failure.retryAfterMs, failure.now);
    this.deps.index.updateStatus(webhook.id, { pace });
    if (isThrottledTooLong(pace, failure.now)) this.fail(webhook, delivery, failure);
    else this.deps.deliveries.markWaiting(delivery, { attempts, failures, nextAt: Math.min(createdAt, failure.now) });
  }

  private fail(webhook: Webhook, delivery: Delivery, failure: AttemptFailure): void {
    const { retryAfterMs, now, random, isFinal = false } = failure;
    const { deliveries, index, disable, onDead } = this.deps;
    const { attempts } = delivery;
    const failures = delivery.failures + 1;
    const failingSince = webhook.failingSince ?? now;
    index.updateStatus(webhook.id, { failingSince });
    const nextAt = isFinal ? null : nextAttemptAt({ failures, retryAfterMs }, now, random);
    if (nextAt === null) {
      deliveries.settle(delivery, { state: 'dead', attempts }, now);
      onDead({ ...webhook, failingSince }, delivery, now);
    } else deliveries.markWaiting(delivery, { attempts, failures, nextAt });
    // Days alone prove little: the coordinator may have been suspended. A dead delivery was attempted often enough.
    const hasFailed = givesUp(failingSince, now) && deliveries.hasDied(webhook.id, failingSince);
    if (webhook.id !== BUILT_IN_ID && isEnabled(webhook) && hasFailed) disable(webhook, 'failing', now);
  }

  /**
   * Handles a delivery in flight whose timeout has passed. A message lost in the queue is handed over again; an attempt
   * lost with its sender is repeated.
   */
  private expire(webhook: Webhook, delivery: Delivery, now: number): DeliveryOrder[] {
    if (delivery.nextAt === null || delivery.nextAt > now) return [];
    const { deliveries } = this.deps;
    const { attempt, attempts, failures } = delivery;
    if (delivery.state === 'handed') {
      if (isEnabled(webhook)) return [this.handOver(delivery, attempt, now)];
      deliveries.markWaiting(delivery, { attempts, failures, nextAt: now });
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
    else deliveries.markWaiting(delivery, { attempts: known, failures, nextAt: now });
    if (delivery.alertId !== null) deliveries.dropSuperseded(webhook.id, delivery.alertId, now);
    return [];
  }

  private handOver({ place, id, handovers }: Delivery, attempt: number, now: number): DeliveryOrder {
    const timeoutMs = Math.min(MAX_HANDOVER_TIMEOUT_MS, HANDOVER_TIMEOUT_MS * 2 ** handovers);
    this.deps.deliveries.markHanded(place, attempt, now + timeoutMs);
    return { deliveryId: id, attempt };
  }

  private limitOf(webhookId: string, now: number): number {
    const webhook = this.deps.index.find(webhookId);
    return webhook && webhook.failingSince === null && !isLimited(webhook.pace, now) ? MAX_IN_FLIGHT : 1;
  }
}

/** A failed attempt. `isFinal` ends the delivery, because no further attempt would succeed. */
interface AttemptFailure {
  readonly retryAfterMs: number | null;
  readonly now: number;
  /** In [0, 1), for the jitter. */
  readonly random: number;
  readonly isFinal?: boolean;
}

const isSettled = ({ state }: Delivery): boolean => state === 'delivered' || state === 'dead' || state === 'superseded';

export const jobOf = (webhook: Webhook, id: string, payload: string, now: number): DeliveryJob => ({
  id,
  url: webhook.url,
  payload: webhook.routingKey === null ? payload : withRoutingKey(webhook.routingKey, payload),
  contentType: isChannel(webhook) ? 'application/json' : 'application/cloudevents+json',
  secrets: signingSecrets(webhook.secret, now),
});
