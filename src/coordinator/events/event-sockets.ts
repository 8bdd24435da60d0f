/**
 * The readers of the event log that have a WebSocket: sends them what they lack, in order, each event once.
 *
 * Where a reader stands is kept in its socket's attachment, which outlives hibernation, and moves with each event
 * sent, without an await in between. The platform does not tell how much of what was sent lies in its buffers, so
 * a reader acknowledges, and no more is sent beyond a room that all sockets share. What fails at one socket never
 * reaches the others nor whoever made the change.
 */
import { toCloudEvent } from '../../core/event/cloud-event.ts';
import type { EventType, LoggedEvent } from '../../core/event/coordinator-event.ts';
import { SNAPSHOT_PATH } from '../../core/event/event-frame.ts';
import type { LogSpan } from '../../core/event/log-page.ts';
import { isOutside, seenUpTo } from '../../core/event/log-page.ts';
import type { SendWindow } from '../../core/event/send-window.ts';
import { NOTHING_SENT, bytesSent, hasWindow, noteAcknowledged, noteSent } from '../../core/event/send-window.ts';
import type { BucketPolicy, TokenBucket } from '../../core/quota/token-bucket.ts';
import { fullBucket, consumeTokens } from '../../core/quota/token-bucket.ts';
import { utf8Length } from '../../core/bounded-page.ts';
import type { EventStore } from './event-store.ts';
import { readSocketMessage } from './socket-message.ts';
import type { SocketHolder, SocketRequest, SocketRefusal } from '../contract/socket-api.ts';

/** The attachment of a socket. */
interface Reader extends SocketHolder {
  readonly types: readonly EventType[] | null;
  readonly subject: string | null;
  /** It was sent all it wants up to here. */
  readonly cursor: number;
  /** The last sequence it was told of. */
  readonly told: number;
  readonly sent: SendWindow;
  /** The last sequence it said it has. */
  readonly acknowledged: number;
  /** For acknowledgements that say nothing new. */
  readonly vain: TokenBucket;
  /** Since when there is no room to send it more, epoch ms. */
  readonly fullSince: number | null;
  /** Messages that nobody could make sense of. */
  readonly faults: number;
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

const NOTHING: Batch = { messages: [], upTo: 0 };

/** What is the same for all sockets at one moment: each costs too much to be asked anew for each of them. */
interface Round {
  readonly now: number;
  readonly span: LogSpan;
  readonly roomBytes: number;
  readonly admits: (holder: SocketHolder) => boolean;
}

const MAX_SOCKETS = 2_000;
const MAX_SOCKETS_OF_KEY = 1_000;
/** For all that is sent and not acknowledged, over all sockets. */
const ROOM_BYTES = 33_554_432;
const MAX_ROOM_BYTES = 131_072;
/** Who acknowledges nothing for so long with its room full is gone, or too slow. */
const MAX_FULL_MS = 30_000;
const MAX_FAULTS = 10;
/** Each wakes the object and costs it a turn; whoever acknowledges by a timer stays below. */
const VAIN_ACKS: BucketPolicy = { burst: 60, perSecond: 1 };
const PAGE_EVENTS = 200;
const PAGE_BYTES = 262_144;
/** A round waits a ms for each so many. */
const SOCKETS_A_MS = 20;

/** Close codes of our own: the last digits are those of HTTP. */
const CLOSE_UNAUTHORIZED = 4_401;
const CLOSE_TOO_SLOW = 4_408;
const CLOSE_POLICY = 1_008;
const CLOSE_TOO_LARGE = 1_009;

interface Rooms {
  readonly ctx: DurableObjectState;
  readonly log: EventStore;
  /** Whether the holder's key, secret and session are in force. */
  readonly admits: (holder: SocketHolder, now: number) => boolean;
}

export class EventSockets {
  private readonly rooms: Rooms;
  private isTelling = false;
  /** Of sockets, as somebody counted last; null after an eviction. */
  private count: number | null = null;
  /** Of the last round: what most sockets lack is read and written once. */
  private latest: { readonly after: number; readonly upTo: number; readonly messages: readonly Message[] } | null =
    null;

  constructor(rooms: Rooms) {
    this.rooms = rooms;
    // Answered by the platform, without waking the object.
    rooms.ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair('ping', 'pong'));
  }

  /** Takes a reader in; answers the other end of its socket. */
  open(request: SocketRequest, now: number): WebSocket | SocketRefusal {
    const { ctx, log, admits } = this.rooms;
    const { keyId, digest, session, types, subject } = request;
    if (!admits(request, now)) return 'unauthorized';
    this.count = ctx.getWebSockets().length + 1;
    if (this.count > MAX_SOCKETS) return 'overloaded';
    if (ctx.getWebSockets(keyId).length >= MAX_SOCKETS_OF_KEY) return 'too-many-readers';
    const span = log.span();
    const cursor = request.after ?? span.newest;
    const [theirs, ours] = Object.values(new WebSocketPair()) as [WebSocket, WebSocket];
    ctx.acceptWebSocket(ours, [keyId]);
    const reader: Reader = {
      keyId,
      digest,
      session,
      types,
      subject,
      cursor,
      told: cursor,
      sent: NOTHING_SENT,
      acknowledged: cursor,
      vain: fullBucket(VAIN_ACKS, now),
      fullSince: null,
      faults: 0,
    };
    this.safely(ours, () => {
      say(ours, { type: 'hello', sequence: String(span.newest), after: String(cursor), roomBytes: this.roomBytes() });
      this.send(ours, reader, this.round(now));
    });
    return theirs;
  }

  /** Something was appended: it is sent behind the change, once for all that come in one turn. */
  moved(): void {
    if (this.isTelling) return;
    this.count = this.rooms.ctx.getWebSockets().length;
    if (this.count === 0) return;
    this.isTelling = true;
    // The more there are, the more it costs to go round, and the more is sent in one round.
    setTimeout(
      () => {
        this.isTelling = false;
        this.sendAll(Date.now());
      },
      Math.floor(this.count / SOCKETS_A_MS),
    );
  }

  /** Closes sockets whose holder may not read any more. */
  closeUnadmitted(now: number): void {
    const round = this.round(now);
    for (const socket of this.openSockets())
      this.safely(socket, () => void isAdmitted(socket, readerOf(socket), round));
  }

  /** Cron's visit: what no change and no message brings about by itself. */
  sweep(now: number): void {
    this.sendAll(now);
    for (const socket of this.openSockets()) {
      this.safely(socket, () => {
        const reader = readerOf(socket);
        // One who wants little would fall behind the log without having missed anything.
        if (reader.cursor <= reader.told) return;
        say(socket, { type: 'position', sequence: String(reader.cursor) });
        keep(socket, { ...reader, told: reader.cursor });
      });
    }
  }

  /** Something came from a reader. */
  take(socket: WebSocket, message: string | ArrayBuffer, now: number): void {
    this.safely(socket, () => {
      const reader = readerOf(socket);
      const read = readSocketMessage(message);
      switch (read.kind) {
        case 'ack':
          return this.acknowledge(socket, reader, read.sequence, now);
        case 'too-large':
          return socket.close(CLOSE_TOO_LARGE, 'the message is too large');
        case 'unknown':
          if (reader.faults + 1 >= MAX_FAULTS) return socket.close(CLOSE_POLICY, 'too many unknown messages');
          say(socket, {
            type: 'error',
            code: 'unknown-message',
            detail: 'send ping, or {"type":"ack","sequence":"…"}',
          });
          return keep(socket, { ...reader, faults: reader.faults + 1 });
        default:
          return read satisfies never;
      }
    });
  }

  private acknowledge(socket: WebSocket, reader: Reader, sequence: number, now: number): void {
    // Nothing new, or what it has not been sent.
    if (sequence <= reader.acknowledged || sequence > reader.cursor) {
      const { granted, next } = consumeTokens(reader.vain, VAIN_ACKS, now);
      if (granted) return keep(socket, { ...reader, vain: next });
      return socket.close(CLOSE_POLICY, 'too many acknowledgements of nothing new');
    }
    const sent = noteAcknowledged(reader.sent, sequence);
    const next = { ...reader, sent, acknowledged: sequence };
    // Unless it was full, it has been sent all there is.
    if (reader.fullSince === null) return keep(socket, next);
    // In the midst of what was sent nothing becomes free.
    if (sent.length === reader.sent.length) return keep(socket, { ...next, fullSince: now });
    return this.send(socket, { ...next, fullSince: null }, this.round(now));
  }

  private sendAll(now: number): void {
    const round = this.round(now);
    for (const socket of this.openSockets()) this.safely(socket, () => this.send(socket, readerOf(socket), round));
  }

  private round(now: number): Round {
    const admitted = new Map<string, boolean>();
    const admits = (holder: SocketHolder): boolean => {
      const name = `${holder.keyId} ${holder.digest} ${holder.session?.id}`;
      const known = admitted.get(name);
      if (known !== undefined) return known;
      const isAdmitted = this.rooms.admits(holder, now);
      admitted.set(name, isAdmitted);
      return isAdmitted;
    };
    return { now, span: this.rooms.log.span(), roomBytes: this.roomBytes(), admits };
  }

  private openSockets(): WebSocket[] {
    return this.rooms.ctx.getWebSockets().filter(({ readyState }) => readyState === WebSocket.OPEN);
  }

  /** Sends what it lacks and there is room for, and notes how far it got. */
  private send(socket: WebSocket, before: Reader, round: Round): void {
    if (!isAdmitted(socket, before, round)) return;
    const { now, span, roomBytes } = round;
    let reader = withinLog(socket, before, span);
    for (let isFull = false; !isFull;) {
      const free = roomBytes - bytesSent(reader.sent);
      // What comes next is looked for once there is room for it.
      isFull = free <= 0 && reader.cursor < span.newest;
      const { messages, upTo } = isFull ? NOTHING : this.after(reader, span.newest, free);
      for (const { sequence, text, bytes } of messages) {
        isFull = !hasWindow(reader.sent, roomBytes);
        if (isFull) break;
        socket.send(text);
        reader = {
          ...reader,
          cursor: sequence,
          told: sequence,
          sent: noteSent(reader.sent, { upTo: sequence, bytes }, roomBytes),
        };
      }
      if (isFull) reader = { ...reader, fullSince: reader.fullSince ?? now };
      else if (upTo > reader.cursor) reader = { ...reader, cursor: upTo };
      else if (messages.length === 0) break;
    }
    keep(socket, reader);
    if (reader.fullSince !== null && now - reader.fullSince >= MAX_FULL_MS)
      socket.close(CLOSE_TOO_SLOW, 'acknowledge what you have read');
  }

  /** What comes next for a reader, and up to where that is all. */
  private after(reader: Reader, newest: number, freeBytes: number): Batch {
    const { types, subject, cursor } = reader;
    const { latest } = this;
    if (cursor === newest) return { messages: [], upTo: cursor };
    if (latest && latest.after <= cursor && cursor < latest.upTo) return pick(latest, reader);
    // Those who have read all so far share one page of all events; others have one made for them.
    const isNear = newest - cursor <= PAGE_EVENTS;
    const query = { after: cursor, limit: PAGE_EVENTS, maxBytes: PAGE_BYTES, newest: false };
    const own = { ...query, maxBytes: Math.min(PAGE_BYTES, freeBytes), types, subject };
    const page = this.rooms.log.page(isNear ? { ...query, types: null } : own);
    const read = { after: cursor, upTo: seenUpTo(page), messages: page.items.map(toMessage) };
    if (!isNear) return read;
    this.latest = read;
    return pick(read, reader);
  }

  private roomBytes(): number {
    this.count ??= this.rooms.ctx.getWebSockets().length;
    return Math.min(MAX_ROOM_BYTES, Math.floor(ROOM_BYTES / Math.max(1, this.count)));
  }

  /** A socket that is gone throws: that ends it, and nothing else. */
  private safely(socket: WebSocket, work: () => void): void {
    try {
      work();
    } catch (error) {
      console.error(JSON.stringify({ message: 'an event socket is gone', error: String(error) }));
      try {
        socket.close(1_011, 'something went wrong here');
      } catch {
        // It is closed already.
      }
    }
  }
}

const readerOf = (socket: WebSocket): Reader => socket.deserializeAttachment() as Reader;

function isAdmitted(socket: WebSocket, reader: Reader, { admits }: Round): boolean {
  if (admits(reader)) return true;
  socket.close(CLOSE_UNAUTHORIZED, 'the key is not valid any more');
  return false;
}

/** Who stands outside the log is told so, and goes on at its end: with a snapshot it has missed nothing. */
function withinLog(socket: WebSocket, reader: Reader, span: LogSpan): Reader {
  if (!isOutside(reader.cursor, span)) return reader;
  const [oldest, newest] = [String(span.oldest), String(span.newest)];
  say(socket, { type: 'snapshot-required', oldest, newest, snapshot: SNAPSHOT_PATH });
  return { ...reader, cursor: span.newest, told: span.newest, acknowledged: span.newest, sent: NOTHING_SENT };
}

const keep = (socket: WebSocket, reader: Reader): void => socket.serializeAttachment(reader);

const say = (socket: WebSocket, message: Readonly<Record<string, string | number>>): void =>
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
