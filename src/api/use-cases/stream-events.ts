/**
 * Event stream of one reader: the event log from a position on, as server-sent events. Events come from the isolate's
 * feed, or from the log itself while the reader is behind the feed.
 *
 * Chunks are written one at a time. The stream ends when the reader does not accept a chunk in time.
 *
 * Invariant: the last id sent tells the reader's position, even when no event matched its filter.
 */
import { coordinator } from '../../coordinator/contract/coordinator-api.ts';
import type { FeedEvent } from '../../edge/event-feed.ts';
import { EventFeed } from '../../edge/event-feed.ts';
import type { EventType } from '../../core/event/coordinator-event.ts';
import {
  KEEP_ALIVE_FRAME,
  eventFrame,
  openingFrame,
  positionFrame,
  snapshotRequiredFrame,
} from '../../core/event/event-frame.ts';
import { isOutsideLog, lastSeen } from '../../core/event/log-page.ts';
import { sleep } from '../../long-poll/sleep.ts';
import type { Reader } from '../../long-poll/shared-call.ts';
import { succeedsWithin } from '../../long-poll/succeeds-within.ts';

export interface EventFilter {
  readonly types: readonly EventType[] | null;
  readonly subject: string | null;
}

export interface EventStreamRequest {
  readonly reader: Reader;
  /** Sequence of the last event that the reader has seen. */
  readonly position: number;
  /** Whether `position` is known to be the end of the log. */
  readonly isAtEnd: boolean;
  readonly filter: EventFilter;
  readonly recheck: () => Promise<'allowed' | 'denied' | 'unknown'>;
  /** Maximum duration of the stream, ms. The reader then reconnects. */
  readonly maxDurationMs: number;
}

const KEEP_ALIVE_MS = 15_000;
const RECHECK_MS = 5_000;
/** How long a stream continues while the reader's key cannot be checked. */
const MAX_UNVERIFIED_MS = 60_000;
const WRITE_TIMEOUT_MS = 30_000;
const CHUNK_BYTES = 65_536;
const PAGE_EVENTS = 200;
const PAGE_BYTES = 262_144;
/** Number of events after which the id is sent, even when none of them matches the filter. */
const MAX_UNSENT_EVENTS = 500;
/** Bound on calls to Durable Objects: below Cloudflare's limit per request, with a margin for the key checks. */
const MAX_CALLS = 700;
const MAX_UNAVAILABLE_MS = 30_000;
const BACK_OFF_MS = 1_000;

const encoder = new TextEncoder();

const feed = new EventFeed((event) => encoder.encode(eventFrame(event)));

export class EventStream {
  private readonly writer: WritableStreamDefaultWriter<Uint8Array>;
  private readonly request: EventStreamRequest;
  private readonly endsAt: number;
  private position: number;
  private lastSentId: number;
  private sentAt = Date.now();
  private checkAt = Date.now() + RECHECK_MS;
  /** Epoch ms of the last check that let the reader continue. */
  private authorizedAt = Date.now();
  private lastReadAt = Date.now();
  private feedResets = feed.resets;

  constructor(writable: WritableStream<Uint8Array>, request: EventStreamRequest) {
    this.writer = writable.getWriter();
    this.request = request;
    this.position = request.position;
    this.lastSentId = request.position;
    this.endsAt = Date.now() + request.maxDurationMs;
  }

  /** Resolves when the stream has ended. Never rejects. */
  async run(): Promise<void> {
    try {
      await this.send(encoder.encode(openingFrame(this.position)));
      let isOpen = this.request.isAtEnd || (await this.catchUp());
      while (isOpen && Date.now() < this.endsAt && this.request.reader.calls < MAX_CALLS)
        isOpen = await this.sendNext();
      await succeedsWithin(this.writer.close(), WRITE_TIMEOUT_MS);
    } catch {
      // The reader disconnected or stalled, or the coordinator is unavailable. The reader reconnects with its last id.
      await this.writer.abort().catch(() => undefined);
    }
  }

  private async sendNext(): Promise<boolean> {
    if (Date.now() >= this.checkAt && !(await this.isStillAuthorized())) return false;
    const fromFeed = feed.after(this.position);
    if (fromFeed.kind === 'behind' || this.feedResets !== feed.resets) {
      this.feedResets = feed.resets;
      return this.catchUp();
    }
    if (fromFeed.upTo > this.position) {
      await this.sendAll(fromFeed.events);
      await this.advance(fromFeed.upTo);
      return true;
    }
    return this.awaitMore();
  }

  private async awaitMore(): Promise<boolean> {
    const now = Date.now();
    if (now - this.sentAt >= KEEP_ALIVE_MS) {
      await this.send(
        encoder.encode(this.lastSentId < this.position ? positionFrame(this.position) : KEEP_ALIVE_FRAME),
      );
      this.lastSentId = this.position;
    }
    const limitMs = Math.max(1, Math.min(this.sentAt + KEEP_ALIVE_MS, this.checkAt, this.endsAt) - now);
    if (await feed.wait(this.request.reader, limitMs)) this.lastReadAt = Date.now();
    // A wait that failed early is not repeated in a tight loop.
    else if (Date.now() - now < limitMs) await sleep(BACK_OFF_MS);
    return Date.now() - this.lastReadAt < MAX_UNAVAILABLE_MS;
  }

  /** Reads events from the log that are older than the feed. */
  private async catchUp(): Promise<boolean> {
    const { reader, filter } = this.request;
    reader.calls++;
    const query = { ...filter, after: this.position, limit: PAGE_EVENTS, maxBytes: PAGE_BYTES, newest: false };
    const page = await coordinator().readLog(query, 0);
    if (isOutsideLog(this.position, page)) {
      await this.send(encoder.encode(snapshotRequiredFrame(page)));
      this.position = page.newest;
      this.lastSentId = page.newest;
      return true;
    }
    await this.sendAll(page.items.map((event) => ({ ...event, frame: encoder.encode(eventFrame(event)) })));
    await this.advance(lastSeen(page));
    return true;
  }

  private async sendAll(events: readonly FeedEvent[]): Promise<void> {
    const { types, subject } = this.request.filter;
    let frames: Uint8Array[] = [];
    let bytes = 0;
    for (const event of events) {
      if (types && !types.includes(event.type)) continue;
      if (subject !== null && event.subject !== subject) continue;
      if (bytes > 0 && bytes + event.frame.byteLength > CHUNK_BYTES) {
        await this.send(concat(frames, bytes));
        [frames, bytes] = [[], 0];
      }
      frames.push(event.frame);
      bytes += event.frame.byteLength;
      this.lastSentId = event.sequence;
    }
    if (bytes > 0) await this.send(concat(frames, bytes));
  }

  private async advance(position: number): Promise<void> {
    this.position = position;
    if (position - this.lastSentId < MAX_UNSENT_EVENTS) return;
    await this.send(encoder.encode(positionFrame(position)));
    this.lastSentId = position;
  }

  private async isStillAuthorized(): Promise<boolean> {
    const verdict = await this.request.recheck();
    const now = Date.now();
    this.checkAt = now + RECHECK_MS;
    if (verdict === 'unknown') return now - this.authorizedAt < MAX_UNVERIFIED_MS;
    this.authorizedAt = now;
    return verdict === 'allowed';
  }

  private async send(chunk: Uint8Array): Promise<void> {
    this.request.reader.seenAt = Date.now();
    if (!(await succeedsWithin(this.writer.write(chunk), WRITE_TIMEOUT_MS)))
      throw new Error('the reader does not accept data');
    this.sentAt = Date.now();
  }
}

function concat(frames: readonly Uint8Array[], bytes: number): Uint8Array {
  if (frames.length === 1) return frames[0]!;
  const whole = new Uint8Array(bytes);
  let at = 0;
  for (const frame of frames) {
    whole.set(frame, at);
    at += frame.byteLength;
  }
  return whole;
}
