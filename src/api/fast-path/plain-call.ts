/**
 * `Call` of the fast path, without Hono's context: creating that context costs more than most routing decisions.
 *
 * Invariant: problem responses carry the same headers as those of the middleware `responseHeaders`.
 */
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { AppEnv } from '../http/app-env.ts';
import type { Call } from '../http/call.ts';
import { SECURITY_HEADERS, TRAFFIC_PATH_HEADERS } from '../http/security-headers.ts';
import { requestIdOf } from '../http/request-id.ts';

type Variables = AppEnv['Variables'];

export class PlainCall implements Call {
  readonly req: PlainRequest;
  readonly env: Env;
  readonly executionCtx: ExecutionContext;
  readonly #variables: Partial<Variables>;
  #headers: [name: string, value: string][] | null = null;

  constructor(req: PlainRequest, env: Env, executionCtx: ExecutionContext) {
    this.req = req;
    this.env = env;
    this.executionCtx = executionCtx;
    this.#variables = { requestId: requestIdOf(req.header('x-request-id')), requestClass: 'traffic' };
  }

  get<Name extends keyof Variables>(name: Name): Variables[Name] {
    return this.#variables[name] as Variables[Name];
  }

  set<Name extends keyof Variables>(name: Name, value: Variables[Name]): void {
    this.#variables[name] = value;
  }

  header(name: string, value: string): void {
    (this.#headers ??= []).push([name, value]);
  }

  body(text: string, status: ContentfulStatusCode): Response {
    // Each header costs as much as a routing decision, so a success has only headers that a program can use.
    if (status === 200) {
      const headers = { ...TRAFFIC_PATH_HEADERS, 'x-request-id': this.get('requestId') };
      return new Response(text, { status, headers });
    }
    const headers = new Headers([...SECURITY_HEADERS, ['x-request-id', this.get('requestId')]] as [string, string][]);
    for (const [name, value] of this.#headers ?? []) headers.set(name, value);
    return new Response(text, { status, headers });
  }

  json(body: object, status: 200): Response {
    return this.body(JSON.stringify(body), status);
  }
}

/** A POST request. Its properties are read once, because each access to a request or its headers calls the runtime. */
export class PlainRequest {
  readonly method = 'POST';
  readonly raw: Request;
  readonly url: string;
  readonly path: string;
  readonly #headers: Headers;

  constructor(raw: Request, headers: Headers, url: string, path: string) {
    this.raw = raw;
    this.url = url;
    this.path = path;
    this.#headers = headers;
  }

  header(name: string): string | undefined {
    return this.#headers.get(name) ?? undefined;
  }
}
