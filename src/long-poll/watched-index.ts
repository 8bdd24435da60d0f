/**
 * An index of an object (a revision, a sequence) whose change readers of one isolate wait for. The readers share one
 * call at a time, which the object holds until the index changes.
 */
import { MAX_HOLD_MS } from './held-calls.ts';
import { sleep } from './sleep.ts';
import type { Reader } from './shared-call.ts';
import { SharedCall } from './shared-call.ts';
import { succeedsWithin } from './succeeds-within.ts';

/** Returns the index: at once when it differs from `known`, else when it changes, and after `holdMs` in any case. */
export type ReadIndex = (known: number | null, holdMs: number) => Promise<number>;

export type IndexWaitResult =
  | { readonly kind: 'moved'; readonly index: number }
  | { readonly kind: 'unmoved' }
  | { readonly kind: 'unreachable' };

/** Calls that one request may make: less than the platform allows, which leaves some for the rest of the request. */
const MAX_CALLS = 700;
/** Consecutive failed calls after which the object counts as unreachable. */
const MAX_FAILURES = 3;
const BACK_OFF_MS = 250;
/** An unchanged index within this time means that the object held too many calls already, and did not hold this one. */
const NOT_HELD_MS = 100;
const READ_TIMEOUT_MS = 3_000;
/** An index of this age is current enough to wait on: a call that follows it is in flight, or about to be. */
const CURRENT_MS = 1_500;

export class WatchedIndex {
  /** The index that was received last; null before the first. */
  known: number | null = null;
  private readonly readIndex: ReadIndex;
  private readonly next: SharedCall;
  private nextReadAt = 0;
  private recordedAt = 0;

  constructor(readIndex: ReadIndex) {
    this.readIndex = readIndex;
    this.next = new SharedCall((isCurrent) => this.readNext(isCurrent));
  }

  /** Returns the current index, null when the object does not respond. */
  async read(reader: Reader): Promise<number | null> {
    reader.calls++;
    const reading = this.readIndex(null, 0);
    reader.waitUntil(reading.catch(() => undefined));
    if (!(await succeedsWithin(reading, READ_TIMEOUT_MS))) return null;
    return this.record(await reading);
  }

  /** Records that the index is `index` at least, as another call to the object has shown. */
  noteAtLeast(index: number): void {
    if (this.known !== null && index > this.known) this.record(index);
  }

  /** Waits until the index differs from `index`, and until `waitsUntil` (epoch ms) at the latest. */
  async waitBeyond(index: number, waitsUntil: number, reader: Reader): Promise<IndexWaitResult> {
    // Timers count whole ms: rounded down, a timer could fire before the end while the clock stands still.
    const until = Math.ceil(waitsUntil);
    if (!this.hasUsableIndex(index, until)) {
      const read = await this.read(reader);
      if (read === null) return { kind: 'unreachable' };
    }
    for (let failures = 0; ;) {
      const { known } = this;
      if (known !== null && known !== index) return { kind: 'moved', index: known };
      const left = until - Date.now();
      if (left <= 0 || reader.calls >= MAX_CALLS) return failures > 0 ? { kind: 'unreachable' } : { kind: 'unmoved' };
      const hasResponse = await this.next.join(reader, left);
      if (hasResponse) failures = 0;
      if (hasResponse || Date.now() >= until) continue;
      if (++failures >= MAX_FAILURES) return { kind: 'unreachable' };
      await sleep(BACK_OFF_MS * 2 ** failures);
    }
  }

  /** Whether the known index suffices to return at once, or to wait for its change. */
  private hasUsableIndex(index: number, until: number): boolean {
    const { known } = this;
    const now = Date.now();
    // The reader may have a newer index from another isolate.
    if (known === null || index > known) return false;
    // The index only grows, so an index beyond the reader's needs no call.
    return index < known || (now - this.recordedAt <= CURRENT_MS && now < until);
  }

  private async readNext(isCurrent: () => boolean): Promise<void> {
    await sleep(this.nextReadAt - Date.now());
    const [before, startedAt] = [this.known, Date.now()];
    const index = await this.readIndex(before, MAX_HOLD_MS);
    if (!isCurrent()) return;
    this.record(index);
    const wasHeld = index !== before || Date.now() - startedAt >= NOT_HELD_MS;
    this.nextReadAt = wasHeld ? 0 : Date.now() + MAX_HOLD_MS;
  }

  private record(index: number): number {
    this.recordedAt = Date.now();
    this.known = index;
    return index;
  }
}
