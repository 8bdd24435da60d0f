/**
 * Sign-in links: a token that opens one session of the dashboard, so that a person need not paste a key. A token is
 * signed like the session cookie, under another label, and expires after ten minutes.
 *
 * Invariant: a token opens one session. The coordinator records its first use before the session exists.
 */
import { coordinator } from '../../coordinator/contract/coordinator-api.ts';
import type { Result } from '../../core/result.ts';
import { fail } from '../../core/result.ts';
import { logError } from '../../logging/log-error.ts';
import type { Call } from '../http/call.ts';
import type { Session } from '../http/session-data.ts';
import type { CheckedKey, KeyRefusal } from './check-key.ts';
import { checkSession } from './check-key.ts';
import { derivedSecret, sessionRefOf } from './session.ts';

/** The authorization scheme that carries a token. Only `POST /v1/session` accepts it. */
const SCHEME = 'SignIn ';
const LIFETIME_MS = 10 * 60_000;
const SECRET_LABEL = 'arbiter sign-in link v1';
const TOKEN = /^([0-9a-z]{4,12})\.([0-9a-f]{64})\.(\d{13})\.([0-9a-f]{32})\.([0-9a-f]{64})$/;
const INVALID = fail('unauthorized', 'the sign-in link has expired or was used: create another one, or send the key');

export interface SignInLink {
  readonly token: string;
  /** Epoch ms. */
  readonly expiresAt: number;
}

export async function createSignInLink(env: Env, keyId: string, digest: string): Promise<SignInLink> {
  const expiresAt = Date.now() + LIFETIME_MS;
  const nonce = crypto.getRandomValues(new Uint8Array(16)).toHex();
  const content = `${keyId}.${digest}.${expiresAt}.${nonce}`;
  const signature = await crypto.subtle.sign('HMAC', await signingKey(env), encoder.encode(content));
  return { token: `${content}.${new Uint8Array(signature).toHex()}`, expiresAt };
}

/** The token in an Authorization header; undefined when the header has another scheme. */
export const signInTokenIn = (header: string): string | undefined =>
  header.startsWith(SCHEME) ? header.slice(SCHEME.length) : undefined;

/** Checks a token and uses it up. Any call but `POST /v1/session` is refused and leaves the token unused. */
export async function redeemSignInLink(token: string, c: Call): Promise<Result<CheckedKey, KeyRefusal>> {
  const link = c.req.method === 'POST' && c.req.path === '/v1/session' ? await verified(token, c.env) : null;
  if (!link) return INVALID;
  const checked = await checkSession(link, c);
  if (!checked.ok) return checked.reason === 'unauthorized' ? INVALID : checked;
  try {
    return (await coordinator().redeemSignIn(sessionRefOf(link))) ? checked : INVALID;
  } catch (error) {
    logError('sign-in link not redeemed', { error });
    return fail('identity-unavailable', 'the coordinator cannot be reached: use the link again in a moment');
  }
}

/** The contents of a token as a session that lasts as long as the token; null when it is forged or expired. */
async function verified(token: string, env: Env): Promise<Session | null> {
  const match = TOKEN.exec(token);
  if (!match || !env.COORDINATOR_ADMIN_KEY) return null;
  const [, keyId = '', digest = '', end = '', nonce = '', signature = ''] = match;
  const content = encoder.encode(token.slice(0, token.lastIndexOf('.')));
  const isGenuine = await crypto.subtle.verify('HMAC', await signingKey(env), Uint8Array.fromHex(signature), content);
  const expiresAt = Number(end);
  return isGenuine && Date.now() < expiresAt ? { keyId, digest, expiresAt, csrfToken: nonce } : null;
}

const signingKey = async (env: Env): Promise<CryptoKey> =>
  crypto.subtle.importKey('raw', await derivedSecret(env, SECRET_LABEL), { name: 'HMAC', hash: 'SHA-256' }, false, [
    'sign',
    'verify',
  ]);

const encoder = new TextEncoder();
