/** Calls the Worker under test over its HTTP interface. */
import { exports } from 'cloudflare:workers';
import { inject } from 'vitest';

export interface ApiResponse {
  readonly status: number;
  // oxlint-disable-next-line typescript/no-explicit-any -- a JSON document whose shape the test asserts
  readonly body: any;
  readonly headers: Headers;
}

const worker = exports as unknown as { default: Fetcher };

const DEFAULT_HEADERS = {
  authorization: 'Bearer admin-key-of-the-tests-0123456789abcdef',
  'content-type': 'application/json',
};

/** One call with the admin key. `headers` override the defaults; an empty value omits a header. */
export async function call(
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<ApiResponse> {
  const response = await worker.default.fetch(`https://coordinator.test${path}`, {
    method,
    headers: Object.fromEntries(Object.entries({ ...DEFAULT_HEADERS, ...headers }).filter(([, value]) => value !== '')),
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  if (response.headers.get('content-type')?.includes('event-stream')) {
    // An event stream has no end.
    await response.body?.cancel();
    return { status: response.status, body: {}, headers: response.headers };
  }
  const text = await response.text();
  const isJson = text !== '' && response.headers.get('content-type')?.includes('json') === true;
  return { status: response.status, body: isJson ? JSON.parse(text) : text, headers: response.headers };
}

let counter = 0;

/** An id that no other test uses. */
export const freshId = (prefix = 'c'): string => `${prefix}-${Date.now().toString(36)}-${(counter++).toString(36)}`;

/** A registration with a health check at the component server, under the component's id. */
export function registrationFor(id: string, overrides: Record<string, unknown> = {}): Record<string, unknown> {
  const url = inject('componentUrl');
  return {
    id,
    name: id,
    type: 'task_router',
    endpoint: `${url}/${id}`,
    // Responses may be slow on a busy machine, so only tests that set a lower bound see `degraded`.
    healthCheck: {
      endpoint: `${url}/${id}/health`,
      timeout: 1_000,
      degradedAfter: 10_000,
      interval: 30_000,
      retries: 1,
    },
    ...overrides,
  };
}

/** Sets how the component server responds for `id`. */
export async function setMode(id: string, mode: string): Promise<void> {
  await fetch(`${inject('componentUrl')}/set/${id}`, { method: 'POST', body: JSON.stringify({ mode }) });
}

export async function componentLog(id: string): Promise<{
  control: { action: string; idempotencyKey: string }[];
  checks: number;
  checkHeaders: Record<string, string>[];
}> {
  return (await fetch(`${inject('componentUrl')}/${id}/log`)).json();
}

/** Polls until a condition on the live system holds. Throws with the last value. */
export async function eventually<T>(
  read: () => Promise<T>,
  accept: (value: T) => boolean,
  withinMs = 15_000,
): Promise<T> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const value = await read();
    if (accept(value)) return value;
    if (Date.now() > deadline)
      throw new Error(`not within ${withinMs} ms, last: ${JSON.stringify(value).slice(0, 2_000)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
