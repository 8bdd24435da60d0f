/**
 * The HTTP server of a controller. Serves the coordinator's control calls (docs/reference/control-protocol.md) at
 * `POST /control/<id>`, or at `POST /control` for the component in the body. Also serves `GET /processes`.
 *
 * Invariant: the controller runs only calls that are signed as in Standard Webhooks. A call without a valid signature,
 * or older than five minutes, gets a 401 before its body is parsed.
 * Invariant: each `idempotencyKey` runs once. The first call gets 202, later ones 200 with the same body.
 * Invariant: the action is in the journal before the response is sent, and the response does not wait for the action.
 */
import type { IncomingHttpHeaders, IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import { Webhook } from 'standardwebhooks';
import { readBody } from '../read-body.ts';
import type { AcceptedAction, Journal } from './journal.ts';

export interface ControlServerOptions {
  readonly port: number;
  readonly journal: Journal;
  /** Secrets that may sign calls for a component. The id is null for a call to `POST /control`. */
  readonly secretsOf: (id: string | null) => readonly string[];
  /** Actions that the controller can run for a component; undefined for an unknown component. */
  readonly actionsOf: (id: string) => readonly string[] | undefined;
  /** Runs an accepted action. The coordinator learns about a failure only from its own health checks. */
  readonly execute: (entry: AcceptedAction) => Promise<void>;
  /** For `GET /processes`. */
  readonly report: () => object;
}

interface Reply {
  readonly status: number;
  readonly body: object;
}

export class ControlServer {
  readonly #options: ControlServerOptions;
  readonly #server: Server;

  constructor(options: ControlServerOptions) {
    this.#options = options;
    this.#server = createServer((request, response) => void this.#serve(request, response));
  }

  listen(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject).listen(this.#options.port, '127.0.0.1', resolve);
    });
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const reply = await this.#reply(request).catch((error: unknown) => errorReply(400, String(error)));
    response.writeHead(reply.status, { 'content-type': 'application/json' }).end(JSON.stringify(reply.body));
  }

  async #reply(request: IncomingMessage): Promise<Reply> {
    const { method, url = '', headers } = request;
    if (method === 'GET' && url === '/processes') return { status: 200, body: this.#options.report() };
    const path = /^\/control(?:\/([^/?]+))?$/.exec(url);
    const id = path?.[1] ?? null;
    if (method !== 'POST' || !path || (id !== null && !this.#options.actionsOf(id)))
      return errorReply(404, 'no such control endpoint');
    const body = await readBody(request);
    // The signature covers the raw body, so it is verified before the body is parsed.
    if (!isSigned(body, headers, this.#options.secretsOf(id)))
      return errorReply(401, 'the signature is missing or wrong');
    return this.#accept(id, JSON.parse(body) as Readonly<Record<string, unknown>>);
  }

  #accept(
    pathId: string | null,
    { action, componentId, idempotencyKey: key }: Readonly<Record<string, unknown>>,
  ): Reply {
    const id = pathId ?? String(componentId);
    if (componentId !== id) return errorReply(400, `the path names ${id}, but the body names ${String(componentId)}`);
    if (typeof key !== 'string' || key === '') return errorReply(400, 'idempotencyKey is missing');
    const { journal, actionsOf, execute } = this.#options;
    const earlier = journal.accepted(key);
    if (earlier) return { status: 200, body: receiptOf(earlier) };
    const actions = actionsOf(id);
    if (!actions) return errorReply(404, `unknown component ${id}`);
    if (typeof action !== 'string' || !actions.includes(action))
      return errorReply(422, `${String(action)} is not an action of ${id}`);
    const entry = { key, action, id, at: Date.now() };
    journal.accept(entry);
    execute(entry).then(
      () => journal.done(entry),
      (error: unknown) => console.error(`${action} of ${id}: ${String(error)}`),
    );
    return { status: 202, body: receiptOf(entry) };
  }
}

const receiptOf = ({ key, action, id }: AcceptedAction) => ({
  accepted: true,
  action,
  componentId: id,
  idempotencyKey: key,
});

/** Whether a signature matches one of the secrets and is at most five minutes old. */
const isSigned = (body: string, headers: IncomingHttpHeaders, secrets: readonly string[]): boolean =>
  secrets.some((secret) => {
    try {
      new Webhook(secret).verify(body, headers as Record<string, string>, { jsonParse: false });
      return true;
    } catch {
      return false; // `verify` throws only for a signature that it does not accept.
    }
  });

const errorReply = (status: number, error: string): Reply => ({ status, body: { error } });
