import type { SessionResource } from '../../api/schemas/session.ts';
import { httpTransport } from '../../client/http-transport.ts';
import { callCoordinator } from './open-client.ts';

const PATH = '/v1/session';

/** Opens a session with a key, which is not stored. Throws `CoordinatorError`. */
export async function requestSession(key: string): Promise<SessionResource> {
  const send = httpTransport({ baseUrl: location.origin, key, fetch: callCoordinator });
  return (await send({ method: 'POST', path: PATH })).body as SessionResource;
}

/** Opens a session with the token of a sign-in link, which works once. Throws `CoordinatorError`. */
export async function redeemSignInLink(token: string): Promise<SessionResource> {
  const headers = { authorization: `SignIn ${token}` };
  const send = httpTransport({ baseUrl: location.origin, headers, fetch: callCoordinator });
  return (await send({ method: 'POST', path: PATH })).body as SessionResource;
}

/** Returns the session of the browser's cookie. Throws `CoordinatorError`, with status 401 if there is none. */
export async function restoreSession(): Promise<SessionResource> {
  const send = httpTransport({ baseUrl: location.origin, fetch: callCoordinator });
  return (await send({ path: PATH })).body as SessionResource;
}

export async function endSession({ csrfToken }: SessionResource): Promise<void> {
  const headers = { 'x-csrf-token': csrfToken };
  await httpTransport({ baseUrl: location.origin, headers, fetch: callCoordinator })({ method: 'DELETE', path: PATH });
}
