import { createContext } from 'preact';
import type { CoordinatorClient } from '../../client/coordinator-client.ts';

export interface SessionAccess {
  readonly client: CoordinatorClient;
  /** Whether its key may work on what the fleet does. */
  readonly mayOperate: boolean;
}

/** What the page may ask for its reader; null before there is a session. */
export const SessionContext = createContext<SessionAccess | null>(null);
