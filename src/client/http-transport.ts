/** One authenticated JSON call over `fetch`. Owns headers and the query string, knows no resource. */
import { CoordinatorError } from './coordinator-error.ts';
import { readProblem } from './read-problem.ts';

export interface ClientOptions {
  /** Where the coordinator answers, such as `https://coordinator.example.com`. */
  readonly baseUrl: string;
  /** The key sent as `Authorization: Bearer`. Without it, whatever `headers` and `fetch` bring along must do. */
  readonly key?: string;
  /** Sent with every call. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Replaces the global `fetch`: a service binding's, or one that adds a timeout. */
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>;
}

export interface Call {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  /** Undefined values are left out, lists are joined with commas. */
  readonly query?: Readonly<Record<string, string | number | readonly string[] | undefined>>;
  readonly body?: unknown;
  /** The ETag of what is to be changed; without it, whatever is there. */
  readonly ifMatch?: string | undefined;
  /** Further headers of this call. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Ends the call, and with it a body that is still being read. */
  readonly signal?: AbortSignal | undefined;
}

export interface Sent {
  readonly status: number;
  /** Undefined when the answer has none. */
  readonly body: unknown;
  readonly etag: string | null;
}

/** Sends a call; anything but 2xx and 304 throws `CoordinatorError`. */
export type Send = (call: Call) => Promise<Sent>;

/** The same, for whoever reads the body as it comes. */
export type Open = (call: Call) => Promise<Response>;

export function httpTransport(options: ClientOptions): Send {
  const open = httpOpener(options);
  return async (call) => {
    const response = await open(call);
    const text = await response.text();
    const parsed: unknown = text === '' ? undefined : JSON.parse(text);
    return { status: response.status, body: parsed, etag: response.headers.get('etag') };
  };
}

export function httpOpener(options: ClientOptions): Open {
  const base = options.baseUrl.replace(/\/+$/, '');
  // Wrapped, because `fetch` refuses to be called as the method of another object.
  const request = options.fetch ?? ((url: string, init: RequestInit) => fetch(url, init));

  return async ({ method = 'GET', path, query = {}, body, ifMatch, headers: more, signal }) => {
    const headers: Record<string, string> = { accept: 'application/json', ...options.headers, ...more };
    if (options.key !== undefined) headers['authorization'] = `Bearer ${options.key}`;
    if (ifMatch !== undefined) headers['if-match'] = ifMatch;
    if (body !== undefined) headers['content-type'] = 'application/json';
    const response = await request(`${base}${path}${queryString(query)}`, {
      method,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal ? { signal } : {}),
    });
    if (!response.ok && response.status !== 304) throw new CoordinatorError(await readProblem(response));
    return response;
  };
}

function queryString(query: NonNullable<Call['query']>): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) parameters.set(name, String(value));
  }
  return parameters.size === 0 ? '' : `?${parameters.toString()}`;
}
