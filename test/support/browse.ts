/** Calls like a browser: with a session cookie, without a key. */
import { exports } from 'cloudflare:workers';
import { expect } from 'vitest';
import type { ApiResponse } from './coordinator-http.ts';

export const ORIGIN = 'https://coordinator.test';
export const COOKIE = '__Host-arbiter-session';

const worker = exports as unknown as { default: Fetcher };

export async function browse(
  cookie: string | null,
  method: string,
  path: string,
  headers: Record<string, string> = {},
): Promise<ApiResponse> {
  const response = await worker.default.fetch(`${ORIGIN}${path}`, {
    method,
    headers: { ...(cookie === null ? {} : { cookie: `${COOKIE}=${cookie}` }), ...headers },
  });
  const text = await response.text();
  return { status: response.status, body: text === '' ? null : JSON.parse(text), headers: response.headers };
}

const cookieOf = ({ headers }: ApiResponse): string =>
  new RegExp(`^${COOKIE}=([^;]*)`).exec(headers.get('set-cookie') ?? '')?.[1] ?? '';

export const cleared = (response: ApiResponse): boolean =>
  /Max-Age=0/.test(response.headers.get('set-cookie') ?? '') && cookieOf(response) === '';

export interface Opened {
  readonly cookie: string;
  readonly csrfToken: string;
  readonly response: ApiResponse;
}

export async function opened(key: string): Promise<Opened> {
  const response = await browse(null, 'POST', '/v1/session', { authorization: `Bearer ${key}` });
  expect(response.status).toBe(201);
  return { cookie: cookieOf(response), csrfToken: response.body.csrfToken, response };
}

export const signOut = ({ cookie, csrfToken }: Opened): Promise<ApiResponse> =>
  browse(cookie, 'DELETE', '/v1/session', { 'x-csrf-token': csrfToken });
