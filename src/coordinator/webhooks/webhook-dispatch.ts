/**
 * Dispatch of due deliveries to the queue, and the alarm for later ones. Work is batched: one pass runs after the
 * synchronous code that made webhooks dirty. A message that the queue rejects or loses is handed over again after a
 * timeout.
 */
import type { DeliveryOrder } from '../../core/delivery/delivery-contract.ts';
import type { AlarmSchedule, AlarmSource } from '../../alarm/alarm-schedule.ts';
import type { DeliveryLifecycle } from './delivery-lifecycle.ts';
import type { WebhookIndex } from './webhook-index.ts';
import type { WebhookStore } from './webhook-store.ts';
import { logError } from '../../logging/log-error.ts';

export interface WebhookDispatchDeps {
  readonly index: WebhookIndex;
  readonly webhooks: WebhookStore;
  readonly deliveries: DeliveryLifecycle;
  readonly alarms: AlarmSchedule;
  readonly storage: DurableObjectStorage;
  readonly queue: Queue;
}

/** Limit of messages per `sendBatch` call. */
const QUEUE_BATCH = 100;
const RETRY_AFTER_ERROR_MS = 5_000;

export class WebhookDispatch implements AlarmSource {
  private readonly deps: WebhookDispatchDeps;
  private readonly dirty = new Set<string>();
  private isScheduled = false;

  constructor(deps: WebhookDispatchDeps) {
    this.deps = deps;
  }

  /**
   * Schedules a pass for a webhook that may have due deliveries. The pass is a microtask, so that its writes and those
   * of the caller are stored together or not at all.
   */
  markDirty(webhookId: string): void {
    this.dirty.add(webhookId);
    if (this.isScheduled) return;
    this.isScheduled = true;
    queueMicrotask(() => void this.run());
  }

  markAllDirty(): void {
    for (const { id } of this.deps.index.all()) this.markDirty(id);
  }

  nextAt(now: number): number {
    const { index, deliveries } = this.deps;
    return Math.min(...index.all().map((webhook) => deliveries.nextAt(webhook, now)));
  }

  /** Runs one pass. Never throws. */
  private async run(): Promise<void> {
    this.isScheduled = false;
    const ids = [...this.dirty];
    this.dirty.clear();
    const collected = ids.map((id) => this.collectOrders(id, Date.now()));
    this.deps.alarms.arm(Math.min(...collected.map(({ nextAt }) => nextAt)));
    await this.enqueue(collected.flatMap(({ orders }) => orders));
  }

  /** Collects in one transaction per webhook, so that a webhook that fails does not delay the others. */
  private collectOrders(id: string, now: number): { readonly orders: DeliveryOrder[]; readonly nextAt: number } {
    const { index, webhooks, deliveries, storage } = this.deps;
    try {
      return storage.transactionSync(() => {
        const webhook = index.find(id);
        return webhook ? deliveries.collectOrders(webhook, now) : { orders: [], nextAt: Infinity };
      });
    } catch (error) {
      // The transaction was rolled back. The deliveries stay pending and are collected again after a delay.
      webhooks.invalidate();
      logError('due deliveries not collected', { webhookId: id, error });
      return { orders: [], nextAt: now + RETRY_AFTER_ERROR_MS };
    }
  }

  private async enqueue(orders: readonly DeliveryOrder[]): Promise<void> {
    try {
      for (let from = 0; from < orders.length; from += QUEUE_BATCH) {
        const batch = orders.slice(from, from + QUEUE_BATCH);
        await this.deps.queue.sendBatch(batch.map((body) => ({ body })));
      }
    } catch (error) {
      // The deliveries stay pending: the handover times out, and they are handed over again.
      logError('deliveries not enqueued', { error });
    }
  }
}
