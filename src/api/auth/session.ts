/**
 * The page's session: a signed cookie that names a key by id and digest, its end and a CSRF token. Only its end
 * before its time is stored, by the coordinator. The key is checked again at every call, so the session ends with
 * it; the signing secret comes from the admin key, so a new admin key ends all sessions.
 */
import type { Context } from 'hono';
import { deleteCookie, getSignedCookie, setSignedCookie } from 'hono/cookie';
import { coordinator } from '../../coordinator/contract/coordinator-api.ts';
import type { Actor } from '../../core/access/actor.ts';
import type { SessionRef } from '../../core/access/ended-session.ts';
import type { AppEnv } from '../http/app-env.ts';
import type { Session } from '../http/session-data.ts';

/** What a session is known by when it is ended: nobody but its holder has the token. */
export const refOf = ({ keyId, csrfToken, expiresAt }: Session): SessionRef => ({
  keyId,
  id: csrfToken,
  endsAt: expiresAt,
});

/** With the `__Host-` prefix: only this host sets it, for all its paths, over a secure channel. */
const NAME = 'arbiter-session';
const LIFE_MS = 12 * 3_600_000;
const VALUE = /^([0-9a-z]{4,12})\.([0-9a-f]{64})\.(\d{13})\.([0-9a-f]{32})$/;
const LABEL = 'arbiter session v1';

export async function openSession(c: Context<AppEnv>, keyId: string, digest: string): Promise<Session> {
  const expiresAt = Date.now() + LIFE_MS;
  const csrfToken = crypto.getRandomValues(new Uint8Array(16)).toHex();
  const value = `${keyId}.${digest}.${expiresAt}.${csrfToken}`;
  // Browsers take a Secure cookie from localhost over http as well.
  await setSignedCookie(c, NAME, value, await signingSecret(c.env), {
    prefix: 'host',
    path: '/',
    secure: true,
    httpOnly: true,
    sameSite: 'Strict',
    maxAge: LIFE_MS / 1_000,
  });
  return { keyId, digest, expiresAt, csrfToken };
}

/** The session that the request carries: undefined without one, null when it is forged or over. */
export async function readSession(c: Context<AppEnv>): Promise<Session | null | undefined> {
  const value = await getSignedCookie(c, await signingSecret(c.env), NAME, 'host');
  if (value === undefined) return undefined;
  const match = value === false ? null : VALUE.exec(value);
  if (!match) return null;
  const [, keyId = '', digest = '', end = '', csrfToken = ''] = match;
  const expiresAt = Number(end);
  return Date.now() < expiresAt ? { keyId, digest, expiresAt, csrfToken } : null;
}

/** Ends the session wherever a copy of its cookie may be; throws when the coordinator cannot be told. */
export const endSession = (session: Session, actor: Actor): Promise<void> =>
  coordinator().endSession(refOf(session), actor);

/** Has the caller's browser forget the cookie. */
export const clearCookie = (c: Context<AppEnv>): void => {
  deleteCookie(c, NAME, { prefix: 'host', path: '/', secure: true, httpOnly: true, sameSite: 'Strict' });
};

/**
 * Whether a request that changes something was meant by our own page: it knows the token, and its browser
 * says that it comes from us.
 */
export function isFromOurPage(c: Context<AppEnv>, session: Session): boolean {
  if (namesAnother(c)) return false;
  const token = encoder.encode(c.req.header('x-csrf-token') ?? '');
  const expected = encoder.encode(session.csrfToken);
  return token.length === expected.length && crypto.subtle.timingSafeEqual(token, expected);
}

/** Whether a call that came with a session says itself that another page than ours has made it. */
export function isCrossSite(c: Context<AppEnv>): boolean {
  return c.get('session') !== undefined && namesAnother(c);
}

function namesAnother(c: Context<AppEnv>): boolean {
  const origin = c.req.header('origin');
  const site = c.req.header('sec-fetch-site');
  if (origin !== undefined && origin !== new URL(c.req.url).origin) return true;
  return site !== undefined && site !== 'same-origin';
}

const encoder = new TextEncoder();
let derived: { readonly from: string; readonly secret: ArrayBuffer } | undefined;

/** HMAC of a label under the admin key, made once per isolate. */
async function signingSecret({ COORDINATOR_ADMIN_KEY: adminKey }: Env): Promise<ArrayBuffer> {
  if (derived?.from !== adminKey) {
    const algorithm = { name: 'HMAC', hash: 'SHA-256' };
    const key = await crypto.subtle.importKey('raw', encoder.encode(adminKey || ' '), algorithm, false, ['sign']);
    derived = { from: adminKey, secret: await crypto.subtle.sign('HMAC', key, encoder.encode(LABEL)) };
  }
  return derived.secret;
}
