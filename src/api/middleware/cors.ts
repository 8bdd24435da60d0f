/**
 * Pages of other origins: none may read an answer unless `CORS_ORIGINS` lists its exact origin. Keys go in
 * the Authorization header, so credentials are never allowed.
 *
 * An origin that is not listed gets no header about it, and its preflight is a method like any unknown one.
 */
import type { Context, Next } from 'hono';
import { cors as honoCors } from 'hono/cors';
import { createMiddleware } from 'hono/factory';
import type { AppEnv } from '../http/app-env.ts';

const PREFLIGHT_SECONDS = 600;

/** For an origin that is known to be listed. */
const allow = honoCors({
  origin: (origin) => origin,
  allowMethods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
  allowHeaders: ['authorization', 'content-type', 'if-match', 'if-none-match', 'last-event-id', 'x-request-id'],
  exposeHeaders: ['etag', 'location', 'retry-after', 'x-request-id'],
  maxAge: PREFLIGHT_SECONDS,
});

export const cors = createMiddleware<AppEnv>((c, next) => {
  const listed = listedOrigins(c.env.CORS_ORIGINS ?? '');
  return listed.size === 0 ? next() : withOrigins(c, next, listed);
});

async function withOrigins(c: Context<AppEnv>, next: Next, listed: ReadonlySet<string>): Promise<Response | void> {
  const origin = c.req.header('origin');
  if (origin !== undefined && listed.has(origin) && !isPlainOptions(c.req.raw)) return allow(c, next);
  await next();
  // An answer kept for one origin must not be handed to another.
  return c.header('vary', 'Origin', { append: true });
}

/** OPTIONS that is no preflight. */
const isPlainOptions = (request: Request): boolean =>
  request.method === 'OPTIONS' && !request.headers.has('access-control-request-method');

let read: { readonly text: string; readonly origins: ReadonlySet<string> } | undefined;

/** Read once for as long as the setting stays as it is. */
function listedOrigins(text: string): ReadonlySet<string> {
  if (read?.text !== text) {
    const entries = text.split(',').flatMap((entry) => entry.trim() || []);
    const refused = entries.filter((entry) => !isOrigin(entry));
    if (refused.length > 0) console.error(JSON.stringify({ message: 'not an origin in CORS_ORIGINS', refused }));
    read = { text, origins: new Set(entries.filter(isOrigin)) };
  }
  return read.origins;
}

/** Exactly what a browser sends: no path, no wildcard, no `null`. */
const isOrigin = (text: string): boolean =>
  /^https?:$/.test(URL.parse(text)?.protocol ?? '') && URL.parse(text)?.origin === text && !text.includes('*');
