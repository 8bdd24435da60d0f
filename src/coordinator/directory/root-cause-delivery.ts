/**
 * Outbox delivery of root-cause updates to the registries. An update stays pending until the registry has stored it;
 * the alarm and the sweep send it again. Registries are called concurrently, so that a failing one does not block the
 * others.
 */
import type { RootCauseReceiver, RootCauseUpdate } from '../../core/health/root-cause-update.ts';
import type { AlarmSchedule, AlarmSource } from '../../alarm/alarm-schedule.ts';
import { BackgroundPass } from '../../alarm/background-pass.ts';
import type { RootCauseStore, PendingRootCauseUpdate } from './root-cause-store.ts';
import { logError } from '../../logging/log-error.ts';

const BATCH = 500;
const FIRST_RETRY_MS = 1_000;
const MAX_RETRY_MS = 30_000;

export class RootCauseDelivery implements AlarmSource {
  private readonly store: RootCauseStore;
  private readonly alarms: AlarmSchedule;
  private readonly receiverOf: (type: string) => RootCauseReceiver;
  private readonly work = new BackgroundPass(() => this.tryPass());
  private retryMs = FIRST_RETRY_MS;
  /** Time of the next retry, epoch ms; null if none was armed since the object started. */
  private retryAt: number | null = null;

  constructor(store: RootCauseStore, alarms: AlarmSchedule, receiverOf: (type: string) => RootCauseReceiver) {
    this.store = store;
    this.alarms = alarms;
    this.receiverOf = receiverOf;
  }

  /**
   * Starts a delivery in the background if updates are pending. The caller must not await between its change and this
   * call.
   */
  begin(): void {
    if (this.store.pending(0, 1).length === 0) return;
    // The alarm is stored together with the pending updates, so it survives an eviction before the delivery.
    this.armRetry();
    void this.deliver();
  }

  nextAt(now: number): number {
    if (this.store.pending(0, 1).length === 0) return Infinity;
    return this.retryAt ?? now + this.retryMs;
  }

  /** Delivers all pending updates and never throws. A call during a delivery adds one more pass. */
  deliver(): Promise<void> {
    return this.work.run();
  }

  private async tryPass(): Promise<boolean> {
    const isComplete = await this.pass();
    this.retryMs = isComplete ? FIRST_RETRY_MS : Math.min(MAX_RETRY_MS, 2 * this.retryMs);
    if (!isComplete) this.armRetry();
    return isComplete;
  }

  private armRetry(): void {
    this.retryAt = Date.now() + this.retryMs;
    this.alarms.arm(this.retryAt);
  }

  /** Sends all pending updates once. Returns true if every registry stored its updates. */
  private async pass(): Promise<boolean> {
    let isComplete = true;
    for (let after = 0; ;) {
      const pending = this.store.pending(after, BATCH);
      const last = pending.at(-1);
      if (!last) return isComplete;
      after = last.sequence;
      const sends = [...Map.groupBy(pending, ({ type }) => type)].map(([type, updates]) => this.send(type, updates));
      if ((await Promise.all(sends)).includes(false)) isComplete = false;
    }
  }

  private async send(type: string, pending: readonly PendingRootCauseUpdate[]): Promise<boolean> {
    const updates = pending.map(({ id, rootCause, sequence }): RootCauseUpdate => ({ id, rootCause, sequence }));
    try {
      await this.receiverOf(type).applyRootCauseUpdates(updates);
      this.store.settle(updates);
      return true;
    } catch (error) {
      // The updates stay pending, and the alarm and the sweep send them again.
      logError('root-cause updates not delivered', { type, error });
      return false;
    }
  }
}
