/**
 * Delivers what the registry has written down: events to the coordinator, failures and signals to the
 * failure manager. A row leaves only when its receiver has it, so a kill loses nothing; receivers
 * know rows by their ids, so sending twice adds nothing.
 *
 * Each kind has a lane of its own: with the history away, events still flow.
 */
import type { EventDraft, EventSink } from '../../core/event/coordinator-event.ts';
import type { FailureReport } from '../../core/failure/failure.ts';
import type {
  FailureBatchItem,
  FailureIntake,
  RecoveryOrder,
  RecoverySignal,
} from '../../core/failure/failure-intake.ts';
import type { TypeHealth } from '../../core/health/system-health.ts';
import type { OutboxKind, OutboxRow, RegistryStore } from '../storage/registry-store.ts';

export interface OutboxReceivers {
  readonly events: EventSink;
  readonly failures: FailureIntake;
  readonly typeHealth: () => TypeHealth;
  readonly batchItem: (report: FailureReport) => FailureBatchItem;
}

const BATCH = 50;
const FIRST_RETRY_MS = 1_000;
/** Failures and signals are what recoveries wait for. */
const MAX_RETRY_MS: Readonly<Record<OutboxKind, number>> = {
  event: 30_000,
  failure: 5_000,
  signal: 2_000,
  nudge: 30_000,
};
const LANES: readonly OutboxKind[] = ['event', 'failure', 'signal', 'nudge'];

export class Outbox {
  private readonly store: RegistryStore;
  private readonly receivers: OutboxReceivers;
  private readonly running = new Map<OutboxKind, Promise<void>>();
  private readonly again = new Set<OutboxKind>();
  private readonly delays = new Map<OutboxKind, number>();
  private readonly retries = new Map<OutboxKind, number>();

  constructor(store: RegistryStore, receivers: OutboxReceivers) {
    this.store = store;
    this.receivers = receivers;
  }

  /** Epoch ms at which undelivered rows are tried again, Infinity when there are none. */
  get retryAt(): number {
    return Math.min(...this.retries.values());
  }

  tryAgainAt(at: number): void {
    for (const lane of LANES) this.retries.set(lane, at);
  }

  /** Delivers all there is; never throws. Calls during a delivery are folded into one more round. */
  async flush(now: number): Promise<void> {
    await Promise.all(LANES.map((lane) => this.runLane(lane, now)));
  }

  private runLane(lane: OutboxKind, now: number): Promise<void> {
    const running = this.running.get(lane);
    if (running) {
      this.again.add(lane);
      return running;
    }
    // A lane whose receiver is away waits for its time, whatever is written to it meanwhile.
    if (now < (this.retries.get(lane) ?? 0)) return Promise.resolve();
    // While it is being tried nothing is due: an alarm in the past would go off again and again.
    this.retries.delete(lane);
    const started = this.tryLane(lane).finally(() => this.running.delete(lane));
    this.running.set(lane, started);
    return started;
  }

  private async tryLane(lane: OutboxKind): Promise<void> {
    try {
      await this.drain(lane);
      this.delays.delete(lane);
      this.retries.delete(lane);
    } catch (error) {
      // Rows stay where they are; the alarm and the sweep come back for them.
      console.error(JSON.stringify({ message: 'outbox delivery failed', lane, error: String(error) }));
      const delayMs = Math.min(MAX_RETRY_MS[lane], Math.max(FIRST_RETRY_MS, 2 * (this.delays.get(lane) ?? 0)));
      this.delays.set(lane, delayMs);
      this.retries.set(lane, Date.now() + delayMs);
    }
  }

  private async drain(lane: OutboxKind): Promise<void> {
    let missed = 0;
    do {
      this.again.delete(lane);
      missed = await this.pass(lane);
      // What was not taken waits for its time: evaluating it may itself have asked for a delivery.
    } while (missed === 0 && this.again.has(lane));
    if (missed > 0) throw new Error(`${missed} not taken`);
  }

  /** Once over all rows, those not taken passed by; answers how many they were. */
  private async pass(lane: OutboxKind): Promise<number> {
    let missed = 0;
    for (let after = 0; ;) {
      const { rows, unreadable } = this.store.readOutbox(lane, BATCH, after);
      this.drop(lane, unreadable);
      const last = Math.max(after, ...rows.map((row) => row.seq), ...unreadable);
      if (last === after) return missed;
      after = last;
      const delivered = rows.length === 0 ? [] : await this.deliver(lane, rows);
      this.store.removeFromOutbox(delivered);
      missed += rows.length - delivered.length;
    }
  }

  private drop(lane: OutboxKind, unreadable: readonly number[]): void {
    if (unreadable.length === 0) return;
    console.error(JSON.stringify({ message: 'outbox rows cannot be read, dropped', lane, seqs: unreadable }));
    this.store.removeFromOutbox(unreadable);
  }

  private async deliver(lane: OutboxKind, rows: readonly OutboxRow[]): Promise<number[]> {
    const { events, failures, typeHealth, batchItem } = this.receivers;
    switch (lane) {
      case 'event':
        await events.publish(
          rows.map((row) => row.payload as EventDraft),
          typeHealth(),
        );
        return rows.map((row) => row.seq);
      case 'failure': {
        const reports = rows.map((row) => row.payload as FailureReport);
        const evaluations = await failures.evaluate(reports.map(batchItem));
        const recorded = new Set(evaluations.filter((each) => each.recorded).map((each) => each.failureId));
        return rows.filter((row) => recorded.has((row.payload as FailureReport).id)).map((row) => row.seq);
      }
      case 'signal':
        return this.oneByOne(rows, (payload) => failures.signal(payload as RecoverySignal));
      case 'nudge':
        return this.oneByOne(rows, async (payload) => {
          await failures.nudge(payload as RecoveryOrder);
          return true;
        });
      default:
        return lane satisfies never;
    }
  }

  private async oneByOne(rows: readonly OutboxRow[], send: (payload: unknown) => Promise<boolean>): Promise<number[]> {
    const delivered: number[] = [];
    for (const row of rows) {
      try {
        if (await send(row.payload)) delivered.push(row.seq);
      } catch (error) {
        // One that cannot be delivered keeps no other waiting.
        console.error(JSON.stringify({ message: 'outbox row not taken', seq: row.seq, error: String(error) }));
      }
    }
    return delivered;
  }
}
