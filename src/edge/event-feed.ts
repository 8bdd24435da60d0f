/**
 * The tail of the event log, for all event streams of an isolate. The streams share a bounded list of the last events
 * and one blocking query at a time. A stream that has fallen behind the list reads the log itself.
 */
import type { EventType, LoggedEvent } from '../core/event/coordinator-event.ts';
import type { LogPage } from '../core/event/log-page.ts';
import { isOutsideLog, lastSeen } from '../core/event/log-page.ts';
import { MAX_HOLD_MS } from '../long-poll/held-calls.ts';
import { sleep } from '../long-poll/sleep.ts';
import type { Reader } from '../long-poll/shared-call.ts';
import { SharedCall } from '../long-poll/shared-call.ts';
import { coordinator } from '../coordinator/contract/coordinator-api.ts';

export interface FeedEvent {
  readonly sequence: number;
  readonly type: EventType;
  readonly subject: string;
  /** The event as it is sent, encoded once for all streams. */
  readonly frame: Uint8Array;
}

export type FeedResult =
  /** All events after the requested sequence up to `upTo`; empty when there are none yet. */
  | { readonly kind: 'events'; readonly events: readonly FeedEvent[]; readonly upTo: number }
  /** The list begins after the requested sequence. */
  | { readonly kind: 'behind' };

const MAX_EVENTS = 2_000;
const MAX_BYTES = 4_194_304;
const PAGE = 500;
/** Time without a waiting stream after which the list restarts at the end of the log. */
const STALE_MS = 6_000;
/** Pause before the next read, ms, by the number of reads in a row that returned events: each read is a call. */
const PACE_MS = [0, 20, 20, 40, 60, 80, 100];
/** An empty page within this time means that the coordinator held too many calls already, and did not hold this one. */
const NOT_HELD_MS = 100;

export class EventFeed {
  private readonly frameOf: (event: LoggedEvent) => Uint8Array;
  private readonly next: SharedCall;
  private events: FeedEvent[] = [];
  private bytes = 0;
  /** The list holds all events after the sequence `from` up to the sequence `upTo`. */
  private from = 0;
  private upTo: number | null = null;
  /** How often the log has become shorter: later sequences belong to a log that no longer exists. */
  resets = 0;
  private waitedAt = 0;
  /** True at first, and after `STALE_MS` without a waiting stream: no stream needs the events of that time. */
  private mustRestart = true;
  private streak = 0;
  private nextReadAt = 0;

  constructor(frameOf: (event: LoggedEvent) => Uint8Array) {
    this.frameOf = frameOf;
    this.next = new SharedCall((isCurrent) => this.readNext(isCurrent));
  }

  /** Waits for the next page; resolves to whether the coordinator responded within `limitMs`. */
  wait(reader: Reader, limitMs: number): Promise<boolean> {
    const now = Date.now();
    if (Math.abs(now - this.waitedAt) > STALE_MS) this.mustRestart = true;
    this.waitedAt = now;
    return this.next.join(reader, limitMs);
  }

  /** The known events after a sequence. */
  after(sequence: number): FeedResult {
    const { from, upTo } = this;
    // Nothing is known beyond `upTo`.
    if (upTo === null || sequence >= upTo) return { kind: 'events', events: [], upTo: sequence };
    if (sequence < from) return { kind: 'behind' };
    // Sequences are gapless.
    return { kind: 'events', events: this.events.slice(sequence - from), upTo };
  }

  private async readNext(isCurrent: () => boolean): Promise<void> {
    await sleep(this.nextReadAt - Date.now());
    const { mustRestart } = this;
    const startedAt = Date.now();
    const page = mustRestart
      ? await coordinator().readLog({ after: 0, types: null, limit: 1, newest: true }, 0)
      : await coordinator().readLog({ after: this.upTo!, types: null, limit: PAGE, newest: false }, MAX_HOLD_MS);
    if (!isCurrent()) return;
    this.mustRestart = false;
    // The storage of the coordinator was restored to an earlier time.
    if (this.upTo !== null && page.newest < this.upTo) this.resets++;
    // The position is outside the log also when reads have failed for too long.
    if (mustRestart || isOutsideLog(this.upTo!, page)) return this.restartAt(page.newest);
    this.append(page);
    const hasEvents = page.items.length > 0;
    this.streak = hasEvents ? Math.min(this.streak + 1, PACE_MS.length - 1) : 0;
    const wasHeld = hasEvents || Date.now() - startedAt >= NOT_HELD_MS;
    this.nextReadAt = Date.now() + (wasHeld ? PACE_MS[this.streak]! : MAX_HOLD_MS);
  }

  private restartAt(sequence: number): void {
    this.events = [];
    this.bytes = 0;
    this.from = sequence;
    this.upTo = sequence;
  }

  private append(page: LogPage): void {
    for (const event of page.items) {
      const { sequence, type, subject } = event;
      const frame = this.frameOf(event);
      this.events.push({ sequence, type, subject, frame });
      this.bytes += frame.byteLength;
    }
    this.upTo = lastSeen(page);
    let dropped = 0;
    while (this.events.length - dropped > MAX_EVENTS || this.bytes > MAX_BYTES) {
      this.bytes -= this.events[dropped]!.frame.byteLength;
      dropped++;
    }
    this.events.splice(0, dropped);
    this.from += dropped;
  }
}
