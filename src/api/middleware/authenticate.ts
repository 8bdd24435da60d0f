/**
 * Lets in who has the admin key. Digests are compared in constant time; the digest of the configured
 * key is made once per isolate.
 */
import { createMiddleware } from 'hono/factory';
import type { AppEnv } from '../app-env.ts';
import { problemResponse } from '../problem.ts';

let configured: { readonly key: string; readonly digest: ArrayBuffer } | undefined;

export const authenticate = createMiddleware<AppEnv>(async (c, next) => {
  const adminKey = c.env.COORDINATOR_ADMIN_KEY;
  if (!adminKey) return problemResponse(c, 'not-configured', { detail: 'set the secret COORDINATOR_ADMIN_KEY' });
  if (configured?.key !== adminKey) configured = { key: adminKey, digest: await digestOf(adminKey) };
  const presented = /^Bearer +(\S+)$/i.exec(c.req.header('authorization') ?? '')?.[1];
  const matches =
    presented !== undefined && crypto.subtle.timingSafeEqual(await digestOf(presented), configured.digest);
  if (!matches) {
    c.header('www-authenticate', 'Bearer');
    return problemResponse(c, 'unauthorized', { detail: 'send Authorization: Bearer <key>' });
  }
  return next();
});

const digestOf = (text: string): Promise<ArrayBuffer> =>
  crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
