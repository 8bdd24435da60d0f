/**
 * Fan-out of events and alerts to the webhooks that want them. Deliveries are enqueued in the transaction of the event.
 *
 * A webhook that is disabled or has no capacity is marked as behind. Events that it missed are later read from the log,
 * as far as the log still has them.
 * Invariant: a webhook that is behind gets no newer event before it has caught up, so that order is kept.
 */
import type { Alert } from '../../core/alert/alert.ts';
import { alertKindOf, isFollowUp } from '../../core/alert/alert.ts';
import { alertBody } from '../../core/alert/alert-body.ts';
import type { GroupedAlert } from '../../core/alert/grouped-alert.ts';
import { alertForChannel } from '../../core/alert/grouped-alert.ts';
import { reachableTargets } from '../../core/alert/reachable-targets.ts';
import type { CloudEvent } from '../../core/event/cloud-event.ts';
import { toCloudEvent } from '../../core/event/cloud-event.ts';
import type { LoggedEvent } from '../../core/event/coordinator-event.ts';
import type { OpenIncident } from '../../core/incident/incident-report.ts';
import type { Webhook } from '../../core/webhook/webhook.ts';
import { BUILT_IN_ID, MAX_PENDING, isChannel, isEnabled, isGrouped } from '../../core/webhook/webhook.ts';
import { componentTypeOf, wantsEvent } from '../../core/webhook/wants-event.ts';
import type { DeliveryStore, NewDelivery } from './delivery-store.ts';
import type { Delivery } from '../contract/delivery-api.ts';
import type { EventStore } from '../events/event-store.ts';
import type { WebhookIndex } from './webhook-index.ts';

export interface WebhookFanOutDeps {
  readonly index: WebhookIndex;
  readonly deliveries: DeliveryStore;
  readonly log: EventStore;
  /** Type of a registered component; undefined if it is not registered. */
  readonly typeOf: (componentId: string) => string | undefined;
  /** Called after a delivery to that webhook was enqueued. */
  readonly markDirty: (webhookId: string) => void;
}

/** Events read from the log per batch. */
const CATCH_UP_BATCH = 500;

const RENEW_AFTER_MS = 15 * 60_000;

/** Alertmanager keeps its alerts in memory only. */
const losesAlertsOnRestart = (webhook: Webhook): boolean => webhook.format === 'alertmanager' && isEnabled(webhook);

function isRenewalDue({ state, attempts }: Delivery, now: number): boolean {
  const last = attempts.at(-1);
  if (!last || now - last.at < RENEW_AFTER_MS) return false;
  // With these statuses the receiver may have sent Retry-After.
  if (state === 'waiting') return last.status !== 429 && last.status !== 503;
  return state === 'delivered' || state === 'dead';
}

const deliveryIdOf = (webhookId: string, sequence: number | string): string => `d-${webhookId}-${sequence}`;

export class WebhookFanOut {
  private readonly deps: WebhookFanOutDeps;
  /** Deliveries that may still be enqueued per webhook, before the pending ones are counted again. */
  private readonly capacity = new Map<string, number>();

  constructor(deps: WebhookFanOutDeps) {
    this.deps = deps;
  }

  event(event: LoggedEvent): void {
    const { index } = this.deps;
    let payload: string | undefined;
    for (const webhook of index.all()) {
      if (!receivesEvents(webhook) || webhook.behindAfter !== null || !this.wants(webhook, event)) continue;
      if (!this.reserveCapacity(webhook.id)) {
        index.updateStatus(webhook.id, { behindAfter: event.sequence - 1 });
        continue;
      }
      payload ??= JSON.stringify(toCloudEvent(event));
      this.enqueue(webhook.id, event, { payload, now: Date.now() });
    }
  }

  /**
   * Enqueues an alert about one incident for the channels that group alerts themselves, and `builtIn` for the
   * configured webhook, if there is one. Channels of people receive groups: see `notify`.
   */
  alert(
    alert: Alert,
    event: CloudEvent,
    builtIn: { readonly deliveryId: string; readonly payload: string } | null,
  ): void {
    const ref = { ...refOf(event, event.type), alertId: alert.incidentId };
    const targets = this.targetsOf(alert, alert);
    for (const webhook of this.deps.index.all()) {
      if (targets?.includes(webhook.id) === false) continue;
      if (webhook.id === BUILT_IN_ID) {
        if (builtIn) this.replace({ ...ref, webhookId: webhook.id, id: builtIn.deliveryId, payload: builtIn.payload });
      } else if (isChannel(webhook) && !isGrouped(webhook) && wantsEvent(webhook, event, alert.componentType))
        this.enqueueAlert(webhook, alert, ref);
    }
  }

  /** Enqueues a message about a group of incidents for the channels of people. */
  notify(grouped: GroupedAlert, event: CloudEvent): void {
    const { kind, incidentId: alertId, componentId: subject, componentType } = grouped.alert;
    const members = grouped.members.map((member) => ({ ...member, targets: this.targetsOf(grouped.alert, member) }));
    const ref = { ...refOf({ ...event, subject }, `incident.${kind}`), alertId };
    for (const webhook of this.deps.index.all()) {
      if (!isGrouped(webhook) || !wantsEvent({ ...webhook, subjects: [] }, ref, componentType)) continue;
      const alert = alertForChannel({ ...grouped, members }, webhook);
      if (alert) this.enqueueAlert(webhook, alert, ref);
    }
  }

  /** The webhooks that receive the alert about a component; null for all. Follow-ups reach all that had an alert. */
  private targetsOf(alert: Alert, { componentId, targets }: Pick<Alert, 'componentId' | 'targets'>): Alert['targets'] {
    const component = { componentId, componentType: alert.componentType };
    return isFollowUp(alert) ? null : reachableTargets(targets, component, this.deps.index.all());
  }

  private enqueueAlert(webhook: Webhook, alert: Alert, ref: AlertRef): void {
    const { index, deliveries } = this.deps;
    const { id } = webhook;
    const earlier = deliveries.alertsOf(id, ref.alertId);
    if (isFollowUp(alert) && earlier.length === 0) return;
    // The receiver has not seen the opening that this repetition replaces.
    const isFirst =
      alert.kind === 'repeated' && earlier.some(({ state, type }) => state === 'waiting' && isOpening(type));
    const body = alertBody(webhook.format, isFirst ? { ...alert, kind: 'opened' } : alert);
    if (body === null) return;
    if (!this.reserveCapacity(id)) return index.updateStatus(id, { missed: webhook.missed + 1 });
    this.replace({ ...ref, webhookId: id, id: deliveryIdOf(id, ref.sequence), payload: JSON.stringify(body) });
  }

  /** Enqueues an alert. Older ones about the same incident that still wait are superseded. */
  private replace(delivery: NewDelivery & { readonly alertId: string }): void {
    const { deliveries, markDirty } = this.deps;
    const now = Date.now();
    if (!deliveries.enqueue(delivery, now)) return;
    deliveries.dropSuperseded(delivery.webhookId, delivery.alertId, now);
    markDirty(delivery.webhookId);
  }

  /**
   * Repeats the last alert of an open incident to webhooks that lose alerts on restart. The delivery keeps its id and
   * its document, so a receiver that did not restart sees the same alert.
   *
   * The receiver may have been unavailable during its restart. A delivery that waits for its retry, or is dead, is
   * therefore sent again as well.
   */
  renew({ componentId, componentType, incidentId }: OpenIncident, now: number): void {
    const { index, deliveries, markDirty } = this.deps;
    for (const webhook of index.all()) {
      if (!losesAlertsOnRestart(webhook)) continue;
      const pending = deliveries.firstPending(webhook.id, componentId);
      const delivery = pending ?? deliveries.lastFiring(webhook.id, componentId);
      if (!delivery || !isRenewalDue(delivery, now) || !wantsEvent(webhook, delivery, componentType)) continue;
      // The last alert belongs to an earlier incident.
      if (!pending && !deliveries.payloadOf(delivery.id).includes(incidentId)) continue;
      deliveries.requeue(delivery);
      deliveries.reorder(webhook.id, componentId, now);
      markDirty(webhook.id);
    }
  }

  get needsRenewal(): boolean {
    return this.deps.index.all().some(losesAlertsOnRestart);
  }

  /** True if at least one receiver of alerts is configured. */
  get hasReceivers(): boolean {
    return this.deps.index.hasBuiltIn || this.deps.index.all().some(isChannel);
  }

  /**
   * Enqueues the next events from the log for a webhook that is behind. Returns true if the log has more events; false
   * also when the webhook is disabled or has too little capacity.
   */
  catchUp({ id }: Webhook, now: number): boolean {
    const { index, deliveries, log } = this.deps;
    const webhook = index.find(id);
    if (!webhook || webhook.behindAfter === null || !isEnabled(webhook)) return false;
    if (MAX_PENDING - deliveries.countPending(id) < CATCH_UP_BATCH) return false;
    const { oldest, newest } = log.span();
    const after = Math.max(webhook.behindAfter, oldest - 1);
    const page = log.list({ after, types: null, limit: CATCH_UP_BATCH, newest: false });
    const wanted = page.filter((event) => this.wants(webhook, event));
    for (const event of wanted) this.enqueueOrRequeue(id, event, now);
    for (const subject of new Set(wanted.map((event) => event.subject))) deliveries.reorder(id, subject, now);
    this.capacity.delete(id);
    const reached = page.at(-1)?.sequence ?? newest;
    index.updateStatus(id, {
      behindAfter: reached >= newest ? null : reached,
      missed: webhook.missed + after - webhook.behindAfter,
    });
    return reached < newest;
  }

  private wants(webhook: Webhook, event: LoggedEvent): boolean {
    const { typeOf } = this.deps;
    const filtersByComponentType = webhook.componentTypes.length > 0;
    return wantsEvent(
      webhook,
      event,
      filtersByComponentType ? (componentTypeOf(event) ?? typeOf(event.subject) ?? null) : null,
    );
  }

  private enqueue(
    webhookId: string,
    { sequence, type, subject }: Pick<LoggedEvent, 'sequence' | 'type' | 'subject'>,
    { payload, now }: { readonly payload: string; readonly now: number },
  ): void {
    const id = deliveryIdOf(webhookId, sequence);
    const delivery = { sequence, type, subject, alertId: null, webhookId, id, payload };
    if (this.deps.deliveries.enqueue(delivery, now)) this.deps.markDirty(webhookId);
  }

  /** Enqueues an event. A settled delivery of the same event is enqueued again, as a replay. */
  private enqueueOrRequeue(webhookId: string, event: LoggedEvent, now: number): void {
    const { deliveries } = this.deps;
    const known = deliveries.find(deliveryIdOf(webhookId, event.sequence));
    if (!known) this.enqueue(webhookId, event, { payload: JSON.stringify(toCloudEvent(event)), now });
    else if (known.state === 'delivered' || known.state === 'dead') deliveries.requeue(known);
  }

  private reserveCapacity(id: string): boolean {
    let free = this.capacity.get(id) ?? 0;
    if (free <= 0) free = MAX_PENDING - this.deps.deliveries.countPending(id);
    this.capacity.set(id, free - 1);
    return free > 0;
  }
}

type AlertRef = Pick<NewDelivery, 'sequence' | 'type' | 'subject'> & { readonly alertId: string };

const refOf = ({ sequence, subject }: CloudEvent, type: CloudEvent['type']) => ({
  sequence: Number(sequence),
  type,
  subject,
});

const isOpening = (type: string): boolean => alertKindOf(type) === 'opened';

const receivesEvents = (webhook: Webhook): boolean => webhook.id !== BUILT_IN_ID && !isChannel(webhook);
