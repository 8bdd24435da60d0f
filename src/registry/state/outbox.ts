/**
 * Delivers the registry's transactional outbox: events to the coordinator, failures and signals to the failure manager.
 *
 * Invariant: a row is removed only after its receiver has it, so a kill loses nothing. Receivers deduplicate rows by
 * id.
 * Invariant: each kind has a lane of its own. While the failure history is unavailable, events still flow.
 */
import type { EventDraft, EventSink } from '../../core/event/coordinator-event.ts';
import type { FailureReport } from '../../core/failure/failure.ts';
import type {
  FailureBatchItem,
  FailureIntake,
  RecoveryOrder,
  RecoverySignal,
} from '../../core/failure/failure-manager-api.ts';
import type { TypeHealth } from '../../core/health/system-health.ts';
import type { OutboxKind, OutboxRow, RegistryStore } from '../storage/registry-store.ts';
import { logError } from '../../logging/log-error.ts';

export interface OutboxDeps {
  readonly events: EventSink;
  readonly failures: FailureIntake;
  readonly typeHealth: () => TypeHealth;
  readonly batchItem: (report: FailureReport) => FailureBatchItem;
}

const BATCH = 50;
const FIRST_RETRY_MS = 1_000;
/** Longest pause before a retry. Recoveries wait for failures and signals, so their pauses are short. */
const MAX_RETRY_MS: Readonly<Record<OutboxKind, number>> = {
  event: 30_000,
  failure: 5_000,
  signal: 2_000,
  nudge: 30_000,
};
const LANES: readonly OutboxKind[] = ['event', 'failure', 'signal', 'nudge'];

export class Outbox {
  private readonly store: RegistryStore;
  private readonly deps: OutboxDeps;
  private readonly running = new Map<OutboxKind, Promise<void>>();
  private readonly rerun = new Set<OutboxKind>();
  private readonly backoffMs = new Map<OutboxKind, number>();
  private readonly retryTimes = new Map<OutboxKind, number>();

  constructor(store: RegistryStore, deps: OutboxDeps) {
    this.store = store;
    this.deps = deps;
  }

  /** Epoch ms of the next retry; Infinity if none is scheduled. */
  get retryAt(): number {
    return Math.min(...this.retryTimes.values());
  }

  scheduleRetry(at: number): void {
    for (const lane of LANES) this.retryTimes.set(lane, at);
  }

  /** Delivers all pending rows; never throws. Calls during a delivery are combined into one more pass. */
  async flush(now: number): Promise<void> {
    await Promise.all(LANES.map((lane) => this.runLane(lane, now)));
  }

  private runLane(lane: OutboxKind, now: number): Promise<void> {
    const running = this.running.get(lane);
    if (running) {
      this.rerun.add(lane);
      return running;
    }
    // A lane whose receiver is unavailable waits for its retry time, even if new rows arrive.
    if (now < (this.retryTimes.get(lane) ?? 0)) return Promise.resolve();
    // No retry is due while the lane runs: an alarm for a past time would fire again and again.
    this.retryTimes.delete(lane);
    const started = this.tryLane(lane).finally(() => this.running.delete(lane));
    this.running.set(lane, started);
    return started;
  }

  private async tryLane(lane: OutboxKind): Promise<void> {
    try {
      await this.drain(lane);
      this.backoffMs.delete(lane);
      this.retryTimes.delete(lane);
    } catch (error) {
      // The rows stay stored, and the alarm and the sweep retry them.
      logError('outbox delivery failed', { lane, error });
      const delayMs = Math.min(MAX_RETRY_MS[lane], Math.max(FIRST_RETRY_MS, 2 * (this.backoffMs.get(lane) ?? 0)));
      this.backoffMs.set(lane, delayMs);
      this.retryTimes.set(lane, Date.now() + delayMs);
    }
  }

  private async drain(lane: OutboxKind): Promise<void> {
    let undelivered = 0;
    do {
      this.rerun.delete(lane);
      undelivered = await this.pass(lane);
      // Undelivered rows wait for their retry time: their evaluation may itself have requested a delivery.
    } while (undelivered === 0 && this.rerun.has(lane));
    if (undelivered > 0) throw new Error(`${undelivered} outbox rows not accepted`);
  }

  /** Passes over all rows once and skips those not accepted. Returns the number of undelivered rows. */
  private async pass(lane: OutboxKind): Promise<number> {
    let undelivered = 0;
    for (let after = 0; ;) {
      const { rows, unreadable } = this.store.readOutbox(lane, BATCH, after);
      this.drop(lane, unreadable);
      const last = Math.max(after, ...rows.map((row) => row.seq), ...unreadable);
      if (last === after) return undelivered;
      after = last;
      const delivered = rows.length === 0 ? [] : await this.deliver(lane, rows);
      this.store.removeFromOutbox(delivered);
      undelivered += rows.length - delivered.length;
    }
  }

  private drop(lane: OutboxKind, unreadable: readonly number[]): void {
    if (unreadable.length === 0) return;
    logError('unreadable outbox rows dropped', { lane, seqs: unreadable });
    this.store.removeFromOutbox(unreadable);
  }

  private async deliver(lane: OutboxKind, rows: readonly OutboxRow[]): Promise<number[]> {
    const { events, failures, typeHealth, batchItem } = this.deps;
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
        return this.deliverEach(rows, (payload) => failures.signal(payload as RecoverySignal));
      case 'nudge':
        return this.deliverEach(rows, async (payload) => {
          await failures.wake(payload as RecoveryOrder);
          return true;
        });
      default:
        return lane satisfies never;
    }
  }

  private async deliverEach(
    rows: readonly OutboxRow[],
    send: (payload: unknown) => Promise<boolean>,
  ): Promise<number[]> {
    const delivered: number[] = [];
    for (const row of rows) {
      try {
        if (await send(row.payload)) delivered.push(row.seq);
      } catch (error) {
        // An undeliverable row must not block the others.
        logError('outbox row not delivered', { seq: row.seq, error });
      }
    }
    return delivered;
  }
}
