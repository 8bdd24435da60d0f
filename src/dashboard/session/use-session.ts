import { useCallback, useEffect, useState } from 'preact/hooks';
import type { SessionResource } from '../../api/schemas/session.ts';
import type { CoordinatorClient } from '../../client/coordinator-client.ts';
import { CoordinatorError } from '../../client/coordinator-error.ts';
import { describeError } from './describe-error.ts';
import { openClient } from './open-client.ts';
import { endSession, requestSession, restoreSession } from './session-calls.ts';

/** What a header can carry; `fetch` throws on anything else. */
const KEY_PATTERN = /^[\x21-\x7e]+$/;
/** Scopes that let their holder see the fleet. */
const SEEING = ['viewer', 'operator', 'admin'];

const STILL_OPEN = 'Not signed out: the coordinator could not be told. Reload this page and sign out again.';

export interface OpenSession {
  readonly of: SessionResource;
  readonly client: CoordinatorClient;
}

export interface Session {
  /** Null until a key was accepted. */
  readonly open: OpenSession | null;
  /** It is not known yet whether there is one. */
  readonly restoring: boolean;
  readonly checking: boolean;
  /** Why there is no session, when that is worth saying. */
  readonly message: string | null;
  readonly signIn: (key: string) => Promise<void>;
  readonly signOut: (message?: string) => void;
}

/** The page's session: a cookie that no script sees. The key itself is sent once and kept nowhere. */
export function useSession(): Session {
  const [open, setOpen] = useState<OpenSession | null>(null);
  const [restoring, setRestoring] = useState(true);
  const [checking, setChecking] = useState(false);
  const [message, setMessage] = useState<string | null>(null);

  const enter = useCallback(async (session: SessionResource): Promise<void> => {
    if (session.scopes.some((scope) => SEEING.includes(scope))) {
      return setOpen({ of: session, client: openClient(session.csrfToken) });
    }
    await endSession(session);
    return setMessage('This key may not see the fleet.');
  }, []);

  useEffect(() => {
    const restore = async (): Promise<void> => {
      try {
        await enter(await restoreSession());
      } catch (error) {
        // Without a session there is nothing to say; anything else is worth knowing.
        if (!(error instanceof CoordinatorError) || error.status !== 401) setMessage(describeError(error));
      } finally {
        setRestoring(false);
      }
    };
    void restore();
  }, [enter]);

  const signIn = useCallback(
    async (key: string): Promise<void> => {
      if (!KEY_PATTERN.test(key)) return setMessage('A key has no spaces and only plain characters.');
      setChecking(true);
      setMessage(null);
      try {
        await enter(await requestSession(key));
      } catch (error) {
        setMessage(describeError(error));
      } finally {
        setChecking(false);
      }
    },
    [enter],
  );

  const signOut = useCallback(
    (reason?: string): void => {
      setOpen(null);
      setMessage(reason ?? null);
      // Over already when the coordinator refused it.
      const isOver = (error: unknown): boolean => error instanceof CoordinatorError && error.status === 401;
      if (open) void endSession(open.of).catch((error: unknown) => isOver(error) || setMessage(STILL_OPEN));
    },
    [open],
  );

  return { open, restoring, checking, message, signIn, signOut };
}
