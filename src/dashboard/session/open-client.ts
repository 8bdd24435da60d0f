import { CoordinatorClient } from '../../client/coordinator-client.ts';

/** A call hanging this long counts as lost; without it the page would stand still and say nothing. */
const TIMEOUT_MS = 8_000;

/** The client for the coordinator that served this page. */
export const openClient = (key: string): CoordinatorClient =>
  new CoordinatorClient({
    baseUrl: location.origin,
    key,
    fetch: (url, init) => fetch(url, { ...init, cache: 'no-store', signal: AbortSignal.timeout(TIMEOUT_MS) }),
  });
