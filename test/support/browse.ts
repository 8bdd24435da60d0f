/** Calls as a browser makes them: by the cookie of a session, without a key. */
import { exports } from 'cloudflare:workers';
import { expect } from 'vitest';
import type { Answer } from './coordinator-http.ts';

export const ORIGIN = 'https://coordinator.test';
export const COOKIE = '__Host-arbiter-session';

const worker = exports as unknown as { default: Fetcher };

export async function browse(
  cookie: string | null,
  method: string,
  path: string,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const response = await worker.default.fetch(`${ORIGIN}${path}`, {
    method,
    headers: { ...(cookie === null ? {} : { cookie: `${COOKIE}=${cookie}` }), ...headers },
  });
  const text = await response.text();
  return { status: response.status, body: text === '' ? null : JSON.parse(text), headers: response.headers };
}

const cookieOf = ({ headers }: Answer): string =>
  new RegExp(`^${COOKIE}=([^;]*)`).exec(headers.get('set-cookie') ?? '')?.[1] ?? '';

export const cleared = (answer: Answer): boolean =>
  /Max-Age=0/.test(answer.headers.get('set-cookie') ?? '') && cookieOf(answer) === '';

export interface Opened {
  readonly cookie: string;
  readonly csrfToken: string;
  readonly answer: Answer;
}

export async function opened(key: string): Promise<Opened> {
  const answer = await browse(null, 'POST', '/v1/session', { authorization: `Bearer ${key}` });
  expect(answer.status).toBe(201);
  return { cookie: cookieOf(answer), csrfToken: answer.body.csrfToken, answer };
}

export const signOut = ({ cookie, csrfToken }: Opened): Promise<Answer> =>
  browse(cookie, 'DELETE', '/v1/session', { 'x-csrf-token': csrfToken });
