/**
 * CORS: pages of another origin may read a response only when `CORS_ORIGINS` lists their exact origin. Credentials are
 * never allowed, because keys travel in the Authorization header.
 *
 * An origin that is not listed receives no CORS header. Its preflight is handled like any unsupported method.
 */
import type { Context, Next } from 'hono';
import { cors as honoCors } from 'hono/cors';
import { createMiddleware } from 'hono/factory';
import type { AppEnv } from '../http/app-env.ts';
import { logError } from '../../logging/log-error.ts';

const PREFLIGHT_SECONDS = 600;

/** Called only for listed origins. */
const allow = honoCors({
  origin: (origin) => origin,
  allowMethods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
  allowHeaders: [
    'authorization',
    // Browsers send it with a reload, tracing libraries the context of a trace. The coordinator reads neither.
    'cache-control',
    'content-type',
    'if-match',
    'if-none-match',
    'last-event-id',
    'traceparent',
    'tracestate',
    'x-request-id',
  ],
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
  // A response cached for one origin must not be served to another.
  return c.header('vary', 'Origin', { append: true });
}

/** An OPTIONS request that is not a preflight. */
const isPlainOptions = (request: Request): boolean =>
  request.method === 'OPTIONS' && !request.headers.has('access-control-request-method');

let parsed: { readonly text: string; readonly origins: ReadonlySet<string> } | undefined;

/** Parses `CORS_ORIGINS` once per isolate and value. Invalid entries are logged and ignored. */
function listedOrigins(text: string): ReadonlySet<string> {
  if (parsed?.text !== text) {
    const entries = text.split(',').flatMap((entry) => entry.trim() || []);
    const refused = entries.filter((entry) => !isOrigin(entry));
    if (refused.length > 0) logError('CORS_ORIGINS has entries that are not origins', { refused });
    parsed = { text, origins: new Set(entries.filter(isOrigin)) };
  }
  return parsed.origins;
}

/** Whether the text equals an origin as browsers send it: no path, no wildcard, not `null`. */
const isOrigin = (text: string): boolean =>
  /^https?:$/.test(URL.parse(text)?.protocol ?? '') && URL.parse(text)?.origin === text && !text.includes('*');
