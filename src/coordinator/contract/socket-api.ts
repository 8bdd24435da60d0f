/** What the API passes to the coordinator to open an event socket, and why the coordinator refuses one. */
import type { SessionRef } from '../../core/access/ended-session.ts';
import type { EventType } from '../../core/event/coordinator-event.ts';

/** Who opened a socket, and with what: it ends with any of them. */
export interface SocketHolder {
  readonly keyId: string;
  /** SHA-256 of the key's secret that it was opened with, hex. */
  readonly digest: string;
  readonly session: SessionRef | null;
}

export interface SocketRequest extends SocketHolder {
  /** Null: from now on. */
  readonly after: number | null;
  readonly types: readonly EventType[] | null;
  readonly subject: string | null;
}

export type SocketRefusal = 'too-many-readers' | 'overloaded' | 'unauthorized';
