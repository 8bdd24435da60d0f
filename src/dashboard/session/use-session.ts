import { useCallback, useEffect, useState } from 'preact/hooks';
import type { SessionResource } from '../../api/schemas/session.ts';
import type { CoordinatorClient } from '../../client/coordinator-client.ts';
import { CoordinatorError } from '../../client/coordinator-error.ts';
import { describeError } from './describe-error.ts';
import { openClient } from './open-client.ts';
import { endSession, requestSession, restoreSession } from './session-calls.ts';

/** Characters that a header can carry. `fetch` throws on others. */
const KEY_PATTERN = /^[\x21-\x7e]+$/;
/** Scopes whose holder may view the system. */
const VIEWING_SCOPES = ['viewer', 'operator', 'admin'];

const SIGN_OUT_FAILED = 'Sign-out failed: the coordinator could not be reached. Reload this page and sign out again.';

export interface OpenSession {
  readonly resource: SessionResource;
  readonly client: CoordinatorClient;
}

export interface Session {
  /** Null until the coordinator has accepted a key. */
  readonly current: OpenSession | null;
  /** True until the page knows whether a session is open. */
  readonly isRestoring: boolean;
  readonly isChecking: boolean;
  /** Error for the reader, or null. */
  readonly message: string | null;
  readonly signIn: (key: string) => Promise<void>;
  readonly signOut: (message?: string) => void;
}

/** The page's session: a cookie that scripts cannot read. The page sends the key once and does not store it. */
export function useSession(): Session {
  const [current, setCurrent] = useState<OpenSession | null>(null);
  const [isRestoring, setRestoring] = useState(true);
  const [isChecking, setChecking] = useState(false);
  const [message, setMessage] = useState<string | null>(null);

  const openSession = useCallback(async (session: SessionResource): Promise<void> => {
    if (session.scopes.some((scope) => VIEWING_SCOPES.includes(scope))) {
      return setCurrent({ resource: session, client: openClient(session.csrfToken) });
    }
    await endSession(session);
    return setMessage('This key may not view the system.');
  }, []);

  useEffect(() => {
    const restore = async (): Promise<void> => {
      try {
        await openSession(await restoreSession());
      } catch (error) {
        // A 401 only means that no session is open. The reader must see any other error.
        if (!(error instanceof CoordinatorError) || error.status !== 401) setMessage(describeError(error));
      } finally {
        setRestoring(false);
      }
    };
    void restore();
  }, [openSession]);

  const signIn = useCallback(
    async (key: string): Promise<void> => {
      if (!KEY_PATTERN.test(key)) return setMessage('A key consists of ASCII characters without spaces.');
      setChecking(true);
      setMessage(null);
      try {
        await openSession(await requestSession(key));
      } catch (error) {
        setMessage(describeError(error));
      } finally {
        setChecking(false);
      }
    },
    [openSession],
  );

  const signOut = useCallback(
    (reason?: string): void => {
      setCurrent(null);
      setMessage(reason ?? null);
      // A 401 means that the session has ended already.
      const hasEnded = (error: unknown): boolean => error instanceof CoordinatorError && error.status === 401;
      if (current)
        void endSession(current.resource).catch((error: unknown) => hasEnded(error) || setMessage(SIGN_OUT_FAILED));
    },
    [current],
  );

  return { current, isRestoring, isChecking, message, signIn, signOut };
}
