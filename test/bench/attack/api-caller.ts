/** Calls the API with one key, and counts the responses by problem code. */
import { setTimeout as sleep } from 'node:timers/promises';

/** Fields of responses that storms read; each call returns some of them. */
export interface ReplyBody {
  readonly code?: string;
  readonly items?: readonly unknown[];
  readonly nextCursor?: string | null;
  readonly key?: string;
  readonly health?: { readonly status: string };
  /** Deliveries that a webhook still has to get; `owed` in older checkouts. */
  readonly pending?: number;
  readonly owed?: number;
}

export interface Reply {
  readonly status: number;
  /** Problem code; null for a success. */
  readonly code: string | null;
  readonly body: ReplyBody;
  readonly etag: string | null;
  readonly ms: number;
}

/** A reply that never came counts under this code. */
const NO_REPLY = 'no-reply';
/** Calls that a storm holds open last half a minute. */
const PATIENCE_MS = 60_000;
const PAUSE_MS = 1_000;

export class ApiCaller {
  readonly key: string;
  /** Number of responses by problem code; successes under `ok`. */
  readonly replies = new Map<string, number>();
  readonly #url: string;

  constructor(url: string, key: string) {
    this.#url = url;
    this.key = key;
  }

  /** Never throws. A call without a reply has status 0. */
  async call(
    method: string,
    path: string,
    body?: unknown,
    options: { readonly headers?: Record<string, string>; readonly signal?: AbortSignal } = {},
  ): Promise<Reply> {
    const startedAt = performance.now();
    const reply = await this.#fetch(method, path, body, options).catch(() => ({
      status: 0,
      code: NO_REPLY,
      body: {},
      etag: null,
    }));
    const name = reply.code ?? 'ok';
    this.replies.set(name, (this.replies.get(name) ?? 0) + 1);
    return { ...reply, ms: performance.now() - startedAt };
  }

  /** The same, and throws unless the call succeeds. */
  async expect(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Reply> {
    const reply = await this.call(method, path, body, { headers });
    if (reply.code !== null) throw new Error(`${method} ${path}: ${reply.status} ${JSON.stringify(reply.body)}`);
    return reply;
  }

  /** The same, and repeats the call while the coordinator is overloaded by what the storm left behind. */
  async insist(method: string, path: string): Promise<Reply> {
    for (const deadline = Date.now() + PATIENCE_MS; ;) {
      const reply = await this.call(method, path);
      if (reply.code === null) return reply;
      if (Date.now() > deadline) throw new Error(`${method} ${path}: ${reply.status} ${JSON.stringify(reply.body)}`);
      await sleep(PAUSE_MS);
    }
  }

  async #fetch(
    method: string,
    path: string,
    body: unknown,
    { headers = {}, signal }: { readonly headers?: Record<string, string>; readonly signal?: AbortSignal },
  ): Promise<Omit<Reply, 'ms'>> {
    const response = await fetch(`${this.#url}${path}`, {
      method,
      headers: { authorization: `Bearer ${this.key}`, 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal ? { signal } : {}),
    });
    const text = await response.text();
    const parsed = (text === '' ? {} : JSON.parse(text)) as ReplyBody;
    const code = response.ok ? null : (parsed.code ?? String(response.status));
    return { status: response.status, code, body: parsed, etag: response.headers.get('etag') };
  }
}
