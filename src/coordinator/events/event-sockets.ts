/**
 * WebSocket readers of the event log. Each reader gets every matching event once, in order.
 *
 * A reader's position is in its socket's attachment, which survives hibernation. The position moves with each event
 * sent, without an await in between. The platform does not report how much sent data it still buffers. Readers
 * therefore acknowledge, and all sockets share one window for unacknowledged bytes.
 * Invariant: a failure of one socket reaches neither the other sockets nor the caller that made the change.
 */
import { toCloudEvent } from '../../core/event/cloud-event.ts';
import type { EventType, LoggedEvent } from '../../core/event/coordinator-event.ts';
import { SNAPSHOT_PATH } from '../../core/event/event-frame.ts';
import type { LogSpan } from '../../core/event/log-page.ts';
import { isOutsideLog, lastSeen } from '../../core/event/log-page.ts';
import type { SendWindow } from '../../core/event/send-window.ts';
import { NOTHING_SENT, bytesSent, hasCapacity, acknowledge, recordSent } from '../../core/event/send-window.ts';
import type { BucketPolicy, TokenBucket } from '../../core/quota/token-bucket.ts';
import { fullBucket, consumeTokens } from '../../core/quota/token-bucket.ts';
import { utf8Length } from '../../core/bounded-page.ts';
import type { EventStore } from './event-store.ts';
import { readSocketMessage } from './socket-message.ts';
import type { SocketHolder, SocketRequest, SocketRefusal } from '../contract/socket-api.ts';
import { logError } from '../../logging/log-error.ts';

/** State of a reader, stored as the attachment of its socket. */
interface Reader extends SocketHolder {
  readonly types: readonly EventType[] | null;
  readonly subject: string | null;
  /** Every matching event up to this sequence was sent. */
  readonly cursor: number;
  /** Last sequence that any message has named to the reader. */
  readonly reportedUpTo: number;
  readonly sent: SendWindow;
  /** Last sequence that the reader acknowledged. */
  readonly acknowledged: number;
  /** Rate limit for acknowledgements that acknowledge nothing new. */
  readonly redundantAcks: TokenBucket;
  /** Since when the window has been full, epoch ms; null while there is capacity. */
  readonly fullSince: number | null;
  /** Number of unknown messages received. */
  readonly unknownMessages: number;
}

interface Message {
  readonly sequence: number;
  readonly type: EventType;
  readonly subject: string;
  readonly text: string;
  readonly bytes: number;
}

interface Batch {
  readonly messages: readonly Message[];
  readonly upTo: number;
}

const EMPTY_BATCH: Batch = { messages: [], upTo: 0 };

/** Values shared by all sockets in one round, because each is too expensive to compute per socket. */
interface Round {
  readonly now: number;
  readonly span: LogSpan;
  readonly windowBytes: number;
  readonly admits: (holder: SocketHolder) => boolean;
}

const MAX_SOCKETS = 2_000;
const MAX_SOCKETS_PER_KEY = 1_000;
/** Limit for sent and unacknowledged bytes of all sockets together. */
const TOTAL_WINDOW_BYTES = 33_554_432;
const MAX_WINDOW_BYTES = 131_072;
/** A reader whose window stays full for this long is gone or too slow. */
const MAX_FULL_MS = 30_000;
const MAX_UNKNOWN_MESSAGES = 10;
/** Each acknowledgement wakes the object. A reader that acknowledges once a second stays within the limit. */
const REDUNDANT_ACKS: BucketPolicy = { burst: 60, perSecond: 1 };
const PAGE_EVENTS = 200;
const PAGE_BYTES = 262_144;
/** A round is delayed by 1 ms per this many sockets. */
const SOCKETS_PER_MS = 20;

/** Private close codes end in the three digits of the HTTP status. */
const CLOSE_UNAUTHORIZED = 4_401;
const CLOSE_TOO_SLOW = 4_408;
const CLOSE_POLICY = 1_008;
const CLOSE_TOO_LARGE = 1_009;

interface EventSocketsDeps {
  readonly ctx: DurableObjectState;
  readonly log: EventStore;
  /** Whether the holder's key, secret and session are in force. */
  readonly admits: (holder: SocketHolder, now: number) => boolean;
}

export class EventSockets {
  private readonly deps: EventSocketsDeps;
  private isScheduled = false;
  /** Number of sockets at the last count; null after an eviction. */
  private socketCount: number | null = null;
  /** Last page read, shared by sockets close to the end of the log: the page is read and serialized once. */
  private sharedPage: { readonly after: number; readonly upTo: number; readonly messages: readonly Message[] } | null =
    null;

  constructor(deps: EventSocketsDeps) {
    this.deps = deps;
    // The platform replies to pings without waking the object.
    deps.ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair('ping', 'pong'));
  }

  /** Opens a socket for a reader. Returns the client side of the socket, or the reason for a refusal. */
  open(request: SocketRequest, now: number): WebSocket | SocketRefusal {
    const { ctx, log, admits } = this.deps;
    const { keyId, digest, session, types, subject } = request;
    if (!admits(request, now)) return 'unauthorized';
    this.socketCount = ctx.getWebSockets().length + 1;
    if (this.socketCount > MAX_SOCKETS) return 'overloaded';
    if (ctx.getWebSockets(keyId).length >= MAX_SOCKETS_PER_KEY) return 'too-many-readers';
    const span = log.span();
    const cursor = request.after ?? span.newest;
    const [client, server] = Object.values(new WebSocketPair()) as [WebSocket, WebSocket];
    ctx.acceptWebSocket(server, [keyId]);
    const reader: Reader = {
      keyId,
      digest,
      session,
      types,
      subject,
      cursor,
      reportedUpTo: cursor,
      sent: NOTHING_SENT,
      acknowledged: cursor,
      redundantAcks: fullBucket(REDUNDANT_ACKS, now),
      fullSince: null,
      unknownMessages: 0,
    };
    this.safely(server, () => {
      sendJson(server, {
        type: 'hello',
        sequence: String(span.newest),
        after: String(cursor),
        windowBytes: this.windowBytes(),
      });
      this.send(server, reader, this.round(now));
    });
    return client;
  }

  /** Schedules one round of sending after the change, for all events appended until then. */
  onAppended(): void {
    if (this.isScheduled) return;
    this.socketCount = this.deps.ctx.getWebSockets().length;
    if (this.socketCount === 0) return;
    this.isScheduled = true;
    // A round costs more with more sockets, so it waits longer and sends more events at once.
    setTimeout(
      () => {
        this.isScheduled = false;
        this.sendAll(Date.now());
      },
      Math.floor(this.socketCount / SOCKETS_PER_MS),
    );
  }

  /** Closes sockets whose key, secret or session is no longer in force. */
  closeUnauthorized(now: number): void {
    const round = this.round(now);
    for (const socket of this.openSockets())
      this.safely(socket, () => void ensureAuthorized(socket, readerOf(socket), round));
  }

  /** Repairs by cron what no event or message triggers: sends missing events and updates positions. */
  sweep(now: number): void {
    this.sendAll(now);
    for (const socket of this.openSockets()) {
      this.safely(socket, () => {
        const reader = readerOf(socket);
        // A reader with a narrow filter would fall out of the log although it has missed nothing.
        if (reader.cursor <= reader.reportedUpTo) return;
        sendJson(socket, { type: 'position', sequence: String(reader.cursor) });
        saveReader(socket, { ...reader, reportedUpTo: reader.cursor });
      });
    }
  }

  /** Handles a message from a reader. */
  receive(socket: WebSocket, message: string | ArrayBuffer, now: number): void {
    this.safely(socket, () => {
      const reader = readerOf(socket);
      const read = readSocketMessage(message);
      switch (read.kind) {
        case 'ack':
          return this.acknowledge(socket, reader, read.sequence, now);
        case 'too-large':
          return socket.close(CLOSE_TOO_LARGE, 'the message is too large');
        case 'unknown':
          if (reader.unknownMessages + 1 >= MAX_UNKNOWN_MESSAGES)
            return socket.close(CLOSE_POLICY, 'too many unknown messages');
          sendJson(socket, {
            type: 'error',
            code: 'unknown-message',
            detail: 'send ping, or {"type":"ack","sequence":"…"}',
          });
          return saveReader(socket, { ...reader, unknownMessages: reader.unknownMessages + 1 });
        default:
          return read satisfies never;
      }
    });
  }

  private acknowledge(socket: WebSocket, reader: Reader, sequence: number, now: number): void {
    // The reader acknowledges nothing new, or an event that was never sent.
    if (sequence <= reader.acknowledged || sequence > reader.cursor) {
      const { granted, next } = consumeTokens(reader.redundantAcks, REDUNDANT_ACKS, now);
      if (granted) return saveReader(socket, { ...reader, redundantAcks: next });
      return socket.close(CLOSE_POLICY, 'too many acknowledgements of nothing new');
    }
    const sent = acknowledge(reader.sent, sequence);
    const next = { ...reader, sent, acknowledged: sequence };
    // If the window was not full, every event has already been sent.
    if (reader.fullSince === null) return saveReader(socket, next);
    // An acknowledgement within a span frees no bytes.
    if (sent.length === reader.sent.length) return saveReader(socket, { ...next, fullSince: now });
    return this.send(socket, { ...next, fullSince: null }, this.round(now));
  }

  private sendAll(now: number): void {
    const round = this.round(now);
    for (const socket of this.openSockets()) this.safely(socket, () => this.send(socket, readerOf(socket), round));
  }

  private round(now: number): Round {
    const authorized = new Map<string, boolean>();
    const admits = (holder: SocketHolder): boolean => {
      const name = `${holder.keyId} ${holder.digest} ${holder.session?.id}`;
      const known = authorized.get(name);
      if (known !== undefined) return known;
      const isAuthorized = this.deps.admits(holder, now);
      authorized.set(name, isAuthorized);
      return isAuthorized;
    };
    return { now, span: this.deps.log.span(), windowBytes: this.windowBytes(), admits };
  }

  private openSockets(): WebSocket[] {
    return this.deps.ctx.getWebSockets().filter(({ readyState }) => readyState === WebSocket.OPEN);
  }

  /** Sends missing events as far as the window allows, and stores the new position. */
  private send(socket: WebSocket, before: Reader, round: Round): void {
    if (!ensureAuthorized(socket, before, round)) return;
    const { now, span, windowBytes } = round;
    let reader = withinLog(socket, before, span);
    for (let isFull = false; !isFull;) {
      const free = windowBytes - bytesSent(reader.sent);
      // Do not read the log before the window has capacity.
      isFull = free <= 0 && reader.cursor < span.newest;
      const { messages, upTo } = isFull ? EMPTY_BATCH : this.nextBatch(reader, span.newest, free);
      for (const { sequence, text, bytes } of messages) {
        isFull = !hasCapacity(reader.sent, windowBytes);
        if (isFull) break;
        socket.send(text);
        reader = {
          ...reader,
          cursor: sequence,
          reportedUpTo: sequence,
          sent: recordSent(reader.sent, { upTo: sequence, bytes }, windowBytes),
        };
      }
      if (isFull) reader = { ...reader, fullSince: reader.fullSince ?? now };
      else if (upTo > reader.cursor) reader = { ...reader, cursor: upTo };
      else if (messages.length === 0) break;
    }
    saveReader(socket, reader);
    if (reader.fullSince !== null && now - reader.fullSince >= MAX_FULL_MS)
      socket.close(CLOSE_TOO_SLOW, 'the send window stayed full: acknowledge events');
  }

  /** Next messages for a reader, and the sequence up to which they are complete. */
  private nextBatch(reader: Reader, newest: number, freeBytes: number): Batch {
    const { types, subject, cursor } = reader;
    const { sharedPage } = this;
    if (cursor === newest) return { messages: [], upTo: cursor };
    if (sharedPage && sharedPage.after <= cursor && cursor < sharedPage.upTo) return pick(sharedPage, reader);
    // Readers close to the end share one page of all events. Others get a page of their own.
    const isCloseToEnd = newest - cursor <= PAGE_EVENTS;
    const query = { after: cursor, limit: PAGE_EVENTS, maxBytes: PAGE_BYTES, newest: false };
    const own = { ...query, maxBytes: Math.min(PAGE_BYTES, freeBytes), types, subject };
    const page = this.deps.log.page(isCloseToEnd ? { ...query, types: null } : own);
    const read = { after: cursor, upTo: lastSeen(page), messages: page.items.map(toMessage) };
    if (!isCloseToEnd) return read;
    this.sharedPage = read;
    return pick(read, reader);
  }

  private windowBytes(): number {
    this.socketCount ??= this.deps.ctx.getWebSockets().length;
    return Math.min(MAX_WINDOW_BYTES, Math.floor(TOTAL_WINDOW_BYTES / Math.max(1, this.socketCount)));
  }

  /** A closed socket throws. The error closes that socket and affects no other. */
  private safely(socket: WebSocket, work: () => void): void {
    try {
      work();
    } catch (error) {
      logError('event socket failed', { error });
      try {
        socket.close(1_011, 'internal error');
      } catch {
        // The socket is already closed.
      }
    }
  }
}

const readerOf = (socket: WebSocket): Reader => socket.deserializeAttachment() as Reader;

function ensureAuthorized(socket: WebSocket, reader: Reader, { admits }: Round): boolean {
  if (admits(reader)) return true;
  socket.close(CLOSE_UNAUTHORIZED, 'the key is no longer valid');
  return false;
}

/** A reader whose position is outside the log is asked to load a snapshot, and continues at the end of the log. */
function withinLog(socket: WebSocket, reader: Reader, span: LogSpan): Reader {
  if (!isOutsideLog(reader.cursor, span)) return reader;
  const [oldest, newest] = [String(span.oldest), String(span.newest)];
  sendJson(socket, { type: 'snapshot-required', oldest, newest, snapshot: SNAPSHOT_PATH });
  return { ...reader, cursor: span.newest, reportedUpTo: span.newest, acknowledged: span.newest, sent: NOTHING_SENT };
}

const saveReader = (socket: WebSocket, reader: Reader): void => socket.serializeAttachment(reader);

const sendJson = (socket: WebSocket, message: Readonly<Record<string, string | number>>): void =>
  socket.send(JSON.stringify(message));

function toMessage(event: LoggedEvent): Message {
  const text = JSON.stringify(toCloudEvent(event));
  const { sequence, type, subject } = event;
  return { sequence, type, subject, text, bytes: utf8Length(text) };
}

const pick = ({ messages, upTo }: Batch, { cursor, types, subject }: Reader) => ({
  messages: messages.filter(
    (message) =>
      message.sequence > cursor &&
      (types?.includes(message.type) ?? true) &&
      (subject === null || message.subject === subject),
  ),
  upTo,
});
