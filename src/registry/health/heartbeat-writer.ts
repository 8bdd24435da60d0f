/**
 * Writes heartbeats together: at once while a type receives few of them, at most ten rows a second while it receives
 * many. A write holds all heartbeats that have arrived since the last one.
 *
 * Invariant: `written` resolves only after the heartbeats are stored. A caller that waits for it before it acknowledges
 * a heartbeat thus never acknowledges one that an eviction can lose.
 */
import type { BucketPolicy } from '../../core/quota/token-bucket.ts';
import { consumeTokens, fullBucket, spendTokens } from '../../core/quota/token-bucket.ts';
import { logError } from '../../logging/log-error.ts';
import type { HeartbeatStore, StoredHeartbeat } from '../storage/heartbeat-store.ts';

/** A row costs a ten-thousandth of a cent: ten a second are some 26 dollars a month. */
const PACE: BucketPolicy = { burst: 50, perSecond: 10 };

type Schedule = (write: () => void, delayMs: number) => void;

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export class HeartbeatWriter {
  private readonly store: HeartbeatStore;
  private readonly schedule: Schedule;
  private pending = new Map<string, StoredHeartbeat>();
  private waiters: Waiter[] = [];
  private isScheduled = false;
  private bucket = fullBucket(PACE, 0);

  constructor(store: HeartbeatStore, schedule: Schedule = (write, delayMs) => void setTimeout(write, delayMs)) {
    this.store = store;
    this.schedule = schedule;
  }

  put(id: string, heartbeat: StoredHeartbeat): void {
    this.pending.set(id, heartbeat);
  }

  /** Resolves once everything that was put before is stored, at most 100 ms after `now` (epoch ms). */
  async written(now: number): Promise<void> {
    if (this.pending.size === 0) return;
    if (!this.isScheduled) {
      const consumption = consumeTokens(this.bucket, PACE, now);
      this.bucket = consumption.next;
      if (consumption.granted) return this.write();
      this.isScheduled = true;
      this.schedule(() => this.writeScheduled(now + consumption.retryAfterMs), consumption.retryAfterMs);
    }
    await new Promise<void>((resolve, reject) => this.waiters.push({ resolve, reject }));
  }

  /** Stores everything that was put before. */
  write(): void {
    if (this.pending.size === 0) return;
    const { pending, waiters } = this;
    this.pending = new Map();
    this.waiters = [];
    try {
      this.store.save(pending);
      for (const { resolve } of waiters) resolve();
    } catch (error) {
      for (const { reject } of waiters) reject(error);
      throw error;
    }
  }

  private writeScheduled(dueAt: number): void {
    this.isScheduled = false;
    this.bucket = spendTokens(this.bucket, PACE, dueAt, 1);
    try {
      this.write();
    } catch (error) {
      // The callers that waited received the error.
      logError('heartbeats not stored', { error });
    }
  }
}
