/**
 * Sends one reader the event log from a place on, as server-sent events: from the isolate's feed, and from the log
 * itself where the reader is behind that. One chunk at a time: who does not take it in time is left.
 *
 * The reader's last id always says how far it has come, also where nothing it wants has happened.
 */
import { coordinator } from '../../coordinator/contract/coordinator-api.ts';
import type { FeedEvent } from '../../edge/event-feed.ts';
import { EventFeed } from '../../edge/event-feed.ts';
import type { EventType } from '../../core/event/coordinator-event.ts';
import {
  QUIET_FRAME,
  eventFrame,
  openingFrame,
  placeFrame,
  snapshotRequiredFrame,
} from '../../core/event/event-frame.ts';
import { isOutside, seenUpTo } from '../../core/event/log-page.ts';
import { sleep } from '../../long-poll/sleep.ts';
import type { Reader } from '../../long-poll/shared-call.ts';
import { settlesWithin } from '../../long-poll/with-timeout.ts';

export interface EventFilter {
  readonly types: readonly EventType[] | null;
  readonly subject: string | null;
}

export interface StreamedReader {
  readonly reader: Reader;
  /** It has seen all up to there. */
  readonly place: number;
  /** Whether that is known to be the end of the log. */
  readonly isAtEnd: boolean;
  readonly filter: EventFilter;
  readonly recheck: () => Promise<'in' | 'out' | 'unknown'>;
  /** How long it is served before it has to come again, ms. */
  readonly forMs: number;
}

const QUIET_MS = 15_000;
const RECHECK_MS = 5_000;
/** Nobody could say for so long whether the reader may read. */
const UNKNOWN_MS = 60_000;
const TAKE_WITHIN_MS = 30_000;
const CHUNK_BYTES = 65_536;
const PAGE = 200;
const PAGE_BYTES = 262_144;
/** Its id moves at least every so many events, though it wants none of them. */
const PLACE_EVERY = 500;
/** Below what the platform allows, with room for the checks of the key. */
const MAX_CALLS = 700;
const AWAY_MS = 30_000;
const BACK_OFF_MS = 1_000;

const encoder = new TextEncoder();

const feed = new EventFeed((event) => encoder.encode(eventFrame(event)));

export class EventStream {
  private readonly writer: WritableStreamDefaultWriter<Uint8Array>;
  private readonly given: StreamedReader;
  private readonly endsAt: number;
  private place: number;
  /** The last id that the reader was sent. */
  private told: number;
  private sentAt = Date.now();
  private checkAt = Date.now() + RECHECK_MS;
  /** When somebody last said that the reader may read. */
  private admittedAt = Date.now();
  private heardAt = Date.now();
  private setBacks = feed.setBacks;

  constructor(writable: WritableStream<Uint8Array>, given: StreamedReader) {
    this.writer = writable.getWriter();
    this.given = given;
    this.place = given.place;
    this.told = given.place;
    this.endsAt = Date.now() + given.forMs;
  }

  /** Resolves when the stream is over. Never rejects. */
  async run(): Promise<void> {
    try {
      await this.send(encoder.encode(openingFrame(this.place)));
      let goesOn = this.given.isAtEnd || (await this.catchUp());
      while (goesOn && Date.now() < this.endsAt && this.given.reader.calls < MAX_CALLS) goesOn = await this.goOn();
      await settlesWithin(this.writer.close(), TAKE_WITHIN_MS);
    } catch {
      // The reader is gone or takes nothing, or the coordinator is away: it comes back with its last id.
      await this.writer.abort().catch(() => undefined);
    }
  }

  private async goOn(): Promise<boolean> {
    if (Date.now() >= this.checkAt && !(await this.isStillIn())) return false;
    const fed = feed.after(this.place);
    if (fed.kind === 'behind' || this.setBacks !== feed.setBacks) {
      this.setBacks = feed.setBacks;
      return this.catchUp();
    }
    if (fed.upTo > this.place) {
      await this.sendAll(fed.events);
      await this.reach(fed.upTo);
      return true;
    }
    return this.awaitMore();
  }

  private async awaitMore(): Promise<boolean> {
    const now = Date.now();
    if (now - this.sentAt >= QUIET_MS) {
      await this.send(encoder.encode(this.told < this.place ? placeFrame(this.place) : QUIET_FRAME));
      this.told = this.place;
    }
    const limitMs = Math.max(1, Math.min(this.sentAt + QUIET_MS, this.checkAt, this.endsAt) - now);
    if (await feed.wait(this.given.reader, limitMs)) this.heardAt = Date.now();
    // What failed before its time is not asked in a loop.
    else if (Date.now() - now < limitMs) await sleep(BACK_OFF_MS);
    return Date.now() - this.heardAt < AWAY_MS;
  }

  /** Reads from the log itself what the feed does not reach back to. */
  private async catchUp(): Promise<boolean> {
    const { reader, filter } = this.given;
    reader.calls++;
    const query = { ...filter, after: this.place, limit: PAGE, maxBytes: PAGE_BYTES, newest: false };
    const page = await coordinator().readLog(query, 0);
    if (isOutside(this.place, page)) {
      await this.send(encoder.encode(snapshotRequiredFrame(page)));
      this.place = page.newest;
      this.told = page.newest;
      return true;
    }
    await this.sendAll(page.items.map((event) => ({ ...event, frame: encoder.encode(eventFrame(event)) })));
    await this.reach(seenUpTo(page));
    return true;
  }

  private async sendAll(events: readonly FeedEvent[]): Promise<void> {
    const { types, subject } = this.given.filter;
    let frames: Uint8Array[] = [];
    let bytes = 0;
    for (const event of events) {
      if (types && !types.includes(event.type)) continue;
      if (subject !== null && event.subject !== subject) continue;
      if (bytes > 0 && bytes + event.frame.byteLength > CHUNK_BYTES) {
        await this.send(joined(frames, bytes));
        [frames, bytes] = [[], 0];
      }
      frames.push(event.frame);
      bytes += event.frame.byteLength;
      this.told = event.sequence;
    }
    if (bytes > 0) await this.send(joined(frames, bytes));
  }

  private async reach(place: number): Promise<void> {
    this.place = place;
    if (place - this.told < PLACE_EVERY) return;
    await this.send(encoder.encode(placeFrame(place)));
    this.told = place;
  }

  private async isStillIn(): Promise<boolean> {
    const verdict = await this.given.recheck();
    const now = Date.now();
    this.checkAt = now + RECHECK_MS;
    if (verdict === 'unknown') return now - this.admittedAt < UNKNOWN_MS;
    this.admittedAt = now;
    return verdict === 'in';
  }

  private async send(chunk: Uint8Array): Promise<void> {
    this.given.reader.seenAt = Date.now();
    if (!(await settlesWithin(this.writer.write(chunk), TAKE_WITHIN_MS))) throw new Error('the reader takes nothing');
    this.sentAt = Date.now();
  }
}

function joined(frames: readonly Uint8Array[], bytes: number): Uint8Array {
  if (frames.length === 1) return frames[0]!;
  const whole = new Uint8Array(bytes);
  let at = 0;
  for (const frame of frames) {
    whole.set(frame, at);
    at += frame.byteLength;
  }
  return whole;
}
