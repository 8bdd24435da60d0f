import { useCallback, useState } from 'preact/hooks';
import type { CoordinatorClient } from '../../client/coordinator-client.ts';
import { describeTrouble } from './describe-trouble.ts';
import { openClient } from './open-client.ts';

const STORAGE_KEY = 'coordinator-key';
/** What a header can carry; `fetch` throws on anything else. */
const KEY_PATTERN = /^[\x21-\x7e]+$/;

export interface Session {
  /** Null until a key was accepted. */
  readonly client: CoordinatorClient | null;
  readonly checking: boolean;
  /** Why there is no session, when that is worth saying. */
  readonly message: string | null;
  readonly signIn: (key: string) => Promise<void>;
  readonly signOut: (message?: string) => void;
}

/** The key of this tab: kept in sessionStorage, so that it ends with the tab and other sites never see it. */
export function useSession(): Session {
  const [client, setClient] = useState<CoordinatorClient | null>(restore);
  const [checking, setChecking] = useState(false);
  const [message, setMessage] = useState<string | null>(null);

  const signIn = useCallback(async (key: string): Promise<void> => {
    if (!KEY_PATTERN.test(key)) return setMessage('A key has no spaces and only plain characters.');
    setChecking(true);
    setMessage(null);
    try {
      const candidate = openClient(key);
      await candidate.systemHealth();
      sessionStorage.setItem(STORAGE_KEY, key);
      setClient(candidate);
    } catch (error) {
      setMessage(describeTrouble(error));
    } finally {
      setChecking(false);
    }
  }, []);

  const signOut = useCallback((reason?: string): void => {
    sessionStorage.removeItem(STORAGE_KEY);
    setClient(null);
    setMessage(reason ?? null);
  }, []);

  return { client, checking, message, signIn, signOut };
}

function restore(): CoordinatorClient | null {
  const key = sessionStorage.getItem(STORAGE_KEY);
  return key === null ? null : openClient(key);
}
