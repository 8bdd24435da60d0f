/**
 * Flush of pending audit entries to D1, after the response to a change, at most once a second per isolate. Entries that
 * this middleware skips are flushed by the sweep or by the next read of the audit.
 */
import { createMiddleware } from 'hono/factory';
import { flushAudit } from '../../audit/flush-audit.ts';
import type { AppEnv } from '../http/app-env.ts';
import { logError } from '../../logging/log-error.ts';

const FLUSH_INTERVAL_MS = 1_000;

/** Operations on a component that leave no audit entry. */
const UNAUDITED = new Set(['failures', 'probe']);

let flushedAt = 0;

export const flushAuditAfter = createMiddleware<AppEnv>(async (c, next) => {
  if (c.get('requestClass') !== 'change') return next();
  await next();
  if (!c.res.ok || UNAUDITED.has(operationIn(c.req.path))) return;
  const now = Date.now();
  if (Math.abs(now - flushedAt) < FLUSH_INTERVAL_MS) return;
  flushedAt = now;
  const flushing = flushAudit(c.env.HISTORY).catch((error: unknown) => {
    logError('audit not flushed', { error });
  });
  c.executionCtx.waitUntil(flushing);
});

/** The operation in a path like `/v1/components/{id}/probe`. */
const operationIn = (path: string): string => path.split('/')[4] ?? '';
