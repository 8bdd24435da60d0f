/**
 * Authentication of the caller: by the key or the sign-in token in the Authorization header, or by the session cookie
 * of the dashboard. When the header is present, the cookie is ignored.
 */
import type { Context } from 'hono';
import type { AppEnv } from '../http/app-env.ts';
import type { Call } from '../http/call.ts';
import { waitUntilOf } from '../http/call.ts';
import { prepareConfig } from '../../edge/config-cache.ts';
import { prepareSnapshots } from '../../edge/snapshot-cache.ts';
import type { CheckedKey, KeyRefusal } from '../auth/check-key.ts';
import { checkKey, checkSession } from '../auth/check-key.ts';
import type { Failure, Result } from '../../core/result.ts';
import { fail } from '../../core/result.ts';
import { problemResponse, problemOf } from '../http/problem.ts';
import { clearCookie, passesCsrfCheck, readSession } from '../auth/session.ts';
import { tooManyRefusals } from './rate-limit.ts';
import { bearerKeyIn } from '../auth/presented-key.ts';
import { redeemSignInLink, signInTokenIn } from '../auth/sign-in-link.ts';

const ROUTE_PATH = '/v1/route';

/** The response that ends the call; null when the caller was authenticated without waiting. */
type Rejection = Promise<Response | null> | null;

export function authenticate(c: Context<AppEnv>): Rejection {
  const header = c.req.header('authorization');
  if (header === undefined) return checkSessionCookie(c).then((checked) => admit(c, checked));
  const signInToken = signInTokenIn(header);
  if (signInToken !== undefined) return redeemSignInLink(signInToken, c).then((checked) => admit(c, checked));
  return authenticateKey(c, bearerKeyIn(header));
}

/** Authenticates by key alone. Returns null when the key was valid before and the copy of the keys is fresh. */
export function authenticateKey(c: Call, presented: string): Rejection {
  const checked = checkKey(presented, c);
  if (!(checked instanceof Promise)) return admit(c, checked);
  if (c.req.path === ROUTE_PATH) prepareRouting(c);
  return checked.then((result) => admit(c, result));
}

/**
 * While the keys are refreshed, refreshes what a routing call reads next. One after the other, keys, configuration and
 * snapshot would take a round trip each in an isolate that was quiet.
 */
function prepareRouting(c: Call): void {
  const [now, waitUntil] = [Date.now(), waitUntilOf(c)];
  prepareConfig(now, waitUntil);
  prepareSnapshots(now, waitUntil);
}

function admit(c: Call, checked: Result<CheckedKey, Refusal>): Rejection {
  if (!checked.ok) return refuse(c, checked);
  c.set('principal', checked.value.principal);
  c.set('keyDigest', checked.value.digest);
  return null;
}

type Refusal = KeyRefusal | 'csrf-token-required';

const NO_KEY = fail('unauthorized', 'send Authorization: Bearer <key>');

async function checkSessionCookie(c: Context<AppEnv>): Promise<Result<CheckedKey, Refusal>> {
  // A missing admin key is reported before anything else.
  if (!c.env.COORDINATOR_ADMIN_KEY) return checkKey('', c);
  const session = await readSession(c);
  if (session === undefined) return checkKey('', c);
  const checked = session ? await checkSession(session, c) : NO_KEY;
  if (!checked.ok && checked.reason === 'unauthorized') clearCookie(c);
  if (!session || !checked.ok) return checked;
  const changes = c.req.method !== 'GET' && c.req.method !== 'HEAD';
  if (changes && !passesCsrfCheck(c, session))
    return fail(
      'csrf-token-required',
      'with a session, send its CSRF token in x-csrf-token, from the origin of this API',
    );
  c.set('session', session);
  return checked;
}

async function refuse(c: Call, failure: Failure<Refusal>): Promise<Response> {
  if (failure.reason !== 'unauthorized') return problemOf(c, failure);
  if (await tooManyRefusals(c))
    return problemResponse(c, 'rate-limited', { detail: 'too many invalid keys from this address' });
  c.header('www-authenticate', 'Bearer');
  return problemOf(c, failure);
}
