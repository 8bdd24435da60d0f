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
}

export interface Sent {
  readonly status: number;
  /** Undefined when the answer has none. */
  readonly body: unknown;
  readonly etag: string | null;
}

/** Sends a call; anything but 2xx and 304 throws `CoordinatorError`. */
export type Send = (call: Call) => Promise<Sent>;

export function httpTransport(options: ClientOptions): Send {
  const base = options.baseUrl.replace(/\/+$/, '');
  // Wrapped, because `fetch` refuses to be called as the method of another object.
  const request = options.fetch ?? ((url: string, init: RequestInit) => fetch(url, init));

  return async ({ method = 'GET', path, query = {}, body, ifMatch }) => {
    const headers: Record<string, string> = { accept: 'application/json', ...options.headers };
    if (options.key !== undefined) headers['authorization'] = `Bearer ${options.key}`;
    if (ifMatch !== undefined) headers['if-match'] = ifMatch;
    if (body !== undefined) headers['content-type'] = 'application/json';
    const init = body === undefined ? { method, headers } : { method, headers, body: JSON.stringify(body) };
    const response = await request(`${base}${path}${queryString(query)}`, init);
    if (!response.ok && response.status !== 304) throw new CoordinatorError(await readProblem(response));
    const text = await response.text();
    const parsed: unknown = text === '' ? undefined : JSON.parse(text);
    return { status: response.status, body: parsed, etag: response.headers.get('etag') };
  };
}

function queryString(query: NonNullable<Call['query']>): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) parameters.set(name, String(value));
  }
  return parameters.size === 0 ? '' : `?${parameters.toString()}`;
}
