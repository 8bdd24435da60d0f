/** Who calls: a key in the Authorization header, or the session of a page that was opened with one. */
import { createMiddleware } from 'hono/factory';
import type { AppEnv } from '../app-env.ts';
import { checkKey } from '../check-key.ts';
import { problemResponse } from '../problem.ts';

export const authenticate = createMiddleware<AppEnv>(async (c, next) => {
  const waitUntil = (work: Promise<unknown>): void => c.executionCtx.waitUntil(work);
  const presented = /^Bearer +(\S+)$/i.exec(c.req.header('authorization') ?? '')?.[1] ?? '';
  const checked = await checkKey(presented, c.env, waitUntil);
  if (!checked.ok) {
    if (checked.reason === 'unauthorized') c.header('www-authenticate', 'Bearer');
    return problemResponse(c, checked.reason, { detail: checked.message });
  }
  c.set('principal', checked.value.principal);
  return next();
});
