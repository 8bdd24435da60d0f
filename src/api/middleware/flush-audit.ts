/**
 * Brings what changes owe to the audit into D1, behind their answers: at most once a second in an isolate.
 * The sweep and a look into the audit bring what this passes by.
 */
import { createMiddleware } from 'hono/factory';
import { flushAudit } from '../../audit/flush-audit.ts';
import { requestClass } from '../../core/access/request-class.ts';
import type { AppEnv } from '../app-env.ts';

const EVERY_MS = 1_000;

let flushedAt = 0;

export const flushAuditBehind = createMiddleware<AppEnv>(async (c, next) => {
  await next();
  if (requestClass(c.req.method, c.req.path) !== 'change' || !c.res.ok) return;
  const now = Date.now();
  if (Math.abs(now - flushedAt) < EVERY_MS) return;
  flushedAt = now;
  const flushing = flushAudit(c.env.HISTORY).catch((error: unknown) => {
    console.error(JSON.stringify({ message: 'audit not written yet', error: String(error) }));
  });
  c.executionCtx.waitUntil(flushing);
});
