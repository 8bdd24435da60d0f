/**
 * Refuses a call that carries what its route does not know: a query parameter, on a change also a condition or a body.
 * An ignored part would have narrowed the call: a filter, a grace period, a version.
 *
 * Routes declare what they know in the OpenAPI document.
 */
import type { Context } from 'hono';
import type { AppEnv } from '../http/app-env.ts';
import { problemResponse } from '../http/problem.ts';

/** Headers that make a change conditional. Reads may ignore them: at worst they return what the caller has. */
export const CONDITIONS = ['if-match', 'if-none-match', 'if-unmodified-since'] as const;
const MAX_NAME_CHARACTERS = 128;

export function checkConditions(c: Context<AppEnv>): Response | null {
  const route = c.get('declaredRoute');
  if (!route) return null;
  return checkQuery(c, route.query) ?? (isRead(c.req.method) ? null : checkHeaders(c, route.headers));
}

const isRead = (method: string): boolean => method === 'GET' || method === 'HEAD';

function checkQuery(c: Context<AppEnv>, known: ReadonlySet<string> | null): Response | null {
  if (known === null || !c.req.url.includes('?')) return null;
  const unknown = [...new Set(new URL(c.req.url).searchParams.keys())].filter((name) => !known.has(name));
  if (unknown.length === 0) return null;
  const accepted = known.size === 0 ? 'the call has none' : `the call has ${[...known].join(', ')}`;
  return problemResponse(c, 'invalid-request', {
    errors: unknown.map((name) => ({
      path: name.slice(0, MAX_NAME_CHARACTERS),
      message: `unknown query parameter: ${accepted}`,
    })),
  });
}

function checkHeaders(c: Context<AppEnv>, known: ReadonlySet<string>): Response | null {
  const unsupported = CONDITIONS.find((name) => c.req.header(name) !== undefined && !known.has(name));
  if (unsupported === undefined) return null;
  const supported = CONDITIONS.filter((name) => known.has(name));
  const instead = supported.length === 0 ? 'the call takes no condition' : `the call takes ${supported.join(', ')}`;
  return problemResponse(c, 'precondition-unsupported', { detail: `${unsupported} would be ignored: ${instead}` });
}
