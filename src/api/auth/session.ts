/**
 * Session of the dashboard: a signed cookie with key id, key digest, expiry and CSRF token. The coordinator stores only
 * sessions that were ended early.
 *
 * Invariant: every call checks the key again, so a session ends with its key.
 * Invariant: the signing secret is derived from the admin key, so a new admin key ends all sessions.
 */
import type { Context } from 'hono';
import { deleteCookie, getSignedCookie, setSignedCookie } from 'hono/cookie';
import { coordinator } from '../../coordinator/contract/coordinator-api.ts';
import type { Actor } from '../../core/access/actor.ts';
import type { SessionRef } from '../../core/access/ended-session.ts';
import type { AppEnv } from '../http/app-env.ts';
import type { Session } from '../http/session-data.ts';

/** Identifies a session when it is ended. The CSRF token is a safe id because only the session's holder has it. */
export const sessionRefOf = ({ keyId, csrfToken, expiresAt }: Session): SessionRef => ({
  keyId,
  id: csrfToken,
  endsAt: expiresAt,
});

/** Sent with the `__Host-` prefix: only this host may set the cookie, for all paths, over TLS. */
const COOKIE_NAME = 'arbiter-session';
const LIFETIME_MS = 12 * 3_600_000;
const COOKIE_VALUE = /^([0-9a-z]{4,12})\.([0-9a-f]{64})\.(\d{13})\.([0-9a-f]{32})$/;
const SECRET_LABEL = 'arbiter session v1';

export async function openSession(c: Context<AppEnv>, keyId: string, digest: string): Promise<Session> {
  const expiresAt = Date.now() + LIFETIME_MS;
  const csrfToken = crypto.getRandomValues(new Uint8Array(16)).toHex();
  const value = `${keyId}.${digest}.${expiresAt}.${csrfToken}`;
  // Browsers accept a Secure cookie from localhost over plain HTTP too.
  await setSignedCookie(c, COOKIE_NAME, value, await derivedSecret(c.env, SECRET_LABEL), {
    prefix: 'host',
    path: '/',
    secure: true,
    httpOnly: true,
    sameSite: 'Strict',
    maxAge: LIFETIME_MS / 1_000,
  });
  return { keyId, digest, expiresAt, csrfToken };
}

/** The session in the request's cookie; undefined without a cookie, null when it is forged or expired. */
export async function readSession(c: Context<AppEnv>): Promise<Session | null | undefined> {
  const value = await getSignedCookie(c, await derivedSecret(c.env, SECRET_LABEL), COOKIE_NAME, 'host');
  if (value === undefined) return undefined;
  const match = value === false ? null : COOKIE_VALUE.exec(value);
  if (!match) return null;
  const [, keyId = '', digest = '', end = '', csrfToken = ''] = match;
  const expiresAt = Number(end);
  return Date.now() < expiresAt ? { keyId, digest, expiresAt, csrfToken } : null;
}

/** Ends the session for every copy of its cookie. Throws when the coordinator is unreachable. */
export const endSession = (session: Session, actor: Actor): Promise<void> =>
  coordinator().endSession(sessionRefOf(session), actor);

/** Makes the caller's browser delete the cookie. */
export const clearCookie = (c: Context<AppEnv>): void => {
  deleteCookie(c, COOKIE_NAME, { prefix: 'host', path: '/', secure: true, httpOnly: true, sameSite: 'Strict' });
};

/** Whether a request with a session comes from the dashboard: same origin, and a valid token in `x-csrf-token`. */
export function passesCsrfCheck(c: Context<AppEnv>, session: Session): boolean {
  if (isFromAnotherOrigin(c)) return false;
  const token = encoder.encode(c.req.header('x-csrf-token') ?? '');
  const expected = encoder.encode(session.csrfToken);
  return token.length === expected.length && crypto.subtle.timingSafeEqual(token, expected);
}

/** Whether a call with a session declares, by Origin or Sec-Fetch-Site, that a page of another origin made it. */
export function isCrossOriginSession(c: Context<AppEnv>): boolean {
  return c.get('session') !== undefined && isFromAnotherOrigin(c);
}

function isFromAnotherOrigin(c: Context<AppEnv>): boolean {
  const origin = c.req.header('origin');
  const site = c.req.header('sec-fetch-site');
  if (origin !== undefined && origin !== new URL(c.req.url).origin) return true;
  return site !== undefined && site !== 'same-origin';
}

const encoder = new TextEncoder();
let secretCache: { readonly from: string; readonly secrets: Map<string, ArrayBuffer> } | undefined;

/** HMAC of a label under the admin key, computed once per isolate, key and label. */
export async function derivedSecret({ COORDINATOR_ADMIN_KEY: adminKey }: Env, label: string): Promise<ArrayBuffer> {
  if (secretCache?.from !== adminKey) secretCache = { from: adminKey, secrets: new Map() };
  const { secrets } = secretCache;
  const known = secrets.get(label);
  if (known) return known;
  const algorithm = { name: 'HMAC', hash: 'SHA-256' };
  const key = await crypto.subtle.importKey('raw', encoder.encode(adminKey || ' '), algorithm, false, ['sign']);
  const secret = await crypto.subtle.sign('HMAC', key, encoder.encode(label));
  secrets.set(label, secret);
  return secret;
}
