/**
 * Tells the registries what their components' dependencies make of them. Owed until a registry has it: what
 * one does not take is tried again by the alarm, and by the sweep; the others do not wait for it.
 */
import type { RootCauseReceiver, RootCauseUpdate } from '../../core/health/root-cause-update.ts';
import type { AlarmSchedule, AlarmSource } from '../../alarm/alarm-schedule.ts';
import type { RootCauseStore, PendingRootCauseUpdate } from './root-cause-store.ts';

const BATCH = 500;
const FIRST_RETRY_MS = 1_000;
const MAX_RETRY_MS = 30_000;

export class RootCauseDelivery implements AlarmSource {
  private readonly conditions: RootCauseStore;
  private readonly alarms: AlarmSchedule;
  private readonly followerOf: (type: string) => RootCauseReceiver;
  private running: Promise<void> | null = null;
  private again = false;
  private retryMs = FIRST_RETRY_MS;
  /** When it is tried again, epoch ms; null: nobody has said yet. */
  private retryAt: number | null = null;

  constructor(conditions: RootCauseStore, alarms: AlarmSchedule, followerOf: (type: string) => RootCauseReceiver) {
    this.conditions = conditions;
    this.alarms = alarms;
    this.followerOf = followerOf;
  }

  /** Delivers what is owed, if anything is; to be called in the same breath as it came to be owed. */
  begin(): void {
    if (this.conditions.owed(0, 1).length === 0) return;
    // Written with what is owed: should we be gone before it is delivered, the alarm is not.
    this.armRetry();
    void this.deliver();
  }

  nextAt(now: number): number {
    if (this.conditions.owed(0, 1).length === 0) return Infinity;
    return this.retryAt ?? now + this.retryMs;
  }

  /** Delivers all there is; never throws. A call during a delivery is folded into one more round. */
  deliver(): Promise<void> {
    if (this.running) {
      this.again = true;
      return this.running;
    }
    this.running = this.drain().finally(() => (this.running = null));
    return this.running;
  }

  private async drain(): Promise<void> {
    let taken = true;
    do {
      this.again = false;
      taken = await this.pass();
    } while (taken && this.again);
    this.retryMs = taken ? FIRST_RETRY_MS : Math.min(MAX_RETRY_MS, 2 * this.retryMs);
    if (!taken) this.armRetry();
  }

  private armRetry(): void {
    this.retryAt = Date.now() + this.retryMs;
    this.alarms.arm(this.retryAt);
  }

  /** Once over all that is owed; true when all of it was taken. */
  private async pass(): Promise<boolean> {
    let taken = true;
    for (let after = 0; ;) {
      const owed = this.conditions.owed(after, BATCH);
      const last = owed.at(-1);
      if (!last) return taken;
      after = last.sequence;
      const told = [...Map.groupBy(owed, ({ type }) => type)].map(([type, turns]) => this.tell(type, turns));
      if ((await Promise.all(told)).includes(false)) taken = false;
    }
  }

  private async tell(type: string, owed: readonly PendingRootCauseUpdate[]): Promise<boolean> {
    const turns = owed.map(({ id, rootCause, sequence }): RootCauseUpdate => ({ id, rootCause, sequence }));
    try {
      await this.followerOf(type).dependenciesTurned(turns);
      this.conditions.settle(turns);
      return true;
    } catch (error) {
      // It stays owed: the alarm and the sweep come back for it.
      console.error(JSON.stringify({ message: 'turns of dependencies not taken', type, error: String(error) }));
      return false;
    }
  }
}
