/**
 * Delivers the registry's transactional outbox: events to the coordinator, failures and signals to the failure manager.
 *
 * Invariant: a row is removed only after its receiver has it, so a kill loses nothing. Receivers deduplicate rows by
 * id.
 * Invariant: each kind has a lane of its own, and reads no row of another. While the failure history is unavailable,
 * events still flow.
 * Invariant: while the failure history is unavailable, each failure is evaluated once. Retries send one batch until the
 * history records it.
 */
import type { EventDraft, EventSink } from '../../core/event/coordinator-event.ts';
import type { FailureReport } from '../../core/failure/failure.ts';
import type {
  FailureBatchItem,
  FailureIntake,
  RecoveryOrder,
  RecoverySignal,
} from '../../core/failure/failure-manager-api.ts';
import { mapConcurrently } from '../../core/map-concurrently.ts';
import type { TypeHealth } from '../../core/health/system-health.ts';
import { BackgroundPass } from '../../alarm/background-pass.ts';
import type { OutboxKind, OutboxRow, RegistryStore } from '../storage/registry-store.ts';
import { logError } from '../../logging/log-error.ts';

export interface OutboxDeps {
  readonly events: EventSink;
  readonly failures: FailureIntake;
  readonly typeHealth: () => TypeHealth;
  readonly batchItem: (report: FailureReport) => FailureBatchItem;
}

const BATCH = 50;
/** Recoveries that receive a message at once: the platform lets six calls of an object wait for a response. */
const MAX_CONCURRENT = 6;
const FIRST_RETRY_MS = 1_000;
/** Longest pause before a retry. Recoveries wait for failures and signals, so their pauses are short. */
const MAX_RETRY_MS: Readonly<Record<OutboxKind, number>> = {
  event: 30_000,
  failure: 5_000,
  signal: 2_000,
  nudge: 30_000,
};
const LANES: readonly OutboxKind[] = ['event', 'failure', 'signal', 'nudge'];

interface Delivered {
  readonly seqs: readonly number[];
  /** The receiver evaluated the rows and could record none. */
  readonly isUnrecorded: boolean;
}

export class Outbox {
  private readonly store: RegistryStore;
  private readonly deps: OutboxDeps;
  private readonly lanes = new Map(LANES.map((lane) => [lane, new BackgroundPass(() => this.tryPass(lane))]));
  private readonly backoffMs = new Map<OutboxKind, number>();
  private readonly retryTimes = new Map<OutboxKind, number>();
  /** The highest row of each lane that was sent to its receiver. */
  private readonly sentTo = new Map<OutboxKind, number>();

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
    await Promise.all([...this.lanes].map(([lane, work]) => this.runLane(lane, work, now)));
  }

  private runLane(lane: OutboxKind, work: BackgroundPass, now: number): Promise<void> {
    // A lane whose receiver is unavailable waits for its retry time, even if new rows arrive.
    if (!work.isRunning && now < (this.retryTimes.get(lane) ?? 0)) return Promise.resolve();
    // No retry is due while the lane runs: an alarm for a past time would fire again and again.
    if (!work.isRunning) this.retryTimes.delete(lane);
    return work.run();
  }

  /** Returns false if rows are left. They wait for their retry time: their evaluation may have requested a delivery. */
  private async tryPass(lane: OutboxKind): Promise<boolean> {
    try {
      const undelivered = await this.pass(lane);
      if (undelivered > 0) throw new Error(`${undelivered} outbox rows not accepted`);
      this.backoffMs.delete(lane);
      return true;
    } catch (error) {
      // The rows stay stored, and the alarm and the sweep retry them.
      logError('outbox delivery failed', { lane, error });
      const delayMs = Math.min(MAX_RETRY_MS[lane], Math.max(FIRST_RETRY_MS, 2 * (this.backoffMs.get(lane) ?? 0)));
      this.backoffMs.set(lane, delayMs);
      this.retryTimes.set(lane, Date.now() + delayMs);
      return false;
    }
  }

  /**
   * Passes over all rows once and skips those not accepted. A receiver that could record none of a batch gets only rows
   * that it has not evaluated yet. Returns the number of rows that were sent and not accepted.
   */
  private async pass(lane: OutboxKind): Promise<number> {
    let undelivered = 0;
    const sentBefore = this.sentTo.get(lane) ?? 0;
    for (let after = 0; ;) {
      const { rows, unreadable } = this.store.readOutbox(lane, BATCH, after);
      this.drop(lane, unreadable);
      const last = Math.max(after, ...rows.map((row) => row.seq), ...unreadable);
      if (last === after) return undelivered;
      const { seqs, isUnrecorded } = rows.length === 0 ? NOTHING_SENT : await this.deliver(lane, rows);
      this.store.removeFromOutbox(seqs);
      undelivered += rows.length - seqs.length;
      this.sentTo.set(lane, Math.max(last, this.sentTo.get(lane) ?? 0));
      after = isUnrecorded ? Math.max(last, sentBefore) : last;
    }
  }

  private drop(lane: OutboxKind, unreadable: readonly number[]): void {
    if (unreadable.length === 0) return;
    logError('unreadable outbox rows dropped', { lane, seqs: unreadable });
    this.store.removeFromOutbox(unreadable);
  }

  private async deliver(lane: OutboxKind, rows: readonly OutboxRow[]): Promise<Delivered> {
    const { events, failures, typeHealth, batchItem } = this.deps;
    switch (lane) {
      case 'event':
        await events.publish(
          rows.map((row) => row.payload as EventDraft),
          typeHealth(),
        );
        return { seqs: rows.map((row) => row.seq), isUnrecorded: false };
      case 'failure': {
        const reports = rows.map((row) => row.payload as FailureReport);
        const evaluations = await failures.evaluate(reports.map(batchItem));
        const recorded = new Set(evaluations.filter((each) => each.recorded).map((each) => each.failureId));
        const seqs = rows.filter((row) => recorded.has((row.payload as FailureReport).id)).map((row) => row.seq);
        return { seqs, isUnrecorded: evaluations.length > 0 && recorded.size === 0 };
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

  /** Sends rows one by one: those of one component in order, those of several components at once. */
  private async deliverEach(
    rows: readonly OutboxRow[],
    send: (payload: unknown) => Promise<boolean>,
  ): Promise<Delivered> {
    const seqs: number[] = [];
    const byComponent = Map.groupBy(rows, ({ componentId }) => componentId);
    await mapConcurrently(MAX_CONCURRENT, Array.from(byComponent.values()), async (ofComponent) => {
      for (const { seq, payload } of ofComponent) {
        try {
          if (await send(payload)) seqs.push(seq);
        } catch (error) {
          // An undeliverable row must not block the others.
          logError('outbox row not delivered', { seq, error });
        }
      }
    });
    return { seqs, isUnrecorded: false };
  }
}

const NOTHING_SENT: Delivered = { seqs: [], isUnrecorded: false };
