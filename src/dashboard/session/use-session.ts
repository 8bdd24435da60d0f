import { useCallback, useEffect, useState } from 'preact/hooks';
import type { SessionResource } from '../../api/schemas/session.ts';
import type { CoordinatorClient } from '../../client/coordinator-client.ts';
import { CoordinatorError } from '../../client/coordinator-error.ts';
import { describeError } from './describe-error.ts';
import { openClient } from './open-client.ts';
import { endSession, redeemSignInLink, requestSession, restoreSession } from './session-calls.ts';

/** Characters that a header can carry. `fetch` throws on others. */
const KEY_PATTERN = /^[\x21-\x7e]+$/;
/** Scopes whose holder may view the system. */
const VIEWING_SCOPES = ['viewer', 'operator', 'admin'];

const SIGN_IN_HASH = /^#sign-in=([0-9a-z.]+)$/;
const LINK_REFUSED = 'This sign-in link has expired or was used. Enter an access key instead.';
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

/** The token of a sign-in link in the address, or null. Removes the token from the address: it works only once. */
function takeSignInToken(): string | null {
  const token = SIGN_IN_HASH.exec(location.hash)?.[1] ?? null;
  if (token !== null) history.replaceState(null, '', location.pathname + location.search);
  return token;
}

const isUnauthorized = (error: unknown): boolean => error instanceof CoordinatorError && error.status === 401;

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
      const token = takeSignInToken();
      try {
        await openSession(
          token === null ? await restoreSession() : await redeemSignInLink(token).catch(() => restoreSession()),
        );
      } catch (error) {
        // Without a link, a 401 only means that no session is open. The reader must see any other error.
        if (!isUnauthorized(error)) setMessage(describeError(error));
        else if (token !== null) setMessage(LINK_REFUSED);
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
      if (current)
        void endSession(current.resource).catch(
          (error: unknown) => isUnauthorized(error) || setMessage(SIGN_OUT_FAILED),
        );
    },
    [current],
  );

  return { current, isRestoring, isChecking, message, signIn, signOut };
}
