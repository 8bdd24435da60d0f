import { CoordinatorClient } from '../../client/coordinator-client.ts';

/** A call hanging this long counts as lost; without it the page would stand still and say nothing. */
const TIMEOUT_MS = 8_000;

/** A stream hangs by its nature: whoever reads it ends it. */
const isStream = ({ headers }: RequestInit): boolean => new Headers(headers).get('accept') === 'text/event-stream';

/** A call to the coordinator that served this page; the session's cookie goes along by itself. */
export const callCoordinator = (url: string, init: RequestInit): Promise<Response> =>
  fetch(url, {
    ...init,
    cache: 'no-store',
    credentials: 'same-origin',
    signal: isStream(init) ? (init.signal ?? null) : AbortSignal.timeout(TIMEOUT_MS),
  });

/** The client of a page with a session. */
export const openClient = (csrfToken: string): CoordinatorClient =>
  new CoordinatorClient({ baseUrl: location.origin, headers: { 'x-csrf-token': csrfToken }, fetch: callCoordinator });
