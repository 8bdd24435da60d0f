/** One call to a separate application instance with its own configuration. */
import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { createApp } from '../../src/api/app.ts';
import { fastPath } from '../../src/api/fast-path/fast-path.ts';
import type { ApiResponse } from './coordinator-http.ts';

const app = createApp();

export interface CallWithEnv {
  readonly env?: Partial<Record<keyof Env, unknown>>;
  readonly method?: string;
  readonly path: string;
  readonly body?: BodyInit;
  /** `authorization` defaults to the admin key; null omits it. */
  readonly headers?: Readonly<Record<string, string | null>>;
}

export async function callWithEnv({
  env: overrides = {},
  method = 'GET',
  path,
  body,
  headers = {},
}: CallWithEnv): Promise<ApiResponse> {
  const merged = {
    authorization: 'Bearer admin-key-of-the-tests-0123456789abcdef',
    'content-type': 'application/json',
    ...headers,
  };
  const sent = Object.entries(merged).filter((entry): entry is [string, string] => entry[1] !== null);
  const request = new Request(`https://coordinator.test${path}`, {
    method,
    headers: sent,
    ...(body === undefined ? {} : { body }),
  });
  const context = createExecutionContext();
  const all = { ...env, ...overrides } as Env;
  const response = await (fastPath(request, all, context) ?? app.fetch(request, all, context));
  const text = await response.text();
  await waitOnExecutionContext(context);
  const isJson = response.headers.get('content-type')?.includes('json') ?? false;
  return { status: response.status, body: isJson && text !== '' ? JSON.parse(text) : text, headers: response.headers };
}
