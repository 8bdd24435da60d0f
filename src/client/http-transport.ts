/** One authenticated JSON call over `fetch`. Owns headers and query string, and knows no resource. */
import { CoordinatorError } from './coordinator-error.ts';
import { readProblem } from './read-problem.ts';

export interface ClientOptions {
  /** The coordinator's origin, such as `https://coordinator.example.com`. */
  readonly baseUrl: string;
  /** The key sent as `Authorization: Bearer`. Without a key, `headers` or `fetch` must authenticate the call. */
  readonly key?: string;
  /** Sent with every call. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Replaces the global `fetch`, for example by a service binding's or one with a timeout. */
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>;
}

export interface Call {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  /** Undefined values are left out; lists are joined with commas. */
  readonly query?: Readonly<Record<string, string | number | readonly string[] | undefined>>;
  readonly body?: unknown;
  /** Change only the version with this ETag; without it, any version. */
  readonly ifMatch?: string | undefined;
  /** Additional headers of this call. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Aborts the call and the reading of its body. */
  readonly signal?: AbortSignal | undefined;
}

export interface HttpResult {
  readonly status: number;
  /** Undefined for an empty body. */
  readonly body: unknown;
  readonly etag: string | null;
}

/** Sends a call and parses the JSON body. Throws `CoordinatorError` for any status but 2xx and 304. */
export type Send = (call: Call) => Promise<HttpResult>;

/** Like `Send`, but returns the response unread, for callers that stream the body. */
export type SendRaw = (call: Call) => Promise<Response>;

export function httpTransport(options: ClientOptions): Send {
  const sendRaw = rawHttpTransport(options);
  return async (call) => {
    const response = await sendRaw(call);
    const text = await response.text();
    const body: unknown = text === '' ? undefined : JSON.parse(text);
    return { status: response.status, body, etag: response.headers.get('etag') };
  };
}

export function rawHttpTransport(options: ClientOptions): SendRaw {
  const base = options.baseUrl.replace(/\/+$/, '');
  // Browsers throw when `fetch` is called as a method of another object.
  const request = options.fetch ?? ((url: string, init: RequestInit) => fetch(url, init));

  return async ({ method = 'GET', path, query = {}, body, ifMatch, headers: extraHeaders, signal }) => {
    const headers: Record<string, string> = { accept: 'application/json', ...options.headers, ...extraHeaders };
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
