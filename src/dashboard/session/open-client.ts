import { CoordinatorClient } from '../../client/coordinator-client.ts';

/** Timeout of one call. Without it, a hung call would stop the page's updates silently. */
const TIMEOUT_MS = 8_000;

/** An event stream stays open and gets no timeout; its reader closes it. */
const isStream = ({ headers }: RequestInit): boolean => new Headers(headers).get('accept') === 'text/event-stream';

/** Calls the coordinator that served this page. The browser adds the session cookie. */
export const callCoordinator = (url: string, init: RequestInit): Promise<Response> =>
  fetch(url, {
    ...init,
    cache: 'no-store',
    credentials: 'same-origin',
    signal: isStream(init) ? (init.signal ?? null) : AbortSignal.timeout(TIMEOUT_MS),
  });

/** The client for an open session. */
export const openClient = (csrfToken: string): CoordinatorClient =>
  new CoordinatorClient({ baseUrl: location.origin, headers: { 'x-csrf-token': csrfToken }, fetch: callCoordinator });
