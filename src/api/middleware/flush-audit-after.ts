/**
 * Brings what audited changes owe to the audit into D1, behind their answers: at most once a second in an isolate.
 * The sweep and a look into the audit bring what this passes by.
 */
import { createMiddleware } from 'hono/factory';
import { flushAudit } from '../../audit/flush-audit.ts';
import type { AppEnv } from '../http/app-env.ts';

const EVERY_MS = 1_000;

/** What is done with a component that is no change to it. */
const UNAUDITED = new Set(['failures', 'probe']);

let flushedAt = 0;

export const flushAuditAfter = createMiddleware<AppEnv>(async (c, next) => {
  if (c.get('requestClass') !== 'change') return next();
  await next();
  if (!c.res.ok || UNAUDITED.has(deedOf(c.req.path))) return;
  const now = Date.now();
  if (Math.abs(now - flushedAt) < EVERY_MS) return;
  flushedAt = now;
  const flushing = flushAudit(c.env.HISTORY).catch((error: unknown) => {
    console.error(JSON.stringify({ message: 'audit not flushed', error: String(error) }));
  });
  c.executionCtx.waitUntil(flushing);
});

/** `/v1/components/a/probe`: the collection, the id, what is done with it. */
const deedOf = (path: string): string => path.split('/')[4] ?? '';
