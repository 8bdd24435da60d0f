import { createContext } from 'preact';
import type { CoordinatorClient } from '../../client/coordinator-client.ts';

export interface SessionAccess {
  readonly client: CoordinatorClient;
  /** Whether the session's key may run operator actions. */
  readonly mayOperate: boolean;
}

/** The client and permissions of the open session; null without a session. */
export const SessionContext = createContext<SessionAccess | null>(null);
