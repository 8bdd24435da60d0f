/**
 * All readers that wait for the next event: blocking queries and sockets. The event store notifies this module within
 * the transaction that stores an event; the log is read only after the transaction.
 */
import { validDigests } from '../../core/access/access-key.ts';
import { ROOT } from '../../core/access/principal.ts';
import type { EndedSessionStore } from '../keys/ended-session-store.ts';
import type { EventStore } from './event-store.ts';
import type { SocketHolder, SocketRequest } from '../contract/socket-api.ts';
import { EventSockets } from './event-sockets.ts';
import type { KeyStore } from '../keys/key-store.ts';
import { LogReader } from './log-reader.ts';
import { logError } from '../../logging/log-error.ts';

interface EventReadersDeps {
  readonly ctx: DurableObjectState;
  readonly log: EventStore;
  readonly keys: KeyStore;
  readonly sessions: EndedSessionStore;
}

export class EventReaders {
  readonly log: LogReader;
  readonly sockets: EventSockets;

  constructor({ ctx, log, keys, sessions }: EventReadersDeps) {
    this.log = new LogReader(log);
    const admits = ({ keyId, digest, session }: SocketHolder, now: number): boolean => {
      if (session && (now >= session.endsAt || sessions.isEnded(session))) return false;
      if (keyId === ROOT.keyId) return true;
      const key = keys.find(keyId);
      return key !== undefined && validDigests(key, now).includes(digest);
    };
    this.sockets = new EventSockets({ ctx, log, admits });
  }

  /** Called for each appended event. Never throws, since an exception would roll back the change. */
  onAppended(): void {
    try {
      this.log.onAppended();
      this.sockets.onAppended();
    } catch (error) {
      // Blocking queries return within a second anyway, and the sweep serves the sockets.
      logError('event readers not notified', { error });
    }
  }

  /**
   * Opens a socket for a reader that the Worker has authorized. The only call that reaches the object as an HTTP
   * request.
   */
  openSocket(request: Request): Response {
    // The header is trusted: only this Worker has the binding.
    const socketRequest = JSON.parse(decodeURIComponent(request.headers.get('x-reader') ?? '')) as SocketRequest;
    const result = this.sockets.open(socketRequest, Date.now());
    return typeof result === 'string'
      ? new Response(result, { status: 409 })
      : new Response(null, { status: 101, webSocket: result });
  }
}
