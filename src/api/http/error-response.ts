/** What a call is answered with when something threw: nothing of the inside. */
import { HTTPException } from 'hono/http-exception';
import type { Call } from './call.ts';
import { problemResponse } from './problem.ts';

export function errorResponse(c: Call, error: unknown): Response {
  if (error instanceof HTTPException) {
    if (error.status === 400)
      return problemResponse(c, 'malformed-json', { detail: 'the body cannot be parsed as JSON' });
    if (error.status === 415)
      return problemResponse(c, 'unsupported-media-type', { detail: 'send content-type: application/json' });
  }
  const stack = error instanceof Error ? (error.stack ?? String(error)) : String(error);
  const what = { message: 'request failed', requestId: c.get('requestId'), path: c.req.path, error: stack };
  console.error(JSON.stringify(what));
  return problemResponse(c, isTransient(error) ? 'temporarily-unavailable' : 'internal-error');
}

/** The platform marks errors of objects that were reset or overloaded: the same call may succeed in a moment. */
function isTransient(error: unknown): boolean {
  const { retryable, overloaded } = Object(error) as { retryable?: boolean; overloaded?: boolean };
  return retryable === true || overloaded === true;
}
