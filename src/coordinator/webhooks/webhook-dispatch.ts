/**
 * Hands to the queue what is due, as soon as the turn that made it due is over, and sees to it that the alarm comes for
 * what is due later. What the queue does not take, or loses, is handed to it again in time.
 */
import type { DeliveryOrder } from '../../core/delivery/delivery-sending.ts';
import type { AlarmSchedule, AlarmSource } from '../../alarm/alarm-schedule.ts';
import type { Deliveries } from './deliveries.ts';
import type { WebhookIndex } from './webhook-index.ts';
import type { WebhookStore } from './webhook-store.ts';

export interface WebhookDispatchDeps {
  readonly book: WebhookIndex;
  readonly webhooks: WebhookStore;
  readonly desk: Deliveries;
  readonly alarms: AlarmSchedule;
  readonly storage: DurableObjectStorage;
  readonly queue: Queue;
}

/** What a call to the queue takes. */
const QUEUE_BATCH = 100;
const AFTER_FAULT_MS = 5_000;

export class WebhookDispatch implements AlarmSource {
  private readonly parts: WebhookDispatchDeps;
  private readonly touched = new Set<string>();
  private isPlanned = false;

  constructor(parts: WebhookDispatchDeps) {
    this.parts = parts;
  }

  /** Something may be due to that webhook. Within the turn in which it came about, so that both are stored or neither. */
  touch(webhookId: string): void {
    this.touched.add(webhookId);
    if (this.isPlanned) return;
    this.isPlanned = true;
    queueMicrotask(() => void this.run());
  }

  touchAll(): void {
    for (const { id } of this.parts.book.all()) this.touch(id);
  }

  nextAt(): number {
    const { book, desk } = this.parts;
    return Math.min(...book.all().map((webhook) => desk.nextAt(webhook)));
  }

  /** Never throws. */
  private async run(): Promise<void> {
    this.isPlanned = false;
    const { alarms } = this.parts;
    const { orders, nextAt } = this.take(Date.now());
    alarms.arm(nextAt);
    await this.hand(orders);
  }

  private take(now: number): { readonly orders: DeliveryOrder[]; readonly nextAt: number } {
    const { book, webhooks, desk, storage } = this.parts;
    const ids = [...this.touched];
    this.touched.clear();
    try {
      return storage.transactionSync(() => {
        const taken = ids.flatMap((id) => {
          const webhook = book.find(id);
          return webhook ? [desk.take(webhook, now)] : [];
        });
        return { orders: taken.flatMap(({ orders }) => orders), nextAt: Math.min(...taken.map((each) => each.nextAt)) };
      });
    } catch (error) {
      // What was written is taken back; it stays owed and is looked at again.
      webhooks.forget();
      console.error(JSON.stringify({ message: 'deliveries not taken', error: String(error) }));
      return { orders: [], nextAt: now + AFTER_FAULT_MS };
    }
  }

  private async hand(orders: readonly DeliveryOrder[]): Promise<void> {
    try {
      for (let from = 0; from < orders.length; from += QUEUE_BATCH) {
        const batch = orders.slice(from, from + QUEUE_BATCH);
        await this.parts.queue.sendBatch(batch.map((body) => ({ body })));
      }
    } catch (error) {
      // They stay owed: nobody will have taken them in time, and then they are handed over again.
      console.error(JSON.stringify({ message: 'deliveries not enqueued', error: String(error) }));
    }
  }
}
