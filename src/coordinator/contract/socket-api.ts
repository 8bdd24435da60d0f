/** Request of the API to open an event socket in the coordinator, and the reasons for a refusal. */
import type { SessionRef } from '../../core/access/ended-session.ts';
import type { EventType } from '../../core/event/coordinator-event.ts';

/** Credentials with which a socket was opened. The socket closes when any of them ends. */
export interface SocketHolder {
  readonly keyId: string;
  /** SHA-256 of the key secret used to open the socket, hex. */
  readonly digest: string;
  readonly session: SessionRef | null;
}

export interface SocketRequest extends SocketHolder {
  /** Sequence after which to start; null to start at the end of the log. */
  readonly after: number | null;
  readonly types: readonly EventType[] | null;
  readonly subject: string | null;
}

export type SocketRefusal = 'too-many-readers' | 'overloaded' | 'unauthorized';
