/**
 * Headers of every response of the Worker: the request id in `x-request-id`, the security headers, and no caching. The
 * request id, also part of problem documents, correlates the caller's log with this one.
 *
 * The dashboard's files have their headers in `src/dashboard/public/_headers`, because Cloudflare serves them without
 * the Worker.
 */
import type { Context } from 'hono';
import { createMiddleware } from 'hono/factory';
import type { AppEnv } from '../http/app-env.ts';
import { SECURITY_HEADERS } from '../http/security-headers.ts';
import { limitUri } from '../http/limit-uri.ts';
import { requestIdOf } from '../http/request-id.ts';

/** Cache time of the OpenAPI document, which changes only with a deployment. */
const CONTRACT_MAX_AGE_SECONDS = 300;

export const responseHeaders = createMiddleware<AppEnv>(async (c, next) => {
  c.set('requestId', requestIdOf(c.req.header('x-request-id')));
  // First check of all: no other code sees a URI that is too long.
  const refused = limitUri(c);
  if (refused) c.res = refused;
  else await next();
  addHeaders(c);
});

function addHeaders(c: Context<AppEnv>): void {
  const { headers } = c.res;
  headers.set('x-request-id', c.get('requestId'));
  for (const [name, value] of SECURITY_HEADERS) headers.set(name, value);
  const cached = c.req.path === '/openapi.json' && c.res.status === 200;
  if (cached) headers.set('cache-control', `public, max-age=${CONTRACT_MAX_AGE_SECONDS}`);
}
