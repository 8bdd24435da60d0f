/**
 * An index that an object keeps (a revision, a sequence) and that readers of one isolate wait for to move. They share
 * one call after the other, each of which the object holds until it moved.
 */
import { MAX_HOLD_MS } from './held-calls.ts';
import { sleep } from './sleep.ts';
import type { Reader } from './shared-call.ts';
import { SharedCall } from './shared-call.ts';
import { settlesWithin } from './with-timeout.ts';

/** Answers the index: at once unless it is the one that is known, else when it moved, and after so long in any case. */
export type ReadIndex = (known: number | null, holdMs: number) => Promise<number>;

export type IndexWaitResult =
  | { readonly kind: 'moved'; readonly index: number }
  | { readonly kind: 'unmoved' }
  | { readonly kind: 'unreachable' };

/** One request of a reader makes no more calls than this: below what the platform allows, with room for what follows. */
const MAX_CALLS = 700;
/** So many calls in a row that are not answered, and the object is taken to be away. */
const MAX_FAILURES = 3;
const BACK_OFF_MS = 250;
/** An object that holds no call, because it holds too many, is not asked in a loop. */
const NOT_HELD_MS = 100;
const ASK_WITHIN_MS = 3_000;
/** What was heard so lately is followed by a call that is under way, or about to be. */
const CURRENT_MS = 1_500;

export class WatchedIndex {
  /** The last that was heard, null before the first. */
  known: number | null = null;
  private readonly ask: ReadIndex;
  private readonly next: SharedCall;
  private calmUntil = 0;
  private heardAt = 0;

  constructor(ask: ReadIndex) {
    this.ask = ask;
    this.next = new SharedCall((isCurrent) => this.hearNext(isCurrent));
  }

  /** What it is now, null when the object does not say. */
  async read(reader: Reader): Promise<number | null> {
    reader.calls++;
    const asked = this.ask(null, 0);
    reader.waitUntil(asked.catch(() => undefined));
    if (!(await settlesWithin(asked, ASK_WITHIN_MS))) return null;
    return this.hear(await asked);
  }

  /** Somebody has seen it as high as that. */
  noteAtLeast(index: number): void {
    if (this.known !== null && index > this.known) this.hear(index);
  }

  /** Waits until it is not `index`, and until `waitsUntil` (epoch ms) at the longest. */
  async waitBeyond(index: number, waitsUntil: number, reader: Reader): Promise<IndexWaitResult> {
    // Timers count whole ms, and where the clock stands still meanwhile one would come before the end.
    const until = Math.ceil(waitsUntil);
    if (!this.canTell(index, until)) {
      const read = await this.read(reader);
      if (read === null) return { kind: 'unreachable' };
    }
    for (let failures = 0; ;) {
      const { known } = this;
      if (known !== null && known !== index) return { kind: 'moved', index: known };
      const left = until - Date.now();
      if (left <= 0 || reader.calls >= MAX_CALLS) return failures > 0 ? { kind: 'unreachable' } : { kind: 'unmoved' };
      const isHeard = await this.next.join(reader, left);
      if (isHeard) failures = 0;
      if (isHeard || Date.now() >= until) continue;
      if (++failures >= MAX_FAILURES) return { kind: 'unreachable' };
      await sleep(BACK_OFF_MS * 2 ** failures);
    }
  }

  /** Whether what is known here is enough to answer, or to wait for more. */
  private canTell(index: number, until: number): boolean {
    const { known } = this;
    const now = Date.now();
    // Whoever told the reader may have known more than we do.
    if (known === null || index > known) return false;
    // It only grows: nobody has to be asked to know that it is past that.
    return index < known || (now - this.heardAt <= CURRENT_MS && now < until);
  }

  private async hearNext(isCurrent: () => boolean): Promise<void> {
    await sleep(this.calmUntil - Date.now());
    const [before, beganAt] = [this.known, Date.now()];
    const index = await this.ask(before, MAX_HOLD_MS);
    if (!isCurrent()) return;
    this.hear(index);
    const wasHeld = index !== before || Date.now() - beganAt >= NOT_HELD_MS;
    this.calmUntil = wasHeld ? 0 : Date.now() + MAX_HOLD_MS;
  }

  private hear(index: number): number {
    this.heardAt = Date.now();
    this.known = index;
    return index;
  }
}
