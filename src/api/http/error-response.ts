/** Response to a call whose handler threw: logs the error and returns a problem document without internals. */
import { HTTPException } from 'hono/http-exception';
import { logError } from '../../logging/log-error.ts';
import type { Call } from './call.ts';
import { problemResponse } from './problem.ts';

export function errorResponse(c: Call, error: unknown): Response {
  if (error instanceof HTTPException) {
    if (error.status === 400) return problemResponse(c, 'malformed-json', { detail: 'the body is not valid JSON' });
    if (error.status === 415)
      return problemResponse(c, 'unsupported-media-type', { detail: 'send content-type: application/json' });
  }
  const stack = error instanceof Error ? (error.stack ?? String(error)) : String(error);
  logError('request failed', { requestId: c.get('requestId'), path: c.req.path, error: stack });
  return problemResponse(c, isTransient(error) ? 'temporarily-unavailable' : 'internal-error');
}

/** Cloudflare marks errors of Durable Objects that were reset or overloaded. A retry may succeed. */
function isTransient(error: unknown): boolean {
  const { retryable, overloaded } = Object(error) as { retryable?: boolean; overloaded?: boolean };
  return retryable === true || overloaded === true;
}
