/**
 * Everybody who waits for what the event log brings next: calls that are held and sockets. Told of each event
 * within the transaction that stores it, it looks at the log only when that is over.
 */
import { liveDigests } from '../../core/access/access-key.ts';
import { ROOT } from '../../core/access/principal.ts';
import type { EndedSessionStore } from '../keys/ended-session-store.ts';
import type { EventStore } from './event-store.ts';
import type { SocketHolder, SocketRequest } from '../contract/socket-api.ts';
import { EventSockets } from './event-sockets.ts';
import type { KeyStore } from '../keys/key-store.ts';
import { LogReader } from './log-reader.ts';

interface Rooms {
  readonly ctx: DurableObjectState;
  readonly log: EventStore;
  readonly keys: KeyStore;
  readonly sessions: EndedSessionStore;
}

export class EventReaders {
  readonly log: LogReader;
  readonly sockets: EventSockets;

  constructor({ ctx, log, keys, sessions }: Rooms) {
    this.log = new LogReader(log);
    const admits = ({ keyId, digest, session }: SocketHolder, now: number): boolean => {
      if (session && (now >= session.endsAt || sessions.isEnded(session))) return false;
      if (keyId === ROOT.keyId) return true;
      const key = keys.find(keyId);
      return key !== undefined && liveDigests(key, now).includes(digest);
    };
    this.sockets = new EventSockets({ ctx, log, admits });
  }

  /** Never throws: it would take the change along. */
  moved(): void {
    try {
      this.log.moved();
      this.sockets.moved();
    } catch (error) {
      // Calls come again after a second, and sockets are visited by the sweep.
      console.error(JSON.stringify({ message: 'readers not told', error: String(error) }));
    }
  }

  /** Opens a socket for a reader that the Worker has let in: the only call that comes as a request. */
  answer(request: Request): Response {
    // From the Worker, over a binding that nobody else has.
    const asked = JSON.parse(decodeURIComponent(request.headers.get('x-reader') ?? '')) as SocketRequest;
    const opened = this.sockets.open(asked, Date.now());
    return typeof opened === 'string'
      ? new Response(opened, { status: 409 })
      : new Response(null, { status: 101, webSocket: opened });
  }
}
