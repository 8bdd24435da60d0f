/**
 * The event log as it goes on, for all streams of an isolate: they share one read after the other, which the
 * coordinator holds until there is something, and a bounded list of the last events. Who is behind that list reads
 * the log itself.
 */
import type { EventType, LoggedEvent } from '../core/event/coordinator-event.ts';
import type { LogPage } from '../core/event/log-page.ts';
import { isOutside, seenUpTo } from '../core/event/log-page.ts';
import { MAX_HOLD_MS } from '../long-poll/held-calls.ts';
import { sleep } from '../long-poll/sleep.ts';
import type { Reader } from '../long-poll/shared-call.ts';
import { SharedCall } from '../long-poll/shared-call.ts';
import { coordinator } from '../coordinator/contract/coordinator-api.ts';

export interface FeedEvent {
  readonly sequence: number;
  readonly type: EventType;
  readonly subject: string;
  /** As it is sent, made once for all readers. */
  readonly frame: Uint8Array;
}

export type FeedResult =
  /** All events after the place up to `upTo`; none when there are none yet. */
  | { readonly kind: 'events'; readonly events: readonly FeedEvent[]; readonly upTo: number }
  /** The list does not reach back so far. */
  | { readonly kind: 'behind' };

const MAX_EVENTS = 2_000;
const MAX_BYTES = 4_194_304;
const PAGE = 500;
/** When nobody has waited for so long, the list begins anew at the end of the log. */
const STALE_MS = 6_000;
/** Reads one after the other that all brought something come further and further apart: each is a call. */
const PACE_MS = [0, 20, 20, 40, 60, 80, 100];
/** An object that holds no call, because it holds too many, is not asked in a loop. */
const NOT_HELD_MS = 100;

export class EventFeed {
  private readonly frameOf: (event: LoggedEvent) => Uint8Array;
  private readonly next: SharedCall;
  private events: FeedEvent[] = [];
  private bytes = 0;
  /** The list holds all events after the first place up to the second. */
  private from = 0;
  private upTo: number | null = null;
  /** How often the log turned out to be shorter than it was: places further on are of a log that is gone. */
  setBacks = 0;
  private waitedAt = 0;
  /** Nobody has waited for long: what happened meanwhile is nobody's to be sent. */
  private beginsAnew = true;
  private streak = 0;
  private calmUntil = 0;

  constructor(frameOf: (event: LoggedEvent) => Uint8Array) {
    this.frameOf = frameOf;
    this.next = new SharedCall((isCurrent) => this.readOn(isCurrent));
  }

  /** Waits for what comes next, not for longer than that; whether the coordinator answered in time. */
  wait(reader: Reader, limitMs: number): Promise<boolean> {
    const now = Date.now();
    if (Math.abs(now - this.waitedAt) > STALE_MS) this.beginsAnew = true;
    this.waitedAt = now;
    return this.next.join(reader, limitMs);
  }

  /** What is known of events after a place. */
  after(place: number): FeedResult {
    const { from, upTo } = this;
    // Further than we have read: of such a place nothing is known yet.
    if (upTo === null || place >= upTo) return { kind: 'events', events: [], upTo: place };
    if (place < from) return { kind: 'behind' };
    // Sequences are gapless.
    return { kind: 'events', events: this.events.slice(place - from), upTo };
  }

  private async readOn(isCurrent: () => boolean): Promise<void> {
    await sleep(this.calmUntil - Date.now());
    const { beginsAnew } = this;
    const beganAt = Date.now();
    const page = beginsAnew
      ? await coordinator().readLog({ after: 0, types: null, limit: 1, newest: true }, 0)
      : await coordinator().readLog({ after: this.upTo!, types: null, limit: PAGE, newest: false }, MAX_HOLD_MS);
    if (!isCurrent()) return;
    this.beginsAnew = false;
    // Its storage was set back, or we could not read for too long.
    if (this.upTo !== null && page.newest < this.upTo) this.setBacks++;
    if (beginsAnew || isOutside(this.upTo!, page)) return this.beginAt(page.newest);
    this.take(page);
    const isAnswered = page.items.length > 0;
    this.streak = isAnswered ? Math.min(this.streak + 1, PACE_MS.length - 1) : 0;
    const wasHeld = isAnswered || Date.now() - beganAt >= NOT_HELD_MS;
    this.calmUntil = Date.now() + (wasHeld ? PACE_MS[this.streak]! : MAX_HOLD_MS);
  }

  private beginAt(place: number): void {
    this.events = [];
    this.bytes = 0;
    this.from = place;
    this.upTo = place;
  }

  private take(page: LogPage): void {
    for (const event of page.items) {
      const { sequence, type, subject } = event;
      const frame = this.frameOf(event);
      this.events.push({ sequence, type, subject, frame });
      this.bytes += frame.byteLength;
    }
    this.upTo = seenUpTo(page);
    let dropped = 0;
    while (this.events.length - dropped > MAX_EVENTS || this.bytes > MAX_BYTES) {
      this.bytes -= this.events[dropped]!.frame.byteLength;
      dropped++;
    }
    this.events.splice(0, dropped);
    this.from += dropped;
  }
}
