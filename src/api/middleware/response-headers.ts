/**
 * What every answer of the Worker has, whatever is asked: an id, in `x-request-id` and in problem documents,
 * so that a caller's log and ours can be laid side by side; headers that close it to browsers; no caching.
 *
 * The headers of the page and its files stand in `src/dashboard/public/_headers`: the platform serves
 * them without asking the Worker.
 */
import type { Context } from 'hono';
import { createMiddleware } from 'hono/factory';
import type { AppEnv } from '../http/app-env.ts';
import { SECURITY_HEADERS } from '../http/security-headers.ts';
import { limitUri } from '../http/limit-uri.ts';
import { requestIdOf } from '../http/request-id.ts';

/** The contract changes with a deployment only. */
const CACHED_SECONDS = 300;

export const responseHeaders = createMiddleware<AppEnv>(async (c, next) => {
  c.set('requestId', requestIdOf(c.req.header('x-request-id')));
  // Before anything else: no part of the house is asked with an address that is too long.
  const refused = limitUri(c);
  if (refused) c.res = refused;
  else await next();
  close(c);
});

function close(c: Context<AppEnv>): void {
  const { headers } = c.res;
  headers.set('x-request-id', c.get('requestId'));
  for (const [name, value] of SECURITY_HEADERS) headers.set(name, value);
  const cached = c.req.path === '/openapi.json' && c.res.status === 200;
  if (cached) headers.set('cache-control', `public, max-age=${CACHED_SECONDS}`);
}
